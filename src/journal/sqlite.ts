/**
 * The journal on node:sqlite: write-ahead log, synchronous=FULL (every commit waits for the disk), one file.
 *
 * A journal that is missing, empty, damaged or newer where one should be is refused and never silently begun
 * anew: without it every message on the source would look new. The file `journal.made` beside it says that there
 * should be one.
 */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { replaceFile } from '../base/durable-file.ts'
import { Fault } from '../base/fault.ts'
import { closeSqlite, openSqlite } from '../base/sqlite-file.ts'
import { closeStateFiles, secureStateFolder } from '../base/state-folder.ts'
import { watchWrites } from '../base/watch-writes.ts'
import { findLastCheck, recordAsLeft, smallFileOctets } from './as-left.ts'
import { eachCommitLasts, makeDatabase } from './database.ts'
import {
  checkIntegrity,
  isUnfinished,
  journalFile,
  lendTables,
  madeFile,
  migrate,
  recountTally,
  refuseNewer,
} from './file.ts'
import type { Journal } from './journal.ts'
import { isInstanceRunning } from './lock.ts'
import { makeMethods } from './methods.ts'
import { toSqliteFault } from './sqlite-fault.ts'
import { type LogSync, openLogSync } from './sync-log.ts'

/** Making one takes some milliseconds, and seconds on a busy disk: so long it is waited for, and looked at so often, ms. */
const [longestMakingMs, makingLookMs] = [2000, 20]

/**
 * Opens the journal of a state directory, or makes it where there has never been one.
 * @param mode 'run' (one instance at a time) checks the file's integrity and may make or migrate it; 'look' opens an existing one for
 *   `status` and its like beside a running daemon, and gives undefined where there is none yet: one that is being made at this
 *   moment is waited for, and one whose maker was killed is none.
 * @param lock takes the instance lock once the directory exists and before the journal is touched
 */
export async function openJournal(stateDir: string, mode: 'run', lock: () => void): Promise<Journal>
export async function openJournal(stateDir: string, mode: 'look'): Promise<Journal | undefined>
export async function openJournal(
  stateDir: string,
  mode: 'run' | 'look',
  lock?: () => void,
): Promise<Journal | undefined> {
  if (mode === 'run') return openOnce(stateDir, mode, lock)
  const endMs = performance.now() + longestMakingMs
  for (;;) {
    const journal = await openOnce(stateDir, mode)
    if (journal !== 'unfinished') return journal
    if (performance.now() >= endMs || !isInstanceRunning(stateDir)) return undefined
    await new Promise(resolve => setTimeout(resolve, makingLookMs))
  }
}

async function openOnce(stateDir: string, mode: 'run', lock?: () => void): Promise<Journal>
async function openOnce(stateDir: string, mode: 'look'): Promise<Journal | undefined | 'unfinished'>
async function openOnce(
  stateDir: string,
  mode: 'run' | 'look',
  lock?: () => void,
): Promise<Journal | undefined | 'unfinished'> {
  const path = join(stateDir, journalFile)
  const made = join(stateDir, madeFile)
  if (mode === 'look' && !existsSync(path) && !existsSync(made)) return undefined
  if (mode === 'run') secureStateFolder(stateDir)
  else closeStateFiles(stateDir)
  lock?.()
  // The mark comes last: where it is there before the file is looked at, the file is to be there, and whole.
  const isMade = existsSync(made)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (isMade && (stat === undefined || stat.size === 0)) {
    throw new Fault('journal.missing', { facts: { file: path } })
  }
  const walStat = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const lastCheckMs =
    mode === 'run' && stat !== undefined && stat.size > smallFileOctets
      ? findLastCheck(path, Date.now())
      : undefined
  const checkedAtMs = lastCheckMs ?? Date.now()
  try {
    let logSync: LogSync | undefined
    const database = openSqlite(path, { timeout: 5000 }, opened => {
      // The order matters: nothing may be written before the version and the integrity are known.
      refuseNewer(opened, path)
      if (mode === 'run' && stat !== undefined && stat.size > 0) {
        checkIntegrity(opened, path, {
          size: stat.size,
          made: isMade,
          atRest: walStat === undefined,
          isAsLeft: lastCheckMs !== undefined,
        })
      }
      if (mode === 'look' && !isMade && isUnfinished(opened)) {
        opened.close()
        return undefined
      }
      opened.exec(`PRAGMA journal_mode = WAL; ${eachCommitLasts}; PRAGMA foreign_keys = ON`)
      if (mode === 'run') {
        migrate(opened)
        if (lastCheckMs === undefined) recountTally(opened)
        logSync = openLogSync(path)
      } else lendTables(opened)
      return opened
    })
    if (database === undefined) return 'unfinished'
    try {
      if (mode === 'run' && !isMade) {
        const words = 'A journal was made here. hikyaku refuses to run without it.\n'
        replaceFile(made, Buffer.from(words), 0o600)
      }
      return makeJournal(database, path, logSync, () => {
        if (mode === 'run') recordAsLeft(path, checkedAtMs)
      })
    } catch (error) {
      await logSync?.close()
      closeSqlite(path, database)
      throw error
    }
  } catch (error) {
    throw toSqliteFault(error, path)
  }
}

/** @param onClosed is called once the file is closed */
function makeJournal(
  connection: DatabaseSync,
  path: string,
  logSync: LogSync | undefined,
  onClosed: () => void,
): Journal {
  const { ino } = statSync(path)
  const database = makeDatabase(connection, path, logSync && (() => logSync.sync()))
  return {
    ...makeMethods(database),
    path,
    // What is written goes there first, and the file stands as long as the journal is open.
    watchWrites: look => watchWrites(`${path}-wal`, look),
    async assertInPlace() {
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat === undefined || stat.ino !== ino)
        throw new Fault('journal.missing', { facts: { file: path } })
    },
    close: () =>
      database.afterAll(async () => {
        // Closing brings everything to the disk, or says that it could not.
        await database.lasts().catch(() => {})
        await logSync?.close()
        closeSqlite(path, connection)
        onClosed()
      }),
  }
}
