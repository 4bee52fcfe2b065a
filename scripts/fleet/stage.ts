/**
 * A whole fleet on loopback, in temporary folders: PostgreSQL, Dovecot with many users, the stand-in for Gmail, and
 * `hikyaku worker` processes. All of it is ended by the ids of what was started.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Holds, openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { dovecotMissing } from '../../test/servers/dovecot.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../../test/servers/postgres.ts'
import { enrol } from './enrol.ts'
import { accountOf } from './judge.ts'
import { MailBook } from './mail-book.ts'
import { type MailHost, startMailHost } from './mail-host.ts'
import { makeWorkers, type Workers } from './workers.ts'

export interface FleetStage {
  readonly postgres: PostgresServer
  /** The fleet's database. */
  readonly url: string
  readonly host: MailHost
  readonly gmail: GmailServer
  readonly mail: MailBook
  readonly workers: Workers
  /** What the workers run with, and nobody may read in what they print. */
  readonly secrets: readonly string[]
  /** How many mailboxes each worker holds by the database's word, and how many nobody does. */
  countHolds(): ReturnType<Holds['count']>
  /** Whose mailboxes a worker holds by the database's word. */
  heldBy(worker: string): Promise<readonly string[]>
  stop(): Promise<void>
}

/** What is not installed here, for people; [] where all is. */
export function findMissing(): string[] {
  return [postgresMissing(), dovecotMissing()].filter(missing => missing !== undefined)
}

/** Resolves when all mailboxes are in the fleet's directory; no worker runs yet. */
export async function startStage(mailboxes: number): Promise<FleetStage> {
  const releases: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    let fault: unknown
    for (const release of releases.splice(0).reverse()) await release().catch(error => (fault ??= error))
    if (fault !== undefined) throw fault
  }
  const kept = async <T>(started: Promise<T>, release: (it: T) => Promise<unknown>): Promise<T> => {
    const it = await started
    releases.push(() => release(it))
    return it
  }
  try {
    const folder = await kept(mkdtemp(join(tmpdir(), 'hikyaku-fleet-')), name =>
      rm(name, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
    )
    // All are ended, whichever of them does not start.
    const [postgres, host] = await all([
      kept(startPostgres({ max_connections: '200' }), server => server.stop()),
      kept(startMailHost(mailboxes), server => server.stop()),
    ])
    const gmail = await kept(
      startGmailServer({ accounts: host.boxes.map(({ user }) => accountOf(user)), keepBodyOctets: 0 }),
      server => server.close(),
    )
    const url = await postgres.newDatabase()
    const { env, secrets } = await enrol({ url, host, gmail, folder })
    const workers = makeWorkers({ folder, env, ports: Object.values(host.ports) })
    releases.push(() => workers.stop())
    const fleet = await kept(openPostgresJournal({ url, name: 'stage' }), journal => journal.close())
    return {
      ...{ postgres, url, host, gmail, workers, secrets, stop },
      mail: new MailBook(host),
      countHolds: () => fleet.holds.count(),
      async heldBy(worker) {
        const rows = await postgres.ask(
          url,
          'SELECT mailbox FROM hold WHERE worker = $1 AND held_until > clock_timestamp()',
          [worker],
        )
        return rows.map(({ mailbox }) => String(mailbox).split('/').at(-1) ?? '')
      },
    }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

/** As Promise.all, but waits for all of them before it rejects. */
async function all<A, B>(both: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(both)
  return Promise.all(both)
}
