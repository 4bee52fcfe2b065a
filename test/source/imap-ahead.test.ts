import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import type { Listed, SourceSession } from '../../src/source/source.ts'
import { corpus } from '../messages/corpus.ts'
import { asksForBody } from '../servers/imap-faults.ts'
import type { BodyFault, ImapFaults, ImapPlay, ImapServer } from '../servers/imap-server.ts'
import { until } from '../servers/until.ts'
import { listAll, mail, never, octetsOf, type Rig, rig } from './imap-harness.ts'

const mails = (count: number, body = 'hello\r\n'): Buffer[] =>
  Array.from({ length: count }, (_, at) => mail(`m${at + 1}`, body))

/** As a pull does: says what will be asked for, and asks for six at a time. */
async function retrieveAll(
  session: SourceSession,
  entries: readonly Listed[],
): Promise<Map<number, Buffer | Fault>> {
  session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone: false })))
  const outcomes = new Map<number, Buffer | Fault>()
  const waiting = entries.values()
  const lane = async (): Promise<void> => {
    for (const entry of waiting)
      outcomes.set(
        entry.handle,
        await octetsOf(session, entry).catch((error: unknown) => {
          if (error instanceof Fault) return error
          throw error
        }),
      )
  }
  await Promise.all(Array.from({ length: 6 }, lane))
  return outcomes
}

/** FETCH commands that asked for bodies. */
const fetches = (server: ImapServer): string[] =>
  server.ledger.commands.map(({ text }) => text).filter(text => text.includes('BODY.PEEK[]'))

const codeOf = (outcome: Buffer | Fault | undefined): string | undefined =>
  outcome instanceof Fault ? outcome.code : undefined

function assertAll(outcomes: ReadonlyMap<number, Buffer | Fault>, sent: readonly Buffer[], but = 0): void {
  for (const [at, octets] of sent.entries()) {
    const outcome = outcomes.get(at + 1)
    if (at + 1 === but) continue
    assert.ok(outcome instanceof Buffer, `${at + 1}: ${codeOf(outcome)}`)
    assert.ok(outcome.equals(octets), `message ${at + 1}`)
  }
}

async function play(
  rigged: Promise<Rig>,
): Promise<Rig & { readonly session: SourceSession; readonly entries: readonly Listed[] }> {
  const { open, ...others } = await rigged
  const session = await open()
  return { ...others, open, session, entries: await listAll(session) }
}

test('hundreds of small messages come in few round trips, each exactly, and none is marked as seen', async t => {
  const sent = mails(500)
  const { server, session, entries } = await play(rig(t, { folders: { INBOX: sent } }))
  assertAll(await retrieveAll(session, entries), sent)
  assert.ok(fetches(server).length < 20, String(fetches(server).length))
  assert.deepEqual(server.ledger.madeSeen, [])
})

test('the byte corpus comes exactly where it comes many at a time', async t => {
  const sent = corpus()
    .map(({ octets }) => octets)
    .filter(octets => octets.length > 0)
  const { server, session, entries } = await play(rig(t, { folders: { INBOX: sent } }))
  assertAll(await retrieveAll(session, entries), sent)
  assert.ok(fetches(server).some(text => /FETCH 1:\d/.test(text)))
})

const bodies: readonly (readonly [BodyFault, FaultCode | 'comes exactly'])[] = [
  ['nil', 'message.not-retrieved'],
  ['none', 'message.not-retrieved'],
  ['no-row', 'message.not-retrieved'],
  ['empty-row', 'message.not-retrieved'],
  ['quoted-empty', 'message.empty'],
  ['zero', 'message.empty'],
  ['wrong-uid', 'message.not-retrieved'],
  ['next-uid', 'message.not-retrieved'],
  ['twice', 'message.not-retrieved'],
  ['quoted', 'message.not-retrieved'],
  ['literal8', 'comes exactly'],
]

for (const [as, code] of bodies) {
  test(`one body among many that comes as ${as}: ${code}, and all others come exactly`, async t => {
    const sent = mails(40, 'octets \x83\xff\r\n')
    const { server, session, entries } = await play(
      rig(t, { folders: { INBOX: sent }, faults: { bodyOf: uid => (uid === 7 ? as : undefined) } }),
    )
    const outcomes = await retrieveAll(session, entries)
    if (code === 'comes exactly') assert.deepEqual(outcomes.get(7), sent[6])
    else assert.equal(codeOf(outcomes.get(7)), code)
    assertAll(outcomes, sent, 7)
    assert.equal(server.ledger.logins.length, 1)
    assert.ok(fetches(server).length < 12, String(fetches(server)))
  })
}

test('a body that came as a quoted string of ASCII is exact and taken', async t => {
  const sent = Array.from({ length: 10 }, (_, at) => Buffer.from(`Subject: ${at}`))
  const { session, entries } = await play(
    rig(t, { folders: { INBOX: sent }, faults: { bodyOf: uid => (uid === 7 ? 'quoted' : undefined) } }),
  )
  assertAll(await retrieveAll(session, entries), sent)
})

const isSet = (text: string): boolean => /FETCH [\d,:]*[,:]/.test(text) && text.includes('BODY')

const odd: readonly (readonly [string, ImapFaults])[] = [
  ['rows come from the last to the first', { reversedRows: true }],
  ['the server knows no partial FETCH', { ignorePartial: true }],
  ['it gives less than was asked for', { capPartial: 50 }],
  ['all sizes are too small', { size: octets => octets - 3 }],
  ['all sizes are too large', { size: octets => octets + 3 }],
  ['the size of one message is wrong', { size: octets => (octets === 110 ? 100 : octets) }],
  ['no size is told', { size: () => undefined }],
  ['flags of others come before', { at: rowsBefore('* 3 FETCH (FLAGS (\\Seen) UID 3)\r\n* 30 EXISTS\r\n') }],
  [
    'bodies of others come before',
    { at: rowsBefore('* 9 FETCH (UID 9000 RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\n') },
  ],
  [
    'a body that nobody asked for comes before',
    { at: rowsBefore('* 9 FETCH (UID 9 RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\n') },
  ],
  [
    'unknown answers come before',
    { at: rowsBefore('* X-NEWS {5}\r\n* 1 F\r\n* OK [X] hm\r\n* VANISHED 800\r\n') },
  ],
  ['lines that are none come before', { at: rowsBefore('* 3 FETCH (UID (((\r\n* FETCH\r\nhuh\r\n') }],
]

function rowsBefore(text: string): NonNullable<ImapFaults['at']> {
  return ({ verb, text: command }) =>
    verb === 'UID FETCH' && isSet(command) ? { do: 'before', pieces: [text] } : undefined
}

for (const [name, faults] of odd) {
  test(`all messages come exactly although ${name}`, async t => {
    const sent = Array.from({ length: 30 }, (_, at) => mail(`m${at + 1}`, 'x'.repeat(at)))
    const { session, entries } = await play(rig(t, { folders: { INBOX: sent }, faults }))
    assertAll(await retrieveAll(session, entries), sent)
  })
}

for (const status of ['NO', 'BAD', 'NO Some of the requested messages no longer exist']) {
  test(`sets that are answered by ${status} bring nothing, and each message comes by itself`, async t => {
    const sent = mails(30)
    const answer: ImapPlay = { do: 'answer', pieces: [`{tag} ${status} of sets\r\n`] }
    const { server, session, entries } = await play(
      rig(t, { folders: { INBOX: sent }, faults: { at: ({ text }) => (isSet(text) ? answer : undefined) } }),
    )
    assertAll(await retrieveAll(session, entries), sent)
    assert.ok(fetches(server).filter(isSet).length <= 4, 'sets are not asked for again')
  })
}

test('NO behind some rows: these are kept, the others come by themselves', async t => {
  const sent = mails(12)
  const rows = sent
    .slice(0, 2)
    .map((octets, at) => [
      `* ${at + 1} FETCH (UID ${at + 1} RFC822.SIZE ${octets.length} BODY[]<0> {${octets.length}}\r\n`,
      octets,
      ')\r\n',
    ])
  const pieces = [...rows.flat(), '{tag} NO Some messages could not be FETCHed\r\n']
  const { server, session, entries } = await play(
    rig(t, {
      folders: { INBOX: sent },
      faults: {
        at: ({ text }) => (isSet(text) && text.includes('FETCH 1:') ? { do: 'answer', pieces } : undefined),
      },
    }),
  )
  assertAll(await retrieveAll(session, entries), sent)
  assert.ok(!fetches(server).some(text => /FETCH [12] /.test(text)))
})

test('messages that another client expunges meanwhile are gone, and only these', async t => {
  const sent = mails(100)
  const { server, session, entries } = await play(rig(t, { folders: { INBOX: sent } }))
  for (const uid of [3, 50, 99]) server.expunge('INBOX', uid)
  const outcomes = await retrieveAll(session, entries)
  for (const [uid, outcome] of outcomes) {
    if ([3, 50, 99].includes(uid)) assert.equal(codeOf(outcome), 'message.gone')
    else assert.deepEqual(outcome, sent[uid - 1])
  }
})

test('under another UIDVALIDITY nothing is taken for a message of the listing', async t => {
  const sent = mails(20)
  const { server, session, entries } = await play(
    rig(t, { folders: { INBOX: sent, Other: [mail('other')] }, pull: ['INBOX', 'Other'] }),
  )
  await listAll(session, 'Other')
  const folder = server.folder('INBOX')
  assert.ok(folder !== undefined)
  folder.uidValidity = 4711
  for (const outcome of (await retrieveAll(session, entries)).values())
    assert.equal(codeOf(outcome), 'message.gone')
  assert.equal(fetches(server).length, 0)
})

const ends: readonly (readonly [string, ImapPlay])[] = [
  ['resets the connection', { do: 'cut', of: 'literal', at: 9, ending: 'reset' }],
  ['hangs up without a word', { do: 'end' }],
  ['falls silent', { do: 'cut', of: 'literal', at: 9, ending: 'silence' }],
  [
    'sends without end',
    { do: 'answer', pieces: ['* 9 FETCH (UID 9 BODY[] {99999999}\r\n', Buffer.alloc(100_000)] },
  ],
]

for (const [name, how] of ends) {
  test(`at a server that ${name} at one message, the next session blames that one, and the others come`, async t => {
    const sent = mails(40)
    const at: NonNullable<ImapFaults['at']> = ({ text }) => (asksForBody(text, 7) ? how : undefined)
    const { server, open, session, entries } = await play(
      rig(t, { folders: { INBOX: sent }, faults: { at }, deadlines: { silence: 300 } }),
    )
    for (const outcome of (await retrieveAll(session, entries)).values())
      if (outcome instanceof Fault) assert.equal(outcome.scope, 'mailbox')
    assert.ok(!session.usable)
    assert.ok(session.droppedAtMessage, 'a new session may be opened at once')
    const again = await open()
    const outcomes = await retrieveAll(again, await listAll(again))
    const blamed = [...outcomes].filter(
      ([, outcome]) => outcome instanceof Fault && outcome.scope === 'message',
    )
    assert.deepEqual(
      blamed.map(([uid]) => uid),
      [7],
    )
    const third = await open()
    const before = fetches(server).length
    assertAll(
      await retrieveAll(
        third,
        (await listAll(third)).filter(({ handle }) => handle !== 7),
      ),
      sent,
      7,
    )
    assert.ok(fetches(server).length > before)
  })
}

test('an abort while a window comes rejects with its reason', async t => {
  const { server, session, entries } = await play(rig(t, { folders: { INBOX: mails(20) } }))
  server.faults.at = ({ text }) => (text.includes('BODY') ? { do: 'silence' } : undefined)
  session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone: false })))
  const stop = new AbortController()
  const [entry] = entries
  assert.ok(entry !== undefined)
  const retrieval = octetsOf(session, entry, stop.signal)
  await until(() => fetches(server).length > 0, 'the window to be asked for')
  stop.abort(new Error('stopped'))
  await assert.rejects(retrieval, /stopped/)
})

test('what is taken slowly is fetched a few at a time, and others get their turn between', async t => {
  const sent = mails(400)
  const { server, session, entries } = await play(rig(t, { folders: { INBOX: sent } }))
  session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone: false })))
  const [first, second] = entries
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(await octetsOf(session, first), sent[0])
  const asked = fetches(server).length
  // What nobody takes makes no further window, and keeps nobody waiting.
  assert.deepEqual((await session.peekHeader(second, never))?.toString().includes('Subject: m2'), true)
  assert.equal(fetches(server).length, asked)
  assert.ok(asked <= 4)
})

test('messages of many mailboxes that nobody has asked for yet share one room', async t => {
  const sent = mails(64, 'x'.repeat(8000))
  const rigged = await rig(t, { folders: { INBOX: sent }, aheadOctets: 40_000 })
  const session = await rigged.open()
  const entries = await listAll(session)
  assertAll(await retrieveAll(session, entries), sent)
  for (const text of fetches(rigged.server)) {
    const [, from = '', to = from] = /FETCH (\d+)(?::(\d+))? /.exec(text) ?? []
    assert.ok(Number(to) - Number(from) < 5, text)
  }
})

test('windows shrink to what is taken in two seconds, also from session to session, and grow again', async t => {
  let nowMs = 0
  const clock = { ...systemClock, monotonicMs: () => nowMs }
  const { server, open } = await rig(t, { folders: { INBOX: mails(900) }, clock })
  const askedOf = async (count: number, eachMs: number): Promise<number> => {
    const session = await open()
    const entries = await listAll(session)
    const before = fetches(server).length
    session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone: false })))
    for (const entry of entries.slice(0, count)) {
      await octetsOf(session, entry)
      nowMs += eachMs
    }
    // What is under way then is answered before anything else is.
    const [last] = entries.slice(-1)
    assert.ok(last !== undefined)
    await session.peekHeader(last, never)
    const sets = fetches(server).slice(before)
    await session.close()
    return sets.reduce((sum, text) => {
      const [, from = 0, to = from] = (/FETCH (\d+)(?::(\d+))? /.exec(text) ?? []).map(Number)
      return sum + to - from + 1
    }, 0)
  }
  assert.equal(await askedOf(10, 500), 256)
  assert.ok((await askedOf(10, 500)) <= 24, 'four are taken in two seconds')
  assert.ok((await askedOf(600, 0)) >= 600)
})
