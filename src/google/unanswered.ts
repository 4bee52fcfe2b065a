/** What an exchange means that brought no answer. */
import { Fault, type FaultCode } from '../base/fault.ts'
import type { HttpTrouble } from '../base/http.ts'

/** What was asked: an upload is about one message, any other call about the account. */
export type RequestKind = 'upload' | 'call'

const certificate =
  /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|HOSTNAME_MISMATCH|INVALID_CA)/

/** Where nobody answered, and where the certificate was another's. */
type Unanswered = Readonly<Record<'unreachable' | 'notTheirs', FaultCode>>

const factsOf = ({ phase, reason }: HttpTrouble, url: URL) => ({
  host: url.hostname,
  port: url.port || (url.protocol === 'https:' ? '443' : '80'),
  phase,
  reason,
})

/** An exchange without an answer in which nothing was given, whoever was asked. */
export function faultWithoutAnswer(trouble: HttpTrouble, url: URL, codes: Unanswered): Fault {
  const { reason, cause } = trouble
  // No socket could be made: this computer's trouble, of which nobody else need be told to wait.
  if (/^E[MN]FILE$/.test(reason)) return new Fault('state.io', { facts: { reason }, cause })
  const code = certificate.test(reason) ? codes.notTheirs : codes.unreachable
  return new Fault(code, { facts: factsOf(trouble, url), cause })
}

/**
 * An exchange with Google without an answer, as a fault: before anything left `gmail.unreachable` (or `gmail.not-google`
 * where the certificate is not Google's), during or after an upload `gmail.outcome-unknown`.
 */
export function faultOfTrouble(trouble: HttpTrouble, asked: RequestKind, url: URL): Fault {
  const { phase, cause } = trouble
  if (asked === 'upload' && phase !== 'connect')
    return new Fault('gmail.outcome-unknown', { facts: factsOf(trouble, url), cause })
  return faultWithoutAnswer(trouble, url, {
    unreachable: 'gmail.unreachable',
    notTheirs: 'gmail.not-google',
  })
}
