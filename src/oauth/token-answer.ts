/**
 * What an answer of a token endpoint means (RFC 6749 sections 5.1 and 5.2). Pure.
 *
 * Invariant: the OAuth error word decides which fault it is; a provider's own code adds the words, and can only make it
 * a passing one. What nobody understands is tried again.
 */
import { Fault, type FaultCode } from '../base/fault.ts'
import type { HttpAnswer } from '../base/http.ts'
import { lookUp } from '../base/look-up.ts'
import { readRetryAfterMs } from '../base/retry-after.ts'
import { readJsonObject, readVisibleText } from '../google/error-model.ts'
import { scrubWords } from '../google/scrub.ts'
import { findMicrosoftCode } from './microsoft.ts'
import type { OAuthProvider } from './settings.ts'

export interface TokenAnswer {
  readonly accessToken: string
  /** Life of the access token, ms. */
  readonly livesForMs: number
  /** Undefined: the one that was sent goes on being the one (RFC 6749 section 6). */
  readonly refreshToken: string | undefined
  /** Life of the refresh token, ms, where the answer names one. */
  readonly refreshTokenLivesForMs: number | undefined
  /** Granted scopes; undefined: as they were asked for (RFC 6749 section 5.1). */
  readonly scopes: readonly string[] | undefined
}

/** Whom an answer is from, for its faults. */
export interface Asked {
  readonly provider: OAuthProvider
  readonly url: URL
  /** Exact values that were sent and must not stand in a fault. */
  readonly secrets: readonly string[]
  readonly nowMs: number
}

/** How a provider is called. */
export const providerNames: Readonly<Record<Exclude<OAuthProvider, 'openid'>, string>> = {
  microsoft: 'Microsoft',
  google: 'Google',
}

/** For people: the name, or the host that is asked. */
export const nameProvider = ({
  provider,
  endpoints,
}: {
  readonly provider: OAuthProvider
  readonly endpoints: { readonly tokenUrl: string }
}): string => (provider === 'openid' ? new URL(endpoints.tokenUrl).hostname : providerNames[provider])

const longestLifeMs = 10 * 365 * 24 * 3600_000

/** A life in seconds, as a number or in digits, in whole ms. */
function readSecondsMs(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return undefined
  return Math.min(Math.ceil(number * 1000), longestLifeMs)
}

/** RFC 6750 section 2.1, but for what else is visible: it goes behind a space in what a login shows. As long as SASL lines go. */
const bearer = /^[\x21-\x7e]{1,16384}$/
/** RFC 6749 appendix A.17. */
const refresh = /^[\x20-\x7e]{1,16384}$/

/** `error` words of RFC 6749 section 5.2, RFC 8628 section 3.5, OpenID Connect Core 3.1.2.6 and Microsoft's own. */
const codes: Readonly<Record<string, FaultCode>> = {
  invalid_grant: 'oauth.sign-in-ended',
  interaction_required: 'oauth.sign-in-ended',
  login_required: 'oauth.sign-in-ended',
  consent_required: 'oauth.sign-in-ended',
  access_denied: 'oauth.sign-in-ended',
  invalid_client: 'oauth.client-refused',
  unauthorized_client: 'oauth.client-refused',
  invalid_request: 'oauth.request-refused',
  invalid_scope: 'oauth.request-refused',
  invalid_resource: 'oauth.request-refused',
  invalid_target: 'oauth.request-refused',
  unsupported_grant_type: 'oauth.request-refused',
  server_error: 'oauth.server',
  temporarily_unavailable: 'oauth.server',
  slow_down: 'oauth.limited',
}

/** @throws Fault oauth.* */
export function readTokenAnswer(answer: HttpAnswer, asked: Asked): TokenAnswer {
  const json = readJsonObject(answer)
  if (answer.status === 200 && json !== undefined) {
    const { access_token: accessToken, refresh_token: refreshToken, token_type: type, scope } = json
    const isBearer = type === undefined || (typeof type === 'string' && /^bearer$/i.test(type))
    if (typeof accessToken === 'string' && bearer.test(accessToken) && isBearer)
      return {
        accessToken,
        livesForMs: readSecondsMs(json.expires_in) ?? 3_600_000,
        refreshToken:
          typeof refreshToken === 'string' && refresh.test(refreshToken) ? refreshToken : undefined,
        refreshTokenLivesForMs: readSecondsMs(json.refresh_token_expires_in),
        scopes: typeof scope === 'string' && scope !== '' ? scope.split(/\s+/).filter(Boolean) : undefined,
      }
  }
  throw faultOfAnswer(answer, asked)
}

/** An answer that is no success, as a fault. */
export function faultOfAnswer(answer: HttpAnswer, { provider, url, secrets, nowMs }: Asked): Fault {
  const { status, headers } = answer
  const json = readJsonObject(answer)
  const error = typeof json?.error === 'string' ? json.error.toLowerCase() : ''
  const described = typeof json?.error_description === 'string' ? json.error_description : ''
  const microsoft = json === undefined || provider !== 'microsoft' ? undefined : findMicrosoftCode(json)
  // What follows (trace, correlation, time) is for Microsoft's support.
  const [firstLine = ''] = described.split(/\s+Trace ID: |\r|\n/)
  const words = firstLine || (json === undefined ? readVisibleText(answer) : '')
  const skewMs = Date.parse(headers.date ?? '') - nowMs
  const facts = {
    ...(provider === 'openid' ? {} : { provider: providerNames[provider] }),
    host: url.hostname,
    status,
    phase: 'token',
    ...(words === '' ? {} : { words: scrubWords(words, secrets) }),
    ...(error === '' ? {} : { error: scrubWords(error, secrets).slice(0, 60) }),
    ...(microsoft === undefined ? {} : { code: microsoft.code }),
    ...(microsoft?.reason === undefined ? {} : { reason: microsoft.reason }),
    ...(typeof json?.trace_id === 'string' && /^[\w-]{1,64}$/.test(json.trace_id)
      ? { trace: json.trace_id }
      : {}),
    // A clock that is wrong by minutes makes a provider refuse a good assertion.
    ...(Math.abs(skewMs) > 120_000 ? { skewSeconds: Math.round(skewMs / 1000) } : {}),
  }
  const notBeforeMs = readRetryAfterMs(headers['retry-after'], '', nowMs)
  const fault = (code: FaultCode): Fault =>
    new Fault(code, { facts, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) })
  if (status >= 500 && status < 600) return fault('oauth.server')
  if (status === 429 || microsoft?.reason === 'too-many') return fault('oauth.limited')
  if (microsoft?.reason === 'passing') return fault('oauth.server')
  if (status < 200 || (status >= 300 && status < 400) || status >= 600) return fault('oauth.not-provider')
  const named = status >= 400 ? lookUp(codes, error) : undefined
  if (named !== undefined) return fault(named)
  const html = json === undefined && /^\s*</.test(answer.body.toString('latin1'))
  return fault(status < 400 && html ? 'oauth.not-provider' : 'oauth.unknown-answer')
}
