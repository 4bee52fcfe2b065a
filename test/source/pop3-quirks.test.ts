/** Servers as they are: each case was met by somebody (fetchmail's FAQ and source, getmail, Dovecot's source). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../src/clock.ts'
import type { FaultCode } from '../../src/fault.ts'
import type { Listed } from '../../src/source/source.ts'
import type { LineEvent, Pop3Faults } from '../servers/pop3-maildrop.ts'
import { usualCapabilities } from '../servers/pop3-server.ts'
import {
  crlf,
  keepingSink,
  listAll,
  never,
  openAt,
  rejectsWith,
  retrieve,
  serve,
  sourceFor,
} from './pop3-helpers.ts'

const plain = (n: number): Buffer => crlf(`Subject: message ${n}\n\n${'body line\n'.repeat(n)}`)

for (const [answer, code, retry] of [
  ['-ERR [IN-USE] Mailbox is locked by POP server', 'source.busy', 'later'],
  ['-ERR [in-use] lower case', 'source.busy', 'later'],
  ['-ERR maildrop already locked', 'source.busy', 'later'],
  ['-ERR Unable to lock maildrop: Mailbox is locked by POP server', 'source.busy', 'later'],
  ['-ERR Your mailbox is in use, please wait a few minutes', 'source.busy', 'later'],
  ['-ERR mailbox locked, try again later', 'source.busy', 'later'],
  ['-ERR another POP3 session is active', 'source.busy', 'later'],
  ['-ERR [LOGIN-DELAY] minimum time between mail checks', 'source.limited', 'later'],
  ['-ERR too many connections from your address', 'source.login-limited', 'later'],
  ['-ERR login too often', 'source.login-limited', 'later'],
  ['-ERR account temporarily blocked after too many failures', 'source.login-limited', 'later'],
  ['-ERR [SYS/TEMP] Internal error', 'source.server-temporary', 'later'],
  ['-ERR service unavailable', 'source.server-temporary', 'later'],
  ['-ERR [SYS/PERM] No mailbox for this user', 'source.server-permanent', 'owner'],
  ['-ERR [AUTH] Authentication failed.', 'source.login-refused', 'owner'],
  ['-ERR login incorrect', 'source.login-refused', 'owner'],
  ['-ERR', 'source.login-refused', 'owner'],
  ['-ERR your account is disabled', 'source.login-refused', 'owner'],
  [
    '-ERR Plaintext authentication disallowed on non-secure (SSL/TLS) connections.',
    'source.login-method',
    'owner',
  ],
  ['-ERR POP3 access is disabled', 'source.login-method', 'owner'],
] as const) {
  test(`a login answered by "${answer}" is ${code}`, async t => {
    const server = await serve(t, { faults: { login: answer } })
    const fault = await rejectsWith(code, sourceFor(server).open(never))
    assert.equal(fault.retry, retry)
    assert.equal(fault.facts.user, 'user')
    assert.equal(server.ledger.failedLogins.length, 1, 'and it is not tried twice')
    await server.until(() => server.openConnections() === 0)
  })
}

test('LOGIN-DELAY says not before when', async t => {
  const capabilities = [...usualCapabilities, 'USER', 'LOGIN-DELAY 600']
  const server = await serve(t, { capabilities, faults: { login: '-ERR [LOGIN-DELAY] too soon' } })
  const fault = await rejectsWith('source.limited', sourceFor(server).open(never))
  assert.ok(Math.abs((fault.notBeforeMs ?? 0) - (Date.now() + 600_000)) < 10_000)
})

test('"login incorrect" after good logins is held for a limit, for two hours', async t => {
  let ms = 0
  // Only the reading of time is played: sleeping is not, so that no deadline ends early.
  const clock: Clock = { nowMs: () => ms, monotonicMs: () => ms, sleep: () => new Promise(() => {}) }
  const server = await serve(t, {})
  const source = sourceFor(server, { clock })
  for (let login = 0; login < 100; login += 1) await (await source.open(never)).close()
  server.faults.login = '-ERR login incorrect'
  const limited = await rejectsWith('source.login-limited', source.open(never))
  assert.equal(limited.retry, 'later')
  ms += 3_600_000
  await rejectsWith('source.login-limited', source.open(never))
  ms += 3_600_001
  await rejectsWith('source.login-refused', source.open(never))
  server.faults.login = '-ERR [AUTH] really'
  await rejectsWith('source.login-refused', source.open(never))
  delete server.faults.login
  await (await source.open(never)).close()
  server.faults.login = '-ERR login incorrect'
  await rejectsWith('source.login-limited', source.open(never))
})

for (const [greeting, code] of [
  ['-ERR [IN-USE] one at a time', 'source.busy'],
  ['-ERR too many connections', 'source.login-limited'],
  ['-ERR [SYS/TEMP] out of memory', 'source.server-temporary'],
  ['-ERR go away', 'source.server-temporary'],
  ['* OK IMAP4rev1 ready', 'source.protocol'],
  ['SSH-2.0-OpenSSH_9.2', 'source.protocol'],
  [`+OK ${'x'.repeat(9000)}`, 'source.protocol'],
] as const) {
  test(`a greeting "${greeting.slice(0, 40)}" is ${code}`, async t => {
    const server = await serve(t, { faults: { greeting } })
    await rejectsWith(code, sourceFor(server).open(never))
    assert.deepEqual(server.ledger.commands, [])
  })
}

for (const capa of ['hang', 'hang-up', 'none', 'garbage'] as const) {
  test(`CAPA that ends in ${capa} costs no session`, async t => {
    const server = await serve(t, { messages: [plain(1)], faults: { capa } })
    const source = sourceFor(server, { deadlines: { capaMs: 40 } })
    for (const _ of [1, 2]) {
      const session = await source.open(never)
      const [entry] = await listAll(session)
      assert.ok((await retrieve(session, entry)).equals(plain(1)))
      await session.close()
    }
    const broken = capa === 'hang' || capa === 'hang-up'
    assert.equal(server.ledger.connections, broken ? 3 : 2, 'remembered for the next session')
    if (broken) assert.equal(server.ledger.commands.filter(line => line === 'CAPA').length, 1)
  })
}

test('a network that fails in CAPA and after it is not held against CAPA', async t => {
  const server = await serve(t, {})
  server.faults.line = ({ verb, connection }) =>
    (verb === 'CAPA' && connection === 1) || (verb === 'CONNECT' && connection === 2) ? 'rst' : undefined
  const source = sourceFor(server)
  await rejectsWith('source.connection-lost', source.open(never))
  await (await source.open(never)).close()
  assert.equal(server.ledger.commands.filter(line => line === 'CAPA').length, 3)
})

const named = async (faults: Pop3Faults): Promise<readonly (string | undefined)[]> => {
  const { startPop3Server } = await import('../servers/pop3-server.ts')
  const server = await startPop3Server({ messages: [plain(1), plain(2), plain(3)], faults })
  const session = await sourceFor(server).open(never)
  const entries = await listAll(session)
  session.abandon()
  await server.close()
  assert.deepEqual(
    entries.map(entry => entry.handle),
    [1, 2, 3],
  )
  return entries.map(entry => entry.uid)
}

test('only a UIDL that can be trusted is an identity', async () => {
  const second = (uidl: string | Buffer | undefined): Pop3Faults => ({
    uidl: message => (message.uidl === 'uidl-2' ? uidl : message.uidl),
  })
  assert.deepEqual(await named({ noUidl: true }), [undefined, undefined, undefined])
  assert.deepEqual(await named(second('uidl-1')), [undefined, undefined, 'uidl-3'], 'twice in one listing')
  for (const bad of ['', '  ', 'a\x1b[31m', 'a\0b', 'a\x7f', 'u'.repeat(1025), 'u'.repeat(5000), undefined]) {
    assert.deepEqual(await named(second(bad)), ['uidl-1', undefined, 'uidl-3'], JSON.stringify(bad))
  }
  for (const good of ['u'.repeat(1024), 'with  spaces ', '<id@host>', '.', '\xe3\x81\x82\x80\xff']) {
    assert.deepEqual(await named(second(good)), ['uidl-1', good, 'uidl-3'], JSON.stringify(good))
  }
  assert.deepEqual(await named(second(' two blanks')), ['uidl-1', 'two blanks', 'uidl-3'])
  assert.deepEqual(await named(second(Buffer.from('メール'))), [
    'uidl-1',
    Buffer.from('メール').toString('latin1'),
    'uidl-3',
  ])
})

test('a size that is none is unknown, and a line that LIST leaves out costs no message', async t => {
  const sizes: Readonly<Record<string, string | undefined>> = {
    'uidl-1': '-1',
    'uidl-2': 'many',
    'uidl-3': undefined,
  }
  const server = await serve(t, {
    messages: [plain(1), plain(2), plain(3), plain(4)],
    faults: { size: message => (message.uidl in sizes ? sizes[message.uidl] : '99 and more') },
  })
  const entries = await listAll(await openAt(t, server))
  assert.deepEqual(
    entries.map(({ uid, octets }) => [uid, octets]),
    [
      ['uidl-1', undefined],
      ['uidl-2', undefined],
      ['uidl-3', undefined],
      ['uidl-4', 99],
    ],
  )
})

test('nonsense lines in a listing name no message', async t => {
  const server = await serve(t, {})
  server.faults.line = ({ verb }) => {
    if (verb === 'LIST')
      return { answer: '+OK\r\n0 5\r\n-3 5\r\nx\r\n\r\n2 120\r\n99999999999999999999 1\r\n.\r\n' }
    return verb === 'UIDL' ? { answer: '+OK\r\n0 a\r\nhello\r\n2 b\r\n2 c\r\n\xff\xfe\r\n.\r\n' } : undefined
  }
  const entries = await listAll(await openAt(t, server))
  assert.deepEqual(
    entries.map(({ handle, octets, uid }) => [handle, octets, uid]),
    [[2, 120, undefined]],
  )
})

test('UIDL or LIST that is refused for now is no listing', async t => {
  for (const verb of ['UIDL', 'LIST']) {
    const server = await serve(t, { messages: [plain(1)] })
    server.faults.line = event => (event.verb === verb ? { answer: '-ERR [SYS/TEMP] wait\r\n' } : undefined)
    await rejectsWith('source.server-temporary', listAll(await openAt(t, server)))
  }
})

test('a maildrop of 100,000 messages is listed', async t => {
  const server = await serve(t, {})
  for (let n = 0; n < 100_000; n += 1) server.deliver(Buffer.from('\r\n'))
  const entries = await listAll(await openAt(t, server))
  assert.equal(entries.length, 100_000)
  assert.deepEqual([entries[99_999]?.uid, entries[99_999]?.octets], ['uidl-100000', 2])
})

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
  const fault = await rejectsWith(
    'source.cannot-settle',
    session.settle(await listAll(session), { do: 'delete' }, never),
  )
  assert.deepEqual([fault.retry, fault.facts.messages, fault.facts.words], ['later', 1, 'not this one'])
  await session.close()
  assert.deepEqual(
    server.messages.map(({ uidl }) => uidl),
    ['uidl-2'],
  )
})

for (const [quit, code] of [
  [{ answer: '-ERR [SYS/TEMP] some deleted messages not removed\r\n' }, 'source.cannot-settle'],
  ['fin', 'source.connection-lost'],
  ['rst', 'source.connection-lost'],
  ['silence', 'source.timeout'],
] as const) {
  test(`QUIT that ends in ${JSON.stringify(quit)} is ${code}`, async t => {
    const server = await serve(t, { messages: [plain(1)] })
    server.faults.line = ({ verb }) => (verb === 'QUIT' ? quit : undefined)
    const session = await openAt(t, server, { deadlines: { quitMs: 40 } })
    await session.settle(await listAll(session), { do: 'delete' }, never)
    const fault = await rejectsWith(code, session.close())
    assert.equal(fault.facts.phase, 'quit')
    assert.equal(server.messages.length, 1)
    await server.until(() => server.openConnections() === 0)
  })
}

/** Every line of a session, told apart by verb and place. */
const everyLine: readonly [string, (event: LineEvent) => boolean][] = [
  ['the greeting', ({ verb }) => verb === 'CONNECT'],
  ['UTF8', ({ verb }) => verb === 'UTF8'],
  ['USER', ({ verb }) => verb === 'USER'],
  ['PASS', ({ verb }) => verb === 'PASS'],
  ['LIST', ({ verb }) => verb === 'LIST'],
  ['UIDL', ({ verb }) => verb === 'UIDL'],
  ['the second RETR', ({ line }) => line === 'RETR 2'],
  ['DELE', ({ verb }) => verb === 'DELE'],
]
for (const how of ['rst', 'fin', 'silence'] as const) {
  for (const [name, matches] of everyLine) {
    test(`${how} at ${name} is a fault, deletes nothing, and leaves no connection`, async t => {
      const server = await serve(t, { messages: [plain(1), plain(2)] })
      server.faults.line = event => (matches(event) ? how : undefined)
      const quick = { greetingMs: 40, loginMs: 40, listMs: 40, commandMs: 40 }
      const whole = async (): Promise<void> => {
        const session = await sourceFor(server, { deadlines: quick }).open(never)
        const entries = await listAll(session)
        const works = await Promise.allSettled(entries.map((entry: Listed) => retrieve(session, entry)))
        for (const work of works) if (work.status === 'rejected') throw work.reason
        await session.settle(entries, { do: 'delete' }, never)
        await session.close()
      }
      const code: FaultCode = how === 'silence' ? 'source.timeout' : 'source.connection-lost'
      await rejectsWith(code, whole())
      assert.equal(server.messages.length, 2)
      await server.until(() => server.openConnections() === 0)
    })
  }
}

test('a cut at any octet of RETR is a lost connection, and the whole message comes the next time', async t => {
  const message = crlf('Subject: a\n\n.dot\n..\nend\n')
  const server = await serve(t, { messages: [message, plain(2)] })
  for (const how of ['fin', 'rst'] as const) {
    for (let at = 0; at < message.length + 5; at += 1) {
      server.faults.retrCut = { at, how }
      const session = await openAt(t, server)
      const [first, second] = await listAll(session)
      const both = await Promise.allSettled([retrieve(session, first), retrieve(session, second)])
      for (const work of both) {
        assert.ok(work.status === 'rejected', `cut at ${at}`)
        assert.equal(work.reason.code, 'source.connection-lost')
      }
    }
  }
  delete server.faults.retrCut
  const session = await openAt(t, server)
  assert.ok((await retrieve(session, (await listAll(session))[0])).equals(message))
})

test('silence in a body ends it after the progress deadline, a steady trickle does not', async t => {
  const server = await serve(t, { messages: [plain(3)], faults: { chunk: 4, chunkDelayMs: 2 } })
  const session = await openAt(t, server, { deadlines: { progressMs: 2000, commandMs: 2000 } })
  const [entry] = await listAll(session)
  assert.ok((await retrieve(session, entry)).equals(plain(3)))
  server.faults.retrCut = { at: 20, how: 'silence' }
  const other = await openAt(t, server, { deadlines: { progressMs: 40 } })
  await rejectsWith('source.timeout', retrieve(other, (await listAll(other))[0]))
})

test('a trickle that would take for ever is ended by policy', async t => {
  const server = await serve(t, { messages: [plain(3000)] })
  const session = await openAt(t, server, { deadlines: { trickleMs: 30, trickleOctets: 1000 } })
  const [entry] = await listAll(session)
  Object.assign(server.faults, { chunk: 1, chunkDelayMs: 1 })
  await rejectsWith('source.timeout', retrieve(session, entry))
})

test('a listing that never ends is ended by its deadline', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  server.faults.line = ({ verb }) => (verb === 'UIDL' ? { answer: '+OK\r\n1 a\r\n' } : undefined)
  const session = await openAt(t, server, { deadlines: { listMs: 40 } })
  await rejectsWith('source.timeout', listAll(session))
})

test('an idle session that the server ends is known at the next command', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  server.faults.line = ({ verb }) => (verb === 'UIDL' ? { after: 'fin' } : undefined)
  const session = await openAt(t, server)
  const [entry] = await listAll(session)
  await server.until(() => server.openConnections() === 0)
  await rejectsWith('source.connection-lost', retrieve(session, entry))
  await rejectsWith('source.connection-lost', session.close())
})

test('a maildrop that another session holds is busy, and free after close', async t => {
  const server = await serve(t, { faults: { lock: true } })
  const first = await openAt(t, server)
  await rejectsWith('source.busy', sourceFor(server).open(never))
  await first.close()
  await openAt(t, server)
})
