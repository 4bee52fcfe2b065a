/** RETR, TOP and DELE as servers really answer them. Each case was met by somebody (fetchmail's FAQ and source, getmail, Dovecot's source). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  crlf,
  keepingSink,
  listAll,
  never,
  openAt,
  plain,
  rejectsWith,
  retrieve,
  serve,
} from './pop3-helpers.ts'

test('a message that vanished is gone, is not asked for twice, and holds up no other', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2), plain(3)] })
  const session = await openAt(t, server)
  const [first, second, third] = await listAll(session)
  assert.ok(second)
  const [, vanishing] = server.messages
  assert.ok(vanishing)
  server.vanish(vanishing)
  const [one, two, three] = await Promise.allSettled(
    [first, second, third].map(entry => retrieve(session, entry)),
  )
  assert.ok(one?.status === 'fulfilled' && three?.status === 'fulfilled')
  assert.ok(two?.status === 'rejected' && two.reason.code === 'message.gone')
  await rejectsWith('message.gone', retrieve(session, second))
  assert.equal(await session.peekHeader(second, never), undefined)
  await session.settle([second], { do: 'delete' }, never)
  assert.deepEqual(
    server.ledger.commands.filter(line => / 2( |$)/.test(line)),
    ['RETR 2'],
  )
  await session.close()
})

test('RETR refused in other words is not a vanished message', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  server.faults.line = ({ verb }) =>
    verb === 'RETR' ? { answer: '-ERR [SYS/TEMP] cannot open it\r\n' } : undefined
  const session = await openAt(t, server)
  const [entry] = await listAll(session)
  const fault = await rejectsWith('message.not-retrieved', retrieve(session, entry))
  assert.equal(fault.facts.words, '[SYS/TEMP] cannot open it')
  await session.close()
})

test('a truncated message that ends properly is short; one octet too many is harmless', async t => {
  const server = await serve(t, { messages: [plain(500), crlf('')] })
  const session = await openAt(t, server)
  const [first, second] = await listAll(session)
  server.faults.truncate = message => message.octets.length - 3
  const fault = await rejectsWith('message.short', retrieve(session, first))
  assert.deepEqual(fault.facts, {
    host: '127.0.0.1',
    port: server.port,
    phase: 'retrieve',
    octets: plain(500).length - 1,
    announced: plain(500).length,
  })
  delete server.faults.truncate
  await rejectsWith('message.empty', retrieve(session, second))
  assert.ok((await retrieve(session, first)).equals(plain(500)))
  // qmail counts a line end as one octet: what comes is longer than announced.
  const less = await serve(t, {
    messages: [plain(9)],
    faults: { size: ({ octets }) => String(octets.length - 12) },
  })
  const [entry] = await listAll(await openAt(t, less))
  assert.equal(entry?.octets, plain(9).length - 12)
  assert.ok((await retrieve(await openAt(t, less), entry)).equals(plain(9)))
})

test('sizes that a server rounds up to 1,024 do not make every message short', async t => {
  const round = ({ octets }: { octets: Buffer }): string => String(Math.ceil(octets.length / 1024) * 1024)
  const bare = (_: unknown, right: Buffer) =>
    Buffer.concat([Buffer.from('+OK\r\n'), right.subarray(right.indexOf('\n') + 1)])
  const server = await serve(t, {
    messages: [plain(1), plain(200), plain(3)],
    faults: { size: round, retr: bare },
  })
  const session = await openAt(t, server)
  for (const [at, entry] of (await listAll(session)).entries()) {
    assert.ok((await retrieve(session, entry)).equals(server.messages[at]?.octets ?? Buffer.alloc(0)))
  }
  server.faults.truncate = () => 30
  const [, second] = await listAll(session)
  await rejectsWith('message.short', retrieve(session, second))
})

const unstuffed: Readonly<Record<string, string>> = {
  'a dot that is not stuffed': '+OK\r\nSubject: a\r\n\r\n.hidden\r\n.\r\n',
  'a lone dot in the middle': '+OK\r\nSubject: a\r\n\r\nfirst\r\n.\r\nsecond\r\n.\r\n',
  'a dot line that ends in LF': '+OK\r\nSubject: a\r\n\r\n.\nsecond\r\n.\r\n',
  'octets behind the terminator': '+OK\r\nSubject: a\r\n\r\nfirst\r\n.\r\n+OK\r\n',
}
for (const [name, answer] of Object.entries(unstuffed)) {
  test(`${name} ends the session and is blamed on that message alone`, async t => {
    const faults = { retr: () => Buffer.from(answer) }
    const server = await serve(t, { messages: [plain(1), plain(2)], faults })
    const session = await openAt(t, server)
    const [other, entry] = await listAll(session)
    assert.ok(other && entry)
    await session.settle([other], { do: 'delete' }, never)
    const fault = await rejectsWith(
      'source.protocol',
      session.retrieve({ ...entry, octets: undefined }, keepingSink(), never),
    )
    assert.equal(fault.scope, 'message')
    await rejectsWith('source.protocol', session.close())
    await server.until(() => server.openConnections() === 0)
    assert.equal(server.ledger.deleted.length, 0)
  })
}

test('octets that nothing asked for end the session', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  server.faults.line = ({ verb }) =>
    verb === 'UIDL' ? { answer: '+OK\r\n.\r\n-ERR idle too long\r\n' } : undefined
  const session = await openAt(t, server)
  await rejectsWith('source.protocol', listAll(session))
})

test('octets that come later, when nothing is asked, end the session too', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  server.faults.line = ({ verb }) => {
    if (verb !== 'UIDL') return undefined
    Object.assign(server.faults, { chunk: 8, chunkDelayMs: 20 })
    return { answer: '+OK\r\n.\r\n+OK not asked for\r\n' }
  }
  const session = await openAt(t, server)
  // The extra octets may still share a packet on a busy machine; the session must end in either case.
  await listAll(session).catch(() => {})
  await server.until(() => server.openConnections() === 0)
  await rejectsWith('source.protocol', session.close())
})

test('a final dot that is glued to the last line is waited for and never taken', async t => {
  const server = await serve(t, {
    messages: [plain(1)],
    faults: { retr: () => Buffer.from('+OK\r\nSubject: a\r\n\r\nlast line.\r\n') },
  })
  const session = await openAt(t, server, { deadlines: { progressMs: 40 } })
  const [entry] = await listAll(session)
  await rejectsWith('source.timeout', retrieve(session, entry))
})

test('TOP is never trusted further than it deserves', async t => {
  const answers: Readonly<Record<string, string>> = {
    twice: '+OK\r\n+OK\r\nSubject: a\r\n\r\n.\r\n',
    'with body': '+OK\r\nSubject: a\r\n\r\nten lines\r\n.\r\n',
    'without empty line': '+OK\r\nSubject: a\r\n.\r\n',
    nothing: '+OK\r\n.\r\n',
    refused: '-ERR no TOP here\r\n',
  }
  const got: Record<string, string | undefined> = {}
  for (const [name, answer] of Object.entries(answers)) {
    const server = await serve(t, { messages: [plain(1)], faults: { top: () => Buffer.from(answer) } })
    const session = await openAt(t, server)
    const [entry] = await listAll(session)
    assert.ok(entry)
    got[name] = (await session.peekHeader(entry, never))?.toString('latin1')
    assert.ok((await retrieve(session, entry)).equals(plain(1)), 'and RETR still works')
  }
  assert.deepEqual(got, {
    twice: undefined,
    'with body': 'Subject: a\r\n\r\n',
    'without empty line': 'Subject: a\r\n',
    nothing: undefined,
    refused: undefined,
  })
  const without = await serve(t, { messages: [plain(1)], capabilities: ['USER', 'UIDL'] })
  const session = await openAt(t, without)
  const [entry] = await listAll(session)
  assert.equal(entry && (await session.peekHeader(entry, never)), undefined)
  assert.ok(!without.ledger.commands.some(line => line.startsWith('TOP')))
})

test('a read-only maildrop says yes and deletes nothing: only the next listing knows', async t => {
  const server = await serve(t, { messages: [plain(1)], faults: { readOnly: true } })
  const session = await openAt(t, server)
  await session.settle(await listAll(session), { do: 'delete' }, never)
  await session.close()
  assert.equal((await listAll(await openAt(t, server))).length, 1)
})

test('DELE that is refused is told after all others were tried', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2), plain(3)] })
  server.faults.line = ({ line }) => (line === 'DELE 2' ? { answer: '-ERR not this one\r\n' } : undefined)
  const session = await openAt(t, server)
  const refused = await session.settle(await listAll(session), { do: 'delete' }, never)
  assert.deepEqual(
    refused.map(({ entry, fault }) => [entry.uid, fault.code, fault.retry, fault.facts.words]),
    [['uidl-2', 'source.cannot-settle', 'later', 'not this one']],
  )
  await session.close()
  assert.deepEqual(
    server.messages.map(({ uidl }) => uidl),
    ['uidl-2'],
  )
})
