/**
 * The journal on PostgreSQL: the same tables and the same statements as on SQLite, for workers on several machines.
 *
 * As with the file, a journal that is newer than this program is refused, and an older one is brought up to date step by
 * step, by one program at a time. A database without our tables is begun only by `makePostgresJournal`: a worker that is
 * led to an empty one must not think that all mail is new.
 */
import { Fault } from '../../base/fault.ts'
import type { Journal } from '../journal.ts'
import { makeMethods } from '../methods.ts'
import type { Database } from '../sql.ts'
import { fenceOff, type Hold, type Holds, makeHolds } from './holds.ts'
import { makePostgresDatabase, type PostgresDatabase, type PostgresPlace } from './postgres-database.ts'
import { postgresMigrations } from './postgres-schema.ts'

export type { PostgresPlace } from './postgres-database.ts'

/** How often `watchWrites` looks, ms. */
const lookMs = 1000
/** Held while the tables are made or changed (postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS). */
const migrationLock = 7_418_203

export type { Hold, Holds } from './holds.ts'
export { holdMs } from './holds.ts'

/** The journal of a fleet: of all mailboxes for those who look and manage, and of one for the worker that holds it. */
export interface FleetJournal {
  readonly journal: Journal
  readonly holds: Holds
  /** The same journal, which refuses to be written by whoever does not hold the mailbox any more: Fault journal.not-held. */
  journalOf(hold: Hold): Journal
  close(): Promise<void>
}

/**
 * Opens a journal that was made, and brings it up to date.
 * Throws Fault journal.missing, journal.newer, journal.unreachable, journal.closed.
 */
export async function openPostgresJournal(settings: PostgresPlace): Promise<FleetJournal> {
  return open(settings, false)
}

/** Makes the tables where there are none, and opens the journal. */
export async function makePostgresJournal(settings: PostgresPlace): Promise<FleetJournal> {
  return open(settings, true)
}

async function open(settings: PostgresPlace, mayMake: boolean): Promise<FleetJournal> {
  const place = settings.url === undefined ? 'PostgreSQL' : withoutSecrets(settings.url)
  const database = makePostgresDatabase(settings, place)
  const close = (): Promise<void> => database.close()
  try {
    await bringUpToDate(database, place, mayMake)
    return {
      journal: makeJournal(database, place, close),
      holds: makeHolds(database),
      journalOf: hold => makeJournal(fenceOff(database, hold), place, async () => {}),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function bringUpToDate(database: PostgresDatabase, place: string, mayMake: boolean): Promise<void> {
  // Whoever comes meanwhile waits, and finds all of it or nothing.
  await database.get('SELECT pg_advisory_lock(?)', migrationLock)
  try {
    await database.transaction(async sql => {
      const made = await sql.get("SELECT to_regclass('hikyaku_version')::text AS name")
      if (made?.name === null && !mayMake) throw new Fault('journal.missing', { facts: { file: place } })
      if (made?.name === null) {
        await sql.run('CREATE TABLE hikyaku_version (version bigint NOT NULL)')
        await sql.run('INSERT INTO hikyaku_version VALUES (0)')
      }
      const found = Number((await sql.get('SELECT version FROM hikyaku_version'))?.version)
      const known = postgresMigrations.length
      if (found > known) throw new Fault('journal.newer', { facts: { file: place, found, known } })
      for (const step of postgresMigrations.slice(found)) await sql.run(step)
      if (found < known) await sql.run('UPDATE hikyaku_version SET version = ?', known)
    })
  } finally {
    await database.get('SELECT pg_advisory_unlock(?)', migrationLock).catch(() => {})
  }
}

function makeJournal(database: Database, place: string, close: () => Promise<void>): Journal {
  return {
    ...makeMethods(database),
    path: place,
    watchWrites(look) {
      let timer: NodeJS.Timeout | undefined
      let isOver = false
      const lookAgain = (): void => {
        if (!isOver) timer = setTimeout(() => look().then(lookAgain, lookAgain), lookMs)
      }
      lookAgain()
      return () => {
        isOver = true
        clearTimeout(timer)
      }
    },
    async assertInPlace() {
      const made = await database.get("SELECT to_regclass('hikyaku_version')::text AS name")
      if (made?.name === null) throw new Fault('journal.missing', { facts: { file: place } })
    },
    close,
  }
}

/** An address as it may be told: without user, password and options. */
function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = URL.parse(url) ?? {}
  return host === undefined ? 'PostgreSQL' : `${protocol}//${host}${pathname}`
}
