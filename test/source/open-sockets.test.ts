/** The sockets of one mailbox, closed for good: nobody is logged in any more when another worker may have it. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { OpenSockets } from '../../src/source/open-sockets.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import { type Protocol, startSource } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { faultOf, mailboxOf, never } from './imap-harness.ts'

/** A mailbox whose server can fall silent, and a source of it. */
async function rig(t: TestContext, protocol: Protocol, lost?: AbortSignal) {
  const server = await startSource(protocol, 'stand-in')
  t.after(() => server.stop())
  const { env, pop3, imap } = server
  const sockets = new OpenSockets(lost)
  const mailbox = {
    ...mailboxOf({ port: Number(env.MAIL_PORT), security: 'none' }),
    user: env.MAIL_USER ?? '',
    credential: { kind: 'password' as const, password: Secret.of(env.MAIL_PASSWORD ?? '') },
    folders: [{ name: protocol === 'pop3' ? '' : 'INBOX', to: 'inbox' as const, labels: [] }],
  }
  const make = protocol === 'pop3' ? makePop3Source : makeImapSource
  return {
    sockets,
    source: make({ mailbox: { ...mailbox, protocol }, clock: systemClock, sockets }),
    connections: (): number => pop3?.openConnections() ?? imap?.connections ?? 0,
    fallSilent(): void {
      if (pop3 !== undefined) pop3.faults.line = () => 'silence'
      if (imap !== undefined) imap.faults.at = () => ({ do: 'silence' })
    },
  }
}

describe('the sockets of a mailbox', { concurrency: true }, () => {
  for (const protocol of ['imap', 'pop3'] as const) {
    test(`over ${protocol} are cut at once where the mailbox is lost, whoever waits for an answer or still logs in`, async t => {
      const lost = new AbortController()
      const { source, connections, fallSilent } = await rig(t, protocol, lost.signal)
      const session = await source.open(never)
      fallSilent()
      const listing = faultOf(session.list(session.folders[0] ?? '', () => false, never))
      const opening = faultOf(source.open(never))
      await until(() => connections() === 2, 'a session, and one that logs in')
      lost.abort()
      await until(() => connections() === 0, 'the end of both')
      for (const fault of [await listing, await opening]) assert.equal(fault.code, 'source.connection-lost')
      assert.equal((await faultOf(source.open(never))).code, 'source.connection-lost')
      assert.equal(connections(), 0)
    })

    test(`over ${protocol} are waited for while a session takes leave, and not for long`, async t => {
      const { source, sockets, connections, fallSilent } = await rig(t, protocol)
      const session = await source.open(never)
      fallSilent()
      const leaving = session.close().catch(() => {})
      await sockets.close(systemClock)
      await until(() => connections() === 0, 'its end')
      await leaving
    })
  }
})
