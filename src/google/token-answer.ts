/** What an answer of Google's token endpoint means (RFC 6749 sections 5.1 and 5.2). Pure. */
import { Fault, type FaultCode } from '../base/fault.ts'
import type { HttpAnswer } from '../base/http.ts'
import { readRetryAfterMs } from '../base/retry-after.ts'
import { readGoogleError, readJsonObject } from './error-model.ts'
import { type Identity, readIdToken } from './identity.ts'
import { scrubWords } from './scrub.ts'

export interface TokenAnswer {
  readonly accessToken: string
  /** Life of the access token, ms. */
  readonly livesForMs: number
  /** Granted scopes, or undefined where the answer names none (service accounts). */
  readonly scopes: readonly string[] | undefined
  /** Remaining life of the refresh token, ms, where Google says so: publishing status "Testing", 7 days. */
  readonly refreshTokenLivesForMs: number | undefined
  /** Whose account it is, where Google said so: an ID token comes where `openid` was granted. */
  readonly identity: Identity | undefined
}

/** Whose credential was sent: a service account has no consent that could end. */
export type TokenCredential =
  | { readonly kind: 'user'; readonly clientId: string }
  | { readonly kind: 'service-account' }

/** No life is longer; what is named beyond it would be no instant any more once it is added to one. */
const longestLifeMs = 10 * 365 * 24 * 3600_000

/** A life in seconds, as a number or in digits, in whole ms. */
const readSecondsMs = (value: unknown): number | undefined => {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return undefined
  return Math.min(Math.ceil(number * 1000), longestLifeMs)
}

/**
 * What can stand in an Authorization header (RFC 6750 section 2.1, and a little more than its b64token). Google's are
 * about 250 characters, and 2048 at most (Google's OAuth 2.0 guide, "Token size").
 */
const bearer = /^[\x21-\x7e]{1,8192}$/

/**
 * Google's `error` words, the more telling ones first; what is not here is unknown, which is never permanent. They
 * stand in Google's OAuth 2.0 guides ("Handling the OAuth 2.0 server response", "Errors"); the two of session control
 * come as `error_subtype` of invalid_grant (google-auth-library-nodejs issue 1961, google-auth-library-python's
 * google/oauth2/reauth.py).
 */
const codes: readonly (readonly [reason: string, code: FaultCode])[] = [
  ['invalid_rapt', 'gmail.session-control'],
  ['rapt_required', 'gmail.session-control'],
  ['org_internal', 'gmail.org-internal'],
  ['admin_policy_enforced', 'gmail.admin-policy'],
  ['disabled_client', 'gmail.client-disabled'],
  ['deleted_client', 'gmail.client-disabled'],
  ['rate_limit_exceeded', 'gmail.rate-limited'],
  ['ratelimitexceeded', 'gmail.rate-limited'],
  ['resource_exhausted', 'gmail.rate-limited'],
  ['slow_down', 'gmail.rate-limited'],
  ['internal_failure', 'gmail.server'],
  ['server_error', 'gmail.server'],
  ['temporarily_unavailable', 'gmail.server'],
  ['backenderror', 'gmail.server'],
  // Revoked, unused for six months, password changed, seven days in "Testing": Google's OAuth 2.0 guide.
  ['invalid_grant', 'gmail.consent-ended'],
  ['unauthorized_client', 'gmail.client-mismatch'],
  ['invalid_client', 'gmail.client-invalid'],
  ['invalid_scope', 'gmail.scope-missing'],
  ['access_denied', 'gmail.forbidden'],
]

/** What says of a service account that Google does not let it act for the address: there is no consent to renew. */
const ofServiceAccount: readonly FaultCode[] = [
  'gmail.consent-ended',
  'gmail.client-mismatch',
  'gmail.client-invalid',
]

/** The words in which a client of the time before Google sent the subtype was told of session control. */
const sessionWords = /\b(invalid_rapt|rapt_required|reauth related error)\b/i

/**
 * @param secrets values masked in the server's words
 * @throws Fault with scope account; gmail.account-unproved for an ID token that is there and proves nothing
 */
export function readTokenAnswer(
  answer: HttpAnswer,
  credential: TokenCredential,
  secrets: readonly string[],
  nowMs: number,
): TokenAnswer {
  const { status } = answer
  const { reasons, text } = readGoogleError(answer)
  const json = readJsonObject(answer)
  if (
    status === 200 &&
    json !== undefined &&
    typeof json.access_token === 'string' &&
    bearer.test(json.access_token)
  ) {
    const { access_token: accessToken, scope } = json
    const clocks = [nowMs, Date.parse(answer.headers.date ?? '')]
    const identity =
      credential.kind === 'user' ? readIdToken(json.id_token, credential.clientId, clocks) : undefined
    if (typeof identity === 'string')
      throw new Fault('gmail.account-unproved', { facts: { reason: identity, phase: 'token' } })
    return {
      accessToken,
      livesForMs: readSecondsMs(json.expires_in) ?? 3_600_000,
      scopes: typeof scope === 'string' ? scope.split(/\s+/).filter(Boolean) : undefined,
      refreshTokenLivesForMs: readSecondsMs(json.refresh_token_expires_in),
      identity,
    }
  }
  const skewMs = Date.parse(answer.headers.date ?? '') - nowMs
  const facts = {
    status,
    phase: 'token',
    ...(text === '' ? {} : { words: scrubWords(text, secrets) }),
    ...(reasons.size === 0 ? {} : { reason: scrubWords([...reasons].join(' '), secrets) }),
    // A clock that is wrong by minutes makes Google refuse good credentials.
    ...(Math.abs(skewMs) > 120_000 ? { skewSeconds: Math.round(skewMs / 1000) } : {}),
  }
  const notBeforeMs = readRetryAfterMs(answer.headers['retry-after'], text, nowMs)
  const fault = (code: FaultCode): Fault =>
    new Fault(code, { scope: 'account', facts, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) })

  if (status >= 500 && status < 600) return raise(fault('gmail.server'))
  if (status === 429) return raise(fault('gmail.rate-limited'))
  if (status < 200 || (status >= 300 && status < 400) || status >= 600)
    return raise(fault('gmail.not-google'))
  const named = codes.find(([reason]) => reasons.has(reason))?.[1]
  if (status >= 400 && named !== undefined) {
    if (named === 'gmail.consent-ended' && sessionWords.test(text))
      return raise(fault('gmail.session-control'))
    const isService = credential.kind !== 'user' && ofServiceAccount.includes(named)
    return raise(fault(isService ? 'gmail.service-account' : named))
  }
  const html = json === undefined && /^\s*</.test(answer.body.toString('latin1'))
  return raise(fault(status < 400 && html ? 'gmail.not-google' : 'gmail.unknown-answer'))
}

function raise(fault: Fault): never {
  throw fault
}
