/**
 * Who pulls which mailbox, where several workers share a journal. A worker holds a mailbox for a short time and renews
 * that; whoever finds the time over takes the mailbox, and the number that then goes up (the fence) keeps a worker that was
 * thought dead, and wakes up late, from changing anything. Only the database's clock is asked.
 */
import { Fault } from '../../base/fault.ts'
import type { Database, Statements, Transaction } from '../sql.ts'
import type { PostgresDatabase } from './postgres-database.ts'
import { watchWholeFleet } from './whole-fleet.ts'

export interface Hold {
  readonly mailbox: string
  /** Goes up with each worker that takes the mailbox. */
  readonly fence: number
}

/**
 * How long a hold lasts where it is not renewed, ms: a worker that was killed is followed by another after that. What a worker
 * took lasts so long by itself; once it was renewed it lasts as long as the worker says that it is there, which is one row
 * for all that it holds.
 */
export const holdMs = 10_000

export interface Holds {
  /** Lets workers hold these from now on; those that they may hold already stay as they are. */
  offer(mailboxes: readonly string[]): Promise<void>
  /** No worker may hold these any more; who does finds out when it renews, or at its next write. */
  withdraw(mailboxes: readonly string[]): Promise<void>
  /** Takes mailboxes that nobody holds, in an order that is by chance. */
  take(worker: string, most: number): Promise<readonly Hold[]>
  /**
   * Says that the worker is there, with room for so many mailboxes.
   * @param instance tells this process from another one that was given the same name
   * @returns those that it may keep for another `holdMs`, counted from when it asked; which of them it is to give back as
   *   soon as it has ended with them; how many of all are its share by its room and that of the other workers that are there;
   *   and how soon the first of those is there no more, unless it says so again
   * @throws Fault fleet.worker-twice where another process by that name is there
   */
  renew(
    worker: string,
    capacity: number,
    instance?: string,
  ): Promise<{
    readonly holds: readonly Hold[]
    readonly withdrawn: readonly string[]
    readonly share: number
    readonly wordEndsInMs: number
  }>
  /** Whoever comes may take them at once. */
  release(worker: string, mailboxes: readonly string[]): Promise<void>
  /** The worker is there no more, and holds nothing. */
  leave(worker: string, instance?: string): Promise<void>
  /** Which of these processes are there; one that was out of reach for a while is again. */
  listThere(instances: readonly string[]): Promise<ReadonlySet<string>>
  /** How many each worker holds, and how many nobody does. */
  count(): Promise<{ readonly held: ReadonlyMap<string, number>; readonly free: number }>
}

const untilThen = `clock_timestamp() + interval '${holdMs} milliseconds'`
/** Further off than any word of a worker lasts: what its own row says holds, or the clock was set back since it was written. */
const farOff = `clock_timestamp() + interval '${2 * holdMs} milliseconds'`
/** Of a row of `worker`, by the name that it has in the statement. */
export const isThere = (worker: string): string =>
  `${worker}.there_until > clock_timestamp() AND ${worker}.there_until <= ${farOff}`
/** Of a row of `hold`. A fault of the clock's or of a hand's is a hold that has ended, too. */
export const isFree = `(hold.worker IS NULL OR hold.held_until <= clock_timestamp() OR hold.held_until > ${farOff} AND NOT EXISTS (
  SELECT 1 FROM worker AS holder WHERE holder.name = hold.worker AND ${isThere('holder')}))`
/**
 * The next number of a mailbox: higher than the one before, and never one that was given before, whatever the database has
 * forgotten since (a standby that was behind knows neither the hold nor where a sequence stood).
 */
const nextFence = 'greatest(fence + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)'

/** Single statements, each whole or not at all: what two workers ask at once, the second finds done (SKIP LOCKED). */
export function makeHolds(sql: Statements): Holds {
  const these = `mailbox IN (${sql.words.textsIn('?1')})`
  const toHold = (row: Record<string, unknown>): Hold => ({
    mailbox: String(row.mailbox),
    fence: Number(row.fence),
  })
  const wholeFleet = watchWholeFleet(sql, isThere('worker'))
  return {
    async offer(mailboxes) {
      await sql.run(
        `INSERT INTO hold (mailbox) ${sql.words.textsIn('?1')} ON CONFLICT DO NOTHING`,
        JSON.stringify(mailboxes),
      )
    },
    async withdraw(mailboxes) {
      await sql.run(`DELETE FROM hold WHERE ${these}`, JSON.stringify(mailboxes))
    },
    async take(worker, most) {
      const take = (): Promise<Record<string, unknown>[]> =>
        sql.all(
          `UPDATE hold SET worker = ?1, fence = ${nextFence}, held_until = ${untilThen}
           WHERE mailbox IN (SELECT mailbox FROM hold WHERE withdrawn = 0 AND ${isFree} ORDER BY random() LIMIT ?2 FOR UPDATE SKIP LOCKED)
           RETURNING mailbox, fence`,
          worker,
          most,
        )
      const rows = await wholeFleet.unlessNothing(take)
      return rows.map(toHold)
    },
    async renew(worker, capacity, instance = '') {
      const [ours, , rows, { share, wordEndsInMs }] = await Promise.all([
        sql.run(
          `INSERT INTO worker (name, capacity, there_until, instance) VALUES (?1, ?2, ${untilThen}, ?3)
           ON CONFLICT (name) DO UPDATE SET capacity = ?2, there_until = ${untilThen}, instance = ?3
           WHERE worker.instance = ?3 OR NOT (${isThere('worker')})`,
          worker,
          capacity,
          instance,
        ),
        sql.run(
          `UPDATE hold SET held_until = 'infinity'
           WHERE worker = ? AND held_until > clock_timestamp() AND held_until <> 'infinity'`,
          worker,
        ),
        // Where nobody took it while the worker was thought dead, the number is still its own.
        sql.all(
          'SELECT mailbox, fence, withdrawn FROM hold WHERE worker = ? AND held_until > clock_timestamp()',
          worker,
        ),
        wholeFleet.shareOf(capacity),
      ])
      if (ours === 0) throw new Fault('fleet.worker-twice', { facts: { name: worker } })
      return {
        holds: rows.map(toHold),
        withdrawn: rows.flatMap(row => (Number(row.withdrawn) === 1 ? String(row.mailbox) : [])),
        share: Math.min(capacity, share),
        wordEndsInMs,
      }
    },
    async release(worker, mailboxes) {
      await sql.run(
        `UPDATE hold SET worker = NULL, held_until = NULL WHERE ${these} AND worker = ?2`,
        JSON.stringify(mailboxes),
        worker,
      )
    },
    async leave(worker, instance = '') {
      const isOurs = 'EXISTS (SELECT 1 FROM worker WHERE name = ?1 AND instance = ?2)'
      await sql.run(
        `UPDATE hold SET worker = NULL, held_until = NULL WHERE worker = ?1 AND ${isOurs}`,
        ...[worker, instance],
      )
      await sql.run('DELETE FROM worker WHERE name = ? AND instance = ?', worker, instance)
    },
    async listThere(instances) {
      const rows = await sql.all(
        `SELECT instance FROM worker WHERE instance IN (${sql.words.textsIn('?1')}) AND ${isThere('worker')}`,
        JSON.stringify(instances),
      )
      return new Set(rows.map(({ instance }) => String(instance)))
    },
    async count() {
      const rows = await sql.all(
        `SELECT holder, count(*) AS count FROM (
           SELECT CASE WHEN ${isFree} THEN NULL ELSE hold.worker END AS holder FROM hold
           WHERE withdrawn = 0 OR NOT ${isFree}) AS held GROUP BY holder`,
      )
      const held = new Map(
        rows.flatMap(({ holder, count }) =>
          holder === null ? [] : [[String(holder), Number(count)] as const],
        ),
      )
      return { held, free: Number(rows.find(({ holder }) => holder === null)?.count ?? 0) }
    },
  }
}

/**
 * The database of one hold: each write looks, in its own transaction, whether the mailbox is still held by that number.
 * The look costs no trip of its own: it goes out ahead of the first statement. It locks the hold until the end of the
 * transaction, so that nobody takes the mailbox in the middle of it (`take` passes by what is locked); a worker that is
 * stopped there loses its transaction soon (postgres-database.ts), and then the mailbox.
 * Writes throw Fault journal.not-held.
 *
 * READ COMMITTED is enough here, and disturbs nobody. Whatever changes the journal of a mailbox through its hold has the
 * hold's row to itself, also where an earlier connection of the same worker has not ended yet: one transaction after the other,
 * and each statement behind the look sees all that the ones before it did. Two things are beyond the mailbox. What others may
 * write at any time (the owner's wishes, an account's state) is read with a lock on its row (`SqlWords.toChange`) where the
 * transaction decides over it, so that it is the latest and stays so; others are serialisable, and begin anew where they had
 * read an older one (postgresql.org/docs/15/transaction-iso.html). What follows from several mailboxes of an account, or from
 * a row that is not there yet, is decided behind a lock by name (`Transaction.lock`), with one statement for all that is read.
 */
export function fenceOff(database: PostgresDatabase, { mailbox, fence }: Hold): Database {
  const fenced =
    <T>(work: (sql: Transaction) => Promise<T>) =>
    async (sql: Transaction): Promise<T> => {
      const held = sql.get(
        'SELECT 1 AS held FROM hold WHERE mailbox = ? AND fence = ? FOR NO KEY UPDATE',
        mailbox,
        fence,
      )
      held.catch(() => {})
      const result = await work(sql)
      if ((await held) === undefined) throw new Fault('journal.not-held', { facts: { name: mailbox } })
      return result
    }
  const transaction: Database['transaction'] = (work, lasting) =>
    database.transaction(fenced(work), lasting, 'READ COMMITTED')
  return {
    words: database.words,
    get: (...given) => database.get(...given),
    all: (...given) => database.all(...given),
    run: (...given) => transaction(sql => sql.run(...given)),
    transaction,
    changeIf: (isNeeded, work) => database.changeIf(isNeeded, fenced(work), 'READ COMMITTED'),
    lasts: () => database.lasts(),
  }
}
