/** A fleet on loopback: PostgreSQL, a stand-in for each mailbox's server with its ledger, Gmail's, and workers as processes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadProgram } from '../../src/config/load-program.ts'
import type { MemberSecrets, MemberSettings } from '../../src/fleet/directory.ts'
import { type Fleet, makeFleet } from '../../src/fleet/open-fleet.ts'
import { readFleetSettings } from '../../src/fleet/settings.ts'
import { mail } from '../faults/harness.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { gmailEnv, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { type ImapServer, startImapServer } from '../servers/imap-server.ts'
import type { PostgresServer } from '../servers/postgres.ts'

const preload = fileURLToPath(new URL('../../scripts/fleet/from-address.ts', import.meta.url))

export interface FleetMailbox {
  readonly key: string
  readonly server: ImapServer
  /** Puts a message of its own into the mailbox. @returns its Subject */
  deliver(): string
}

export interface FleetWorker {
  readonly name: string
  /** The loopback address that its connections come from; no other has it. */
  readonly from: string
  readonly running: Running
  /** Since when the system has kept it from doing anything, ms since 1970. */
  unableSinceMs: number
}

export interface FleetWorld {
  readonly mailboxes: readonly FleetMailbox[]
  readonly gmail: GmailServer
  readonly url: string
  start(name: string, env?: Readonly<Record<string, string>>): Promise<FleetWorker>
  readonly fleet: Fleet
  /** Where the workers' state folders are. */
  readonly folder: string
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
  const {
    GOOGLE_CLIENT_SECRET = '',
    GOOGLE_REFRESH_TOKEN = '',
    GMAIL_ACCOUNT = '',
    ...google
  } = gmailEnv(gmail)
  const keyFile = join(folder, 'fleet.key')
  const { GMAIL_API_ROOT = '', GOOGLE_AUTH_URL = '', GOOGLE_TOKEN_URL = '', GOOGLE_REVOKE_URL = '' } = google
  const env = {
    ...{ GMAIL_API_ROOT, GOOGLE_AUTH_URL, GOOGLE_TOKEN_URL, GOOGLE_REVOKE_URL },
    ...{ FLEET_DATABASE: url, FLEET_KEY_FILE: keyFile, LOG_FORMAT: 'json' },
  }
  const program = await loadProgram({ env: { ...env, STATE_DIR: folder }, cwd: folder })
  const { endpoints, microsoftLoginRoot } = program.program
  const options = { endpoints, microsoftLoginRoot, env: program.env }
  const { fleet } = await makeFleet(await readFleetSettings(program, 'test'), options)
  const { directory } = fleet
  await directory.addTenant('main')
  await directory.putAccount(
    'main',
    'owner',
    { address: GMAIL_ACCOUNT, clientId: gmail.client.id },
    { clientSecret: GOOGLE_CLIENT_SECRET, refreshToken: GOOGLE_REFRESH_TOKEN },
  )
  const settingsOf = ({ server }: FleetMailbox, n: number): Record<string, unknown> => ({
    ...{ protocol: 'imap', host: server.host, port: server.port, security: 'none', user: `user${n}` },
    ...{ account: 'owner', verify: false },
  })
  for (const [n, mailbox] of mailboxes.entries())
    await directory.putMailbox('main', `box${n}`, settingsOf(mailbox, n), { password })
  const workers: FleetWorker[] = []
  return {
    ...{ mailboxes, gmail, url, fleet, folder },
    async start(name, more = {}) {
      const from = `127.0.0.${workers.length + 11}`
      const running = startHikyaku(['worker'], {
        env: {
          ...{ ...env, WORKER_NAME: name, STATE_DIR: join(folder, name) },
          ...{ FROM_ADDRESS: from, FROM_PORTS: mailboxes.map(({ server }) => server.port).join() },
          ...more,
        },
        cwd: folder,
        nodeArgs: ['--import', preload],
        endsWithUs: true,
      })
      const worker = { name, from, running, unableSinceMs: Number.POSITIVE_INFINITY }
      workers.push(worker)
      return worker
    },
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
      for (const { running } of workers) {
        running.kill('SIGCONT')
        running.kill('SIGKILL')
        await running.ended
      }
      await fleet.close()
      await Promise.all([...mailboxes.map(({ server }) => server.stop()), gmail.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Mailboxes to which two workers were logged in at once, by the servers' own ledgers; one that was unable to leave is forgiven. */
export function findTogether(
  mailboxes: readonly FleetMailbox[],
  workers: readonly FleetWorker[],
): readonly string[] {
  const found: string[] = []
  for (const { key, server } of mailboxes) {
    const { sessions } = server.ledger
    for (const first of sessions)
      for (const second of sessions) {
        const isTogether =
          first.from !== second.from &&
          second.beganMs >= first.beganMs &&
          second.beganMs < (first.endedMs ?? Number.POSITIVE_INFINITY)
        const { unableSinceMs = Number.POSITIVE_INFINITY } =
          workers.find(({ from }) => from === first.from) ?? {}
        if (isTogether && second.beganMs < unableSinceMs)
          found.push(`${key}: ${second.from} came ${second.beganMs - first.beganMs} ms behind ${first.from}`)
      }
  }
  return found
}
