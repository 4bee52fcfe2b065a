/**
 * The one kind of lock between processes: an SQLite exclusive transaction on a file of its own. The operating system
 * lets go of it when the process ends in whatever way, so a stale one cannot exist; a name or a number in a file
 * would outlive its process, and numbers come again (in a container every hikyaku is process 1).
 *
 * The file is never removed: whoever waits at a removed one and whoever makes a new one would both hold the lock.
 */
import { lstatSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { closeSqlite, openSqlite } from './sqlite-file.ts'

export interface ProcessLock {
  release(): void
}

/**
 * Takes the lock or gives undefined where another holds it.
 * @param waitMs longest wait, ms; the whole process stands meanwhile
 * @throws SQLite's or the system's error where the file cannot be used
 */
export function takeProcessLock(file: string, waitMs = 0): ProcessLock | undefined {
  try {
    const database = openSqlite(file, { timeout: waitMs }, opened => {
      opened.exec('BEGIN EXCLUSIVE')
      return opened
    })
    return { release: () => closeSqlite(file, database) }
  } catch (error) {
    if (isBusy(error)) return undefined
    throw error
  }
}

/**
 * Runs `work` while no other process does the same for this lock file. This process goes on with the rest meanwhile.
 * @throws `locked()` after `waitMs`; what `takeProcessLock` and `work` throw
 */
export async function withProcessLock<T>(
  file: string,
  waitMs: number,
  locked: () => unknown,
  work: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + waitMs
  let lock = takeProcessLock(file)
  while (lock === undefined) {
    if (performance.now() > until) throw locked()
    await pause(10 + Math.random() * 20)
    lock = takeProcessLock(file)
  }
  try {
    return await work()
  } finally {
    lock.release()
  }
}

/**
 * Whether another process holds it now. An exclusive transaction keeps readers out, so reading tells; taking the lock
 * for a moment would make a file and could meet a process that is just starting.
 * @throws SQLite's or the system's error where the file cannot be read
 */
export function isProcessLockHeld(file: string): boolean {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return false
  try {
    openSqlite(file, { timeout: 0, readOnly: true }, opened => {
      opened.prepare('SELECT count(*) FROM sqlite_schema').get()
      opened.close()
    })
    return false
  } catch (error) {
    if (isBusy(error)) return true
    throw error
  }
}

/** SQLITE_BUSY or SQLITE_LOCKED (sqlite.org/rescode.html). */
function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false
  return typeof error.errcode === 'number' && [5, 6].includes(error.errcode & 0xff)
}
