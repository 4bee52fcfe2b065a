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
/**
 * The connection is of no use any more: the server is about to end it, takes no writes any more, or does not know what was
 * prepared on it; tables were changed under its statements.
 */
export function isOfNoUse(error: unknown): boolean {
  const state = readState(error)
  // feature_not_supported ("cached plan must not change result type"), read_only_sql_transaction, invalid_sql_statement_name
  if (state === undefined) return false
  return (
    ['0A000', '25006', '26000', '42P05'].includes(state) || state.startsWith('57P') || state.startsWith('08')
  )
}

/** idle_in_transaction_session_timeout: this process did not go on in time, and would be as late again. */
export const isOwnPause = (error: unknown): boolean => readState(error) === '25P03'

const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/

/** What is not the server's word: the way to it, its certificate, or the login's own rules. */
function toFaultOfWay(error: unknown, options: FaultOptions): Fault {
  const { reason } = options.facts
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (tlsCodes.test(code) || /does not support SSL|establishing an SSL/.test(reason))
    return new Fault('journal.insecure', options)
  // SCRAM: no password, or a server that does not know it either (pg's own words).
  if (reason.startsWith('SASL') || reason.includes('password must be a string'))
    return new Fault('journal.closed', options)
  if (error instanceof TypeError || error instanceof RangeError)
    return new Fault('bug', { facts: { what: reason }, cause: error })
  return new Fault('journal.unreachable', options)
}

interface FaultOptions {
  readonly facts: { readonly file: string; readonly reason: string }
  readonly cause: unknown
}

/** @param place of the journal, without its password */
export function toPostgresFault(error: unknown, place: string): Fault {
  if (error instanceof Fault) {
    if (error.facts.file !== undefined || !error.code.startsWith('journal.')) return error
    return new Fault(error.code, { facts: { file: place, ...error.facts }, cause: error.cause })
  }
  const reason = reasonOf(error)
  const options = { facts: { file: place, reason }, cause: error }
  const state = readState(error)
  // Not from the server: the connection was refused, lost or never made.
  if (state === undefined) return toFaultOfWay(error, options)
  const family = state.slice(0, 2)
  // Ours (postgres-schema.ts): the message is the mailbox's name.
  if (state === departedState) return new Fault('journal.departed', { facts: { name: reason }, cause: error })
  // disk_full
  if (state === '53100') return new Fault('state.disk-full', options)
  // A pooler that hands each transaction to another connection: it does not know what was prepared, or what is set.
  if (state === '26000' || state === '42P05' || /unsupported startup parameter/.test(reason))
    return new Fault('journal.pooled', options)
  // read_only_sql_transaction: what was the first server is a copy now; feature_not_supported: on a copy, or tables were changed
  if (state === '25006' || state === '0A000') return new Fault('journal.unreachable', options)
  // transaction_rollback: begun anew many times, and others were always there first
  if (family === '40') return new Fault('journal.busy', options)
  // connection_exception, insufficient_resources, operator_intervention (shutdown, failover),
  // object_not_in_prerequisite_state, invalid_transaction_state (this process did not go on in time)
  if (['08', '53', '57', '55', '25'].includes(family)) return new Fault('journal.unreachable', options)
  // invalid_authorization, invalid_catalog_name, insufficient_privilege
  if (family === '28' || family === '3D' || state === '42501') return new Fault('journal.closed', options)
  // A table or a column is not there, what is written breaks a rule of the tables, or the files are damaged.
  if (family === '42' || family === '23' || state === 'XX001' || state === 'XX002')
    return new Fault('journal.damaged', options)
  return new Fault('state.io', options)
}

/** Where each of several addresses of a name refused, the first one's word. */
function reasonOf(error: unknown): string {
  const said = error instanceof AggregateError && error.message === '' ? error.errors[0] : error
  return said instanceof Error ? said.message : String(said)
}

/** The SQLSTATE of what the server said; undefined where it is not its word. */
export function readState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in error ? code : undefined
}
