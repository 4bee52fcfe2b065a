/** News that are asked for at the server's word, before the pull that the word calls asks for them. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { until } from '../servers/until.ts'
import {
  first,
  isLook,
  listAll,
  mail,
  never,
  octetsOf,
  type RigOptions,
  said,
  type Watched,
  watching,
} from './imap-harness.ts'

const asked = ({ server }: Pick<Watched, 'server'>): readonly string[] =>
  server.ledger.commands.map(({ text }) => text).filter(isLook)

/** A watch that idles behind a listing, and whose news are awaited. */
async function early(t: TestContext, options: RigOptions = {}): Promise<Watched> {
  const made = await watching(t, { folders: { INBOX: [mail('old')] }, isAwaited: () => true, ...options })
  await until(() => said(made, 'IDLE') >= 1 && made.seen.alive >= 2, 'IDLE')
  const whole = await made.open()
  await listAll(whole)
  await whole.close()
  await until(() => said(made, 'IDLE') >= 2, 'IDLE again')
  return made
}

/** Mail comes, and the news of it are told. */
async function deliver(made: Watched, octets: Buffer): Promise<void> {
  const { news } = made.seen
  made.server.deliver('INBOX', octets)
  await until(() => made.seen.news > news, 'the announcement')
}

async function openNews(made: Watched, signal = never) {
  const session = await made.source.open(signal, 'news')
  made.atEnd.push(() => session.abandon())
  return session
}

test('the question leaves though nobody has opened a session, once, and who opens one is given the answer', async t => {
  const made = await early(t)
  for (const name of ['a', 'b']) {
    const before = asked(made).length
    await deliver(made, mail(name))
    await until(() => asked(made).length > before, 'the question')
    const session = await openNews(made)
    const entry = first(session.news?.entries ?? [])
    assert.deepEqual(await octetsOf(session, entry), mail(name))
    await session.close()
    assert.equal(asked(made).length, before + 1)
    const idles = said(made, 'IDLE')
    await until(() => said(made, 'IDLE') > idles - 1 && made.seen.alive > 2, 'IDLE')
    await until(() => made.server.ledger.commands.at(-1)?.text === 'IDLE', 'IDLE again')
  }
  assert.equal(made.server.ledger.logins.length, 1)
})

test('nothing is asked before a session is opened where nobody awaits news', async t => {
  const made = await early(t, { isAwaited: () => false })
  await deliver(made, mail('a'))
  // A command that had left with the notice would stand before this one.
  const session = await made.open()
  assert.deepEqual(asked(made), [])
  assert.equal((await listAll(session)).length, 2)
})

test('what nobody took up is listed by the next session, and by the next news', async t => {
  const made = await early(t)
  await deliver(made, mail('a'))
  await until(() => asked(made).length === 1, 'the question')
  const whole = await made.open()
  assert.equal(whole.news, undefined)
  const [, entry] = await listAll(whole)
  assert.ok(entry !== undefined)
  assert.deepEqual(await octetsOf(whole, entry), mail('a'))
  await whole.close()
  await until(() => made.server.ledger.commands.at(-1)?.text === 'IDLE', 'IDLE again')
  await deliver(made, mail('b'))
  const session = await openNews(made)
  assert.deepEqual(
    session.news?.entries.map(({ handle }) => handle),
    [3],
  )
  assert.equal(made.server.ledger.logins.length, 1)
})

test('what nobody comes for within seconds is no news any more, and the watch goes on', async t => {
  const made = await early(t)
  await deliver(made, mail('a'))
  await until(() => asked(made).length === 1, 'the question')
  await new Promise(resolve => setTimeout(resolve, 5200))
  await until(() => made.server.ledger.commands.at(-1)?.text === 'IDLE', 'IDLE again')
  const session = await openNews(made)
  assert.equal(session.news, undefined)
  assert.equal((await listAll(session)).length, 2)
  assert.equal(made.server.ledger.logins.length, 1)
})

test('a connection at which the question is lost is not used, and another brings the mail', async t => {
  const made = await early(t, {
    faults: { at: ({ text }) => (isLook(text) ? { do: 'reset' } : undefined) },
  })
  await deliver(made, mail('a'))
  const session = await openNews(made)
  assert.equal(session.news, undefined)
  assert.equal((await listAll(session)).length, 2)
  assert.equal(made.server.ledger.logins.length, 2)
})

test('a pull that is stopped while the question is under way rejects with its reason and leaves no connection', async t => {
  const made = await early(t, {
    faults: { at: ({ text }) => (isLook(text) ? { do: 'silence' } : undefined) },
  })
  await deliver(made, mail('a'))
  const stop = new AbortController()
  const opening = made.source.open(stop.signal, 'news')
  const reason = new Error('enough')
  stop.abort(reason)
  await assert.rejects(opening, error => error === reason)
  made.abort.abort()
  await until(() => made.server.connections === 0, 'the connection to be closed')
})

test('a watch that ends while nobody has taken up its news takes leave of the server', async t => {
  const made = await early(t)
  await deliver(made, mail('a'))
  await until(() => asked(made).length === 1, 'the question')
  made.abort.abort()
  await made.ended.catch(() => {})
  await until(() => made.server.connections === 0, 'the connection to be closed')
})
