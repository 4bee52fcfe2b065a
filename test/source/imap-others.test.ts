/** Several folders on the connection of the watch: who is told, who is asked, and what is believed. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { IdleMemory, IdleWay } from '../../src/source/source.ts'
import { usualCapabilities } from '../servers/imap-server.ts'
import { until } from '../servers/until.ts'
import { faultOf, listAll, mail, type RigOptions, said, type Watched, watching } from './imap-harness.ts'

const notifying = [...usualCapabilities, 'NOTIFY']
/** Nothing but what is told comes in the time of a test. */
const unhurried = { idle: 60_000, quickIdle: 60_000, select: 60_000, eachFolder: 10 }

interface Remembering extends Watched {
  readonly ways: Map<string, IdleWay>
}

/** A watch of INBOX and Spam that idles. */
async function both(t: TestContext, options: RigOptions, way?: IdleWay): Promise<Remembering> {
  const ways = new Map<string, IdleWay>([['Spam', way]])
  const idleMemory: IdleMemory = {
    wayOf: async folder => ways.get(folder),
    noteWay: async (folder, learned) => void ways.set(folder, learned),
  }
  const folders = { Spam: [mail('old')] }
  const made = await watching(t, { pull: ['INBOX', 'Spam'], folders, idleMemory, ...options })
  await until(() => said(made, 'IDLE') >= 1 && made.seen.alive >= 3, 'IDLE')
  return { ...made, ways }
}

const logins = ({ server }: Watched): number => server.ledger.logins.length

test('a server that offers NOTIFY tells of mail in the second folder, on the connection that idles', async t => {
  const made = await both(t, { capabilities: notifying, deadlines: unhurried })
  assert.ok(
    made.server.ledger.commands.some(
      ({ text }) =>
        text ===
        'NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge)) (MAILBOXES ("Spam") (MessageNew MessageExpunge))',
    ),
    made.server.ledger.commands.map(({ text }) => text).join(' | '),
  )
  const { news } = made.seen
  made.server.deliver('Spam', mail('a'))
  await until(() => made.seen.news > news, 'the announcement')
  await until(() => made.ways.get('Spam') === 'tells', 'what was learned')
  const next = made.seen.news
  made.server.deliver('INBOX', mail('b'))
  await until(() => made.seen.news > next, 'the other announcement')
  assert.equal(logins(made), 1)
})

test('without NOTIFY the second folder is asked for by STATUS, on the connection that idles', async t => {
  const made = await both(t, { deadlines: { ...unhurried, select: 50 } })
  const { news } = made.seen
  made.server.deliver('Spam', mail('a'))
  await until(() => made.seen.news > news, 'the announcement')
  assert.equal(said(made, 'NOTIFY'), 0)
  assert.equal(made.ways.get('Spam'), undefined)
  const next = made.seen.news
  made.server.deliver('INBOX', mail('b'))
  await until(() => made.seen.news > next, 'the other announcement')
  assert.equal(logins(made), 1)
})

for (const [why, options] of Object.entries({
  refuses: {
    faults: { at: ({ verb }) => (verb === 'NOTIFY' ? answer('{tag} NO not today\r\n') : undefined) },
  },
  'does not understand': {
    faults: { at: ({ verb }) => (verb === 'NOTIFY' ? answer('{tag} BAD what\r\n') : undefined) },
  },
  'accepts and then takes back': {
    faults: {
      muteOthers: true,
      at: ({ verb }) =>
        verb === 'IDLE' ? { do: 'before', pieces: ['* OK [NOTIFICATIONOVERFLOW] too much\r\n'] } : undefined,
    },
  },
} satisfies Record<string, RigOptions>)) {
  test(`a server that ${why} NOTIFY is asked by STATUS, whatever it did before`, async t => {
    const deadlines = { ...unhurried, quickIdle: 100, select: 50 }
    const made = await both(t, { capabilities: notifying, deadlines, ...options }, 'tells')
    const { news } = made.seen
    made.server.deliver('Spam', mail('a'))
    await until(() => made.seen.news > news, 'the announcement')
    assert.equal(logins(made), 1)
  })
}

function answer(line: string) {
  return { do: 'answer', pieces: [line] } as const
}

test('a server that accepts NOTIFY and does not tell is found out, and asked every half a minute until it tells', async t => {
  const faults = { muteOthers: true }
  const deadlines = { ...unhurried, idle: 300, select: 200 }
  const made = await both(t, { capabilities: notifying, deadlines, faults }, 'tells')
  const { news } = made.seen
  made.server.deliver('Spam', mail('a'))
  await until(() => made.seen.news > news && made.ways.get('Spam') === 'silent', 'what was learned')
  faults.muteOthers = false
  // What comes while it does not idle is found by STATUS once more.
  let idles = said(made, 'IDLE')
  const again = (): boolean => {
    if (made.ways.get('Spam') === 'tells') return true
    if (said(made, 'IDLE') > idles) made.server.deliver('Spam', mail(`b${idles}`))
    idles = said(made, 'IDLE')
    return false
  }
  await until(again, 'what was learned anew')
  assert.equal(logins(made), 1)
})

test('mail that a session listed is not announced once more; what came behind its listing is', async t => {
  const made = await both(t, { deadlines: unhurried })
  const session = await made.open()
  await listAll(session)
  made.server.deliver('Spam', mail('a'))
  assert.equal((await listAll(session, 'Spam')).length, 2)
  const { news } = made.seen
  const idles = said(made, 'IDLE')
  await session.close()
  await until(() => said(made, 'IDLE') > idles, 'IDLE again')
  assert.equal(made.seen.news, news)
  const next = await made.open()
  await listAll(next)
  await listAll(next, 'Spam')
  made.server.deliver('Spam', mail('b'))
  await next.close()
  await until(() => made.seen.news > news, 'the announcement')
  assert.equal(logins(made), 1)
})

test('a folder that is missing does not keep the others from being watched, whichever it is', async t => {
  for (const pull of [
    ['INBOX', 'Nope'],
    ['Nope', 'INBOX'],
  ]) {
    const made = await watching(t, { pull, deadlines: unhurried })
    await until(() => said(made, 'IDLE') >= 1, 'IDLE')
    const { news } = made.seen
    made.server.deliver('INBOX', mail('a'))
    await until(() => made.seen.news > news, 'the announcement')
    assert.equal(logins(made), 1)
  }
})

test('a folder that goes away while it is watched leaves the other one watched', async t => {
  const made = await both(t, {
    pull: ['Spam', 'INBOX'],
    deadlines: { ...unhurried, idle: 50, quickIdle: 50, select: 20 },
  })
  made.server.drop('Spam')
  await until(
    () => made.server.ledger.commands.some(({ text }) => text === 'SELECT "INBOX"'),
    'INBOX takes its place',
  )
  const idles = said(made, 'IDLE')
  await until(() => said(made, 'IDLE') > idles, 'IDLE')
  const { news } = made.seen
  made.server.deliver('INBOX', mail('a'))
  await until(() => made.seen.news > news, 'the announcement')
  assert.equal(logins(made), 1)
})

test('another UIDVALIDITY of the second folder is news', async t => {
  const made = await both(t, { deadlines: { ...unhurried, select: 50 } })
  const folder = made.server.folder('Spam')
  assert.ok(folder !== undefined)
  const { news } = made.seen
  folder.uidValidity = 777
  await until(() => made.seen.news > news, 'the announcement')
})

test('a flood of STATUS ends the connection, and rings no bell without end', async t => {
  const flood = '* STATUS "Spam" (MESSAGES 1 UIDNEXT 2)\r\n'.repeat(200_000)
  const made = await both(t, {
    capabilities: notifying,
    deadlines: { ...unhurried, idle: 50, quickIdle: 50 },
    faults: { at: ({ verb }) => (verb === 'NOOP' ? { do: 'before', pieces: [flood] } : undefined) },
  })
  await faultOf(made.ended, 'source.over-budget')
  assert.ok(made.seen.news <= 2, String(made.seen.news))
})
