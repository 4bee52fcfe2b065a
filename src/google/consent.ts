/**
 * The owner's consent by loopback redirect, as Google wants it of desktop programs (RFC 8252 section 7.3) with
 * PKCE S256 (RFC 7636) and `state` (RFC 6749 section 10.12). On a machine without a browser the owner opens the
 * link elsewhere and pastes back the address to which that browser could not connect.
 * https://developers.google.com/identity/protocols/oauth2/native-app
 */
import { Fault } from '../base/fault.ts'
import type { DesktopClient } from './client-file.ts'
import { withoutLibraryLog } from './framed.ts'
import { type LoopbackPage, listenForRedirect } from './loopback-redirect.ts'
import { scrubWords } from './scrub.ts'

export interface ConsentOptions {
  readonly client: DesktopClient
  /** Full scope URLs. */
  readonly scopes: readonly string[]
  /** GoogleEndpoints.authUrl */
  readonly authUrl: string
  /** The Gmail address that is meant: Google preselects it. */
  readonly loginHint?: string | undefined
}

/** What Google's page gave: good for one exchange within ten minutes. Holds secrets; never log it. */
export interface ConsentCode {
  readonly code: string
  readonly verifier: string
  readonly redirectUri: string
}

export interface ConsentInProgress extends LoopbackPage {
  /**
   * Waits for the browser. A request that does not carry our state changes nothing and the wait goes on.
   * @throws Fault gmail.consent-missing (`reason: 'access_denied'`; 'address-taken' where the one-time address was
   * visited twice: this consent is to be thrown away), gmail.forbidden (an administrator's policy),
   * gmail.unknown-answer; the signal's reason
   */
  waitForRedirect(signal: AbortSignal): Promise<ConsentCode>
  /**
   * Reads the address that the owner copied from the browser.
   * @throws those of waitForRedirect; Fault usage.invalid with `what: 'pasted-url'` and `reason` (PasteReason)
   */
  acceptPastedUrl(text: string): ConsentCode
}

/** @throws Fault for what the authorization server refused (RFC 6749 section 4.1.2.1) */
function readResult(query: URLSearchParams): string {
  const error = query.get('error')
  const code = query.get('code')
  if (error === null && code) return code
  if (error === 'access_denied')
    throw new Fault('gmail.consent-missing', { facts: { reason: 'access_denied', phase: 'consent' } })
  const reason = scrubWords(error ?? 'no code').slice(0, 100)
  if (error === 'admin_policy_enforced' || error === 'org_internal')
    throw new Fault('gmail.forbidden', { facts: { reason, phase: 'consent' } })
  throw new Fault(error === 'invalid_scope' ? 'gmail.scope-missing' : 'gmail.unknown-answer', {
    scope: 'account',
    facts: { reason, phase: 'consent' },
  })
}

/** Listens on a free loopback port and has google-auth-library make the link. */
export async function startConsent(options: ConsentOptions): Promise<ConsentInProgress> {
  const { CodeChallengeMethod, OAuth2Client } = await import('google-auth-library')
  const endpoints = { oauth2AuthBaseUrl: options.authUrl }
  const library = new OAuth2Client({ clientId: options.client.id, endpoints, ...withoutLibraryLog })
  const { codeVerifier: verifier, codeChallenge = '' } = await library.generateCodeVerifierAsync()
  const redirect = await listenForRedirect({
    host: '127.0.0.1', // RFC 8252 section 7.3: the address, not `localhost`
    provider: 'Google',
    readResult,
    addressTaken: () =>
      new Fault('gmail.consent-missing', { facts: { reason: 'address-taken', phase: 'consent' } }),
    makeUrl: (redirectUri, state) =>
      library.generateAuthUrl({
        redirect_uri: redirectUri,
        scope: [...options.scopes],
        state,
        code_challenge: codeChallenge,
        code_challenge_method: CodeChallengeMethod.S256,
        access_type: 'offline', // else no refresh token
        prompt: 'consent', // else none on a second consent
        ...(options.loginHint?.includes('@') ? { login_hint: options.loginHint } : {}),
      }),
  })
  const { url, oneTimeUrl, port, redirectUri, isPartOfUrl, close } = redirect
  const withCode = (code: string): ConsentCode => ({ code, verifier, redirectUri })
  return {
    ...{ url, oneTimeUrl, port, isPartOfUrl, close },
    waitForRedirect: async signal => withCode(await redirect.wait(signal)),
    acceptPastedUrl: text => withCode(redirect.readPasted(text)),
  }
}
