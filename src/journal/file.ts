/** The journal's file: its name, its version, whether it is sound, and how it is begun. */
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '../base/fault.ts'
import { migrations, tallyAll, tallyForALook, tallySum } from './schema.ts'
import { troubleForALook } from './trouble-schema.ts'

export const journalFile = 'journal.sqlite'
export const madeFile = 'journal.made'

/** Past this size the start-up check looks at structure only, so that the start stays quick. */
const fullCheckOctets = 64 * 1024 * 1024

function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0)
}

export function refuseNewer(database: DatabaseSync, path: string): void {
  const found = readVersion(database)
  if (found > migrations.length) {
    throw new Fault('journal.newer', { facts: { file: path, found, known: migrations.length } })
  }
}

/** Every problem SQLite finds in the file, a line each; empty when it is sound. */
export function findIntegrityProblems(database: DatabaseSync, whole: boolean): readonly string[] {
  const rows = database.prepare(whole ? 'PRAGMA integrity_check' : 'PRAGMA quick_check').all()
  return rows.map(row => String(Object.values(row)[0])).filter(line => line !== 'ok')
}

/** It is being made for the first time at this moment, or who did was killed: there is nothing in it yet. */
export const isUnfinished = (database: DatabaseSync): boolean =>
  readVersion(database) === 0 && database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined

export interface FileFacts {
  /** Octets. */
  readonly size: number
  /** There is a mark that says so. */
  readonly made: boolean
  /** No write-ahead log lies beside it: the file must be whole by itself. */
  readonly atRest: boolean
  /** It is as it was when it was last looked at: see as-left.ts. */
  readonly isAsLeft: boolean
}

export function checkIntegrity(
  database: DatabaseSync,
  path: string,
  { size, made, atRest, isAsLeft }: FileFacts,
): void {
  const problems = isAsLeft ? [] : [...findIntegrityProblems(database, size <= fullCheckOctets)]
  const pageOctets = Number(database.prepare('PRAGMA page_size').get()?.page_size)
  // SQLite reads the missing part of a last page as zeros and says nothing.
  if (atRest && size % pageOctets !== 0) problems.push('the last page is cut')
  if (problems.length > 0 || (readVersion(database) === 0 && (made || !isUnfinished(database)))) {
    throw new Fault('journal.damaged', { facts: { file: path, reason: problems[0] ?? 'no schema' } })
  }
  // A table that is not there is an SQLITE_ERROR: journal.damaged (sqlite-fault.ts).
  if (readVersion(database) === migrations.length) {
    database.prepare('SELECT 1 FROM message, mailbox, account, note, trouble LIMIT 0').get()
  }
}

/**
 * Brings the schema up to date, each step whole or not at all; the steps of a new journal together, so that whoever looks at it
 * finds all of it or nothing.
 */
export function migrate(database: DatabaseSync, steps: readonly string[] = migrations): void {
  // What a step deletes is overwritten too: digests of passwords must not stay in a free page.
  if (readVersion(database) < steps.length) database.exec('PRAGMA secure_delete = ON')
  if (isUnfinished(database)) {
    database.exec(`BEGIN IMMEDIATE; ${steps.join('')} PRAGMA user_version = ${steps.length}; COMMIT`)
    return
  }
  for (let step = readVersion(database); step < steps.length; step++) {
    database.exec(`BEGIN IMMEDIATE; ${steps[step]} PRAGMA user_version = ${step + 1}; COMMIT`)
  }
}

const hasTable = (database: DatabaseSync, table: string): boolean =>
  database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined

/** For a look at a file that is older than the list of what is not well, or the tally; the file is left as it is. */
export function lendTables(database: DatabaseSync): void {
  if (!hasTable(database, 'trouble')) database.exec(troubleForALook)
  if (!hasTable(database, 'tally')) database.exec(tallyForALook)
}

/** Once at each start the rows themselves are counted: what a shell or damage did to the tally does not last. */
export function recountTally(database: DatabaseSync): void {
  const differs = database
    .prepare(
      `SELECT 1 FROM (SELECT * FROM (${tallySum}) EXCEPT SELECT * FROM tally)
       UNION ALL SELECT 1 FROM (SELECT * FROM tally WHERE count <> 0 EXCEPT SELECT * FROM (${tallySum})) LIMIT 1`,
    )
    .get()
  if (differs !== undefined) database.exec(`BEGIN IMMEDIATE; DELETE FROM tally; ${tallyAll} COMMIT`)
}
