/** The file of a journal, as a database that rows are copied out of or into. */
import { join } from 'node:path'
import { closeSqlite, openSqlite } from '../../base/sqlite-file.ts'
import { eachCommitLasts, makeDatabase, type SqliteDatabase } from '../database.ts'
import { journalFile } from '../file.ts'
import { openJournal } from '../sqlite.ts'
import { toSqliteFault } from '../sqlite-fault.ts'

export interface JournalFile {
  readonly database: SqliteDatabase
  close(): Promise<void>
}

/**
 * Looks at the file whole, brings it up to date (or makes it, where there has never been one), and opens it. The caller
 * holds the instance lock.
 * Throws Fault journal.*, state.*.
 */
export async function openJournalFile(stateDir: string): Promise<JournalFile> {
  await (await openJournal(stateDir, 'run', () => {})).close()
  const path = join(stateDir, journalFile)
  try {
    const connection = openSqlite(path, { timeout: 5000 }, opened => {
      opened.exec(`PRAGMA journal_mode = WAL; ${eachCommitLasts}`)
      return opened
    })
    const database = makeDatabase(connection, path)
    return { database, close: () => database.afterAll(async () => closeSqlite(path, connection)) }
  } catch (error) {
    throw toSqliteFault(error, path)
  }
}
