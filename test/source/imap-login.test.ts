import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe as anySuite, test as anyTest, before } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { FaultCode } from '../../src/base/fault.ts'
import { Secret } from '../../src/base/secret.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import {
  type Certificate,
  type Certificates,
  makeCertificates,
  needsOpenssl,
} from '../servers/certificates.ts'
import { usualCapabilities } from '../servers/imap-server.ts'
import { until } from '../servers/until.ts'
import {
  faultOf,
  first,
  listAll,
  mail,
  mailboxOf,
  never,
  octetsOf,
  password,
  rig,
  user,
} from './imap-harness.ts'

let folder: string
const skip = needsOpenssl()
const describe = skip ? anySuite.skip : anySuite
const test = skip ? anyTest.skip : anyTest
let certificates: Certificates

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hikyaku-imap-'))
  if (skip) return
  certificates = await makeCertificates(folder)
})
after(() => rm(folder, { recursive: true, force: true }))

const tlsWith = (mode: 'implicit' | 'starttls', { cert, key }: Certificate) => ({ mode, cert, key })
const fingerprint = ({ cert }: Certificate): string =>
  createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')

for (const mode of ['implicit', 'starttls'] as const) {
  const security = mode === 'implicit' ? 'tls' : 'starttls'
  describe(`over ${security}`, () => {
    test('a message comes through, and the TLS version is told', async t => {
      const { server, open } = await rig(t, {
        folders: { INBOX: [mail('a')] },
        tls: tlsWith(mode, certificates.good),
        reach: { security, host: 'localhost', caFile: certificates.ca.certFile },
      })
      const session = await open()
      assert.match(session.abilities.tls ?? '', /^TLSv1\.[23]$/)
      assert.deepEqual(await octetsOf(session, first(await listAll(session))), mail('a'))
      assert.equal(server.ledger.logins.length, 1)
      const beforeLogin = server.ledger.commands.map(({ text }) => text).slice(0, 3)
      if (mode === 'starttls') assert.deepEqual(beforeLogin.slice(0, 2), ['CAPABILITY', 'STARTTLS'])
    })

    for (const [name, code] of [
      ['wrongName', 'source.tls-name'],
      ['expired', 'source.tls-expired'],
      ['selfSigned', 'source.tls-untrusted'],
    ] as const) {
      test(`a certificate that is ${name} is ${code}, and no password is sent`, async t => {
        const { server, source } = await rig(t, {
          tls: tlsWith(mode, certificates[name]),
          reach: { security, host: 'localhost', caFile: certificates.ca.certFile },
        })
        const fault = await faultOf(source.open(never), code)
        assert.equal(fault.facts.phase, 'tls')
        assert.ok(server.ledger.commands.every(({ text }) => text === 'CAPABILITY' || text === 'STARTTLS'))
      })
    }

    test('an authority that nobody named is not trusted', async t => {
      const { source } = await rig(t, {
        tls: tlsWith(mode, certificates.good),
        reach: { security, host: 'localhost' },
      })
      await faultOf(source.open(never), 'source.tls-untrusted')
    })

    test('the pinned certificate is taken although it is self-signed, and no other one is', async t => {
      const pinnedSha256 = fingerprint(certificates.selfSigned)
      const good = await rig(t, {
        tls: tlsWith(mode, certificates.selfSigned),
        reach: { security, pinnedSha256 },
      })
      await good.open()
      const other = await rig(t, {
        tls: tlsWith(mode, certificates.good),
        reach: { security, pinnedSha256, caFile: certificates.ca.certFile },
      })
      await faultOf(other.source.open(never), 'source.tls-untrusted')
      assert.equal(other.server.ledger.logins.length, 0)
    })

    test('a PREAUTH greeting is refused: whose mailbox that is, nobody said', async t => {
      const { server, source } = await rig(t, {
        tls: tlsWith(mode, certificates.good),
        reach: { security, host: 'localhost', caFile: certificates.ca.certFile },
        faults: { greeting: '* PREAUTH [CAPABILITY IMAP4rev1] welcome' },
      })
      const fault = await faultOf(source.open(never), 'source.protocol')
      assert.equal(fault.facts.reason, 'PREAUTH')
      assert.deepEqual(server.ledger.commands, [])
    })
  })
}

test('a STARTTLS that is not offered, or refused, ends the attempt before the password', async t => {
  for (const options of [
    {
      capabilities: usualCapabilities.filter(name => name !== 'STARTTLS'),
      tls: tlsWith('starttls', certificates.good),
    },
    {
      tls: tlsWith('starttls', certificates.good),
      faults: {
        at: ({ verb }: { verb: string }) =>
          verb === 'STARTTLS' ? ({ do: 'answer', pieces: ['{tag} NO not now\r\n'] } as const) : undefined,
      },
    },
  ]) {
    const { server, source } = await rig(t, {
      ...options,
      reach: { security: 'starttls', host: 'localhost' },
    })
    await faultOf(source.open(never), 'source.tls-not-offered')
    assert.equal(server.ledger.logins.length, 0)
  }
})

test('octets injected behind the OK to STARTTLS are refused', async t => {
  const { server, source } = await rig(t, {
    tls: tlsWith('starttls', certificates.good),
    reach: { security: 'starttls', host: 'localhost', caFile: certificates.ca.certFile },
    faults: { injectedAfterStarttls: '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n' },
  })
  await faultOf(source.open(never), 'source.tls-injection')
  assert.equal(server.ledger.logins.length, 0)
})

for (const words of [
  '* CAPABILITY IMAP4rev1\r\n',
  'A\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\n',
])
  test(`octets in clear text that come after the handshake began are an injection too: ${JSON.stringify(words)}`, async t => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.write('* OK hello\r\n')
      socket.on('data', chunk => {
        const [tag, verb] = chunk.toString('latin1').split(/ |\r/)
        if (verb === 'CAPABILITY') socket.write(`* CAPABILITY IMAP4rev1 STARTTLS\r\n${tag} OK\r\n`)
        else if (verb === 'STARTTLS') socket.write(`${tag} OK begin\r\n`)
        // The ClientHello, in whose answer somebody on the way puts words of his own; the server's follows.
        else socket.write(Buffer.concat([Buffer.from(words, 'latin1'), Buffer.from('160303', 'hex')]))
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => new Promise(resolve => server.close(resolve)))
    const { port } = server.address() as AddressInfo
    const mailbox = mailboxOf({ port, host: 'localhost', security: 'starttls' })
    const source = makeImapSource({ mailbox, clock: systemClock, deadlines: { tls: 2_000 } })
    const fault = await faultOf(source.open(never), 'source.tls-injection')
    assert.equal(fault.facts.phase, 'tls')
  })

test('TLS to a server that speaks in the clear is told as such, by its deadline at the latest', async t => {
  const { source } = await rig(t, {
    reach: { security: 'tls', host: 'localhost' },
    deadlines: { tls: 2_000 },
  })
  await faultOf(source.open(never), 'source.tls-clear-text')
})

const refusals: readonly (readonly [string, FaultCode])[] = [
  ['[AUTHENTICATIONFAILED] Authentication failed.', 'source.login-refused'],
  ['[AUTHORIZATIONFAILED] Not for you', 'source.login-refused'],
  ['[EXPIRED] Password is too old', 'source.login-refused'],
  ['Login incorrect', 'source.login-refused'],
  ['[UNAVAILABLE] Temporary authentication failure', 'source.limited'],
  ['[LIMIT] Too many connections', 'source.limited'],
  ['[OVERQUOTA] Bandwidth used up', 'source.limited'],
  ['[INUSE] Mailbox is in use', 'source.busy'],
  ['[ALERT] Web login required', 'source.login-refused'],
  // https://github.com/LukeSmithxyz/mutt-wizard/issues/831, https://github.com/roundcube/roundcubemail/issues/6809
  ['[ALERT] Invalid credentials (Failure)', 'source.login-refused'],
  ['[ALERT] Application-specific password required: https://support.example', 'source.login-refused'],
  // https://github.com/thunderbird/thunderbird-android/issues/8072
  ['[ALERT] Please log in via your web browser: https://support.example (Failure)', 'source.login-refused'],
  ['[CONTACTADMIN] Invalid login or password', 'source.login-refused'],
  ['[ALERT] Too many login failures, try again later', 'source.login-limited'],
  ['[ALERT] Temporary authentication failure', 'source.server-temporary'],
  ['[SERVERBUG] Internal error occurred', 'source.server-temporary'],
  ['[NOPERM] Not permitted', 'source.login-refused'],
  ['[WEBALERT https://example.net] Web login required.', 'source.login-refused'],
  ['Invalid credentials, please try again', 'source.login-refused'],
  ['LOGIN failed.', 'source.login-refused'],
  ['Authentication failed: account is busy being wrong', 'source.login-refused'],
  ['nope', 'source.login-refused'],
  ['AUTHENTICATE PLAIN mechanism not supported', 'source.login-method'],
  ['[PRIVACYREQUIRED] Plain text is disallowed', 'source.login-method'],
  ['Too many login attempts, try again later', 'source.login-limited'],
  ['Temporary failure, please try later', 'source.server-temporary'],
]

for (const [words, code] of refusals) {
  test(`a login answered by NO ${words} is ${code}`, async t => {
    const { source, server } = await rig(t, {
      faults: {
        at: ({ verb }) =>
          verb === 'AUTHENTICATE' ? { do: 'answer', pieces: ['+ \r\n', `{tag} NO ${words}\r\n`] } : undefined,
      },
    })
    const fault = await faultOf(source.open(never), code)
    assert.equal(fault.facts.words, words.replace(/^\[[^\]]+\] /, ''))
    assert.equal(fault.loginRefused, true, 'and it counts')
    assert.equal(server.ledger.commands.filter(({ text }) => text === 'AUTHENTICATE').length, 1)
  })
}

test('a wrong password is told as such, once, and stands nowhere in the fault', async t => {
  const { source, server } = await rig(t, {
    mailbox: { credential: { kind: 'password', password: Secret.of('not the Pa55word') } },
  })
  const fault = await faultOf(source.open(never), 'source.login-refused')
  assert.equal(server.ledger.failedLogins.length, 1)
  assert.ok(!JSON.stringify([fault.facts, fault.message, String(fault.stack)]).includes('Pa55word'))
  let cause: unknown = fault.cause
  for (let depth = 0; cause instanceof Error && depth < 5; depth += 1) {
    assert.ok(!JSON.stringify(Object.entries(cause)).includes('Pa55word'))
    cause = cause.cause
  }
})

test('a server that repeats the password in its refusal does not bring it into the fault', async t => {
  const sent = Buffer.from(`\0${user}\0${password}`).toString('base64')
  const { source } = await rig(t, {
    faults: {
      at: ({ verb }) =>
        verb === 'AUTHENTICATE'
          ? { do: 'answer', pieces: ['+ \r\n', `{tag} NO Login failed: ${user} ${password} (${sent})\r\n`] }
          : undefined,
    },
  })
  const fault = await faultOf(source.open(never), 'source.login-refused')
  assert.equal(fault.facts.words, `Login failed: ${user} [secret] ([secret])`)
  assert.equal(fault.cause, undefined)
})

test('user names and passwords of any characters log in', async t => {
  const users = { 'taro@例え.jp': 'pä"ss \\ {5}\t(*)%' }
  for (const capabilities of [
    usualCapabilities,
    usualCapabilities.filter(name => name !== 'AUTH=PLAIN' && name !== 'LITERAL+'),
  ]) {
    const { open, server } = await rig(t, {
      users,
      capabilities,
      mailbox: {
        user: 'taro@例え.jp',
        credential: { kind: 'password', password: Secret.of('pä"ss \\ {5}\t(*)%') },
      },
    })
    await open()
    assert.equal(server.ledger.logins.length, 1)
  }
})

test('a server without any login that we know says source.login-method, and is asked for none', async t => {
  for (const capabilities of [
    ['IMAP4rev1', 'LOGINDISABLED'],
    ['IMAP4rev1', 'LOGINDISABLED', 'STARTTLS'],
  ]) {
    const tls = tlsWith('starttls', certificates.good)
    const { source, server } = await rig(t, { capabilities, tls })
    const fault = await faultOf(source.open(never), 'source.login-method')
    assert.equal(fault.loginRefused, false)
    assert.ok(!server.ledger.commands.some(({ text }) => /LOGIN|AUTHENTICATE/.test(text)))
    const { next } = describeFault(fault, 'en')
    if (capabilities.length === 3) assert.match(next, /set MAIL_SECURITY=starttls\.$/)
    else assert.match(next, /panel/)
  }
})

for (const [bye, code] of [
  ['* BYE [ALERT] Invalid credentials\r\n', 'source.login-refused'],
  ['* BYE Too many failures', 'source.limited'],
  ['* BYE [UNAVAILABLE] later', 'source.server-temporary'],
  ['* BYE bye', 'source.connection-lost'],
  ['{tag} NO [ALERT] Invalid credentials\r\n* BYE and do not come back', 'source.login-refused'],
] as const)
  test(`a login answered by ${JSON.stringify(bye)} is ${code}, and counts`, async t => {
    const { source } = await rig(t, {
      faults: {
        at: ({ verb }) =>
          verb === 'AUTHENTICATE'
            ? { do: 'answer', pieces: ['+ \r\n', `${bye.replace(/(\r\n)?$/, '\r\n')}`] }
            : undefined,
      },
    })
    const fault = await faultOf(source.open(never), code)
    assert.equal(fault.loginRefused, true)
  })

// https://github.com/ikvk/imap_tools/issues/265; RFC 3501 section 4.3
test('a password of other than seven-bit characters goes as a literal over LOGIN', async t => {
  for (const more of [[], ['LITERAL+']]) {
    const capabilities = usualCapabilities.filter(name => name !== 'AUTH=PLAIN' && name !== 'LITERAL+')
    const { open, server } = await rig(t, {
      users: { 'taro@例え.jp': 'pä"ss\u0080' },
      capabilities: [...capabilities, ...more],
      mailbox: { user: 'taro@例え.jp', credential: { kind: 'password', password: Secret.of('pä"ss\u0080') } },
    })
    await open()
    assert.equal(server.ledger.logins.length, 1)
  }
})

for (const [greeting, code] of [
  ['* BYE Too many connections from your IP', 'source.limited'],
  ['* BYE [UNAVAILABLE] Overloaded', 'source.limited'],
  [
    '* BYE Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)',
    'source.limited',
  ],
  ['* BYE down for maintenance, try again', 'source.server-temporary'],
  ['* BYE', 'source.connection-lost'],
  ['+OK POP3 ready', 'source.other-service'],
  ['220 mail ESMTP', 'source.other-service'],
  ['* PREAUTH hello', 'source.protocol'],
] as const) {
  test(`the greeting "${greeting}" is ${code}`, async t => {
    const { source } = await rig(t, { faults: { greeting } })
    const fault = await faultOf(source.open(never), code)
    assert.equal(fault.facts.phase, 'greeting')
  })
}

test('a BYE instead of an answer to the login says why', async t => {
  const { source } = await rig(t, {
    faults: {
      at: ({ verb }) => (verb === 'AUTHENTICATE' ? { do: 'bye', text: 'Too many connections' } : undefined),
    },
  })
  await faultOf(source.open(never), 'source.limited')
})

for (const verb of ['GREETING', 'CAPABILITY', 'ID', 'AUTHENTICATE']) {
  for (const how of ['reset', 'end'] as const) {
    test(`a connection that ends by ${how} at ${verb} is a lost connection`, async t => {
      const { source } = await rig(t, {
        faults: { at: moment => (moment.verb === verb ? { do: how } : undefined) },
      })
      await faultOf(source.open(never), 'source.connection-lost')
    })
  }

  test(`silence at ${verb} ends by the deadline, with the phase`, async t => {
    const { source } = await rig(t, {
      deadlines: { greeting: 80, login: 120 },
      faults: { at: moment => (moment.verb === verb ? { do: 'silence' } : undefined) },
    })
    const fault = await faultOf(source.open(never), 'source.timeout')
    assert.equal(fault.facts.phase, verb === 'GREETING' ? 'greeting' : 'login')
  })
}

test('capabilities are those after the login', async t => {
  const { open } = await rig(t, { faults: { capabilitiesAfterLogin: ['IMAP4rev1', 'IDLE'] } })
  const { abilities } = await open()
  assert.deepEqual(abilities.capabilities, ['IMAP4REV1', 'IDLE'])
  assert.equal(abilities.canDelete, false)
})

test('a port that nobody listens on is unreachable, and a name that does not exist is unknown', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await new Promise(resolve => server.close(resolve))
  const refused = makeImapSource({ mailbox: mailboxOf({ port }), clock: systemClock })
  await faultOf(refused.open(never), 'source.unreachable')
  await t.test('unknown name', async () => {
    const unknown = makeImapSource({
      mailbox: mailboxOf({ port, host: 'nowhere.invalid', security: 'tls' }),
      clock: systemClock,
    })
    await faultOf(unknown.open(never), 'source.unknown-host')
  })
})

test("an abort while the server is silent ends the attempt at once, with the signal's reason", async t => {
  for (const verb of ['GREETING', 'AUTHENTICATE']) {
    const { source, server } = await rig(t, {
      faults: { at: moment => (moment.verb === verb ? { do: 'silence' } : undefined) },
    })
    const abort = new AbortController()
    const reason = new Error('enough')
    const opening = source.open(abort.signal)
    const said = (): boolean => server.ledger.commands.some(({ text }) => text === verb)
    await until(() => (verb === 'GREETING' ? server.connections === 1 : said()), verb)
    abort.abort(reason)
    await assert.rejects(opening, error => error === reason)
    assert.equal(server.ledger.logins.length, 0)
  }
})

test('the login takes one command where the server takes the answer along (RFC 4959), ID is said once', async t => {
  const withAnswer = await rig(t, { capabilities: [...usualCapabilities, 'SASL-IR'] })
  await withAnswer.open()
  const { commands, logins } = withAnswer.server.ledger
  assert.deepEqual(
    commands.map(({ text }) => text.split(' ')[0]),
    ['AUTHENTICATE', 'CAPABILITY', 'ID'],
  )
  assert.equal(logins.length, 1)
  // A refusal shows nothing of it.
  const refusing = await rig(t, {
    capabilities: [...usualCapabilities, 'SASL-IR'],
    mailbox: { credential: { kind: 'password', password: Secret.of('wrong') } },
  })
  const fault = await faultOf(refusing.open(), 'source.login-refused')
  assert.doesNotMatch(
    JSON.stringify(fault.facts),
    new RegExp(Buffer.from('\0owner\0wrong').toString('base64')),
  )
})
