/** One instance per state directory. */
import { join } from 'node:path'
import { Fault } from '../base/fault.ts'
import { isProcessLockHeld, type ProcessLock, takeProcessLock } from '../base/process-lock.ts'
import { secureStateFolder } from '../base/state-folder.ts'
import { readAdopted } from './adopted.ts'
import { toSqliteFault } from './sqlite-fault.ts'

const lockFile = 'instance.lock'
/** Whoever only asks whether an instance runs holds the file for a moment. */
const waitMs = 200

export type InstanceLock = ProcessLock

/**
 * Makes the directory where it is missing.
 * @param evenAdopted also where a fleet took the journal over
 * Throws Fault state.second-instance when another process holds it, journal.adopted, state.*.
 */
export function lockInstance(stateDir: string, evenAdopted = false): InstanceLock {
  const file = join(stateDir, lockFile)
  secureStateFolder(stateDir)
  let lock: ProcessLock | undefined
  try {
    lock = takeProcessLock(file, waitMs)
  } catch (error) {
    throw toSqliteFault(error, file)
  }
  if (lock === undefined) throw new Fault('state.second-instance', { facts: { file: stateDir } })
  const mark = evenAdopted ? undefined : readAdopted(stateDir)
  if (mark === undefined) return lock
  lock.release()
  throw new Fault('journal.adopted', { facts: { file: stateDir, place: mark.place, tenant: mark.tenant } })
}

/** Whether a process holds the directory now. */
export function isInstanceRunning(stateDir: string): boolean {
  try {
    return isProcessLockHeld(join(stateDir, lockFile))
  } catch {
    return false // what cannot be looked at is told by whoever uses it
  }
}
