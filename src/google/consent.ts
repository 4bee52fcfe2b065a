/**
 * The owner's consent by loopback redirect, as Google wants it of desktop programs (RFC 8252 section 7.3) with
 * PKCE S256 (RFC 7636) and `state` (RFC 6749 section 10.12). On a machine without a browser the owner opens the
 * link elsewhere and pastes back the address to which that browser could not connect.
 * https://developers.google.com/identity/protocols/oauth2/native-app
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { orAbort } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { DesktopClient } from './client-file.ts'
import { pageHeaders, pages } from './consent-page.ts'
import { isPartOfUrl, readPastedUrl } from './consent-paste.ts'
import { withoutLibraryLog } from './framed.ts'
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

export interface ConsentInProgress {
  /** Google's page, to be shown on the terminal and opened in any browser. Whoever has it can answer in its name. */
  readonly url: string
  /**
   * Leads a browser of this machine to Google's page, once: safe in a program's arguments, which everybody here can
   * read. A second visit means that somebody else may have been the first: see waitForRedirect.
   */
  readonly oneTimeUrl: string
  /** Where the browser will come back to; for the hint about an SSH tunnel. */
  readonly port: number
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
  /** Whether a line break may have cut what is being pasted. */
  isPartOfUrl(text: string): boolean
  /** Frees the port. May be called more than once. */
  close(): Promise<void>
}

const sameText = (given: string, expected: string): boolean =>
  timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest())

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

/**
 * Keeps at most so many connections, the youngest: other users of this machine may open as many as they like and say
 * nothing on them, and the browser still gets in. (`maxConnections` would refuse the browser's.)
 */
function dropOldest(server: Server, most: number): void {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    for (const oldest of open) {
      if (open.size <= most) break
      open.delete(oldest)
      oldest.destroy()
    }
  })
}

/** Listens on a free loopback port and has google-auth-library make the link. */
export async function startConsent(options: ConsentOptions): Promise<ConsentInProgress> {
  const { CodeChallengeMethod, OAuth2Client } = await import('google-auth-library')
  const endpoints = { oauth2AuthBaseUrl: options.authUrl }
  const library = new OAuth2Client({ clientId: options.client.id, endpoints, ...withoutLibraryLog })
  const { codeVerifier: verifier, codeChallenge = '' } = await library.generateCodeVerifierAsync()
  const state = randomBytes(32).toString('base64url')
  const oneTimePath = `/${randomBytes(32).toString('base64url')}`
  let visited = false
  const result = Promise.withResolvers<string>()
  result.promise.catch(() => {}) // nobody may be waiting yet
  let over = false

  const server = createServer((request, response) => {
    const [status, body, location] = answerTo(request)
    response.writeHead(status, {
      ...pageHeaders,
      'Content-Length': body.length,
      ...(location ? { Location: location } : {}),
    })
    response.end(body) // Node leaves the body out of an answer to HEAD
  })
  server.requestTimeout = 10_000
  server.headersTimeout = 5_000
  dropOldest(server, 64)
  server.listen(0, '127.0.0.1') // RFC 8252 section 7.3: the address, not `localhost`
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const redirectUri = `http://127.0.0.1:${port}`

  /** [status, body, where to]. A redirect takes the code out of the address bar and the history. */
  function answerTo(request: IncomingMessage): [number, Buffer, string?] {
    // A page of a stranger that points its own name at 127.0.0.1 (DNS rebinding) gets nothing.
    if (request.headers.host !== `127.0.0.1:${port}`) return [404, pages.absent]
    if (request.method !== 'GET' && request.method !== 'HEAD') return [405, pages.absent]
    const url = URL.parse(request.url ?? '', redirectUri)
    if (url?.pathname === '/done') return [200, pages.done]
    if (url?.pathname === '/declined') return [200, pages.declined]
    if (url !== null && sameText(url.pathname, oneTimePath)) {
      // HEAD learns nothing and spends nothing: some programs ask before they open.
      if (request.method !== 'GET') return [200, pages.leads]
      if (!visited) {
        visited = true
        return [302, pages.leads, googleUrl]
      }
      result.reject(
        new Fault('gmail.consent-missing', { facts: { reason: 'address-taken', phase: 'consent' } }),
      )
      return [410, pages.used]
    }
    if (url?.pathname !== '/' || url.search === '') return [404, pages.absent]
    if (!sameText(url.searchParams.get('state') ?? '', state)) return [400, pages.stranger]
    if (request.method !== 'GET') return [200, pages.done]
    try {
      result.resolve(readResult(url.searchParams))
      return [303, pages.done, '/done']
    } catch (thrown) {
      result.reject(thrown)
      return [303, pages.declined, '/declined']
    }
  }

  const googleUrl = library.generateAuthUrl({
    redirect_uri: redirectUri,
    scope: [...options.scopes],
    state,
    code_challenge: codeChallenge,
    code_challenge_method: CodeChallengeMethod.S256,
    access_type: 'offline', // else no refresh token
    prompt: 'consent', // else none on a second consent
    ...(options.loginHint?.includes('@') ? { login_hint: options.loginHint } : {}),
  })
  const withCode = (code: string): ConsentCode => ({ code, verifier, redirectUri })

  return {
    url: googleUrl,
    oneTimeUrl: redirectUri + oneTimePath,
    port,
    waitForRedirect: async signal => withCode(await orAbort(result.promise, signal)),
    acceptPastedUrl: text => withCode(readResult(readPastedUrl(text, given => sameText(given, state)))),
    isPartOfUrl,
    close: async () => {
      if (over) return
      over = true
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
