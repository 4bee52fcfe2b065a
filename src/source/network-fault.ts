/** What the operating system or TLS said of a connection, as a fault of the source. */
import { Fault, type FaultCode } from '../base/fault.ts'

/** A type and not an interface: it goes into a fault as its facts. */
export type Where = {
  readonly host: string
  readonly port: number
  /** What was being done: lookup, connect, tls, greeting, capa, login, list, retrieve ... */
  readonly phase: string
}

const byCode: Readonly<Record<string, FaultCode>> = {
  ENOTFOUND: 'source.unknown-host',
  EAI_AGAIN: 'source.unknown-host',
  EAI_FAIL: 'source.unknown-host',
  ENODATA: 'source.unknown-host',
  EAI_NONAME: 'source.unknown-host',
  ECONNREFUSED: 'source.unreachable',
  EHOSTUNREACH: 'source.unreachable',
  ENETUNREACH: 'source.unreachable',
  EADDRNOTAVAIL: 'source.unreachable',
  EACCES: 'source.unreachable',
  EPERM: 'source.unreachable',
  ETIMEDOUT: 'source.timeout',
  ERR_TLS_CERT_ALTNAME_INVALID: 'source.tls-name',
  CERT_HAS_EXPIRED: 'source.tls-expired',
  CERT_NOT_YET_VALID: 'source.tls-expired',
}

/** OpenSSL's X509_V_ERR names (verify(1)) that speak of trust rather than of name or time. */
const untrusted =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|INVALID_|PATH_LENGTH_EXCEEDED|CRL_|ERROR_IN_CERT|HOSTNAME_MISMATCH)/

/**
 * @param error what node:net, node:dns or node:tls gave
 * @param where goes into the facts
 * @returns source.unknown-host, .unreachable, .timeout, .tls-name, .tls-expired, .tls-untrusted, .tls-failed or
 *   .connection-lost; a Fault that came in is given back as it is.
 */
export function networkFault(error: unknown, where: Where): Fault {
  if (error instanceof Fault) return error
  const reason = readCode(error)
  const words = error instanceof Error ? error.message : ''
  return new Fault(faultCode(reason, where.phase, words), { facts: { ...where, reason }, cause: error })
}

/**
 * OpenSSL's words of encryption that is not safe any more. Node gives the verification errors among them no code of
 * their own (UNSPECIFIED): there the text is what X509_verify_cert_error_string says.
 */
const outdated: readonly (readonly [words: RegExp, code: FaultCode])[] = [
  [/KEY_TOO_SMALL|key too (weak|small)|BAD_DH_VALUE|DH_KEY_TOO/i, 'source.tls-weak-key'],
  [
    /MD_TOO_WEAK|digest (algorithm )?too weak|WRONG_SIGNATURE_TYPE|LEGACY_SIGALG|NO_SHARED_SIGNATURE_ALGORITHMS|NO_SUITABLE_SIGNATURE_ALGORITHM/i,
    'source.tls-weak-signature',
  ],
  [
    /UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|WRONG_SSL_VERSION|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE|BAD_PROTOCOL_VERSION/i,
    'source.tls-too-old',
  ],
]

/** OpenSSL's names for octets that are no TLS record: the server speaks, and not TLS. */
export const clearText =
  /^ERR_SSL_(WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG)$/

function faultCode(reason: string, phase: string, words: string): FaultCode {
  const known = byCode[reason]
  if (known !== undefined) return known
  if (phase === 'tls' || /^(ERR_SSL|UNSPECIFIED|CA_|EE_)/.test(reason)) {
    const old = outdated.find(([pattern]) => pattern.test(`${reason} ${words}`))
    if (old !== undefined) return old[1]
    if (clearText.test(reason)) return 'source.tls-clear-text'
  }
  if (untrusted.test(reason)) return 'source.tls-untrusted'
  if (phase === 'tls' || reason.startsWith('ERR_SSL') || reason.startsWith('ERR_TLS'))
    return 'source.tls-failed'
  // A server that accepts and resets at once was reached.
  if (reason === 'ECONNRESET') return 'source.connection-lost'
  return phase === 'connect' || phase === 'lookup' ? 'source.unreachable' : 'source.connection-lost'
}

function readCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}
