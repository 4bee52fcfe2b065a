/** Signing in with a browser that comes back to this computer: authorization code with PKCE (RFC 6749 section 4.1, RFC 7636). */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { type LoopbackPage, listenForRedirect } from '../google/loopback-redirect.ts'
import { scrubWords } from '../google/scrub.ts'
import { carryFramed } from './library.ts'
import type { OAuthClient } from './settings.ts'
import { nameProvider, readTokenAnswer, type TokenAnswer } from './token-answer.ts'

export interface BrowserSignIn extends LoopbackPage {
  /**
   * Waits for the browser, and exchanges the code.
   * @throws Fault oauth.sign-in-failed with `reason`: 'declined', 'address-taken', 'code-ended'; those of
   * token-answer.ts; the signal's reason
   */
  wait(signal: AbortSignal): Promise<TokenAnswer>
  /** The same with an address that was copied from the browser. @throws Fault usage.invalid (consent-paste.ts) beside */
  acceptPasted(text: string, signal: AbortSignal): Promise<TokenAnswer>
}

/** What a provider wants beside the standard, for a refresh token. */
const extras: Readonly<Record<OAuthClient['provider'], Readonly<Record<string, string>>>> = {
  microsoft: { prompt: 'select_account' },
  google: { access_type: 'offline', prompt: 'consent' },
  openid: {},
}

/**
 * @param loginHint an address that the provider preselects
 * @throws Fault usage.invalid where the provider has no page for it
 */
export async function startBrowserSignIn(
  client: OAuthClient,
  clock: Clock,
  loginHint: string | undefined,
): Promise<BrowserSignIn> {
  const { endpoints, provider, scopes, clientId } = client
  const { authUrl } = endpoints
  if (authUrl === undefined) throw new Fault('usage.invalid', { facts: { what: 'oauthAuthUrl' } })
  const library = await import('oauth4webapi')
  const verifier = library.generateRandomCodeVerifier()
  const challenge = await library.calculatePKCECodeChallenge(verifier)
  const failed = (reason: string, words = ''): Fault =>
    new Fault('oauth.sign-in-failed', {
      facts: {
        ...{ provider: nameProvider(client), host: new URL(authUrl).hostname, reason },
        ...(words === '' ? {} : { words: scrubWords(words) }),
      },
    })
  const redirect = await listenForRedirect({
    // Microsoft's registration takes no number of this computer, only its name; to Google both are the same.
    host: provider === 'microsoft' ? 'localhost' : '127.0.0.1',
    provider: nameProvider(client),
    addressTaken: () => failed('address-taken'),
    readResult: query => {
      const [code, error] = [query.get('code'), query.get('error')]
      if (error === null && code) return code
      throw failed(
        error === 'access_denied' ? 'declined' : scrubWords(error ?? 'no code').slice(0, 60),
        query.get('error_description') ?? '',
      )
    },
    makeUrl: (redirectUri, state) => {
      const url = new URL(authUrl)
      const query = {
        client_id: clientId,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...extras[provider],
        ...(loginHint?.includes('@') ? { login_hint: loginHint } : {}),
      }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      return url.href
    },
  })
  const exchange = async (code: string, signal: AbortSignal): Promise<TokenAnswer> => {
    const { answer, url, secrets } = await carryFramed(client, clock.nowMs(), signal, framing => {
      const { library: lib, server, client: who, authentication, options } = framing
      // `state` was held against ours where the browser came back.
      const back = new URLSearchParams({ code })
      const result = lib.validateAuthResponse(server, who, back, lib.expectNoState)
      return lib.authorizationCodeGrantRequest(
        ...([server, who, authentication, result, redirect.redirectUri, verifier, options] as const),
      )
    })
    try {
      return readTokenAnswer(answer, { provider, url, secrets, nowMs: clock.nowMs() })
    } catch (thrown) {
      // Of a code it says that it came too late or twice, and nothing of an earlier sign-in.
      const isOfCode = thrown instanceof Fault && thrown.facts.error === 'invalid_grant'
      throw isOfCode ? failed('code-ended', String(thrown.facts.words ?? '')) : thrown
    }
  }
  const { url, oneTimeUrl, port, close } = redirect
  // `state` follows the code, but for Google: where it is whole, so is the code.
  const isWhole = (text: string): boolean =>
    provider !== 'google' && /[?&]state=[\w-]{43}/.test(text.replaceAll(/\s/g, ''))
  return {
    ...{ url, oneTimeUrl, port, close },
    isPartOfUrl: text => !isWhole(text) && redirect.isPartOfUrl(text),
    wait: async signal => exchange(await redirect.wait(signal), signal),
    acceptPasted: async (text, signal) => exchange(redirect.readPasted(text), signal),
  }
}
