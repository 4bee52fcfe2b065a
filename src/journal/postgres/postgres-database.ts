/**
 * PostgreSQL as the journal's own code sees it: one connection on which one thing follows another as they were asked for,
 * made anew after it was lost. Transactions are serialisable, but for those of whoever holds a mailbox (holds.ts): whoever
 * else works on the same tables, each decides as if it were alone, and what was disturbed is begun anew, as is what lost its
 * connection before its end was asked for.
 *
 * Invariant: BEGIN goes out together with the first statement, and the server might refuse that one alone (an administrator
 * cancels it). So the session itself refuses to write (connect.ts), and only a transaction that has begun may.
 */
import type pg from 'pg'
import { Fault } from '../../base/fault.ts'
import type { SqlValue } from '../columns.ts'
import type { Lasting } from '../row.ts'
import type { Database, Statements, Transaction } from '../sql.ts'
import { takeTurns } from '../turns.ts'
import { connect, type History } from './connect.ts'
import { toNumberedPlaces, toPostgresValue, words } from './dialect.ts'
import { describePlace, type PostgresPlace, readPostgresAddress } from './place.ts'
import { isDisturbed, isOfNoUse, isOwnPause, readState, toPostgresFault } from './postgres-fault.ts'

/** 'READ COMMITTED': each statement sees what others have committed by then. For works that lock what they decide over. */
export type Isolation = 'SERIALIZABLE' | 'READ COMMITTED'

export interface PostgresDatabase extends Database {
  /** Where it is, as it may be told. */
  readonly place: string
  /** As `Database` has them; serialisable unless it is said otherwise. */
  transaction<T>(work: (sql: Transaction) => Promise<T>, lasting?: Lasting, isolation?: Isolation): Promise<T>
  changeIf<T>(
    isNeeded: (sql: Statements) => Promise<boolean>,
    work: (sql: Transaction) => Promise<T>,
    isolation?: Isolation,
  ): Promise<T | undefined>
  close(): Promise<void>
}

export interface PostgresOptions {
  /**
   * Is asked once for each new connection, before anything else is: what it throws refuses the connection.
   * @param sql statements on it, each on its own; writes go through `transaction`
   */
  readonly welcome?:
    | ((sql: Pick<Database, 'get' | 'transaction'>, history: History | undefined) => Promise<void>)
    | undefined
  /** Statements may take as long as they need. */
  readonly isPatient?: boolean
}

/** So often a work that was disturbed is begun anew. */
const mostTries = 25
/** And so often one whose connection was lost. */
const mostLosses = 2
const longestPauseMs = 200

export function makePostgresDatabase(
  settings: PostgresPlace,
  options: PostgresOptions = {},
): PostgresDatabase {
  const place = describePlace(settings.url)
  let client: pg.Client | undefined
  /** What each connection was lost by, in the server's words where it had time for some. */
  const lostBy = new WeakMap<pg.Client, unknown>()
  let isClosed = false
  const inTurn = takeTurns()

  const connected = async (): Promise<pg.Client> => {
    if (client !== undefined) return client
    if (isClosed) throw new Error('the journal is closed')
    const address = readPostgresAddress(settings.url, process.env)
    const onLost = (lost: pg.Client, error: unknown): void => {
      if (!lostBy.has(lost)) lostBy.set(lost, error)
      if (client === lost) client = undefined
    }
    const made = await connect({ address, settings, isPatient: options.isPatient === true, onLost })
    if (lostBy.has(made.client)) throw lostBy.get(made.client)
    client = made.client
    try {
      await options.welcome?.(
        {
          get: (...given) => statementsOn(made.client).get(...given),
          transaction: work => transactOn(() => made.client, { work }),
        },
        made.history,
      )
    } catch (error) {
      drop(made.client)
      throw error
    }
    return made.client
  }
  const drop = (lost: pg.Client): void => {
    if (client === lost) client = undefined
    lost.end().catch(() => {})
  }
  const reasonOf = (error: unknown, own: pg.Client): unknown =>
    readState(error) === undefined && !(error instanceof Fault) ? (lostBy.get(own) ?? error) : error
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toPostgresFault(error, place)
    }
  }

  /** All of `work` once. @returns what it made, or what it met, and whether its end was asked for by then */
  const commitOn = async <T>(
    own: pg.Client,
    { work, lasting = 'now', isolation = 'SERIALIZABLE' }: Work<T>,
  ): Promise<{ readonly result: T } | { readonly error: unknown; readonly isSent: boolean }> => {
    const later = lasting === 'later' ? '; SET LOCAL synchronous_commit = off' : ''
    // Sent with the first statement: its answer is read with that one's.
    const begun = own.query(`BEGIN ISOLATION LEVEL ${isolation} READ WRITE${later}`)
    // What fails first ends the transaction: whatever follows it is told that, and not why.
    let first: unknown
    const note = <A>(answer: Promise<A>): Promise<A> => {
      answer.catch(error => {
        first ??= error
      })
      return answer
    }
    note(begun)
    let isSent = false
    try {
      const result = await work(transactionOn(own, note))
      await begun
      isSent = true
      await commit(own)
      return { result }
    } catch (thrown) {
      // Where the connection is gone there is nothing to take back: the server does it.
      await own.query('ROLLBACK').catch(() => {})
      const error = reasonOf(first ?? thrown, own)
      if (isOfNoUse(error)) drop(own)
      return { error, isSent }
    }
  }
  const transactOn = async <T>(pick: () => Promise<pg.Client> | pg.Client, given: Work<T>): Promise<T> => {
    let losses = 0
    for (let tries = 1; ; tries += 1) {
      const own = await pick()
      const made = await commitOn(own, given)
      if ('result' in made) return made.result
      const { error, isSent } = made
      // Whether a commit whose answer never came was made is not known: whoever asked looks anew.
      const isLost = own !== client && !isSent && !isOwnPause(error)
      if (isLost) losses += 1
      if (tries >= mostTries || !(isDisturbed(error) || (isLost && losses <= mostLosses))) throw error
      const pauseMs = Math.random() * Math.min(longestPauseMs, 2 ** tries)
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }
  /** One statement that changes something, whole or not at all, in one trip. */
  const writeOnce = async <T>(ask: (sql: Statements) => Promise<T>): Promise<T> => {
    const own = await connected()
    const begun = own.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE')
    const answer = ask(statementsOn(own))
    const ended = commit(own)
    const [first, second, third] = await Promise.allSettled([begun, answer, ended])
    const failed = [second, first, third].find(each => each.status === 'rejected')
    if (failed?.status === 'rejected') {
      const error = reasonOf(failed.reason, own)
      if (isOfNoUse(error)) drop(own)
      throw error
    }
    return (second as PromiseFulfilledResult<Awaited<T>>).value
  }
  const readOnce = async <T>(ask: (sql: Statements) => Promise<T>): Promise<T> => {
    for (let losses = 0; ; losses += 1) {
      const own = await connected()
      try {
        return await ask(statementsOn(own))
      } catch (thrown) {
        const error = reasonOf(thrown, own)
        if (isOfNoUse(error)) drop(own)
        if (own === client || losses >= mostLosses) throw error
      }
    }
  }
  const once = <T>(text: string, ask: (sql: Statements) => Promise<T>): Promise<T> =>
    inTurn(() => guard(() => (isRead(text) ? readOnce(ask) : writeOnce(ask))))

  return {
    words,
    place,
    run: (text, ...values) => once(text, sql => sql.run(text, ...values)),
    get: (text, ...values) => once(text, sql => sql.get(text, ...values)),
    all: (text, ...values) => once(text, sql => sql.all(text, ...values)),
    transaction: (work, lasting, isolation) =>
      inTurn(() => guard(() => transactOn(connected, { work, lasting, isolation }))),
    changeIf: (isNeeded, work, isolation) =>
      inTurn(() =>
        guard(async () =>
          (await readOnce(isNeeded)) ? await transactOn(connected, { work, isolation }) : undefined,
        ),
      ),
    // Here 'beside' is 'now': nothing that was kept is on its way to the disk.
    lasts: async () => {},
    close: () =>
      inTurn(async () => {
        isClosed = true
        await client?.end().catch(() => {})
      }),
  }
}

interface Work<T> {
  readonly work: (sql: Transaction) => Promise<T>
  readonly lasting?: Lasting | undefined
  readonly isolation?: Isolation | undefined
}

/** One that calls a function of ours that writes begins with a comment that says so. */
const isRead = (text: string): boolean => /^\s*(SELECT|WITH RECURSIVE)\b/i.test(text)

/** A transaction in which a statement failed ends in a ROLLBACK that is no error. */
async function commit(own: pg.Client): Promise<void> {
  const { command } = await own.query('COMMIT')
  if (command !== 'COMMIT') throw new Error(`the transaction ended in ${command}`)
}

type NoteAnswer = <A>(answer: Promise<A>) => Promise<A>

/** @param note is shown each answer that is to come, and so hears of those that nobody waits for */
function transactionOn(own: pg.Client, note: NoteAnswer): Transaction {
  const statements = statementsOn(own, note)
  const send: Transaction['send'] = (text, ...values) => {
    statements.run(text, ...values).catch(() => {})
  }
  return {
    ...statements,
    send,
    lock: name => send('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', name),
  }
}

/** @param note is shown each answer that is to come */
function statementsOn(own: pg.Client, note: NoteAnswer = answer => answer): Statements {
  const ask = (text: string, values: readonly SqlValue[]): Promise<pg.QueryResult> => {
    // Without values it may be a step of many statements, which are not prepared.
    if (values.length === 0) return note(own.query(text))
    const numbered = toNumberedPlaces(text)
    return note(own.query({ name: nameOf(numbered), text: numbered, values: values.map(toPostgresValue) }))
  }
  return {
    words,
    run: async (text, ...values) => (await ask(text, values)).rowCount ?? 0,
    get: async (text, ...values) => (await ask(text, values)).rows[0],
    all: async (text, ...values) => (await ask(text, values)).rows,
  }
}

/** A statement is parsed once by each connection, under a name that is its own. */
const names = new Map<string, string>()
function nameOf(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `s${names.size}`
  names.set(text, name)
  return name
}
