/**
 * Google's ID token: a JWT, RS256, with the claims of
 * https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
 */
import { createHash, createSign, generateKeyPairSync, type KeyPairSyncResult } from 'node:crypto'

/** A new key only where somebody signs in: making one is slow. */
let pair: KeyPairSyncResult<string, string> | undefined
const keys = (): KeyPairSyncResult<string, string> => {
  pair ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return pair
}
const keyId = 'stand-in-key-1'

/** By key id, as Google publishes them. */
export const idTokenKeys = (): Record<string, string> => ({ [keyId]: keys().publicKey })

export interface IdToken {
  readonly text: string
  readonly claims: Readonly<Record<string, unknown>>
  /** The same with other claims, signed; undefined takes a claim out. */
  readonly but: (claims: Readonly<Record<string, unknown>>) => string
}

interface Wanted {
  readonly account: string
  readonly clientId: string
  readonly accessToken: string
  /** Whether `email` was granted. */
  readonly withAddress: boolean
  readonly nowMs: number
}

/** 21 digits, always the same for an account. */
export const subjectOf = (account: string): string =>
  (BigInt(`0x${createHash('sha256').update(account).digest('hex')}`) % 10n ** 21n)
    .toString()
    .padStart(21, '1')

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function sign(claims: Readonly<Record<string, unknown>>): string {
  const signed = `${part({ alg: 'RS256', kid: keyId, typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(keys().privateKey, 'base64url')}`
}

export function makeIdToken({ account, clientId, accessToken, withAddress, nowMs }: Wanted): IdToken {
  const issued = Math.floor(nowMs / 1000)
  const domain = account.slice(account.indexOf('@') + 1)
  const claims = {
    iss: 'https://accounts.google.com',
    azp: clientId,
    aud: clientId,
    sub: subjectOf(account),
    ...(domain === 'gmail.com' ? {} : { hd: domain }),
    ...(withAddress ? { email: account, email_verified: true } : {}),
    // OpenID Connect Core section 3.1.3.6: the left half of the digest.
    at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
    iat: issued,
    exp: issued + 3600,
  }
  return { text: sign(claims), claims, but: other => sign({ ...claims, ...other }) }
}
