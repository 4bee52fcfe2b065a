import { diskFault } from '../base/disk-fault.ts'
import { Fault } from '../base/fault.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html) as faults. An unknown one is an I/O fault: stop, keep all. */
export function toSqliteFault(error: unknown, file: string): Fault {
  if (error instanceof Fault) return error
  const code = readPrimaryCode(error)
  const reason = error instanceof Error ? error.message : String(error)
  const options = { facts: { file, reason }, cause: error }
  switch (code) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return new Fault('journal.locked', options)
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return new Fault('journal.damaged', options)
    case 13: // SQLITE_FULL
      return new Fault('state.disk-full', options)
    case 3: // SQLITE_PERM
    case 8: // SQLITE_READONLY
    case 14: // SQLITE_CANTOPEN
      return new Fault('state.read-only', options)
    case 1: // SQLITE_ERROR: a statement that does not fit the file, such as a missing table
      return new Fault('journal.damaged', options)
    case undefined:
      if (error instanceof Error && 'syscall' in error) return diskFault(error, file)
      return new Fault('bug', { facts: { what: reason }, cause: error })
    default:
      return new Fault('state.io', options)
  }
}

function readPrimaryCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}
