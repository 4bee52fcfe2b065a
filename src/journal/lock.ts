/**
 * One instance per state directory. The lock is an SQLite exclusive transaction on a file of its own: the
 * operating system lets go of it when the process ends in whatever way, so a stale lock cannot exist.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '../fault.ts'
import { sqliteFault } from './sqlite-fault.ts'

const lockFile = 'instance.lock'

export interface InstanceLock {
  release(): void
}

/** Throws Fault state.second-instance when another process holds the directory. */
export function lockInstance(stateDir: string): InstanceLock {
  const file = join(stateDir, lockFile)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file)
    database.exec('PRAGMA busy_timeout = 200; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    const fault = sqliteFault(error, file)
    if (fault.code === 'journal.locked') {
      throw new Fault('state.second-instance', { facts: { file: stateDir }, cause: error })
    }
    throw fault
  }
  const held = database
  return { release: () => held.close() }
}

/**
 * Whether a process holds the directory now. An exclusive transaction keeps readers out, so reading tells; taking the
 * lock for a moment would make a file and could meet a daemon that is just starting.
 */
export function isInstanceRunning(stateDir: string): boolean {
  const file = join(stateDir, lockFile)
  if (!existsSync(file)) return false
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 0 })
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return false
  } catch (error) {
    return sqliteFault(error, file).code === 'journal.locked'
  } finally {
    database?.close()
  }
}
