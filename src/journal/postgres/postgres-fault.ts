/** What PostgreSQL or the way to it answers, as faults (postgresql.org/docs/15/errcodes-appendix.html). */
import { Fault } from '../../base/fault.ts'

/** Two transactions disturbed each other: the same work, begun anew, finds its way. */
export function isDisturbed(error: unknown): boolean {
  const state = readState(error)
  // serialization_failure, deadlock_detected
  return state === '40001' || state === '40P01'
}

/** A mailbox that left the fleet was to be held by a worker. */
const departedState = 'HK001'

/** @param place of the journal, without its password */
export function toPostgresFault(error: unknown, place: string): Fault {
  if (error instanceof Fault) return error
  const reason = error instanceof Error ? error.message : String(error)
  const options = { facts: { file: place, reason }, cause: error }
  const state = readState(error)
  // Not from the server: the connection was refused, lost or never made.
  if (state === undefined) {
    if (error instanceof TypeError || error instanceof RangeError) {
      return new Fault('bug', { facts: { what: reason }, cause: error })
    }
    return new Fault('journal.unreachable', options)
  }
  const family = state.slice(0, 2)
  // Ours (postgres-schema.ts): the message is the mailbox's name.
  if (state === departedState) return new Fault('journal.departed', { facts: { name: reason }, cause: error })
  // disk_full
  if (state === '53100') return new Fault('state.disk-full', options)
  // read_only_sql_transaction: what was the first server is a copy now
  if (state === '25006') return new Fault('journal.unreachable', options)
  // connection_exception, insufficient_resources, operator_intervention (shutdown, failover), disturbed for too long
  if (['08', '53', '57', '40', '55'].includes(family)) return new Fault('journal.unreachable', options)
  // invalid_authorization, invalid_catalog_name, insufficient_privilege
  if (family === '28' || family === '3D' || state === '42501') return new Fault('journal.closed', options)
  // A table or a column is not there, or what is written breaks a rule of the tables.
  if (family === '42' || family === '23') return new Fault('journal.damaged', options)
  return new Fault('state.io', options)
}

function readState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in error ? code : undefined
}
