/** Logins by access token over IMAP and POP3 (RFC 7628, RFC 5034), as Google, Microsoft and Dovecot answer them. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { AccessTokens } from '../../src/base/access-tokens.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { inspectFolders } from '../../src/source/inspect.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import type { LoginGate, Source, SourceSession } from '../../src/source/source.ts'
import { startImapServer, usualCapabilities as usualImap } from '../servers/imap-server.ts'
import { startPop3Server, usualCapabilities as usualPop3 } from '../servers/pop3-server.ts'
import { encodeJson, googleChallenge, makeTokenDesk, type TokenDesk } from '../servers/token-desk.ts'
import { until } from '../servers/until.ts'
import { faultOf, mail, mailboxOf, never, octetsOf, user } from './imap-harness.ts'

type Protocol = 'imap' | 'pop3'
const protocols: readonly Protocol[] = ['imap', 'pop3']

interface Rig {
  readonly source: Source
  /** A session that is dropped when the test ends. */
  open(): Promise<SourceSession>
  readonly mailbox: MailboxConfig
  readonly desk: TokenDesk
  /** Tokens that were asked for, with the one that was said to be refused. */
  readonly given: { readonly token: string; readonly refused: string | undefined }[]
  /** Logins that passed the gate. */
  readonly gated: { count: number }
  readonly commands: () => readonly string[]
  readonly logins: () => { readonly good: number; readonly failed: number }
  /** Done in order when the test ends. */
  readonly atEnd: (() => unknown)[]
  /** Ends every connection. */
  readonly cut: () => void
}

interface RigOptions {
  readonly owners?: Readonly<Record<string, string>>
  readonly rules?: Partial<TokenDesk>
  readonly offered?: string
  /** What the keeper of tokens gives, one after the other; the last one stays. */
  readonly tokens?: readonly string[]
  readonly user?: string
  readonly initial?: boolean
  readonly faults?: object
}

/** A stand-in that takes tokens, and a source that has some; both end with the test. */
async function rig(t: TestContext, protocol: Protocol, options: RigOptions = {}): Promise<Rig> {
  const { offered = 'OAUTHBEARER XOAUTH2', initial = true, faults = {} } = options
  const name = options.user ?? user
  const desk = makeTokenDesk(options.owners ?? { good: name }, options.rules)
  const given: Rig['given'][number][] = []
  const left = [...(options.tokens ?? ['good'])]
  const tokens: AccessTokens = {
    get: async (_signal, refused) => {
      if (refused !== undefined && left.length > 1) left.shift()
      const [token = ''] = left
      given.push({ token, refused })
      return token
    },
  }
  const gated = { count: 0 }
  const atEnd: (() => unknown)[] = []
  t.after(async () => {
    for (const end of atEnd) await end()
  })
  const opens = (source: Source) => ({
    source,
    open: async () => {
      const session = await source.open(never)
      atEnd.unshift(() => session.abandon())
      return session
    },
  })
  const gate: LoginGate = {
    login: work => {
      gated.count += 1
      return work()
    },
    noteDelay: async () => {},
  }
  const base = { ...mailboxOf({ port: 0 }), user: name, protocol, credential: { kind: 'oauth' } }
  const at = (port: number) => ({ ...base, server: { ...base.server, port } }) as unknown as MailboxConfig
  if (protocol === 'imap') {
    const mechanisms = offered
      .split(' ')
      .filter(Boolean)
      .map(each => `AUTH=${each}`)
    const capabilities = [...usualImap, ...mechanisms, ...(initial ? ['SASL-IR'] : [])]
    const server = await startImapServer({
      ...{ tokens: desk, capabilities, faults },
      folders: { INBOX: [mail('a')] },
    })
    const mailbox = at(server.port)
    atEnd.push(async () => {
      await until(() => server.connections === 0, 'every connection to be closed').finally(server.stop)
    })
    return {
      ...{ mailbox, desk, given, gated, atEnd },
      ...opens(makeImapSource({ mailbox, clock: systemClock, tokens, gate })),
      commands: () => server.ledger.commands.map(({ text }) => text),
      logins: () => ({ good: server.ledger.logins.length, failed: server.ledger.failedLogins.length }),
      cut: () => server.resetAll(),
    }
  }
  const capabilities = [...usualPop3, 'USER', `SASL PLAIN ${offered}`.trim()]
  const server = await startPop3Server({ tokens: desk, capabilities, messages: [mail('a')], faults })
  const mailbox = at(server.port)
  atEnd.push(() => server.close())
  return {
    ...{ mailbox, desk, given, gated, atEnd },
    ...opens(makePop3Source({ mailbox, clock: systemClock, tokens, gate })),
    commands: () => server.ledger.commands,
    logins: () => ({ good: server.ledger.logins.length, failed: server.ledger.failedLogins.length }),
    cut: () => {},
  }
}

const decode = (message: string): string => Buffer.from(message, 'base64').toString('utf8')

for (const protocol of protocols)
  describe(`over ${protocol}, an access token`, () => {
    test('lets in by OAUTHBEARER where that is offered, and a message comes', async t => {
      const { open, desk, mailbox, given, commands } = await rig(t, protocol)
      const session = await open()
      assert.equal(session.abilities.mechanism, 'OAUTHBEARER')
      const [folder = ''] = session.folders
      const { entries } = await session.list(folder, () => false, never)
      assert.deepEqual(await octetsOf(session, entries[0] ?? assert.fail()), mail('a'))
      const [only, ...others] = desk.tries
      assert.deepEqual(others, [])
      const { host, port } = mailbox.server
      assert.equal(
        decode(only?.message ?? ''),
        `n,a=owner,\x01host=${host}\x01port=${port}\x01auth=Bearer good\x01\x01`,
      )
      assert.equal(only?.wentAlong, true, 'in one trip')
      assert.deepEqual(given, [{ token: 'good', refused: undefined }])
      assert.ok(commands().every(line => !/PASS|LOGIN|USER/.test(line)))
    })

    test('lets in by XOAUTH2 where only that is offered', async t => {
      const { open, desk } = await rig(t, protocol, { offered: 'XOAUTH2' })
      const session = await open()
      assert.equal(session.abilities.mechanism, 'XOAUTH2')
      assert.equal(decode(desk.tries[0]?.message ?? ''), 'user=owner\x01auth=Bearer good\x01\x01')
    })

    test('is shown to no server that takes none', async t => {
      const { source, desk, commands } = await rig(t, protocol, { offered: '' })
      const fault = await faultOf(source.open(never), 'source.login-method')
      assert.deepEqual(desk.tries, [])
      assert.ok(commands().every(line => !/AUTH|PASS|LOGIN/.test(line)))
      assert.equal(fault.loginRefused, false)
      assert.match(describeFault(fault, 'en').next, /sign-in \(OAuth 2\.0\)/)
      assert.match(describeFault(fault, 'ja').next, /OAuth 2\.0/)
    })

    test('is said again to a server that asks although it went along', async t => {
      const { open, desk } = await rig(t, protocol, { rules: { passesOver: true } })
      await open()
      assert.equal(desk.tries.length, 1)
    })

    for (const offered of ['OAUTHBEARER', 'XOAUTH2'])
      test(`that is refused by ${offered} is made anew once, and the login counted twice`, async t => {
        const { open, desk, given, gated, logins } = await rig(t, protocol, {
          offered,
          tokens: ['spent', 'good'],
        })
        await open()
        assert.deepEqual(given, [
          { token: 'spent', refused: undefined },
          { token: 'good', refused: 'spent' },
        ])
        // RFC 7628 section 3.2.3; XOAUTH2: an empty line.
        assert.equal(desk.tries[0]?.breaker, offered === 'XOAUTH2' ? '' : 'AQ==')
        assert.deepEqual(logins(), { good: 1, failed: 1 })
        assert.equal(gated.count, 2)
      })

    test('that is refused twice asks the owner to sign in again, and is tried no third time', async t => {
      const { source, given, gated, logins } = await rig(t, protocol, {
        tokens: ['spent-secret-1', 'spent-secret-2', 'spent-secret-3'],
      })
      const fault = await faultOf(source.open(never), 'source.token-refused')
      assert.equal(fault.loginRefused, true)
      assert.equal(fault.retry, 'owner')
      assert.equal(fault.facts.status, '400')
      assert.equal(fault.facts.scope, 'https://mail.google.com/')
      assert.equal(given.length, 2)
      assert.equal(gated.count, 2)
      assert.deepEqual(logins(), { good: 0, failed: 2 })
      const { what, next } = describeFault(fault, 'en')
      assert.match(what, /does not take the sign-in .* owner.*It said: .*status 400, scope https:/)
      assert.match(next, /sign in again/)
      assert.doesNotMatch(next, /user name or the password/)
      assert.match(describeFault(fault, 'ja').next, /ログインし直/)
      const shown = JSON.stringify([fault.facts, String(fault.stack)])
      for (const token of ['spent-secret-1', 'spent-secret-2']) assert.ok(!shown.includes(token))
    })

    test('of which the keeper has no other is not tried again', async t => {
      const { source, logins } = await rig(t, protocol, { tokens: ['spent'] })
      await faultOf(source.open(never), 'source.token-refused')
      assert.deepEqual(logins(), { good: 0, failed: 1 })
    })

    test('that may do too little is not made anew: the next one may do no more', async t => {
      const challenge = encodeJson({ status: 'insufficient_scope', scope: 'IMAP.AccessAsUser.All' })
      const { source, logins } = await rig(t, protocol, {
        rules: { challenge },
        tokens: ['narrow', 'good'],
      })
      const fault = await faultOf(source.open(never), 'source.token-refused')
      assert.deepEqual(logins(), { good: 0, failed: 1 })
      assert.match(
        describeFault(fault, 'en').what,
        /status insufficient_scope, scope IMAP\.AccessAsUser\.All/,
      )
    })

    const hostile: Readonly<Record<string, string>> = {
      'no base64': '!!! not base64 !!!',
      'no JSON': Buffer.from('{"status":').toString('base64'),
      'a list': encodeJson([{ status: '500' }]),
      'a number': encodeJson(500),
      nothing: encodeJson(null),
      'other types': encodeJson({ status: { a: 1 }, scope: ['x'] }),
      'what is inherited': encodeJson({ toString: 'x', constructor: { status: '500' } }),
      'much nesting': Buffer.from(`${'['.repeat(2500)}`).toString('base64'),
      'a long word': encodeJson({ status: 'x'.repeat(4000) }),
    }
    for (const [what, challenge] of Object.entries(hostile))
      test(`whose refusal is told with ${what} is refused, and no more follows from it`, async t => {
        const { source, desk } = await rig(t, protocol, { rules: { challenge }, tokens: ['spent'] })
        const fault = await faultOf(source.open(never), 'source.token-refused')
        assert.ok(String(fault.facts.status ?? '').length <= 300)
        assert.equal(fault.facts.scope, undefined)
        assert.equal(desk.tries[0]?.breaker, 'AQ==', 'and it was answered')
      })

    test('goes with any user name, and a name with control characters with none', async t => {
      const odd = 'a=b,c@例え.jp'
      const { open, desk } = await rig(t, protocol, { user: odd })
      await open()
      assert.match(decode(desk.tries[0]?.message ?? ''), /^n,a=a=3Db=2Cc@例え\.jp,\x01/)
      const bad = await rig(t, protocol, { user: 'owner\x01auth=Bearer other' })
      await faultOf(bad.source.open(never), 'config.invalid')
      assert.deepEqual(bad.desk.tries, [])
      assert.deepEqual(bad.commands(), [])
    })

    test('that cannot be one is sent to nobody', async t => {
      const { source, commands } = await rig(t, protocol, { tokens: ['two\x01words'] })
      await faultOf(source.open(never), 'bug')
      assert.deepEqual(commands(), [])
    })

    test('the fault of whoever makes tokens comes out as it is, and nothing is sent', async t => {
      const { mailbox, commands } = await rig(t, protocol)
      const fault = new Fault('secret.missing')
      const tokens = { get: () => Promise.reject(fault) }
      const source =
        protocol === 'imap'
          ? makeImapSource({ mailbox, clock: systemClock, tokens })
          : makePop3Source({ mailbox, clock: systemClock, tokens })
      await assert.rejects(source.open(never), fault)
      assert.deepEqual(commands(), [])
    })
  })

/** What servers say of a token, and what follows from it. @see the threads of test/field/ for where the words were met */
const answers: readonly (readonly [Protocol, refusal: string, challenge: string | undefined, FaultCode])[] = [
  // Gmail
  ['imap', '[AUTHENTICATIONFAILED] Invalid credentials (Failure)', googleChallenge, 'source.token-refused'],
  [
    'imap',
    '[ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure)',
    undefined,
    'source.token-refused',
  ],
  [
    'imap',
    '[WEBALERT https://accounts.google.com/signin/continue] Web login required.',
    undefined,
    'source.token-refused',
  ],
  [
    'imap',
    '[ALERT] IMAP access is disabled for your domain. Please contact your domain administrator. (Failure)',
    undefined,
    'source.login-method',
  ],
  ['imap', '[ALERT] Your account is not enabled for IMAP use. (Failure)', undefined, 'source.login-method'],
  [
    'imap',
    '[ALERT] Account exceeded command or bandwidth limits. (Failure)',
    undefined,
    'source.login-limited',
  ],
  ['imap', '[UNAVAILABLE] Temporary authentication failure.', undefined, 'source.limited'],
  ['imap', '[ALERT] Too many simultaneous connections. (Failure)', undefined, 'source.login-limited'],
  ['imap', 'System Error (Failure)', googleChallenge, 'source.token-refused'],
  ['pop3', '-ERR [AUTH] Username and password not accepted.', googleChallenge, 'source.token-refused'],
  [
    'pop3',
    '-ERR [SYS/PERM] Your account is not enabled for POP access. Please visit your Gmail settings page.',
    undefined,
    'source.login-method',
  ],
  [
    'pop3',
    '-ERR [SYS/TEMP] Temporary system problem. Please try again later.',
    undefined,
    'source.server-temporary',
  ],
  ['pop3', '-ERR [IN-USE] Maildrop is locked.', undefined, 'source.busy'],
  // Microsoft
  ['imap', 'AUTHENTICATE failed.', undefined, 'source.token-refused'],
  [
    'pop3',
    '-ERR Authentication failure: unknown user name or bad password.',
    undefined,
    'source.token-refused',
  ],
  ['imap', 'Server Unavailable. 15', undefined, 'source.server-temporary'],
  ['pop3', '-ERR Server Unavailable. 21', undefined, 'source.server-temporary'],
  ['imap', 'User is authenticated but not connected.', undefined, 'source.token-refused'],
  // What the challenge says decides where the words say nothing.
  ['imap', 'SASL authentication failed', encodeJson({ status: '503' }), 'source.server-temporary'],
  [
    'pop3',
    '-ERR [AUTH] failed',
    encodeJson({ status: 'temporarily_unavailable' }),
    'source.server-temporary',
  ],
]
for (const [protocol, refusal, challenge, code] of answers)
  test(`a token answered by "${refusal}" over ${protocol}${challenge === undefined ? '' : ', behind a challenge,'} is ${code}`, async t => {
    const { source, logins } = await rig(t, protocol, { rules: { refusal, challenge }, tokens: ['spent'] })
    const fault = await faultOf(source.open(never), code)
    assert.equal(fault.loginRefused, true, 'hosts count it, whatever they call it')
    assert.deepEqual(logins(), { good: 0, failed: 1 })
  })

describe('over imap', () => {
  test('the token waits for the server where the server takes no initial response (RFC 4959)', async t => {
    const { open, desk } = await rig(t, 'imap', { initial: false })
    await open()
    assert.equal(desk.tries[0]?.wentAlong, false)
  })

  test('a session outlives its token, and a connection that is made anew asks for the one of then', async t => {
    const { source, desk, given, cut, atEnd } = await rig(t, 'imap', { tokens: ['first'] })
    desk.owners.set('first', user)
    const watch = new AbortController()
    atEnd.unshift(() => watch.abort())
    source.expectWatch?.(watch.signal)
    const session = await source.open(never)
    const news: string[] = []
    const watching = source.watch?.(
      () => news.push('news'),
      () => {},
      watch.signal,
    )
    watching?.catch(() => {})
    await session.close()
    await until(() => news.length > 0, 'the watch to begin')
    desk.owners.clear()
    for (let pull = 0; pull < 2; pull += 1) {
      const next = await source.open(never)
      assert.equal((await next.list('INBOX', () => false, never)).entries.length, 1)
      await next.close()
    }
    assert.equal(given.length, 1, 'one login for all of it')
    cut()
    await assert.rejects(watching ?? assert.fail())
    await faultOf(source.open(never), 'source.token-refused')
    assert.equal(given.length, 3, 'asked for as the login comes, and once more as it is refused')
  })

  test('Exchange lets in whoever signed in, and says at the first command whose mailbox it is not', async t => {
    const { open } = await rig(t, 'imap', {
      faults: {
        at: ({ verb }: { verb: string }) =>
          verb === 'SELECT'
            ? { do: 'answer', pieces: ['{tag} BAD User is authenticated but not connected.\r\n'] }
            : undefined,
      },
    })
    const session = await open()
    const fault = await faultOf(
      session.list('INBOX', () => false, never),
      'source.not-connected',
    )
    assert.match(describeFault(fault, 'en').next, /signed in with another account than owner/)
    assert.match(describeFault(fault, 'ja').next, /owner とは別のアカウント/)
  })

  test('who looks at the folders logs in the same way', async t => {
    const { mailbox, desk } = await rig(t, 'imap')
    const tokens: AccessTokens = {
      get: async (_signal, refused) => (refused === undefined ? 'spent' : 'good'),
    }
    const { folders } = await inspectFolders(mailbox, systemClock, never, tokens)
    assert.deepEqual(
      folders.map(({ name }) => name),
      ['INBOX'],
    )
    assert.equal(desk.tries.length, 2)
  })

  test('a server that asks without an end is left', async t => {
    const { source } = await rig(t, 'imap', {
      tokens: ['spent'],
      faults: {
        at: ({ verb }: { verb: string }) =>
          verb === 'AUTHENTICATE'
            ? { do: 'answer', pieces: [`+ ${googleChallenge}\r\n`.repeat(5000)] }
            : undefined,
      },
    })
    await faultOf(source.open(never), 'source.over-budget')
  })
})

describe('over pop3', () => {
  /** A token with which the whole command has so many octets, CRLF among them. */
  const tokenFor = (octets: number): string => {
    for (let length = 1; ; length += 1) {
      const message = Buffer.from(`user=${user}\x01auth=Bearer ${'t'.repeat(length)}\x01\x01`)
      if (`AUTH XOAUTH2 ${message.toString('base64')}\r\n`.length >= octets) return 't'.repeat(length)
    }
  }
  for (const [octets, wentAlong] of [
    [250, true],
    [259, false],
    [6000, false],
  ] as const)
    test(`a command of ${octets} octets ${wentAlong ? 'is sent whole' : 'waits for the server: RFC 2449 section 4 allows 255'}`, async t => {
      const token = tokenFor(octets)
      const { source, desk, commands } = await rig(t, 'pop3', {
        offered: 'XOAUTH2',
        tokens: [token],
        owners: { [token]: user },
        // Exchange: "-ERR Protocol error. Connection is closed. 10"
        rules: { longestLine: 255 },
      })
      await (await source.open(never)).close()
      assert.equal(desk.tries[0]?.wentAlong, wentAlong)
      assert.equal(desk.tries[0]?.token, token)
      assert.equal(commands().filter(line => line.startsWith('AUTH')).length, 1)
    })

  test('a second challenge behind the answer to the first breaks the protocol', async t => {
    const { source } = await rig(t, 'pop3', {
      tokens: ['spent'],
      faults: {
        line: ({ verb }: { verb: string }) =>
          verb === 'AUTH' ? { answer: `+ ${googleChallenge}\r\n+ ${googleChallenge}\r\n` } : undefined,
      },
    })
    await faultOf(source.open(never), 'source.protocol')
  })

  test('a server that does not say what it takes is asked by XOAUTH2', async t => {
    const { source, desk } = await rig(t, 'pop3', { faults: { capa: 'none' } })
    await (await source.open(never)).close()
    assert.equal(desk.tries[0]?.mechanism, 'XOAUTH2')
  })

  test('each session logs in with the token of then', async t => {
    const { source, desk, given } = await rig(t, 'pop3', { tokens: ['good'] })
    for (let pull = 0; pull < 3; pull += 1) await (await source.open(never)).close()
    assert.equal(given.length, 3)
    assert.ok(desk.tries.every(({ token }) => token === 'good'))
  })
})
