/**
 * One request for an access token. The few fields of a refresh token or of the program's own are framed here: a daemon
 * asks every hour, and oauth4webapi would load Node's fetch for the headers. What is signed is signed by a library.
 */
import { openConnections } from '../base/connections.ts'
import { Fault } from '../base/fault.ts'
import { type HttpAnswer, HttpTrouble } from '../base/http.ts'
import { requestToken as requestGoogleToken } from '../google/token-request.ts'
import { proveClient } from './client-proof.ts'
import { faultOfTrouble, oauthDeadlines, postForm } from './exchange.ts'
import type { OAuthSettings } from './settings.ts'

export interface TokenRequest {
  readonly answer: HttpAnswer
  /** What was sent and must not stand in a fault. */
  readonly secrets: readonly string[]
}

/** For whoever waits, and by whose clock. */
export interface TokenRequestContext {
  readonly signal: AbortSignal
  /** By the provider's clock, as far as it is known, ms since 1970. */
  readonly nowMs: number
}

/** RFC 6749 section 6. */
export async function requestByRefreshToken(
  settings: OAuthSettings,
  refreshToken: string,
  { signal, nowMs }: TokenRequestContext,
): Promise<TokenRequest> {
  const { form, secrets } = await proveClient(settings, nowMs)
  form.set('grant_type', 'refresh_token')
  form.set('refresh_token', refreshToken)
  // Microsoft's refresh tokens are good for other resources, too; to others it may be a scope that was not granted.
  if (settings.provider === 'microsoft') form.set('scope', settings.scopes.join(' '))
  const answer = await postForm(new URL(settings.endpoints.tokenUrl), form, signal)
  return { answer, secrets: [...secrets, refreshToken] }
}

/** RFC 6749 section 4.4; a service account by RFC 7523 section 2.1. */
export async function requestForProgram(
  settings: OAuthSettings,
  { signal, nowMs }: TokenRequestContext,
): Promise<TokenRequest> {
  const { grant, scopes, endpoints } = settings
  if (grant.kind === 'service-account') {
    const connections = openConnections()
    try {
      return await requestGoogleToken(grant, endpoints.tokenUrl, scopes, connections, oauthDeadlines, signal)
    } catch (thrown) {
      throw thrown instanceof HttpTrouble
        ? faultOfTrouble(thrown, new URL(endpoints.tokenUrl))
        : asOfMailbox(thrown)
    } finally {
      connections.close()
    }
  }
  const { form, secrets } = await proveClient(settings, nowMs)
  form.set('grant_type', 'client_credentials')
  form.set('scope', scopes.join(' '))
  return { answer: await postForm(new URL(endpoints.tokenUrl), form, signal), secrets }
}

/** A key file that cannot be read concerns the mailbox here, and no Gmail account. */
function asOfMailbox(thrown: unknown): unknown {
  if (!(thrown instanceof Fault) || !thrown.code.startsWith('secret.')) return thrown
  return new Fault(thrown.code, { facts: thrown.facts, cause: thrown })
}
