/** What an IMAP server said of its refusal or its end, as a fault of the source. */
import type { ImapResponse } from 'imapflow'
import { Fault, type FaultCode, type FaultFacts } from '../base/fault.ts'
import type { ExecError } from './imap-client.ts'
import { loginCode, saysCredentials, saysMethod } from './login-words.ts'

/** A tagged NO or BAD: the command was understood and not done. The caller decides what that means. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: 'NO' | 'BAD'
  /** The response code in upper case (RFC 9051 section 7.1, RFC 5530), '' where none was given. */
  readonly code: string
  readonly words: string
  readonly throttledMs: number | undefined

  constructor(status: 'NO' | 'BAD', code: string, words: string, throttledMs?: number) {
    super(`${status} [${code}] ${words}`)
    this.status = status
    this.code = code
    this.words = words
    this.throttledMs = throttledMs
  }
}

/** The refusal in what `exec` rejected with, or undefined where the connection itself failed. */
export function refusalIn(error: ExecError): Refused | undefined {
  if (error.responseStatus !== 'NO' && error.responseStatus !== 'BAD') return undefined
  const code = readCode(error.response)
  return new Refused(error.responseStatus, code, error.responseText ?? '', error.throttleReset)
}

function readCode(response: ImapResponse | undefined): string {
  const first = response?.attributes?.[0]
  const value = first?.section?.[0]?.value
  return typeof value === 'string' ? value.toUpperCase() : ''
}

const limits = /too many|\blimit|exceed|maximum|throttl|\brate\b|bandwidth|overquota/i
const passing = /try again|temporar|unavailable|later|busy|overload|internal error|in progress/i
const locked = /lock|in use/i

/** RFC 5530 section 3 and RFC 9051 section 7.1: which codes speak of the server's state rather than of the request. */
const byCode: Readonly<Record<string, FaultCode>> = {
  UNAVAILABLE: 'source.limited',
  LIMIT: 'source.limited',
  THROTTLED: 'source.limited',
  OVERQUOTA: 'source.limited',
  INUSE: 'source.busy',
  ALERT: 'source.server-temporary',
  CONTACTADMIN: 'source.server-temporary',
  SERVERBUG: 'source.server-temporary',
  CORRUPTION: 'source.server-temporary',
  EXPUNGEISSUED: 'source.server-temporary',
  NOPERM: 'source.server-permanent',
}

/** Whether the response code is about the server's state, whatever was asked. */
export const isStateCode = (code: string): boolean => Object.hasOwn(byCode, code)

/** Exchange and others: the login was good, and the store behind it has no such mailbox or is not reached. */
export const notConnected =
  /authenticated.{0,20}not connected|mailbox.{0,30}(not connected|cannot be (reached|contacted))/i

/** A refused command as a fault; unknown words are taken for a passing state (unknown is never permanent). */
export function refusalFault(refused: Refused, facts: FaultFacts, nowMs: number): Fault {
  const known = byCode[refused.code]
  const code =
    known ??
    wordsFault(refused.words, refused.status === 'BAD' ? 'source.protocol' : 'source.server-temporary')
  const later = refused.throttledMs === undefined ? {} : { notBeforeMs: nowMs + refused.throttledMs }
  return new Fault(code, { ...later, facts: { ...facts, words: refused.words }, cause: refused })
}

function wordsFault(words: string, otherwise: FaultCode): FaultCode {
  if (notConnected.test(words)) return 'source.not-connected'
  if (limits.test(words)) return 'source.limited'
  if (locked.test(words)) return 'source.busy'
  return passing.test(words) ? 'source.server-temporary' : otherwise
}

/** Codes that say something of the login; any other one, such as ALERT and CONTACTADMIN, leaves it to the words. */
const loginCodes: Readonly<Record<string, FaultCode>> = {
  AUTHENTICATIONFAILED: 'source.login-refused',
  AUTHORIZATIONFAILED: 'source.login-refused',
  EXPIRED: 'source.login-refused',
  NOPERM: 'source.login-refused',
  PRIVACYREQUIRED: 'source.login-method',
  UNAVAILABLE: 'source.limited',
  LIMIT: 'source.limited',
  THROTTLED: 'source.limited',
  OVERQUOTA: 'source.limited',
  INUSE: 'source.busy',
  SERVERBUG: 'source.server-temporary',
}

function loginCodeOf(code: string, words: string): FaultCode {
  const known = loginCodes[code]
  if (known !== undefined) return known
  return saysMethod(words) ? 'source.login-method' : loginCode(words)
}

/**
 * A login that failed: refused, and counted, whatever the server calls it; or not begun, because nothing that we know
 * is offered.
 * @param sent whether the login was asked for
 */
export function imapLoginFault(error: ExecError, facts: FaultFacts, sent: boolean, nowMs: number): Fault {
  const refused = sent ? undefined : refusalIn(error)
  if (refused !== undefined) return refusalFault(refused, facts, nowMs)
  const raw = typeof error.response === 'string' ? (error.response as string) : ''
  // imapflow gives the whole tagged line; the words start behind status and code.
  const line = raw.replace(/^\S+\s+(NO|BAD)\s*/i, '')
  const words = line.replace(/^\[[^\]]*\]\s*/, '')
  const code = sent
    ? loginCodeOf((error.serverResponseCode ?? '').toUpperCase(), words)
    : 'source.login-method'
  return new Fault(code, { loginRefused: sent, facts: { ...facts, words: words || line }, cause: error })
}

/** A BYE in the place of an answer to the login. */
export function farewellFault(words: string, facts: FaultFacts, cause: unknown): Fault {
  const [, code = ''] = /^\[(\w+)/.exec(words) ?? []
  const bare = words.replace(/^\[[^\]]*\]\s*/, '')
  const known = loginCodes[code.toUpperCase()]
  // A server that only hangs up says nothing against the password.
  const fault = known ?? (bare === '' ? 'source.connection-lost' : farewellCode(bare))
  return new Fault(fault, { loginRefused: true, facts: { ...facts, words }, cause })
}

function farewellCode(words: string): FaultCode {
  const general = wordsFault(words, 'source.connection-lost')
  if (general !== 'source.connection-lost') return general
  return saysCredentials(words) ? 'source.login-refused' : general
}

/** The server's farewell (RFC 9051 section 7.1.5), or an end without one. */
export function lostFault(words: string | undefined, facts: FaultFacts, cause: unknown): Fault {
  if (words === undefined || words === '') return new Fault('source.connection-lost', { facts, cause })
  const allFacts = { ...facts, words }
  const code =
    byCode[/^\[(\w+)/.exec(words)?.[1]?.toUpperCase() ?? ''] ?? wordsFault(words, 'source.connection-lost')
  return new Fault(code, { facts: allFacts, cause })
}
