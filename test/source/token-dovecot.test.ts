/** Logins by access token on a real Dovecot with its oauth2 passdb, which asks for each token (RFC 7662). */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { AccessTokens } from '../../src/base/access-tokens.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import type { Source } from '../../src/source/source.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { type Introspection, startIntrospection } from '../servers/introspection.ts'
import { requireServer } from '../servers/required.ts'
import { faultOf, mail, mailboxOf, never, octetsOf, user } from './imap-harness.ts'

/** As long as Microsoft's are. */
const token = `eyJ0eXAiOiJKV1Qi${'A1b-_.'.repeat(400)}`

describe('an access token on a real Dovecot', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  let server: DovecotServer
  let introspection: Introspection
  before(async () => {
    introspection = await startIntrospection(shown => (shown === token ? user : undefined))
    server = await startDovecot({
      users: { [user]: 'correct horse' },
      introspectionUrl: introspection.url,
      settings: 'auth_failure_delay = 0\n',
    })
    await server.deliver('INBOX', mail('by token'))
  })
  after(async () => {
    await server?.stop()
    await introspection?.stop()
  })

  const sourceOf = (protocol: 'imap' | 'pop3', tokens: readonly string[], name = user): Source => {
    const port = protocol === 'imap' ? server.ports.imaps : server.ports.pop3s
    const reach = { port, security: 'tls', host: 'localhost', caFile: server.caFile } as const
    const credential = { kind: 'oauth' } as MailboxConfig['credential']
    const mailbox = { ...mailboxOf(reach), protocol, user: name, credential }
    const left = [...tokens]
    const keeper: AccessTokens = {
      get: async (_signal, refused) => {
        if (refused !== undefined) left.shift()
        return left[0] ?? 'none'
      },
    }
    const options = { mailbox, clock: systemClock, tokens: keeper }
    return protocol === 'imap' ? makeImapSource(options) : makePop3Source(options)
  }

  for (const protocol of ['imap', 'pop3'] as const)
    describe(`over ${protocol}`, () => {
      test('lets in, though the one before it was spent, and the message comes as it is', async () => {
        const session = await sourceOf(protocol, ['spent', token]).open(never)
        try {
          assert.equal(session.abilities.mechanism, 'OAUTHBEARER')
          const { entries } = await session.list(session.folders[0] ?? '', () => false, never)
          assert.deepEqual(await octetsOf(session, entries[0] ?? assert.fail()), mail('by token'))
        } finally {
          await session.close()
        }
        assert.deepEqual(introspection.asked.slice(-2), ['spent', token])
      })

      test('of somebody else, or none that is good, asks for a sign-in', async () => {
        const fault = await faultOf(
          sourceOf(protocol, ['spent', 'spent-too']).open(never),
          'source.token-refused',
        )
        assert.equal(fault.facts.status, 'invalid_token')
        await faultOf(sourceOf(protocol, [token], 'other').open(never), 'source.token-refused')
      })

      test('that nobody can judge just now waits', async () => {
        introspection.isDown = true
        try {
          await assert.rejects(
            sourceOf(protocol, [token]).open(never),
            ({ code, retry }: { code: string; retry: string }) =>
              retry === 'later' && ['source.limited', 'source.server-temporary'].includes(code),
          )
        } finally {
          introspection.isDown = false
        }
      })
    })
})
