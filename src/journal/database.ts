/** The journal's connection to SQLite: prepared statements, transactions, and its errors as faults. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { readRecord, type SqlRow } from './columns.ts'
import { messageColumns } from './records.ts'
import type { Lasting, MessageRow } from './row.ts'
import { toSqliteFault } from './sqlite-fault.ts'

/** Statements, prepared once. Each throws Fault journal.* or state.*. */
export interface Statements {
  /** @returns how many rows it changed */
  run(text: string, ...values: SQLInputValue[]): number
  get(text: string, ...values: SQLInputValue[]): SqlRow | undefined
  all(text: string, ...values: SQLInputValue[]): SqlRow[]
}

export interface Database extends Statements {
  row(id: number): MessageRow | undefined
  /** @param where what follows WHERE */
  rows(where: string, ...values: SQLInputValue[]): MessageRow[]
  /**
   * All of `work` or nothing of it, in one commit; within another transaction it is part of that one.
   * @param lasting 'later': the disk is not waited for. The write-ahead log is synced from its beginning, so whatever is
   *   committed 'now' afterwards takes this one along.
   */
  transaction<T>(work: () => T, lasting?: Lasting): T
}

/** Each commit waits for the disk (sqlite.org/pragma.html). */
export const eachCommitLasts = 'PRAGMA synchronous = FULL'

/** A statement whose values have numbers (`?1`), with plain ones in their places. */
interface Plain {
  readonly text: string
  /** Which of the given values stands in each place; undefined where the text had no numbers. */
  readonly order: readonly number[] | undefined
}

/**
 * An older node:sqlite (in 22.19 and 24.5, no more in 22.20 and 24.8) takes numbered values for named ones and refuses to
 * bind them in order ("column index out of range"), so their places are counted here.
 */
export function toPlainPlaces(text: string): Plain {
  const order: number[] = []
  const plain = text.replace(/\?(\d+)/g, (_, number) => {
    order.push(Number(number) - 1)
    return '?'
  })
  if (order.length === 0) return { text, order: undefined }
  if (/\?(?!\d)/.test(text)) throw new Error(`numbered and plain values mixed: ${text}`)
  return { text: plain, order }
}

interface Prepared {
  readonly statement: StatementSync
  readonly order: readonly number[] | undefined
}

export function makeDatabase(connection: DatabaseSync, path: string): Database {
  const statements = new Map<string, Prepared>()
  const prepare = (text: string): Prepared => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const { text: plain, order } = toPlainPlaces(text)
    const prepared = { statement: connection.prepare(plain), order }
    statements.set(text, prepared)
    return prepared
  }
  const bind = (text: string, values: readonly SQLInputValue[]): [StatementSync, SQLInputValue[]] => {
    const { statement, order } = prepare(text)
    return [statement, order === undefined ? [...values] : order.map(place => values[place] ?? null)]
  }
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw toSqliteFault(error, path)
    }
  }
  const execute = (text: string): void => guard(() => connection.exec(text))
  let isOpen = false
  const commit = <T>(work: () => T): T => {
    execute('BEGIN IMMEDIATE')
    isOpen = true
    try {
      const result = work()
      execute('COMMIT')
      return result
    } catch (error) {
      try {
        connection.exec('ROLLBACK')
      } catch {
        // SQLite rolls back by itself on a full disk or an I/O error; the first error is the one to tell.
      }
      throw error
    } finally {
      isOpen = false
    }
  }
  const database: Database = {
    run: (text, ...values) =>
      guard(() => {
        const [statement, bound] = bind(text, values)
        return Number(statement.run(...bound).changes)
      }),
    get: (text, ...values) =>
      guard(() => {
        const [statement, bound] = bind(text, values)
        return statement.get(...bound)
      }),
    all: (text, ...values) =>
      guard(() => {
        const [statement, bound] = bind(text, values)
        return statement.all(...bound)
      }),
    row: id => database.rows('id = ?', id)[0],
    rows: (where, ...values) =>
      database
        .all(`SELECT * FROM message WHERE ${where}`, ...values)
        .map(row => readRecord(messageColumns, row)),
    transaction(work, lasting = 'now') {
      if (isOpen) return work()
      if (lasting === 'now') return commit(work)
      execute('PRAGMA synchronous = NORMAL')
      try {
        return commit(work)
      } finally {
        execute(eachCommitLasts)
      }
    },
  }
  return database
}
