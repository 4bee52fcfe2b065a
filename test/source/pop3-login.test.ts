/** Greeting, CAPA and login as servers really answer them. Each case was met by somebody (fetchmail's FAQ and source, getmail, Dovecot's source). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import { usualCapabilities } from '../servers/pop3-server.ts'
import {
  listAll,
  mailboxAt,
  never,
  openAt,
  plain,
  rejectsWith,
  retrieve,
  serve,
  sourceFor,
} from './pop3-helpers.ts'

for (const [answer, code, retry] of [
  ['-ERR [IN-USE] Mailbox is locked by POP server', 'source.busy', 'later'],
  ['-ERR [in-use] lower case', 'source.busy', 'later'],
  ['-ERR maildrop already locked', 'source.busy', 'later'],
  ['-ERR Unable to lock maildrop: Mailbox is locked by POP server', 'source.busy', 'later'],
  ['-ERR Your mailbox is in use, please wait a few minutes', 'source.busy', 'later'],
  ['-ERR mailbox locked, try again later', 'source.busy', 'later'],
  ['-ERR another POP3 session is active', 'source.busy', 'later'],
  ['-ERR [LOGIN-DELAY] minimum time between mail checks', 'source.login-delay', 'later'],
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
  ['-ERR Application-specific password required', 'source.login-refused', 'owner'],
  ['-ERR [ALERT] Invalid credentials (Failure)', 'source.login-refused', 'owner'],
  ['-ERR Authentication failed, please try again', 'source.login-refused', 'owner'],
  ['-ERR [SYS/TEMP] [ALERT] authentication backend is down', 'source.server-temporary', 'later'],
] as const) {
  test(`a login answered by "${answer}" is ${code}`, async t => {
    const server = await serve(t, { faults: { login: answer } })
    const fault = await rejectsWith(code, sourceFor(server).open(never))
    assert.equal(fault.retry, retry)
    assert.equal(fault.loginRefused, true, 'and it counts')
    assert.equal(fault.facts.user, 'user')
    assert.equal(server.ledger.failedLogins.length, 1, 'and it is not tried twice')
    await server.until(() => server.openConnections() === 0)
  })
}

test('LOGIN-DELAY says not before when', async t => {
  const capabilities = [...usualCapabilities, 'USER', 'LOGIN-DELAY 600']
  const server = await serve(t, { capabilities, faults: { login: '-ERR [LOGIN-DELAY] too soon' } })
  const fault = await rejectsWith('source.login-delay', sourceFor(server).open(never))
  assert.ok(Math.abs((fault.notBeforeMs ?? 0) - (Date.now() + 600_000)) < 10_000)
})

// https://github.com/RainLoop/rainloop-webmail/issues/1016, https://github.com/postalsys/imapflow/issues/274
for (const lines of [['SASL XOAUTH2'], ['SASL'], ['SASL', 'STLS']]) {
  test(`a server that offers ${lines} and no USER is shown no password`, async t => {
    const server = await serve(t, {
      logins: [],
      capabilities: ['TOP', 'UIDL', ...lines],
      faults: { login: '-ERR [AUTH] Unsupported authentication mechanism' },
    })
    const fault = await rejectsWith('source.login-method', sourceFor(server).open(never))
    assert.equal(fault.exitCode, 78)
    assert.equal(fault.loginRefused, false)
    assert.deepEqual(
      server.ledger.commands.filter(line => !/^(CAPA|QUIT)/.test(line)),
      [],
    )
    const { next } = describeFault(fault, 'en')
    if (lines.includes('STLS')) assert.match(next, /set MAIL_SECURITY=starttls\.$/)
  })
}

test('"Unsupported authentication mechanism" is no wrong password, whatever its code', async t => {
  const server = await serve(t, { faults: { login: '-ERR [AUTH] Unsupported authentication mechanism' } })
  const fault = await rejectsWith('source.login-method', sourceFor(server).open(never))
  assert.equal(fault.loginRefused, true, 'it was asked for')
})

for (const [greeting, code] of [
  ['-ERR [IN-USE] one at a time', 'source.busy'],
  ['-ERR too many connections', 'source.login-limited'],
  ['-ERR [SYS/TEMP] out of memory', 'source.server-temporary'],
  ['-ERR go away', 'source.server-temporary'],
  ['* OK IMAP4rev1 ready', 'source.other-service'],
  ['SSH-2.0-OpenSSH_9.2', 'source.other-service'],
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
    const source = sourceFor(server, { deadlines: capa === 'hang' ? { capaMs: 40 } : {} })
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

test('a password that a server echoes in its error does not get into the fault', async t => {
  const password = 'hunter2 with spaces'
  const server = await serve(t, {
    users: { user: password },
    faults: { login: `-ERR what is PASS ${password}?` },
  })
  const fault = await rejectsWith('source.login-refused', openAt(t, server, { password }))
  assert.doesNotMatch(JSON.stringify(fault), /hunter2/)
  assert.match(String(fault.facts.words), /\[secret\]/)
  server.faults.login = `echo ${password}`
  const other = await rejectsWith('source.protocol', openAt(t, server, { password }))
  assert.doesNotMatch(JSON.stringify(other.facts), /hunter2/)
})

test('the password is read anew for each session and its line breaks are refused', async t => {
  const server = await serve(t, { users: { user: 'second' } })
  const passwords = ['first', 'second', 'third\r\nDELE 1']
  const password = new Secret(async () => passwords.shift() ?? '')
  const mailbox = {
    ...mailboxAt(server.port),
    credential: { kind: 'password', password } as const,
  }
  const source = makePop3Source({ mailbox, clock: systemClock })
  await rejectsWith('source.login-refused', source.open(never))
  await (await source.open(never)).close()
  await rejectsWith('config.invalid', source.open(never))
  assert.ok(!server.ledger.commands.some(line => line.startsWith('DELE')))
})

for (const [logins, user, password] of [
  [['USER'], 'user', 'pass word'],
  [['PLAIN'], 'user', 'secret'],
  [['APOP'], 'user', 'secret'],
  [['USER', 'PLAIN'], 'ユーザー@例え.jp', '合言葉'],
  [['PLAIN'], 'user', 'long '.repeat(60)],
] as const) {
  test(`${user} logs in where ${logins.join(' and ')} is offered, with ${password.length} characters`, async t => {
    const server = await serve(t, { logins, users: { [user]: password } })
    await openAt(t, server, { user, password })
    assert.equal(server.ledger.logins.length, 1)
    assert.equal(server.ledger.logins[0]?.user, user)
    assert.ok(server.ledger.commands.every(line => line.length <= 255))
  })
}

test('APOP is found without CAPA too', async t => {
  const server = await serve(t, { logins: ['APOP'], faults: { capa: 'none' } })
  await openAt(t, server)
  assert.equal(server.ledger.logins.length, 1)
})

test('a maildrop that another session holds is busy, and free after close', async t => {
  const server = await serve(t, { faults: { lock: true } })
  const first = await openAt(t, server)
  await rejectsWith('source.busy', sourceFor(server).open(never))
  await first.close()
  await openAt(t, server)
})
