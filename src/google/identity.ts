/**
 * Whose permission it is: the ID token that comes with an access token where `openid email` was granted, held
 * against what the set-up kept and against GMAIL_ACCOUNT. Pure.
 *
 * The ID token's signature needs no check: it came straight from the token endpoint over TLS (OpenID Connect Core
 * section 3.1.3.7, number 6). Everything else of that section that concerns a code flow without nonce is checked.
 * https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
 */
import { Fault } from '../base/fault.ts'
import { addressKey } from '../base/gmail-address.ts'

/** What is kept beside the refresh token. No secret. */
export interface Identity {
  /** Google's `sub`: never reused, never changed, at most 255 ASCII characters. */
  readonly subject: string
  /** The account's primary address where Google vouches for it (`email_verified`). It may change; `sub` does not. */
  readonly address: string | undefined
}

/** Why an ID token proves nothing. */
export type IdTokenTrouble = 'too-long' | 'unreadable' | 'issuer' | 'audience' | 'expired' | 'subject'

/** Google's are about 1,200 characters. */
const longestIdToken = 16_384
/** Clocks differ: OpenID Connect Core section 3.1.3.7, number 9, allows a small leeway. */
const leewayMs = 300_000
const issuers: readonly unknown[] = ['https://accounts.google.com', 'accounts.google.com']

/** 'me' and the like name no account. */
const isAddress = (address: string): boolean => address.includes('@')

/** One mailbox, and nothing that could be mistaken for more of a path, a header or a line. */
const plainAddress = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 320 && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(value)
    ? value
    : undefined

const isSubject = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value)

/**
 * Reads an ID token's claims.
 * @param idToken as it stood in the token answer; undefined where there was none
 * @param nowMs ms since 1970: the token has ended only where every one of these clocks (ours, the server's) says so,
 * since a wrong clock here must not stop mail
 * @returns undefined where there was none; else whose it is, or why it proves nothing
 */
export function readIdToken(
  idToken: unknown,
  clientId: string,
  nowMs: readonly number[],
): Identity | IdTokenTrouble | undefined {
  if (idToken === undefined || idToken === null) return undefined
  if (typeof idToken !== 'string') return 'unreadable'
  if (idToken.length > longestIdToken) return 'too-long'
  const parts = idToken.split('.')
  let claims: Readonly<Record<string, unknown>> | undefined
  try {
    claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'))
  } catch {
    return 'unreadable'
  }
  if (parts.length !== 3 || typeof claims !== 'object' || claims === null) return 'unreadable'
  const { iss, aud, azp, exp, sub, email, email_verified: verified } = claims
  if (!issuers.includes(iss)) return 'issuer'
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  // Numbers 3 to 5: for us, and for nobody else unless the token says that it was made for us.
  if (!audiences.includes(clientId) || (audiences.length > 1 && azp !== clientId)) return 'audience'
  const clocks = nowMs.filter(Number.isFinite)
  if (typeof exp !== 'number' || !clocks.some(clock => exp * 1000 > clock - leewayMs)) return 'expired'
  if (!isSubject(sub)) return 'subject'
  const isVerified = verified === true || verified === 'true'
  return { subject: sub, address: isVerified ? plainAddress(email) : undefined }
}

/** For the vault. */
export const writeIdentity = ({ subject, address }: Identity): string =>
  JSON.stringify({ sub: subject, ...(address === undefined ? {} : { email: address }) })

/** @throws Fault secret.unreadable for what writeIdentity did not write: a damaged proof is none, and not "no proof" */
export function readIdentity(kept: string): Identity {
  try {
    const { sub, email } = JSON.parse(kept) as Readonly<Record<string, unknown>>
    const address = plainAddress(email)
    if (isSubject(sub) && (email === undefined || address !== undefined)) return { subject: sub, address }
  } catch {
    // Told below, without the text.
  }
  throw new Fault('secret.unreadable', {
    scope: 'account',
    facts: { what: 'identity', reason: 'damaged' },
  })
}

export interface Owner {
  /** For the path: the address where it is known, else 'me'. */
  readonly user: string
  /** Google said just now that the access token is this account's. */
  readonly proved: boolean
  /** What it said. */
  readonly identity: Identity | undefined
}

/**
 * Whose mailbox the paths name.
 * @param configured GMAIL_ACCOUNT: an address, or 'me'
 * @param kept by the set-up, beside the refresh token
 * @param claimed by the ID token of the access token that is to be used
 * @throws Fault gmail.account-mismatch where two of the three differ
 */
export function findOwner(
  configured: string,
  kept: Identity | undefined,
  claimed: Identity | undefined,
): Owner {
  const refuse = (user: string, words: string | undefined): Fault =>
    new Fault('gmail.account-mismatch', { facts: { user, ...(words === undefined ? {} : { words }) } })
  if (kept !== undefined && claimed !== undefined && kept.subject !== claimed.subject)
    throw refuse(kept.address ?? configured, claimed.address)
  const known = [claimed?.address, kept?.address].filter(each => each !== undefined)
  const [address] = known
  // An account that was renamed at Google goes by its old address here until the owner corrects that.
  const fits = known.length === 0 || known.some(each => addressKey(each) === addressKey(configured))
  if (isAddress(configured) && !fits) throw refuse(configured, address)
  const user = address ?? (isAddress(configured) ? configured.trim() : 'me')
  return { user, proved: claimed?.address !== undefined, identity: claimed }
}

/** The account in a path. Gmail's own way of writing keeps the @. */
export const encodeUser = (user: string): string => encodeURIComponent(user).replaceAll('%40', '@')
