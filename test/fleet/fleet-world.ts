/** A fleet on loopback: PostgreSQL, a stand-in for each mailbox's server with its ledger, Gmail's, and workers as processes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTogether } from '../../scripts/fleet/judge.ts'
import { makeWorkers, type Worker } from '../../scripts/fleet/workers.ts'
import type { MemberSecrets, MemberSettings } from '../../src/fleet/directory.ts'
import type { Fleet } from '../../src/fleet/open-fleet.ts'
import { mail } from '../faults/harness.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { endpointsEnv, gmailEnv } from '../servers/hikyaku.ts'
import { type ImapServer, startImapServer } from '../servers/imap-server.ts'
import type { PostgresServer } from '../servers/postgres.ts'
import { addOwner, makeFleetAt } from './fleet-helpers.ts'

export interface FleetMailbox {
  readonly key: string
  readonly server: ImapServer
  /** Puts a message of its own into the mailbox. @returns its Subject */
  deliver(): string
}

export interface FleetWorld {
  readonly mailboxes: readonly FleetMailbox[]
  readonly gmail: GmailServer
  readonly url: string
  /** @param env more of it */
  start(name: string, env?: Readonly<Record<string, string>>): Worker
  readonly fleet: Fleet
  /** Changes what a mailbox is set to: keys of the YAML file. */
  change(key: string, settings: MemberSettings, secrets?: MemberSecrets): Promise<void>
  /** Who holds how many by the database's word. */
  holds(): Promise<ReadonlyMap<string, number>>
  /** How many messages were delivered. */
  delivered(): number
  stop(): Promise<void>
}

const password = 'correct horse battery'

export async function startFleetWorld(postgres: PostgresServer, count: number): Promise<FleetWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-fleet-'))
  const [url, gmail] = await Promise.all([postgres.newDatabase(), startGmailServer()])
  let delivered = 0
  const mailboxes = await Promise.all(
    Array.from({ length: count }, async (_, n): Promise<FleetMailbox> => {
      const server = await startImapServer({ users: { [`user${n}`]: password } })
      return {
        key: `main/box${n}`,
        server,
        deliver() {
          delivered += 1
          const subject = `fleet-${n}-${delivered}`
          server.deliver('INBOX', mail(subject, 600))
          return subject
        },
      }
    }),
  )
  const keyFile = join(folder, 'fleet.key')
  const env = {
    ...endpointsEnv(gmail),
    ...{ FLEET_DATABASE: url, FLEET_KEY_FILE: keyFile, LOG_FORMAT: 'json' },
  }
  const { fleet } = await makeFleetAt({ ...env, STATE_DIR: folder }, folder)
  const { directory } = fleet
  await addOwner(fleet, gmailEnv(gmail))
  const settingsOf = ({ server }: FleetMailbox, n: number): Record<string, unknown> => ({
    ...{ protocol: 'imap', host: server.host, port: server.port, security: 'none', user: `user${n}` },
    ...{ account: 'owner', verify: false },
  })
  for (const [n, mailbox] of mailboxes.entries())
    await directory.putMailbox('main', `box${n}`, settingsOf(mailbox, n), { password })
  const workers = makeWorkers({ folder, env, ports: mailboxes.map(({ server }) => server.port) })
  return {
    ...{ mailboxes, gmail, url, fleet },
    start: workers.start,
    async change(key, settings, secrets = {}) {
      const n = mailboxes.findIndex(mailbox => mailbox.key === key)
      const mailbox = mailboxes[n]
      if (mailbox === undefined) throw new Error(`no ${key}`)
      await directory.putMailbox('main', `box${n}`, { ...settingsOf(mailbox, n), ...settings }, secrets)
    },
    async holds() {
      const rows = await postgres.ask(
        url,
        "SELECT coalesce(worker, '') AS worker, count(*)::int AS count FROM hold GROUP BY 1",
      )
      return new Map(rows.map(row => [String(row.worker), Number(row.count)]))
    },
    delivered: () => delivered,
    async stop() {
      await workers.stop()
      await fleet.close()
      await Promise.all([...mailboxes.map(({ server }) => server.stop()), gmail.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Times that two workers were logged in to one mailbox at once, by the servers' own ledgers. */
export const listTogether = (
  mailboxes: readonly FleetMailbox[],
  workers: readonly Worker[],
): readonly string[] => mailboxes.flatMap(({ server }) => findTogether(server.ledger.sessions, workers))
