/** One connection for the watch and the pulls: a login a day, not a login a mail. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ImapFaults } from '../servers/imap-faults.ts'
import { until } from '../servers/until.ts'
import {
  first,
  isLook,
  listAll,
  mail,
  octetsOf,
  type RigOptions,
  rig,
  said,
  type Watched,
  watching,
} from './imap-harness.ts'

/** A watch that idles. */
async function warm(t: TestContext, options: RigOptions = {}): Promise<Watched> {
  const made = await watching(t, options)
  await until(() => said(made, 'IDLE') >= 1 && made.seen.alive >= 2, 'IDLE')
  return made
}

test('the pulls use the connection that idles, and it idles again behind each of them', async t => {
  const made = await warm(t)
  for (let n = 1; n <= 5; n += 1) {
    const news = made.seen.news
    made.server.deliver('INBOX', mail(`m${n}`))
    await until(() => made.seen.news > news, 'the announcement')
    const session = await made.open()
    const entries = await listAll(session)
    assert.equal(entries.length, n)
    const last = entries.at(-1)
    assert.ok(last !== undefined)
    assert.deepEqual(await octetsOf(session, last), mail(`m${n}`))
    await session.close()
    await until(() => said(made, 'IDLE') === n + 1, 'IDLE again')
  }
  assert.equal(made.server.ledger.logins.length, 1)
  assert.equal(said(made, 'LOGOUT'), 0)
})

test('a server that ends each IDLE at once is asked by a pull without a wait, on the same connection', async t => {
  const faults: ImapFaults = {
    at: ({ verb }) =>
      verb === 'IDLE' ? { do: 'answer', pieces: ['+ idling\r\n{tag} OK done\r\n'] } : undefined,
  }
  const made = await warm(t, { faults, deadlines: { proof: 1000 } })
  made.server.deliver('INBOX', mail('a'))
  assert.equal((await listAll(await made.open())).length, 1)
  assert.equal(made.server.ledger.logins.length, 1)
  assert.ok(said(made, 'IDLE') <= 2)
})

test('mail that comes while a session is open and asks nothing is announced at once', async t => {
  const made = await warm(t)
  const session = await made.open()
  await listAll(session)
  const idles = said(made, 'IDLE')
  await until(() => said(made, 'IDLE') > idles, 'IDLE beside the open session')
  const { news } = made.seen
  made.server.deliver('INBOX', mail('a'))
  await until(() => made.seen.news > news, 'the announcement')
  // The session goes on with what it has to do.
  assert.deepEqual(await octetsOf(session, first(await listAll(session))), mail('a'))
  assert.equal(made.server.ledger.logins.length, 1)
})

test('mail that comes between the last listing of a session and the next IDLE is announced', async t => {
  const made = await warm(t, { faults: { mutePushes: true } })
  const session = await made.open()
  await listAll(session)
  const { news } = made.seen
  made.server.deliver('INBOX', mail('a'))
  await session.close()
  await until(() => made.seen.news > news, 'the announcement')
})

test('mail that a session listed is not announced once more', async t => {
  const made = await warm(t)
  const session = await made.open()
  made.server.deliver('INBOX', mail('a'))
  assert.equal((await listAll(session)).length, 1)
  const { news } = made.seen
  await session.close()
  await until(() => said(made, 'IDLE') === 2, 'IDLE again')
  assert.equal(made.seen.news, news)
})

test('a folder that takes the watch elsewhere is left again: IDLE is in the watched one', async t => {
  const made = await warm(t, { pull: ['INBOX', 'Spam'], folders: { Spam: [mail('s')] } })
  const session = await made.open()
  assert.equal((await listAll(session, 'Spam')).length, 1)
  await session.close()
  await until(() => said(made, 'IDLE') === 2, 'IDLE again')
  const { news } = made.seen
  made.server.deliver('INBOX', mail('a'))
  await until(() => made.seen.news > news, 'the announcement')
  assert.equal(made.server.ledger.logins.length, 1)
})

test('a half-open connection that does not answer DONE costs no pull: a new one is made', async t => {
  const made = await warm(t, {
    deadlines: { proof: 60 },
    folders: { INBOX: [mail('a')] },
    faults: {
      at: ({ verb, session }) => (verb === 'DONE' && session === 1 ? { do: 'silence' } : undefined),
    },
  })
  const session = await made.open()
  assert.deepEqual(await octetsOf(session, first(await listAll(session))), mail('a'))
  assert.equal(made.server.ledger.logins.length, 2)
  await made.ended.catch(() => {})
  await session.close()
  assert.equal(said(made, 'LOGOUT'), 1, 'nobody keeps that one')
})

test('the end of the watch leaves the connection to the session, which takes leave of the server', async t => {
  const made = await warm(t, { folders: { INBOX: [mail('a')] } })
  const session = await made.open()
  const entry = first(await listAll(session))
  await until(() => said(made, 'IDLE') === 2, 'IDLE beside the open session')
  made.abort.abort()
  await made.ended.catch(() => {})
  assert.deepEqual(await octetsOf(session, entry), mail('a'))
  assert.equal(said(made, 'LOGOUT'), 0)
  await session.close()
  assert.equal(said(made, 'LOGOUT'), 1)
  await until(() => made.server.connections === 0, 'no connection')
})

test('a watch that ends before its IDLE is accepted leaves the connection to the session all the same', async t => {
  let held = false
  const made = await warm(t, {
    folders: { INBOX: [mail('a')] },
    faults: {
      at: ({ verb }) => (held && verb === 'IDLE' ? { do: 'trickle', octets: 1, everyMs: 30 } : undefined),
    },
  })
  const session = await made.open()
  const entry = first(await listAll(session))
  held = true
  const idles = said(made, 'IDLE')
  await until(() => said(made, 'IDLE') > idles, 'IDLE beside the open session')
  made.abort.abort()
  await made.ended.catch(() => {})
  assert.deepEqual(await octetsOf(session, entry), mail('a'))
  await session.close()
  assert.equal(said(made, 'LOGOUT'), 1)
})

test('the end of a watch that idles takes leave of the server', async t => {
  const made = await warm(t)
  made.abort.abort()
  await made.ended.catch(() => {})
  assert.equal(said(made, 'LOGOUT'), 1)
  await until(() => made.server.connections === 0, 'no connection')
})

test('a session that is given up takes the connection with it: half an answer may be on its way', async t => {
  const made = await warm(t)
  const session = await made.open()
  session.abandon()
  await made.ended.catch(() => {})
  await until(() => made.server.connections === 0, 'no connection')
  const next = await made.open()
  await listAll(next)
  assert.equal(made.server.ledger.logins.length, 2)
})

test('another UIDVALIDITY that shows behind a session is news', async t => {
  const made = await warm(t, { folders: { INBOX: [mail('a')] } })
  const session = await made.open()
  await listAll(session)
  const folder = made.server.folder('INBOX')
  assert.ok(folder !== undefined)
  folder.uidValidity = 777
  const { news } = made.seen
  await session.close()
  await until(() => made.seen.news > news, 'the announcement')
})

/** A session on the warm connection behind news of `count` more messages. */
async function quickly(made: Watched, ...messages: readonly Buffer[]) {
  const whole = await made.open()
  await listAll(whole)
  await whole.close()
  const idles = said(made, 'IDLE')
  await until(() => said(made, 'IDLE') > idles || made.server.connections === 0, 'IDLE again')
  const { news } = made.seen
  for (const octets of messages) made.server.deliver('INBOX', octets)
  await until(() => made.seen.news > news, 'the announcement')
  const before = made.server.ledger.commands.length
  const session = await made.source.open(new AbortController().signal, 'news')
  made.atEnd.push(() => session.abandon())
  return { session, asked: () => made.server.ledger.commands.slice(before).map(({ text }) => text) }
}

test('news come with the end of IDLE, and small messages whole', async t => {
  const large = mail('large', 'a line of text\r\n'.repeat(10_000))
  const made = await warm(t, { folders: { INBOX: [mail('old')] } })
  const { session, asked } = await quickly(made, mail('a'), large)
  const { news } = session
  assert.ok(news !== undefined)
  assert.deepEqual(
    news.entries.map(({ handle, octets, seen }) => [handle, octets, seen]),
    [
      [2, mail('a').length, false],
      [3, large.length, false],
    ],
  )
  assert.equal(news.isNews, true)
  const [a, b] = news.entries
  assert.ok(a !== undefined && b !== undefined)
  assert.deepEqual(await octetsOf(session, a), mail('a'))
  assert.equal(asked().length, 1)
  assert.match(asked()[0] ?? '', /^UID FETCH 2:65 \(/)
  assert.deepEqual(await octetsOf(session, b), large)
  // A second reading is asked for, and both are the same as what a listing shows.
  assert.deepEqual(await octetsOf(session, a), mail('a'))
  const listed = await listAll(session)
  assert.deepEqual(listed.slice(1), news.entries)
})

for (const [why, faults] of Object.entries({
  'is refused': {
    at: ({ verb, text }) =>
      verb === 'UID FETCH' && isLook(text) ? { do: 'answer', pieces: ['{tag} BAD no\r\n'] } : undefined,
  },
  'shows nothing': {
    at: ({ verb, text }) =>
      verb === 'UID FETCH' && isLook(text) ? { do: 'answer', pieces: ['{tag} OK\r\n'] } : undefined,
  },
  'shows a message without its size': {
    at: ({ verb, text }) =>
      verb === 'UID FETCH' && isLook(text)
        ? { do: 'answer', pieces: ['* 2 FETCH (UID 2 FLAGS ())\r\n{tag} OK\r\n'] }
        : undefined,
  },
  'tells of another UIDVALIDITY': {
    at: ({ verb, text }) =>
      verb === 'UID FETCH' && isLook(text)
        ? { do: 'before', pieces: ['* OK [UIDVALIDITY 99] other\r\n'] }
        : undefined,
  },
  'is told of more than it shows': {
    at: ({ verb, text }) =>
      verb === 'UID FETCH' && isLook(text) ? { do: 'before', pieces: ['* 3 EXISTS\r\n'] } : undefined,
  },
  'is lost behind DONE': {
    at: ({ verb, text }) => (verb === 'UID FETCH' && isLook(text) ? { do: 'silence' } : undefined),
  },
  'ends the connection': {
    at: ({ verb, text }) => (verb === 'UID FETCH' && isLook(text) ? { do: 'reset' } : undefined),
  },
  'brings more than was asked for': {
    at: ({ verb, text }) =>
      verb === 'UID FETCH' && isLook(text)
        ? { do: 'answer', pieces: [`* 2 FETCH (UID 2 BODY[] {9000000}\r\n`] }
        : undefined,
  },
} satisfies Record<string, NonNullable<RigOptions['faults']>>)) {
  test(`a quick look that ${why} is one at nothing, and the listing tells`, async t => {
    const made = await warm(t, { deadlines: { proof: 100 }, folders: { INBOX: [mail('old')] }, faults })
    const { session } = await quickly(made, mail('a'))
    assert.equal(session.news, undefined)
    const [, entry] = await listAll(session)
    assert.ok(entry !== undefined)
    assert.deepEqual(await octetsOf(session, entry), mail('a'))
  })
}

test('a server that loses what leaves with DONE is not asked so again', async t => {
  const made = await warm(t, {
    deadlines: { proof: 100 },
    faults: { at: ({ text }) => (isLook(text) ? { do: 'silence' } : undefined) },
  })
  const looks = () => made.server.ledger.commands.filter(({ text }) => isLook(text)).length
  const { session } = await quickly(made, mail('a'))
  await session.close()
  await made.ended.catch(() => {})
  assert.equal(looks(), 1)
  // The next watch, and the next news.
  const abort = new AbortController()
  made.atEnd.push(() => abort.abort())
  const idles = said(made, 'IDLE')
  const onNews = (): void => {
    made.seen.news += 1
  }
  made.source.watch?.(onNews, () => {}, abort.signal).catch(() => {})
  await until(() => said(made, 'IDLE') > idles, 'IDLE')
  const next = await quickly(made, mail('b'))
  assert.equal(next.session.news, undefined)
  assert.equal((await listAll(next.session)).length, 2)
  assert.equal(looks(), 1)
})

test('mail that comes while the quick look is under way is announced behind it', async t => {
  const made = await warm(t)
  const { session } = await quickly(made, mail('a'))
  assert.equal(session.news?.entries.length, 1)
  made.server.deliver('INBOX', mail('b'))
  const { news } = made.seen
  await session.close()
  await until(() => made.seen.news > news, 'the announcement')
  const next = await made.source.open(new AbortController().signal, 'news')
  made.atEnd.push(() => next.abandon())
  assert.deepEqual(
    next.news?.entries.map(({ handle }) => handle),
    [2],
  )
})

test('news of another folder, another UIDVALIDITY and a message that left are for a whole listing', async t => {
  const made = await warm(t, {
    pull: ['INBOX', 'Spam'],
    folders: { Spam: [], INBOX: [mail('old')] },
    deadlines: { select: 100 },
  })
  const whole = await made.open()
  await listAll(whole)
  await whole.close()
  await until(() => said(made, 'IDLE') >= 2, 'IDLE again')
  const { news } = made.seen
  made.server.deliver('Spam', mail('s'))
  await until(() => made.seen.news > news, 'the announcement')
  const session = await made.source.open(new AbortController().signal, 'news')
  made.atEnd.push(() => session.abandon())
  assert.equal(session.news, undefined)
})

test('an expunge by another client beside new mail takes nothing from what is shown', async t => {
  const made = await warm(t, { folders: { INBOX: [mail('x'), mail('y'), mail('z')] } })
  const whole = await made.open()
  await listAll(whole)
  await whole.close()
  await until(() => said(made, 'IDLE') >= 2, 'IDLE again')
  const { news } = made.seen
  made.server.expunge('INBOX', 1)
  made.server.expunge('INBOX', 2)
  made.server.deliver('INBOX', mail('a'))
  await until(() => made.seen.news > news, 'the announcement')
  const session = await made.source.open(new AbortController().signal, 'news')
  made.atEnd.push(() => session.abandon())
  assert.deepEqual(
    session.news?.entries.map(({ uid }) => uid?.split('.')[1]),
    ['4'],
  )
})

/** Behind mail that another client took away the count of messages does not tell how many have come. */
for (const [how, count, body] of [
  ['of large messages', 80, 'a line of text\r\n'.repeat(5000)],
  ['that fills the question', 64, 'hello\r\n'],
] as const) {
  test(`a burst ${how} behind news is listed as a whole, over the same login`, async t => {
    const old = Array.from({ length: 100 }, (_, n) => mail(`old${n}`))
    const burst = Array.from({ length: count }, (_, n) => mail(`m${n}`, body))
    const made = await warm(t, { folders: { INBOX: old } })
    const whole = await made.open()
    await listAll(whole)
    await whole.close()
    await until(() => said(made, 'IDLE') >= 2, 'IDLE again')
    for (let uid = 1; uid <= old.length; uid += 1) made.server.expunge('INBOX', uid)
    const { news } = made.seen
    for (const octets of burst) made.server.deliver('INBOX', octets)
    await until(() => made.seen.news > news, 'the announcement')
    const session = await made.source.open(new AbortController().signal, 'news')
    made.atEnd.push(() => session.abandon())
    assert.equal(made.server.ledger.commands.filter(({ text }) => isLook(text)).length, 1)
    assert.equal(session.news, undefined)
    const entries = await listAll(session)
    assert.equal(entries.length, count)
    assert.deepEqual(await octetsOf(session, first(entries)), burst[0])
    assert.equal(made.server.ledger.logins.length, 1)
  })
}

test('a message whose UID lies far behind the others is left to the listing, and so are those before it', async t => {
  const made = await warm(t, { folders: { INBOX: [mail('old')] } })
  const folder = made.server.folder('INBOX')
  assert.ok(folder !== undefined)
  folder.uidNext = 60
  const { session } = await quickly(made, mail('a'))
  // The listing has seen UIDNEXT: it is asked for behind that.
  assert.deepEqual(
    session.news?.entries.map(({ handle }) => handle),
    [60],
  )
  await session.close()
  await until(() => said(made, 'IDLE') >= 3, 'IDLE again')
  const { news } = made.seen
  made.server.deliver('INBOX', mail('b'))
  made.server.deliver('INBOX', mail('c'), { uid: 1000 })
  await until(() => made.seen.news > news, 'the announcement')
  const next = await made.source.open(new AbortController().signal, 'news')
  made.atEnd.push(() => next.abandon())
  assert.equal(next.news, undefined)
  assert.deepEqual(
    (await listAll(next)).map(({ handle }) => handle),
    [1, 60, 61, 1000],
  )
  assert.equal(made.server.ledger.logins.length, 1)
})

test('a pull and a watch that come at the same moment make one login, whichever is first', async t => {
  for (const isWatchFirst of [true, false]) {
    const made = await rig(t)
    const abort = new AbortController()
    made.atEnd.push(() => abort.abort())
    made.source.expectWatch?.(abort.signal)
    const watch = (): unknown =>
      made.source
        .watch?.(
          () => {},
          () => {},
          abort.signal,
        )
        .catch(() => {})
    if (isWatchFirst) void watch()
    const opened = made.open()
    if (!isWatchFirst) void watch()
    const session = await opened
    await listAll(session)
    await session.close()
    await until(() => said(made, 'IDLE') >= 1, 'IDLE')
    assert.equal(made.server.ledger.logins.length, 1)
  }
})

test('a pull that waits for the login of a watch tries itself where that one fails', async t => {
  const made = await rig(t, {
    faults: {
      at: ({ verb, session }) => (verb === 'AUTHENTICATE' && session === 1 ? { do: 'reset' } : undefined),
    },
  })
  const abort = new AbortController()
  made.atEnd.push(() => abort.abort())
  made.source.expectWatch?.(abort.signal)
  const ended = made.source
    .watch?.(
      () => {},
      () => {},
      abort.signal,
    )
    .catch(() => 'ended')
  const session = await made.open()
  assert.equal(await ended, 'ended')
  await listAll(session)
  await session.close()
  assert.equal(made.server.ledger.logins.length, 1)
  assert.equal(made.server.connections, 1, 'it is kept for the next watch')
})
