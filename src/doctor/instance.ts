/** Whether a process holds the data folder (see journal/lock.ts), asked without ever taking the lock oneself. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { lockFile } from '../journal/lock.ts'
import { sqliteFault } from '../journal/sqlite-fault.ts'

/**
 * An exclusive transaction keeps readers out, so reading tells. Taking the lock for a moment would make a file and
 * could meet a daemon that is just starting.
 */
export function isHeld(stateDir: string): boolean {
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
