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

export function makeDatabase(connection: DatabaseSync, path: string): Database {
  const statements = new Map<string, StatementSync>()
  const prepare = (text: string): StatementSync => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = connection.prepare(text)
    statements.set(text, statement)
    return statement
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
    run: (text, ...values) => guard(() => Number(prepare(text).run(...values).changes)),
    get: (text, ...values) => guard(() => prepare(text).get(...values)),
    all: (text, ...values) => guard(() => prepare(text).all(...values)),
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
