/**
 * Google's OAuth 2.0 server: token endpoint, revocation, service accounts. The consent page stands in consent.ts.
 * https://developers.google.com/identity/protocols/oauth2/native-app and RFC 6749, 7636, 7523, 7009.
 */
import { createHash, createVerify, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Clock } from '../../../src/base/clock.ts'
import { type Answer, json, oauthError, Refusal } from './envelope.ts'
import { type IdToken, makeIdToken } from './id-token.ts'

export const scopePrefix = 'https://www.googleapis.com/auth/'
export const fullScope = 'https://mail.google.com/'
/** With which mail can be put in, and no more. */
export const least: readonly string[] = ['gmail.insert', 'gmail.labels']
/** With which it can be searched and read, too. */
export const reading: readonly string[] = [...least, 'gmail.readonly']

/** `gmail.insert` as the full URL; a full URL and `openid` stay, `email` gets the long name that Google grants. */
export const scopeUrl = (scope: string): string =>
  scope.startsWith('https://') || scope === 'openid'
    ? scope
    : scopePrefix + (scope === 'email' ? 'userinfo.email' : scope)

export interface OAuthClient {
  readonly id: string
  readonly secret: string
  readonly type: 'installed' | 'web'
}

interface Grant {
  readonly account: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly endsAtMs: number | undefined
  dead: boolean
}

interface AccessToken {
  readonly grant: Grant
  readonly endsAtMs: number
}

export interface PendingCode {
  readonly clientId: string
  readonly redirectUri: string
  readonly challenge: string | undefined
  readonly account: string
  readonly scopes: readonly string[]
  readonly offline: boolean
  readonly endsAtMs: number
}

export interface ServiceAccount {
  /** The key file as Google's console gives it. */
  readonly key: Readonly<Record<string, string>>
  readonly email: string
}

export interface OAuthRules {
  /** Life of an access token; Google's is 3599 s. */
  accessTokenSeconds: number
  /** Publishing status "Testing": refresh tokens end after 7 days, and the answer says so. Default false. */
  testing: boolean
  /** Whether a refresh answers with a new refresh token and ends the old one; Google does not. Default false. */
  rotate: boolean
  /** The ID token as it leaves, for a test that spoils it; undefined leaves it out. Google's own by default. */
  idToken: (made: IdToken) => string | undefined
}

const weekSeconds = 604_800

export class OAuth {
  readonly rules: OAuthRules
  readonly clients: OAuthClient[]
  tokenUrl = ''
  readonly #clock: Clock
  readonly #refresh = new Map<string, Grant>()
  readonly #access = new Map<string, AccessToken>()
  readonly #codes = new Map<string, PendingCode>()
  readonly #services = new Map<string, { publicKey: string; scopes: readonly string[] }>()

  constructor(clock: Clock, rules: OAuthRules, clients: readonly OAuthClient[]) {
    this.#clock = clock
    this.rules = rules
    this.clients = [...clients]
  }

  /** A consent given elsewhere: a refresh token at once. */
  issueRefreshToken(account: string, clientId: string, scopes: readonly string[]): string {
    const token = `1//0${randomBytes(32).toString('base64url')}`
    const endsAtMs = this.rules.testing ? this.#clock.nowMs() + weekSeconds * 1000 : undefined
    this.#refresh.set(token, { account, clientId, scopes: scopes.map(scopeUrl), endsAtMs, dead: false })
    return token
  }

  /** An access token at once, for a test that speaks to the API by hand. */
  issueAccessToken(account: string, clientId: string, scopes: readonly string[]): string {
    return this.#newAccessToken({
      account,
      clientId,
      scopes: scopes.map(scopeUrl),
      endsAtMs: undefined,
      dead: false,
    })
  }

  issueCode(pending: Omit<PendingCode, 'endsAtMs'>): string {
    const code = `4/0A${randomBytes(24).toString('base64url')}`
    this.#codes.set(code, { ...pending, endsAtMs: this.#clock.nowMs() + 600_000 })
    return code
  }

  hasGrant(account: string, clientId: string): boolean {
    return [...this.#refresh.values()].some(g => g.account === account && g.clientId === clientId && !g.dead)
  }

  /** Every token of the account dies, as on a password change or a removed app. */
  killGrants(account: string): void {
    for (const grant of [...this.#refresh.values(), ...[...this.#access.values()].map(token => token.grant)])
      if (grant.account === account) grant.dead = true
  }

  /** Access tokens end now; refresh tokens live on. */
  expireAccessTokens(account?: string): void {
    for (const [token, { grant }] of this.#access)
      if (account === undefined || grant.account === account) this.#access.delete(token)
  }

  /** Who a bearer token is for; undefined when it is dead, expired or unknown. */
  bearer(authorization: string | undefined): { account: string; scopes: readonly string[] } | undefined {
    const found = this.#access.get(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '')
    if (found === undefined || found.grant.dead || found.endsAtMs <= this.#clock.nowMs()) return undefined
    return found.grant
  }

  /** A service account with domain-wide delegation for these scopes. Slow (makes an RSA key). */
  createServiceAccount(scopes: readonly string[]): ServiceAccount {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    const email = `bridge-${this.#services.size + 1}@stand-in.iam.gserviceaccount.com`
    this.#services.set(email, { publicKey, scopes: scopes.map(scopeUrl) })
    return {
      email,
      key: {
        type: 'service_account',
        project_id: 'stand-in',
        private_key_id: randomBytes(20).toString('hex'),
        private_key: privateKey,
        client_email: email,
        client_id: '100000000000000000001',
        token_uri: this.tokenUrl,
      },
    }
  }

  /** POST to the token endpoint. */
  token(form: URLSearchParams, authorization: string | undefined): Answer {
    switch (form.get('grant_type')) {
      case 'refresh_token':
        return this.#refreshGrant(form, this.#client(form, authorization))
      case 'authorization_code':
        return this.#codeGrant(form, this.#client(form, authorization))
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return this.#jwtGrant(form.get('assertion') ?? '')
      case null:
        return oauthError(400, 'invalid_request', 'Missing required parameter: grant_type')
      default:
        return oauthError(400, 'unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type')}`)
    }
  }

  /** RFC 7009: a refresh or an access token; its whole grant dies. */
  revoke(token: string): Answer {
    const grant = this.#refresh.get(token) ?? this.#access.get(token)?.grant
    if (grant === undefined || grant.dead) return oauthError(400, 'invalid_token', 'Token expired or revoked')
    grant.dead = true
    return json(200, {})
  }

  #client(form: URLSearchParams, authorization: string | undefined): OAuthClient {
    const basic = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1]
    const [basicId, basicSecret] =
      basic === undefined ? [] : Buffer.from(basic, 'base64').toString().split(':')
    const client = this.clients.find(({ id }) => id === (form.get('client_id') ?? basicId))
    if (client === undefined)
      throw new Refusal(oauthError(401, 'invalid_client', 'The OAuth client was not found.'))
    if ((form.get('client_secret') ?? basicSecret) !== client.secret)
      throw new Refusal(oauthError(401, 'invalid_client', 'The provided client secret is invalid.'))
    return client
  }

  #refreshGrant(form: URLSearchParams, client: OAuthClient): Answer {
    const token = form.get('refresh_token') ?? ''
    const grant = this.#refresh.get(token)
    const ended = grant?.endsAtMs !== undefined && grant.endsAtMs <= this.#clock.nowMs()
    if (grant === undefined || grant.dead || ended)
      return oauthError(400, 'invalid_grant', 'Token has been expired or revoked.')
    if (grant.clientId !== client.id) return oauthError(401, 'unauthorized_client', 'Unauthorized')
    if (!this.rules.rotate) return this.#answer(grant)
    this.#refresh.delete(token)
    return this.#answer(grant, this.issueRefreshToken(grant.account, grant.clientId, grant.scopes))
  }

  #codeGrant(form: URLSearchParams, client: OAuthClient): Answer {
    const code = form.get('code') ?? ''
    const pending = this.#codes.get(code)
    this.#codes.delete(code) // one use only, also of a failed one
    if (pending === undefined || pending.endsAtMs <= this.#clock.nowMs())
      return oauthError(400, 'invalid_grant', 'Malformed auth code.')
    if (pending.clientId !== client.id) return oauthError(400, 'invalid_grant', 'Bad Request')
    if (pending.redirectUri !== form.get('redirect_uri'))
      return oauthError(400, 'redirect_uri_mismatch', 'Bad Request')
    if (pending.challenge !== undefined) {
      const verifier = form.get('code_verifier')
      if (verifier === null) return oauthError(400, 'invalid_grant', 'Missing code verifier.')
      // RFC 7636 section 4.6: BASE64URL(SHA256(verifier)) is the challenge; section 4.1: 43 to 128 characters.
      const right = createHash('sha256').update(verifier).digest('base64url') === pending.challenge
      if (!right || !/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier))
        return oauthError(400, 'invalid_grant', 'Invalid code verifier.')
    }
    const token = this.issueRefreshToken(pending.account, client.id, pending.scopes)
    const grant = this.#refresh.get(token)
    if (grant === undefined) throw new Error('the grant just issued is not there')
    if (!pending.offline) this.#refresh.delete(token)
    return this.#answer(grant, pending.offline ? token : undefined)
  }

  #jwtGrant(assertion: string): Answer {
    const bad = (description: string): Answer => oauthError(400, 'invalid_grant', description)
    const [head = '', body = '', signature = ''] = assertion.split('.')
    let header: { alg?: string }
    let claims: { iss?: string; sub?: string; aud?: string; scope?: string; iat?: number; exp?: number }
    try {
      header = JSON.parse(Buffer.from(head, 'base64url').toString())
      claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    } catch {
      return bad('Invalid JWT: could not be parsed.')
    }
    const service = this.#services.get(claims.iss ?? '')
    if (service === undefined) return bad('Invalid grant: account not found')
    const verify = createVerify('RSA-SHA256').update(`${head}.${body}`)
    if (header.alg !== 'RS256' || !verify.verify(service.publicKey, Buffer.from(signature, 'base64url')))
      return bad('Invalid JWT Signature.')
    // Google's own client hard-codes the public audience.
    if (claims.aud !== this.tokenUrl && claims.aud !== 'https://oauth2.googleapis.com/token')
      return bad('Invalid JWT: Failed audience check.')
    const now = this.#clock.nowMs() / 1000
    const { iat = 0, exp = 0 } = claims
    if (iat > now + 300 || exp < now - 300 || exp - iat > 3600)
      return bad('Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.')
    const scopes = (claims.scope ?? '').split(' ').filter(Boolean)
    if (
      claims.sub === undefined ||
      scopes.length === 0 ||
      !scopes.every(scope => service.scopes.includes(scope))
    )
      return oauthError(
        401,
        'unauthorized_client',
        'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
      )
    return this.#answer({
      account: claims.sub,
      clientId: claims.iss ?? '',
      scopes,
      endsAtMs: undefined,
      dead: false,
    })
  }

  #answer(grant: Grant, refreshToken?: string): Answer {
    const token = this.#newAccessToken(grant)
    const nowMs = this.#clock.nowMs()
    const left =
      grant.endsAtMs === undefined ? undefined : Math.max(0, Math.floor((grant.endsAtMs - nowMs) / 1000))
    return json(200, {
      access_token: token,
      expires_in: this.rules.accessTokenSeconds,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      scope: grant.scopes.join(' '),
      token_type: 'Bearer',
      ...this.#idToken(grant, token),
      ...(left === undefined ? {} : { refresh_token_expires_in: left }),
    })
  }

  /** OpenID Connect Core sections 3.1.3.3 and 12.2: at the code and, as Google does it, at each refresh. */
  #idToken({ account, clientId, scopes }: Grant, accessToken: string): { id_token?: string } {
    if (!scopes.includes('openid')) return {}
    const withAddress = scopes.includes(scopeUrl('email'))
    const idToken = this.rules.idToken(
      makeIdToken({ account, clientId, accessToken, withAddress, nowMs: this.#clock.nowMs() }),
    )
    return idToken === undefined ? {} : { id_token: idToken }
  }

  #newAccessToken(grant: Grant): string {
    const token = `ya29.${randomBytes(48).toString('base64url')}`
    this.#access.set(token, {
      grant,
      endsAtMs: this.#clock.nowMs() + (this.rules.accessTokenSeconds + 1) * 1000,
    })
    return token
  }
}
