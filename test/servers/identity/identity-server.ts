/**
 * A stand-in for Microsoft's identity platform on a real socket: device code, authorization code with PKCE, refresh with
 * a new refresh token each time, client credentials, and its errors as Microsoft words them. Everything that was asked is
 * in its ledger. Sources: learn.microsoft.com/entra/identity-platform, "v2-oauth2-device-code", "v2-oauth2-auth-code-flow",
 * "v2-oauth2-client-creds-grant-flow", "reference-error-codes" (read 2026-11-26); RFC 6749, 7636, 7662, 8628.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Answer, errorAnswer, jsonAnswer, type Refusal, refusals } from './answers.ts'
import { checkClient } from './client.ts'

/** An app registration. */
export interface App {
  readonly clientId: string
  /** "Allow public client flows". */
  readonly isPublic: boolean
  readonly secrets: readonly { readonly value: string; readonly expired?: boolean }[]
  /** PEM certificates. */
  readonly certificates: readonly string[]
  /** Of "Mobile and desktop applications"; the port of a loopback one does not count. */
  readonly redirectUris: readonly string[]
}

export interface IdentityOptions {
  readonly app?: Partial<App>
  /** Known beside common, consumers and organizations. */
  readonly tenant?: string
  /** Seconds; `access` of each access token. */
  readonly lives?: { readonly access?: number; readonly device?: number }
  readonly intervalSeconds?: number
  /** `strict`: a refresh token works once, and its second use ends all of them (RFC 9700 section 4.14.2). */
  readonly rotation?: 'microsoft' | 'strict'
  /** Served by TLS. */
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly nowMs?: () => number
}

export interface Asked {
  readonly path: string
  readonly form: Readonly<Record<string, string>>
  readonly status: number
  /** `error` of the answer, '' for a success. */
  readonly error: string
}

interface DeviceCode {
  readonly userCode: string
  readonly scope: string
  readonly endsAtMs: number
  lastAskedMs: number
  state: 'pending' | 'declined' | 'used' | { readonly user: string }
}

interface RefreshToken {
  readonly user: string
  readonly scope: string
  readonly family: string
  used: boolean
}

export interface IdentityServer {
  /** As MICROSOFT_LOGIN_ROOT has it. */
  readonly root: string
  /** For a mail server that asks of each token (RFC 7662). */
  readonly introspectionUrl: string
  readonly app: App
  readonly tenant: string
  readonly ledger: readonly Asked[]
  /** Whoever visits the authorization endpoint is signed in as this user; undefined: declines. */
  signedIn: string | undefined
  /** What `approve` and `authorize` leave out of the granted scopes. */
  withheld: string | undefined
  /** Whose mailbox the app itself may read, as a mail server would know it. */
  appUser: string
  /** User codes that wait. */
  waiting(): readonly string[]
  approve(userCode: string, user: string): void
  decline(userCode: string): void
  expireDevices(): void
  /** Refresh tokens of the user are refused from now on, in these words. */
  revoke(user: string, why: Refusal): void
  /** The next answer of the token endpoint, in the place of what it would be. */
  failNext(answer: Answer): void
  /** While set, every answer of the token endpoint. */
  away: Answer | undefined
  /** While set, each token request is held until it resolves. */
  hold: Promise<void> | undefined
  /** How many token requests were held so far: each has left, and is not answered while `hold` lasts. */
  readonly held: number
  /** Whose an access token is, while it is good. */
  userOf(accessToken: string): string | undefined
  /** Access tokens end now: a mail server refuses them. */
  endAccessTokens(): void
  /** A refresh token as a sign-in would have given it. */
  grantTo(user: string, scope?: string): string
  close(): Promise<void>
}

const usualScope = 'https://outlook.office.com/IMAP.AccessAsUser.All offline_access'
const opaque = (begin: string, octets: number): string => begin + randomBytes(octets).toString('base64url')
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const makeUserCode = (): string =>
  Array.from(randomBytes(9), octet => letters[octet % letters.length]).join('')

async function readBody(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return new URLSearchParams(text)
}

export async function startIdentityServer(options: IdentityOptions = {}): Promise<IdentityServer> {
  const { lives = {}, intervalSeconds = 5, rotation = 'microsoft', nowMs = Date.now } = options
  const app: App = {
    ...{ clientId: randomUUID(), isPublic: true, secrets: [], certificates: [] },
    redirectUris: ['http://localhost'],
    ...options.app,
  }
  const tenant = options.tenant ?? randomUUID()
  const tenants = ['common', 'consumers', 'organizations', tenant]
  const devices = new Map<string, DeviceCode>()
  const codes = new Map<string, { user: string; scope: string; challenge: string; redirectUri: string }>()
  const refreshTokens = new Map<string, RefreshToken>()
  const accessTokens = new Map<string, { readonly user: string; readonly endsAtMs: number }>()
  const ended = new Map<string, Refusal>()
  const ledger: Asked[] = []
  let held = 0
  const failures: Answer[] = []

  const keepRefreshToken = (user: string, scope: string, family: string): string => {
    // Microsoft's are of this length, and longer.
    const token = opaque('0.AXEA', 900)
    refreshTokens.set(token, { user, scope, family, used: false })
    return token
  }
  const grant = (user: string, asked: string, family: string | undefined): Answer => {
    const scopes = asked.split(' ').filter(scope => scope !== server.withheld)
    const access_token = opaque('EwB', 1200)
    const expires_in = lives.access ?? 3599
    accessTokens.set(access_token, { user, endsAtMs: nowMs() + expires_in * 1000 })
    const lasting = family !== undefined && scopes.includes('offline_access')
    return jsonAnswer(200, {
      token_type: 'Bearer',
      // Microsoft does not name the scope of the refresh token among those of the access token.
      scope: scopes.filter(scope => scope !== 'offline_access').join(' '),
      expires_in,
      ext_expires_in: expires_in,
      access_token,
      ...(lasting ? { refresh_token: keepRefreshToken(user, asked, family) } : {}),
    })
  }

  const byDevice = (form: URLSearchParams): Answer => {
    const device = devices.get(form.get('device_code') ?? '')
    if (device === undefined || device.state === 'used') return errorAnswer(refusals.badVerificationCode)
    const sinceMs = nowMs() - device.lastAskedMs
    device.lastAskedMs = nowMs()
    if (device.state === 'declined') return errorAnswer(refusals.declined)
    if (nowMs() >= device.endsAtMs) return errorAnswer(refusals.codeExpired)
    // Timers may fire a little early.
    if (device.state === 'pending')
      return errorAnswer(sinceMs < intervalSeconds * 1000 - 50 ? refusals.slowDown : refusals.pending)
    const { user } = device.state
    device.state = 'used'
    return grant(user, device.scope, randomUUID())
  }
  const byCode = (form: URLSearchParams): Answer => {
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    if (code === undefined) return errorAnswer(refusals.codeRedeemed)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (challenge !== code.challenge) return errorAnswer(refusals.verifierMismatch)
    if (form.get('redirect_uri') !== code.redirectUri) return errorAnswer(refusals.redirect)
    return grant(code.user, code.scope, randomUUID())
  }
  const byRefreshToken = (form: URLSearchParams): Answer => {
    const token = refreshTokens.get(form.get('refresh_token') ?? '')
    if (token === undefined) return errorAnswer(refusals.malformedToken)
    const why = ended.get(token.user)
    if (why !== undefined) return errorAnswer(why)
    if (token.used && rotation === 'strict') {
      for (const [value, { family }] of refreshTokens)
        if (family === token.family) refreshTokens.delete(value)
      return errorAnswer(refusals.revoked)
    }
    token.used = true
    const asked = form.get('scope') ?? token.scope
    const wider = asked.split(' ').some(scope => !token.scope.split(' ').includes(scope))
    return wider ? errorAnswer(refusals.noConsent) : grant(token.user, asked, token.family)
  }
  const forApp = (of: string, form: URLSearchParams): Answer => {
    if (of !== tenant) return errorAnswer(refusals.tenantNeeded)
    if (!(form.get('scope') ?? '').endsWith('/.default')) return errorAnswer(refusals.scope)
    return grant(server.appUser, '', undefined)
  }

  const token = (of: string, form: URLSearchParams): Answer => {
    const planned = failures.shift() ?? server.away
    if (planned !== undefined) return planned
    const grantType = form.get('grant_type') ?? ''
    const isOfProgram = grantType === 'client_credentials'
    const refused = checkClient(app, form, isOfProgram, `${server.root}/${of}/oauth2/v2.0/token`, nowMs())
    if (refused !== undefined) return errorAnswer(refused)
    // The RFC's name, and the one that MSAL sends.
    if (/^(urn:ietf:params:oauth:grant-type:)?device_code$/.test(grantType)) return byDevice(form)
    if (grantType === 'authorization_code') return byCode(form)
    if (grantType === 'refresh_token') return byRefreshToken(form)
    return isOfProgram ? forApp(of, form) : errorAnswer(refusals.grantType)
  }
  const device = (form: URLSearchParams): Answer => {
    if (form.get('client_id') !== app.clientId) return errorAnswer(refusals.noSuchApp)
    const scope = form.get('scope') ?? ''
    if (!/\b(IMAP|POP)\.AccessAsUser\.All\b/.test(scope)) return errorAnswer(refusals.scope)
    const [code, userCode] = [opaque('DAQABAAEAAAD', 120), makeUserCode()]
    const expires_in = lives.device ?? 900
    const endsAtMs = nowMs() + expires_in * 1000
    devices.set(code, { userCode, scope, endsAtMs, lastAskedMs: nowMs(), state: 'pending' })
    const verification_uri = 'https://www.microsoft.com/link'
    return jsonAnswer(200, {
      user_code: userCode,
      device_code: code,
      verification_uri,
      expires_in,
      interval: intervalSeconds,
      message: `To sign in, use a web browser to open the page ${verification_uri} and enter the code ${userCode} to authenticate.`,
    })
  }
  const authorize = (query: URLSearchParams): Answer => {
    const redirectUri = query.get('redirect_uri') ?? ''
    const registered = (uri: string): boolean => {
      const [a, b] = [URL.parse(uri), URL.parse(redirectUri)]
      return (
        a !== null && a.hostname === b?.hostname && a.pathname === b.pathname && a.protocol === b.protocol
      )
    }
    if (query.get('client_id') !== app.clientId) return errorAnswer(refusals.noSuchApp)
    if (!app.redirectUris.some(registered)) return errorAnswer(refusals.redirect)
    const challenge = query.get('code_challenge') ?? ''
    const good = query.get('response_type') === 'code' && query.get('code_challenge_method') === 'S256'
    const back = new URL(redirectUri)
    const refuse = (error: string, words: string): void => {
      back.searchParams.set('error', error)
      back.searchParams.set('error_description', words)
      back.searchParams.set('state', query.get('state') ?? '')
    }
    if (!good || !/^[\w-]{43}$/.test(challenge)) {
      refuse('invalid_request', 'AADSTS501491: Invalid code challenge.')
    } else if (server.signedIn === undefined) {
      refuse('access_denied', 'AADSTS65004: User declined to consent to access the app.')
    } else {
      const code = opaque('0.AXEA', 300)
      codes.set(code, { user: server.signedIn, scope: query.get('scope') ?? '', challenge, redirectUri })
      // In this order.
      back.searchParams.set('code', code)
      back.searchParams.set('state', query.get('state') ?? '')
      back.searchParams.set('session_state', randomUUID())
    }
    return { status: 302, headers: { Location: back.href }, body: '' }
  }
  const metadata = (of: string): Answer => {
    const base = `${server.root}/${of}`
    return jsonAnswer(200, {
      issuer: `${base}/v2.0`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    })
  }

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', server.root)
    const [, of = '', rest = ''] = /^\/([^/]+)\/(.+)$/.exec(url.pathname) ?? []
    const form = request.method === 'POST' ? await readBody(request) : url.searchParams
    const answer = await route(of, rest, request.method ?? '', form)
    const { error } = answer.body.startsWith('{') ? JSON.parse(answer.body) : { error: '' }
    ledger.push({
      ...{ path: url.pathname, form: Object.fromEntries(form), status: answer.status },
      error: typeof error === 'string' ? error : '',
    })
    return answer
  }
  async function route(of: string, rest: string, method: string, form: URLSearchParams): Promise<Answer> {
    if (rest === 'introspect') return introspect(form)
    if (!tenants.includes(of)) return errorAnswer(refusals.noSuchTenant)
    if (rest === 'oauth2/v2.0/token' && method === 'POST') {
      if (server.hold !== undefined) held += 1
      await server.hold
      return token(of, form)
    }
    if (rest === 'oauth2/v2.0/devicecode' && method === 'POST') return device(form)
    if (rest === 'oauth2/v2.0/authorize' && method === 'GET') return authorize(form)
    if (rest === 'v2.0/.well-known/openid-configuration') return metadata(of)
    return { status: 404, headers: {}, body: '' }
  }
  /** RFC 7662, for a mail server: Microsoft's own looks inside its tokens. */
  const introspect = (form: URLSearchParams): Answer => {
    const user = server.userOf(form.get('token') ?? '')
    return jsonAnswer(
      200,
      user === undefined ? { active: false } : { active: true, username: user, email: user },
    )
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void answerTo(request).then(({ status, headers, body }) => {
      response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers })
      response.end(body)
    })
  }
  const listener =
    options.tls === undefined ? createServer(onRequest) : createTlsServer(options.tls, onRequest)
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const deviceOf = (userCode: string): DeviceCode => {
    const found = [...devices.values()].find(known => known.userCode === userCode)
    if (found === undefined) throw new Error(`no such user code: ${userCode}`)
    return found
  }

  const server: IdentityServer = {
    root: options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    get introspectionUrl() {
      return `${this.root}/mail/introspect`
    },
    app,
    tenant,
    ledger,
    signedIn: undefined,
    withheld: undefined,
    appUser: `app:${app.clientId}`,
    hold: undefined,
    get held() {
      return held
    },
    away: undefined,
    waiting: () =>
      [...devices.values()].filter(({ state }) => state === 'pending').map(({ userCode }) => userCode),
    approve: (userCode, user) => {
      ended.delete(user)
      deviceOf(userCode).state = { user }
    },
    decline: userCode => {
      deviceOf(userCode).state = 'declined'
    },
    expireDevices: () => {
      for (const [code, known] of devices) devices.set(code, { ...known, endsAtMs: 0 })
    },
    revoke: (user, why) => void ended.set(user, why),
    failNext: answer => void failures.push(answer),
    userOf: accessToken => {
      const known = accessTokens.get(accessToken)
      return known === undefined || known.endsAtMs <= nowMs() ? undefined : known.user
    },
    endAccessTokens: () => accessTokens.clear(),
    grantTo: (user, scope = usualScope) => {
      ended.delete(user)
      return keepRefreshToken(user, scope, randomUUID())
    },
    close: async () => {
      listener.close()
      listener.closeAllConnections()
      await once(listener, 'close')
    },
  }
  return server
}
