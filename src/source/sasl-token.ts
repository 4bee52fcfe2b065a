/**
 * Logins by access token: OAUTHBEARER (RFC 7628) and XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol, which
 * Microsoft follows). IMAP's are framed by imapflow, POP3's here; what a refusal means is the same for both.
 */
import type { AccessTokens } from '../base/access-tokens.ts'
import { Fault, type FaultFacts } from '../base/fault.ts'

export type TokenMechanism = 'OAUTHBEARER' | 'XOAUTH2'

/** What a login shows the server. */
export type LoginSecret =
  | { readonly kind: 'password'; readonly value: string }
  | { readonly kind: 'token'; readonly value: string }

/** The better of those that are offered; undefined where none is. @param offered in upper case, without `AUTH=` */
export const chooseTokenMechanism = (offered: readonly string[]): TokenMechanism | undefined =>
  (['OAUTHBEARER', 'XOAUTH2'] as const).find(mechanism => offered.includes(mechanism))

export interface TokenLogin {
  readonly user: string
  readonly token: string
  readonly host: string
  readonly port: number
}

/** The client's first message in base64. */
export function encodeTokenLogin(mechanism: TokenMechanism, { user, token, host, port }: TokenLogin): string {
  // RFC 5801 section 4: `,` and `=` end a name.
  const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const lead = mechanism === 'XOAUTH2' ? [`user=${user}`] : [`n,a=${name},`, `host=${host}`, `port=${port}`]
  return Buffer.from([...lead, `auth=Bearer ${token}`, '', ''].join('\x01')).toString('base64')
}

/** What the client says to the error that the server tells as a challenge, so that it refuses (RFC 7628 section 3.2.3). */
export const answerToRefusal = (mechanism: TokenMechanism): string => (mechanism === 'XOAUTH2' ? '' : 'AQ==')

/** What the challenge says (RFC 7628 section 3.2.2); Google's has a number of HTTP as `status`. */
export interface TokenRefusal {
  readonly status?: string
  readonly scope?: string
}

const longestWord = 300

/** @param challenge base64 of JSON, of which nothing is believed but two words */
export function readTokenRefusal(challenge: string): TokenRefusal {
  try {
    return pickTokenRefusal(JSON.parse(Buffer.from(challenge, 'base64').toString('utf8')))
  } catch {
    return {}
  }
}

export function pickTokenRefusal(read: unknown): TokenRefusal {
  if (typeof read !== 'object' || read === null) return {}
  const word = (name: string): string | undefined => {
    const value: unknown = Object.hasOwn(read, name) ? Reflect.get(read, name) : undefined
    const isWord = (typeof value === 'string' && value !== '') || typeof value === 'number'
    return isWord ? String(value).slice(0, longestWord) : undefined
  }
  const [status, scope] = [word('status'), word('scope')]
  return { ...(status !== undefined && { status }), ...(scope !== undefined && { scope }) }
}

/** Words of servers and of RFC 6749 for a trouble that is not the token's. */
const passingStatus = /^5\d\d$|^429$|temporar|unavailable|server_error|try_again/i

/**
 * What a refused login means where no password was shown: that of the words, but for `source.login-refused`, which is
 * about the token here.
 */
export function tokenFault(fault: Fault, refusal: TokenRefusal): Fault {
  const facts: FaultFacts = { ...fault.facts, ...refusal, oauth: 'OAuth 2.0' }
  const isPassing = passingStatus.test(refusal.status ?? '')
  const code =
    fault.code !== 'source.login-refused'
      ? fault.code
      : isPassing
        ? 'source.server-temporary'
        : 'source.token-refused'
  return new Fault(code, {
    loginRefused: fault.loginRefused,
    facts,
    cause: fault,
    ...(fault.notBeforeMs !== undefined && { notBeforeMs: fault.notBeforeMs }),
  })
}

/**
 * Logs in by token. One that is refused may have been withdrawn before its time: it is made anew, and the login tried
 * once more, no oftener, since hosts count refused logins.
 * @param logIn makes one login, which is counted by itself
 * @throws Fault source.token-refused and the others of a login; those of the tokens
 */
export async function logInByToken<T>(
  tokens: AccessTokens,
  user: string,
  signal: AbortSignal,
  logIn: (token: string) => Promise<T>,
): Promise<T> {
  // The parts of what is sent are set apart by control characters.
  if (/[\x00-\x1f\x7f]/.test(user)) {
    const facts = { what: 'MAIL_USER', reason: 'a control character in it' }
    throw new Fault('config.invalid', { scope: 'mailbox', facts })
  }
  const token = await tokens.get(signal)
  assertToken(token)
  try {
    return await logIn(token)
  } catch (thrown) {
    // RFC 6750 section 3.1: another token of the same consent may do no more.
    const isSpent = thrown instanceof Fault && thrown.code === 'source.token-refused'
    if (!isSpent || thrown.facts.status === 'insufficient_scope') throw thrown
    const fresh = await tokens.get(signal, token)
    assertToken(fresh)
    if (fresh === token) throw thrown
    return await logIn(fresh)
  }
}

/** RFC 6750 section 2.1. */
function assertToken(token: string): void {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Fault('bug', { facts: { what: 'an access token that is none' } })
}
