/**
 * The access tokens of one mailbox: asked for, renewed beside (base/renewed-token.ts), and with them the refresh token,
 * which many providers replace each time (RFC 6749 section 6).
 *
 * Invariant: a refresh token that came is durable before anything is asked or done with it, and until then the one before
 * it is what is kept: whoever is killed in between goes on with that one. Each is read anew when it is used, so that what
 * the set-up or another process kept meanwhile is what counts.
 */
import type { AccessTokens } from '../base/access-tokens.ts'
import type { Clock } from '../base/clock.ts'
import { waitAtMost } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { type Asked, makeRenewedToken } from '../base/renewed-token.ts'
import type { OAuthSettings } from './settings.ts'
import { readTokenAnswer, type TokenAnswer } from './token-answer.ts'
import { requestByRefreshToken, requestForProgram, type TokenRequest } from './token-request.ts'

export interface OAuthTokensOptions {
  readonly settings: OAuthSettings
  readonly clock: Clock
  /** From 0 to 1: when exactly a token is renewed, so that those of many mailboxes are not renewed at one instant. */
  readonly random?: () => number
}

export interface OAuthTokens extends AccessTokens {
  /** What the last answer said; asks where there was none. @throws as `get` */
  look(signal: AbortSignal): Promise<TokenLook>
  /** A renewal that is under way has a moment to be answered, and what it brought is kept by then. */
  close(): Promise<void>
}

/** What is known of the present tokens. No secret. */
export interface TokenLook {
  /** As granted, or as asked for where the answer names none. */
  readonly scopes: readonly string[]
  /** When the refresh token ends, ms since 1970, where the provider said so. */
  readonly endsAtMs: number | undefined
  /** A refresh token came and could not be kept: why. */
  readonly unkept: Fault | undefined
}

/** The answer may hold the only refresh token that is good from then on: ms that it is waited for, and that keeping it may take. */
const [answerGraceMs, keepGraceMs] = [1000, 2000]

interface Token extends TokenLook {
  readonly value: string
}

/** A scope as it may come back: Microsoft gives the resource in one of several hosts, or leaves it out. */
const lastPart = (scope: string): string => scope.replace(/^.*\//, '').toLowerCase()

export function makeOAuthTokens(options: OAuthTokensOptions): OAuthTokens {
  const { settings, clock, random = Math.random } = options
  const { grant, endpoints, provider } = settings
  const url = new URL(endpoints.tokenUrl)
  const closing = new AbortController()
  /** Of the provider's clock against ours. */
  let skewMs = 0
  /** A refresh token that could not be kept yet, and which kept one it takes the place of. */
  let unkept: { readonly instead: string; readonly value: string } | undefined

  const read = (answered: TokenRequest): TokenAnswer => {
    const nowMs = clock.nowMs()
    const { answer, secrets } = answered
    const dateMs = Date.parse(answer.headers.date ?? '')
    if (Number.isFinite(dateMs)) skewMs = Math.abs(dateMs - nowMs) > 30_000 ? dateMs - nowMs : 0
    return readTokenAnswer(answer, { provider, url, secrets, nowMs })
  }
  const context = () => ({ signal: closing.signal, nowMs: clock.nowMs() + skewMs })

  /** @returns why it could not be kept, where that is so: then it is used all the same, and kept the next time */
  const keep = async (instead: string, value: string): Promise<Fault | undefined> => {
    if (grant.kind !== 'user') return undefined
    try {
      await grant.refreshToken.replace(value, instead)
      unkept = undefined
      return undefined
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
      unkept = { instead, value }
      return thrown
    }
  }
  const reveal = async (): Promise<string> => {
    if (grant.kind !== 'user') throw new Fault('bug', { facts: { what: 'no refresh token' } })
    try {
      return await grant.refreshToken.secret.reveal()
    } catch (thrown) {
      const isMissing = thrown instanceof Fault && thrown.code === 'secret.missing'
      throw isMissing ? new Fault('oauth.sign-in-missing', { facts: { host: url.hostname } }) : thrown
    }
  }
  const askAsUser = async (): Promise<TokenAnswer & { readonly unkept: Fault | undefined }> => {
    let kept = await reveal()
    for (let tries = 1; ; tries += 1) {
      const sent = unkept?.instead === kept ? unkept.value : kept
      let answer: TokenAnswer
      try {
        answer = read(await requestByRefreshToken(settings, sent, context()))
      } catch (thrown) {
        if (!(thrown instanceof Fault) || thrown.code !== 'oauth.sign-in-ended') throw thrown
        // Another process renewed at the same time, or the owner signed in meanwhile.
        const now = await reveal()
        if ((now === kept && sent === kept) || tries >= 3) throw thrown
        if (now === kept) unkept = undefined
        kept = now
        continue
      }
      const { refreshToken = sent } = answer
      return { ...answer, unkept: refreshToken === kept ? undefined : await keep(kept, refreshToken) }
    }
  }
  const ask = async (): Promise<Asked<Token>> => {
    try {
      const answer =
        grant.kind === 'user'
          ? await askAsUser()
          : { ...read(await requestForProgram(settings, context())), unkept: undefined }
      const scopes = answer.scopes ?? settings.scopes
      refuseNarrower(settings, scopes)
      const { refreshTokenLivesForMs } = answer
      const endsAtMs =
        refreshTokenLivesForMs === undefined ? undefined : clock.nowMs() + refreshTokenLivesForMs
      return {
        token: { value: answer.accessToken, scopes, endsAtMs, unkept: answer.unkept },
        livesForMs: answer.livesForMs,
      }
    } catch (thrown) {
      if (closing.signal.aborted)
        throw new Fault('oauth.unreachable', { facts: { host: url.hostname, reason: 'closed' } })
      throw thrown
    }
  }
  const renewed = makeRenewedToken<Token>({ ask, clock, spread: random })

  return {
    async get(signal, refused) {
      if (refused !== undefined) renewed.drop(({ value }) => value === refused)
      return (await renewed.get(signal)).value
    },
    async look(signal) {
      const { scopes, endsAtMs, unkept: why } = await renewed.get(signal)
      return { scopes, endsAtMs, unkept: why }
    },
    async close() {
      renewed.close()
      await waitAtMost(renewed.idle(), answerGraceMs, clock)
      closing.abort()
      await waitAtMost(renewed.idle(), keepGraceMs, clock)
    },
  }
}

/** What is not scopes of the resource itself: granted as a refresh token, or known to the provider alone. */
const notOfMail: readonly string[] = ['offline_access', 'openid', 'profile', 'email', '.default']

/** The owner, or an administrator, may have granted less than was asked for. @throws Fault oauth.scope-missing */
export function refuseNarrower(
  { scopes: asked, endpoints }: Pick<OAuthSettings, 'scopes' | 'endpoints'>,
  granted: readonly string[],
): void {
  const has = new Set(granted.map(lastPart))
  const missing = asked.filter(scope => !notOfMail.includes(lastPart(scope)) && !has.has(lastPart(scope)))
  if (missing.length === 0) return
  const facts = {
    what: missing.join(' '),
    granted: granted.join(' ') || 'none',
    host: new URL(endpoints.tokenUrl).hostname,
  }
  throw new Fault('oauth.scope-missing', { facts })
}
