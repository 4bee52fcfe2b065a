/** From the code of Google's page to a refresh token; and back: revoking it. */
import type { OAuth2Client } from 'google-auth-library'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import {
  type HttpAnswer,
  type HttpDeadlines,
  HttpTrouble,
  sendRequestOnce,
  usualHttpDeadlines,
} from '../base/http.ts'
import type { DesktopClient } from './client-file.ts'
import type { ConsentCode } from './consent.ts'
import { readGoogleError, readJsonObject } from './error-model.ts'
import { carryFramed, makeFormRequest, withoutLibraryLog } from './framed.ts'
import type { Identity } from './identity.ts'
import { gmailScopes, grantsIdentity, identityScopes, scopesAllow } from './scopes.ts'
import { scrubWords } from './scrub.ts'
import { readTokenAnswer } from './token-answer.ts'
import { faultOfTrouble } from './unanswered.ts'

/** What the owner has granted. Holds a secret; never log it. */
export interface Consent {
  readonly refreshToken: string
  readonly scopes: readonly string[]
  /**
   * When the refresh token will end, ms since 1970, where Google says so: publishing status "Testing" ends it
   * after seven days. Undefined: not before it is revoked or unused for six months.
   */
  readonly endsAtMs: number | undefined
  /** Whose it is, where `openid` was asked for. */
  readonly identity: Identity | undefined
}

export interface ExchangeOptions {
  readonly client: DesktopClient
  readonly tokenUrl: string
  /** The scopes asked for: each must have been granted. */
  readonly scopes: readonly string[]
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly deadlines?: Partial<HttpDeadlines>
}

/** Nobody waits two minutes at a prompt. */
const promptDeadlines: HttpDeadlines = {
  ...usualHttpDeadlines,
  connectMs: 10_000,
  progressMs: 15_000,
  answerMs: 20_000,
}

/** One form, framed by google-auth-library, on a connection of its own. */
async function postForm(
  target: string,
  deadlines: HttpDeadlines,
  signal: AbortSignal,
  frame: (client: OAuth2Client) => Promise<unknown>,
  options: { readonly clientId?: string; readonly clientSecret?: string; readonly redirectUri?: string } = {},
): Promise<HttpAnswer> {
  const url = new URL(target)
  const { OAuth2Client } = await import('google-auth-library')
  try {
    const answer = await carryFramed(
      transporterOptions => frame(new OAuth2Client({ ...options, transporterOptions, ...withoutLibraryLog })),
      // The library writes a token that is to be revoked into the URL, which is no place for it.
      ({ body, url: { searchParams } }) =>
        sendRequestOnce(makeFormRequest(url, body ?? String(searchParams)), deadlines, signal),
    )
    if (answer !== undefined) return answer
    throw new Fault('bug', { facts: { what: 'the request was not framed' } })
  } catch (thrown) {
    throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, 'call', url) : thrown
  }
}

/** `gmail.insert` for the long URL: what Google's page and the owner's list call it. */
const shortenScope = (scope: string): string => scope.replace(/^https:\/\/www\.googleapis\.com\/auth\//, '')

/** Google lets the owner untick each scope: those that were asked for and not given, in short. */
function findMissingScopes(asked: readonly string[], granted: readonly string[]): string[] {
  const isGiven = (scope: string): boolean => {
    if (granted.includes(scope) || grantsIdentity(granted, scope)) return true
    if (scope === gmailScopes.insert) return scopesAllow(granted, 'insert')
    if (scope === gmailScopes.labels) return scopesAllow(granted, 'labels')
    return scope === gmailScopes.readonly && scopesAllow(granted, 'read')
  }
  return asked.filter(scope => !isGiven(scope)).map(shortenScope)
}

/**
 * Exchanges the code; one request with deadlines, never repeated (a code works once).
 * @throws Fault gmail.scope-missing with `what` (the missing scopes, in short); gmail.consent-missing with `reason`
 * 'code-ended' (too late, used before) or 'no-refresh-token'; gmail.account-unproved where `openid email` was asked
 * for and no address is vouched for; those of token-answer.ts; gmail.unreachable; the signal's reason. No fault holds code, verifier, secret or token.
 */
export async function exchangeCode(consent: ConsentCode, options: ExchangeOptions): Promise<Consent> {
  const { client, tokenUrl, scopes: asked, clock, signal } = options
  const { code, verifier: codeVerifier, redirectUri } = consent
  const answer = await postForm(
    tokenUrl,
    { ...promptDeadlines, ...options.deadlines },
    signal,
    library => library.getToken({ code, codeVerifier }),
    { clientId: client.id, clientSecret: client.secret, redirectUri },
  )
  const nowMs = clock.nowMs()
  const secrets = [code, codeVerifier, client.secret]
  let token: ReturnType<typeof readTokenAnswer>
  try {
    token = readTokenAnswer(answer, { kind: 'user', clientId: client.id }, secrets, nowMs)
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'gmail.consent-ended') throw thrown
    // invalid_grant of a code says nothing of an earlier consent.
    throw new Fault('gmail.consent-missing', { facts: { ...thrown.facts, reason: 'code-ended' } })
  }
  // RFC 6749 section 5.1: `scope` may be left out where it is as asked for.
  const scopes = token.scopes ?? asked
  const missing = findMissingScopes(asked, scopes)
  if (missing.length > 0) throw new Fault('gmail.scope-missing', { facts: { what: missing.join(' ') } })
  const json = readJsonObject(answer)
  const refreshToken = json?.refresh_token
  if (typeof refreshToken !== 'string' || refreshToken === '')
    throw new Fault('gmail.consent-missing', { facts: { reason: 'no-refresh-token' } })
  const { refreshTokenLivesForMs: lifeMs, identity } = token
  // Asked for, granted, and yet not there: whoever's permission this is, nobody vouches for it.
  if (identity?.address === undefined && identityScopes.some(scope => asked.includes(scope))) {
    const reason = identity === undefined ? 'missing' : 'unverified'
    throw new Fault('gmail.account-unproved', { facts: { reason, phase: 'consent' } })
  }
  return {
    refreshToken,
    scopes,
    endsAtMs: lifeMs === undefined ? undefined : nowMs + lifeMs,
    identity,
  }
}

/**
 * Takes the consent back at Google (RFC 7009): the refresh token and every access token made of it.
 * @returns 'already-ended' where Google no longer knows it
 * @throws Fault gmail.unreachable, gmail.server, gmail.unknown-answer; the signal's reason
 */
export async function revokeConsent(
  refreshToken: string,
  revokeUrl: string,
  signal: AbortSignal,
): Promise<'revoked' | 'already-ended'> {
  const answer = await postForm(revokeUrl, promptDeadlines, signal, library =>
    library.revokeToken(refreshToken),
  )
  if (answer.status === 200) return 'revoked'
  const { reasons, text } = readGoogleError(answer)
  if (answer.status === 400 && (reasons.has('invalid_token') || reasons.has('invalid_grant')))
    return 'already-ended'
  const facts = { status: answer.status, phase: 'revoke', words: scrubWords(text, [refreshToken]) }
  throw new Fault(answer.status >= 500 ? 'gmail.server' : 'gmail.unknown-answer', { scope: 'account', facts })
}
