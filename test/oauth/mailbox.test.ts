/**
 * A mailbox as Microsoft keeps it, from end to end: the identity platform's stand-in gives the tokens, a real Dovecot asks
 * it for each one that is shown (RFC 7662), and what comes is held against Gmail's stand-in.
 */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { codeOf, mail } from '../faults/harness.ts'
import { dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { refusals } from '../servers/identity/answers.ts'
import { type IdentityServer, startIdentityServer } from '../servers/identity/identity-server.ts'
import { countOf, type InProcess, openInProcess } from '../servers/in-process.ts'
import { requireServer } from '../servers/required.ts'
import { type SourceServer, sha256 } from '../servers/source-server.ts'
import { startWorld, type World } from '../servers/world.ts'

const user = 'taro@contoso.example'
const scopes = {
  imap: 'https://outlook.office.com/IMAP.AccessAsUser.All offline_access',
  pop3: 'https://outlook.office.com/POP.AccessAsUser.All offline_access',
} as const

interface Play {
  readonly identity: IdentityServer
  readonly world: World
  /** Ends every connection to the mail server. */
  cut(): Promise<void>
  deliver(octets: Buffer): Promise<void>
  /** How often a token was asked for, and how many of them were given. */
  readonly asked: () => { readonly all: number; readonly given: number }
}

async function startPlay(t: TestContext, protocol: 'imap' | 'pop3'): Promise<Play> {
  const identity = await startIdentityServer({ lives: { access: 3600 } })
  t.after(() => identity.close())
  const dovecot = await startDovecot({
    users: { [user]: 'a password that nobody knows' },
    introspectionUrl: `${identity.root}/${identity.tenant}/introspect`,
    // No password lets anybody in.
    settings: 'auth_mechanisms = oauthbearer xoauth2\nauth_failure_delay = 0\n',
  })
  const source: SourceServer = {
    ...{ protocol, kind: 'other', pop3: undefined, imap: undefined, dovecot },
    env: {
      MAIL_PROTOCOL: protocol,
      MAIL_HOST: dovecot.host,
      MAIL_PORT: String(protocol === 'imap' ? dovecot.ports.imaps : dovecot.ports.pop3s),
      MAIL_SECURITY: 'tls',
      MAIL_CA_FILE: dovecot.caFile,
      MAIL_USER: user,
      MAIL_AUTH: 'oauth',
      MAIL_OAUTH_PROVIDER: 'microsoft',
      MAIL_OAUTH_TENANT: identity.tenant,
      MAIL_OAUTH_CLIENT_ID: identity.app.clientId,
      MICROSOFT_LOGIN_ROOT: identity.root,
      HIKYAKU_VAULT: 'sealed-file',
    },
    deliver: async octets => void (await dovecot.deliver('INBOX', octets)),
    stored: async () => (await dovecot.maildrop('INBOX')).map(message => message.sha256),
    stop: () => dovecot.stop(),
  }
  const world = await startWorld({ protocol, source })
  t.after(() => world.stop())
  return {
    identity,
    world,
    cut: () => dovecot.restart(),
    deliver: octets => source.deliver(octets),
    asked: () => {
      const tokens = identity.ledger.filter(({ path }) => path.endsWith('/token'))
      return { all: tokens.length, given: tokens.filter(({ status }) => status === 200).length }
    },
  }
}

const inGmail = ({ world }: Play, ...messages: readonly Buffer[]): void => {
  const stored = world.gmail.stored()
  assert.deepEqual(
    messages.map(octets => stored.get(sha256(octets))),
    messages.map(() => 1),
    'each once, octet for octet',
  )
}

describe('a Microsoft-like mailbox on a real Dovecot', {
  skip: requireServer('dovecot', dovecotMissing()),
}, () => {
  for (const protocol of ['imap', 'pop3'] as const)
    test(`over ${protocol}: mail comes, tokens are renewed in mid-run, a consent that ends is told and taken up again`, async t => {
      const play = await startPlay(t, protocol)
      const { identity, world, cut, deliver, asked } = play
      const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map(name => mail(name)) as Buffer[]
      assert.ok(first && second && third && fourth)

      const given = { MAIL_OAUTH_REFRESH_TOKEN: identity.grantTo(user, scopes[protocol]) }
      await deliver(first)
      const app: InProcess = await openInProcess(world, { env: given })
      t.after(() => app.close())
      assert.equal(countOf(await app.pull()).imported, 1)
      inGmail(play, first)
      assert.deepEqual(asked(), { all: 1, given: 1 })

      // The mail server takes the token no longer, before its time is over.
      identity.endAccessTokens()
      await cut()
      await deliver(second)
      assert.equal(countOf(await app.pull()).imported, 1)
      inGmail(play, first, second)
      assert.deepEqual(asked(), { all: 2, given: 2 })

      // Its time is over: it is renewed before it is shown.
      app.clock.pass(3700_000)
      await cut()
      await deliver(third)
      assert.equal(countOf(await app.pull()).imported, 1)
      inGmail(play, first, second, third)

      // Somebody changed the password, or took the consent back.
      identity.revoke(user, refusals.revoked)
      identity.endAccessTokens()
      await cut()
      await deliver(fourth)
      const failed = await app.pull()
      assert.equal(codeOf(failed), 'oauth.sign-in-ended')
      assert.equal((await play.world.source.stored()).length, 4, 'the mail waits where it is')
    })
})
