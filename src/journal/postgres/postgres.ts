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
import { withOwnNotes } from '../own-notes.ts'
import type { Database } from '../sql.ts'
import { watchAsked } from './asked.ts'
import { type Budget, makeBudget } from './budget.ts'
import { isSameHistory, mayTakeUpHistory, takeUpHistory } from './history.ts'
import { fenceOff, type Hold, type Holds, makeHolds } from './holds.ts'
import { type Listener, type Listening, listen } from './listen.ts'
import type { PostgresPlace } from './place.ts'
import { makePostgresDatabase, type PostgresDatabase, type PostgresOptions } from './postgres-database.ts'
import { bringUpToDate, isUpToDate, patiently } from './tables.ts'

/** How often `watchWrites` looks, ms. */
const lookMs = 1000

export type { Hold, Holds } from './holds.ts'
export { holdMs } from './holds.ts'

/** Where it is, and how many connections share the work for the mailboxes that are held. */
export interface FleetPlace extends PostgresPlace {
  /** Beside the one for holds and looks, which else does that work, too. What is of one mailbox keeps to one of them. */
  readonly connections?: number
  /** By which address mail hosts see this process, as a name, where it is not that of all others. */
  readonly address?: string | undefined
}

/** The journal of a fleet: of all mailboxes for those who look and manage, and of one for the worker that holds it. */
export interface FleetJournal {
  readonly journal: Journal
  readonly holds: Holds
  /** Limits that all workers share. */
  readonly budget: Budget
  /**
   * The same journal for the worker that holds the mailbox: it refuses to be written by whoever does not hold it any more
   * (Fault journal.not-held), and what is one note of the program elsewhere is the mailbox's own (own-notes.ts).
   */
  journalOf(hold: Hold): Journal
  /** The same for those who look at a mailbox, or ask something of it, whoever holds it. */
  journalFor(mailbox: string): Journal
  /** For what else a fleet keeps in the same database. */
  readonly database: Database
  /** Hears what is told there by NOTIFY, on a connection of its own, made anew after it was lost. */
  listen(channel: string, listener: Listener): Listening
  /** Whether the tables were made, or brought up to date, when it was opened. */
  readonly isNew: boolean
  /** The database's wall clock, ms since 1970: one for all workers. */
  nowMs(): Promise<number>
  close(): Promise<void>
}

/**
 * Opens a journal that was made, and brings it up to date.
 * Throws Fault journal.missing, journal.newer, journal.older, journal.unreachable, journal.closed.
 */
export async function openPostgresJournal(settings: FleetPlace): Promise<FleetJournal> {
  return open(settings, false)
}

/** Makes the tables where there are none, and opens the journal. Throws Fault journal.other-tables where there are others. */
export async function makePostgresJournal(settings: FleetPlace): Promise<FleetJournal> {
  return open(settings, true)
}

async function open(settings: FleetPlace, mayMake: boolean): Promise<FleetJournal> {
  const isNew = await bringUpToDate(settings, mayMake)
  const welcome: PostgresOptions['welcome'] = async (sql, history) => {
    // Also where the way led to another database meanwhile, or to an older copy of this one.
    if (!(await isUpToDate(sql, place))) await bringUpToDate(settings, false)
    if (history === undefined || (await isSameHistory(sql, history))) return
    if (!(await mayTakeUpHistory(sql))) return
    await patiently(settings, patient => takeUpHistory(patient, history))
  }
  const database = makePostgresDatabase(settings, { welcome })
  const { place } = database
  const more = Array.from({ length: settings.connections ?? 0 }, () =>
    makePostgresDatabase(settings, { welcome }),
  )
  const close = async (): Promise<void> => {
    await Promise.all(more.map(other => other.close()))
    await database.close()
  }
  let taken = 0
  const nextDatabase = (): PostgresDatabase => {
    taken += 1
    return more[taken % more.length] ?? database
  }
  try {
    // The first connection is made now, so that what is in its way is told now.
    await database.get('SELECT 1 AS made')
    const asked = watchAsked(database)
    const journalFor = (mailbox: string, own: Database): Journal =>
      withOwnNotes(
        makeJournal(
          own,
          place,
          async () => {},
          look => asked.watch(mailbox, look),
        ),
        mailbox,
        settings.address,
      )
    return {
      isNew,
      journal: makeJournal(database, place, close, lookNowAndThen),
      holds: makeHolds(database),
      budget: makeBudget(database),
      journalOf: hold => journalFor(hold.mailbox, fenceOff(nextDatabase(), hold)),
      journalFor: mailbox => journalFor(mailbox, database),
      database,
      listen: (channel, listener) => listen(settings, place, channel, listener),
      async nowMs() {
        const row = await database.get('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now')
        return Math.floor(Number(row?.now))
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function lookNowAndThen(look: () => Promise<void>): () => void {
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
}

function makeJournal(
  database: Database,
  place: string,
  close: () => Promise<void>,
  watchWrites: Journal['watchWrites'],
): Journal {
  return {
    ...makeMethods(database),
    path: place,
    watchWrites,
    async assertInPlace() {
      const made = await database.get("SELECT to_regclass('hikyaku_version')::text AS name")
      if (made?.name === null) throw new Fault('journal.missing', { facts: { file: place } })
    },
    close,
  }
}
