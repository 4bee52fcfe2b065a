/** What an exchange with Google means that brought no answer. */
import { Fault } from '../base/fault.ts'
import type { HttpTrouble } from '../base/http.ts'

/** What was asked: an upload is about one message, any other call about the account. */
export type RequestKind = 'upload' | 'call'

const certificate =
  /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|HOSTNAME_MISMATCH|INVALID_CA)/

/**
 * An exchange without an answer, as a fault: before anything left `gmail.unreachable` (or `gmail.not-google` where
 * the certificate is not Google's), during or after an upload `gmail.outcome-unknown`.
 */
export function faultOfTrouble(trouble: HttpTrouble, asked: RequestKind, url: URL): Fault {
  const { phase, reason, cause } = trouble
  const facts = {
    host: url.hostname,
    port: url.port || (url.protocol === 'https:' ? '443' : '80'),
    phase,
    reason,
  }
  if (asked === 'upload' && phase !== 'connect') return new Fault('gmail.outcome-unknown', { facts, cause })
  // No socket could be made: this computer's trouble, of which the account need not be told to wait.
  if (/^E[MN]FILE$/.test(reason)) return new Fault('state.io', { facts: { reason }, cause })
  if (certificate.test(reason)) return new Fault('gmail.not-google', { facts, cause })
  return new Fault('gmail.unreachable', { facts, cause })
}
