/**
 * One token request at Google's authorization server: google-auth-library frames it (refresh token, or a signed JWT
 * for a service account), our own exchange carries it. The library would retry by itself, has no time-out, obeys
 * proxy variables, hard-codes the JWT token URL, drops the `scope` of the answer, and its errors hold the request
 * with the refresh token: so only the framing is taken from it, and no error of its own leaves this file.
 */
import { gaxios, JWT, OAuth2Client } from 'google-auth-library'
import { readBounded } from '../base/bounded-file.ts'
import { Fault } from '../base/fault.ts'
import { type Connections, type Deadlines, exchange, type HttpAnswer } from '../base/http.ts'
import type { Secret } from '../base/secret.ts'
import type { GoogleCredential } from '../config/config.ts'

export interface TokenRequest {
  readonly answer: HttpAnswer
  /** Secrets that were sent and must not show up in a fault. */
  readonly secrets: readonly string[]
}

/** How the library hands a request over: form in, the answer kept aside, and nothing of it repeated. */
class Carrier extends gaxios.Gaxios {
  answer: HttpAnswer | undefined
  trouble: unknown
  readonly #post: (form: string) => Promise<HttpAnswer>
  constructor(post: (form: string) => Promise<HttpAnswer>) {
    super()
    this.#post = post
  }
  override async request<T>(options: gaxios.GaxiosOptions = {}): Promise<gaxios.GaxiosResponse<T>> {
    try {
      this.answer = await this.#post(String(options.data))
    } catch (thrown) {
      this.trouble = thrown
    }
    // The library has done its part; what the answer means is read by token-answer.ts.
    throw new Error('carried')
  }
}

/** The least of a service account's key file that is needed. */
interface KeyFile {
  readonly client_email: string
  readonly private_key: string
}

async function readKeyFile(file: string): Promise<KeyFile> {
  const unreadable = (what: string): Fault =>
    // No cause: a JSON error quotes the text around the place, which may be the key.
    new Fault('secret.unreadable', { scope: 'account', facts: { file, what } })
  const text = await readBounded(file, { mostOctets: 65_536 }).then(
    String,
    (error: NodeJS.ErrnoException) => {
      throw unreadable(error.code ?? 'cannot be read')
    },
  )
  let key: Partial<Record<keyof KeyFile, unknown>>
  try {
    key = JSON.parse(text)
  } catch {
    throw unreadable('not JSON')
  }
  const { client_email, private_key } = key ?? {}
  if (typeof client_email !== 'string' || typeof private_key !== 'string') {
    throw unreadable('no client_email or no private_key')
  }
  return { client_email, private_key }
}

/** Reads a secret now, so that a new consent reaches a running daemon. */
async function reveal(secret: Secret, name: string): Promise<string> {
  try {
    const value = await secret.reveal()
    if (value !== '') return value
  } catch (thrown) {
    if (!(thrown instanceof Fault))
      throw new Fault('secret.unreadable', { scope: 'account', facts: { what: name } })
    if (thrown.code !== 'secret.missing') {
      throw new Fault(thrown.code, { scope: 'account', facts: thrown.facts, cause: thrown })
    }
  }
  throw name === 'refresh token'
    ? new Fault('gmail.consent-missing')
    : new Fault('secret.missing', { scope: 'account', facts: { what: name } })
}

/**
 * Asks for an access token.
 * @param scopes asked for a service account; a refresh token carries its own
 * @returns whatever was answered
 * @throws HttpTrouble, Fault gmail.consent-missing, secret.missing, secret.unreadable, the signal's reason
 */
export async function requestToken(
  credential: GoogleCredential,
  tokenUrl: string,
  scopes: readonly string[],
  connections: Connections,
  deadlines: Deadlines,
  signal: AbortSignal,
): Promise<TokenRequest> {
  const url = new URL(tokenUrl)
  const carrier = new Carrier(form => {
    const body = Buffer.from(form)
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' }
    const chunks = async function* () {
      yield body
    }
    const request = { method: 'POST', url, headers, body: { octets: body.length, chunks } } as const
    return exchange(connections, request, deadlines, signal)
  })
  const secrets: string[] = []
  if (credential.kind === 'user') {
    const clientSecret = await reveal(credential.clientSecret, 'client secret')
    const refreshToken = await reveal(credential.refreshToken, 'refresh token')
    secrets.push(clientSecret, refreshToken)
    const client = new OAuth2Client({
      clientId: credential.clientId,
      clientSecret,
      endpoints: { oauth2TokenUrl: tokenUrl },
      transporter: carrier,
    })
    client.setCredentials({ refresh_token: refreshToken })
    await client.refreshAccessToken().catch(() => {})
  } else {
    const key = await readKeyFile(credential.keyFile)
    const client = new JWT({
      email: key.client_email,
      key: key.private_key,
      scopes: [...scopes],
      subject: credential.subject,
      // RFC 7523 section 3: the audience is the authorization server; the library would always name Google's.
      additionalClaims: { aud: tokenUrl },
      transporter: carrier,
    })
    await client.authorize().catch(() => {})
    if (carrier.answer === undefined && carrier.trouble === undefined) {
      const facts = { file: credential.keyFile, what: 'the private key cannot sign' }
      throw new Fault('secret.unreadable', { scope: 'account', facts })
    }
  }
  if (carrier.trouble !== undefined) throw carrier.trouble
  if (carrier.answer === undefined)
    throw new Fault('bug', { facts: { what: 'the token request was not sent' } })
  return { answer: carrier.answer, secrets }
}
