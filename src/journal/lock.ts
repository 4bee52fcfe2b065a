/**
 * One instance per state directory. The lock is an SQLite exclusive transaction on a file of its own: the
 * operating system lets go of it when the process ends in whatever way, so a stale lock cannot exist.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '../fault.ts'
import { sqliteFault } from './sqlite-fault.ts'

export const lockFile = 'instance.lock'

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

/** Whether a process holds the directory now. Takes the lock for a moment where none does. */
export function isInstanceRunning(stateDir: string): boolean {
  if (!existsSync(join(stateDir, lockFile))) return false
  try {
    lockInstance(stateDir).release()
    return false
  } catch (error) {
    return error instanceof Fault && error.code === 'state.second-instance'
  }
}
