/**
 * PostgreSQL as the journal's own code sees it: one connection on which one thing follows another as they were asked for,
 * made anew after it was lost. Transactions are serialisable: whoever else works on the same tables, each decides as if it
 * were alone, and what was disturbed is begun anew.
 */
import pg from 'pg'
import type { SqlValue } from '../columns.ts'
import type { Lasting } from '../row.ts'
import type { Database, Statements } from '../sql.ts'
import { takeTurns } from '../turns.ts'
import { toNumberedPlaces, toPostgresValue, types, words } from './dialect.ts'
import { isDisturbed, toPostgresFault } from './postgres-fault.ts'

export interface PostgresPlace {
  /** postgresql://user@host:port/database, or what stands in PG... variables where it is left out; without a password. */
  readonly url: string | undefined
  readonly password?: (() => Promise<string>) | undefined
  /** What the server shows of us. */
  readonly name: string
}

export interface PostgresDatabase extends Database {
  close(): Promise<void>
}

/** How long a connection may take, ms. */
const connectMs = 10_000
/** No statement of ours is longer, and a worker that was stopped in the middle of one holds nobody up for longer. */
const limits = { statementMs: 60_000, idleInTransactionMs: 5000 }
/** So often a work that was disturbed is begun anew. */
const mostTries = 25
const longestPauseMs = 200

/** What every connection of ours is made with. */
export function clientOptions({ url, password, name }: PostgresPlace): pg.ClientConfig {
  return {
    ...(url === undefined ? {} : { connectionString: url }),
    ...(password === undefined ? {} : { password }),
    application_name: name,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    types,
  }
}

/** @param place where it is, as faults name it */
export function makePostgresDatabase(settings: PostgresPlace, place: string): PostgresDatabase {
  let client: pg.Client | undefined
  let isClosed = false
  const inTurn = takeTurns()

  const connect = async (): Promise<pg.Client> => {
    if (isClosed) throw new Error('the journal is closed')
    const made = new pg.Client({
      ...clientOptions(settings),
      statement_timeout: limits.statementMs,
      idle_in_transaction_session_timeout: limits.idleInTransactionMs,
      pipeline: true,
    })
    // Heard of while nothing is asked: the next question makes another.
    const forget = (): void => {
      if (client === made) client = undefined
    }
    made.on('error', forget)
    made.on('end', forget)
    try {
      await made.connect()
      // Each commit waits for the disk, whatever the server does for others.
      await made.query(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
      )
    } catch (error) {
      made.end().catch(() => {})
      throw error
    }
    client = made
    return made
  }
  const connected = (): Promise<pg.Client> | pg.Client => client ?? connect()
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toPostgresFault(error, place)
    }
  }

  const statementsOn = (own: pg.Client): Statements => {
    const ask = (text: string, values: readonly SqlValue[]): Promise<pg.QueryResult> => {
      // Without values it may be a step of many statements, which are not prepared.
      if (values.length === 0) return own.query(text)
      const numbered = toNumberedPlaces(text)
      return own.query({ name: nameOf(numbered), text: numbered, values: values.map(toPostgresValue) })
    }
    return {
      words,
      run: async (text, ...values) => (await ask(text, values)).rowCount ?? 0,
      get: async (text, ...values) => (await ask(text, values)).rows[0],
      all: async (text, ...values) => (await ask(text, values)).rows,
    }
  }

  const commit = async <T>(work: (sql: Statements) => Promise<T>, lasting: Lasting): Promise<T> => {
    const own = await connected()
    const later = lasting === 'later' ? '; SET LOCAL synchronous_commit = off' : ''
    // Sent with the first statement: its answer is read with that one's.
    const begun = own.query(`BEGIN ISOLATION LEVEL SERIALIZABLE${later}`)
    begun.catch(() => {})
    try {
      const result = await work(statementsOn(own))
      await begun
      await own.query('COMMIT')
      return result
    } catch (error) {
      // Where the connection is gone there is nothing to take back: the server does it.
      await own.query('ROLLBACK').catch(() => {})
      throw error
    }
  }
  const transact = async <T>(work: (sql: Statements) => Promise<T>, lasting: Lasting): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await commit(work, lasting)
      } catch (error) {
        if (!isDisturbed(error) || tries >= mostTries) throw error
        const pauseMs = Math.random() * Math.min(longestPauseMs, 2 ** tries)
        await new Promise(resolve => setTimeout(resolve, pauseMs))
      }
    }
  }
  const once = <T>(ask: (sql: Statements) => Promise<T>): Promise<T> =>
    inTurn(() => guard(async () => ask(statementsOn(await connected()))))

  return {
    words,
    run: (...given) => once(sql => sql.run(...given)),
    get: (...given) => once(sql => sql.get(...given)),
    all: (...given) => once(sql => sql.all(...given)),
    transaction: (work, lasting = 'now') => inTurn(() => guard(() => transact(work, lasting))),
    close: () =>
      inTurn(async () => {
        isClosed = true
        await client?.end().catch(() => {})
      }),
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
