/**
 * One token request at Google's authorization server. The four fields of a refresh token are framed here: a daemon asks
 * every hour, and google-auth-library would stay in its memory with Node's fetch. It frames the signed JWT of a service
 * account, and is loaded for that; our own exchange carries both (framed.ts).
 */
import { readBounded } from '../base/bounded-file.ts'
import type { Connections } from '../base/connections.ts'
import { Fault } from '../base/fault.ts'
import { type HttpAnswer, type HttpDeadlines, sendRequest } from '../base/http.ts'
import type { Secret } from '../base/secret.ts'
import { carryFramed, makeFormRequest, withoutLibraryLog } from './framed.ts'
import type { GoogleCredential } from './settings.ts'

export interface TokenRequest {
  readonly answer: HttpAnswer
  /** Secrets that were sent and must not show up in a fault. */
  readonly secrets: readonly string[]
}

type ServiceAccount = Extract<GoogleCredential, { kind: 'service-account' }>

/** The least of a service account's key that is needed. */
interface KeyFile {
  readonly client_email: string
  readonly private_key: string
}

/** @throws Fault secret.* of the account, never with a word of the key */
async function readKey({ keyFile: file, key }: ServiceAccount): Promise<KeyFile> {
  const unreadable = (what: string): Fault =>
    // No cause: a JSON error quotes the text around the place, which may be the key.
    new Fault('secret.unreadable', { scope: 'account', facts: { file, what } })
  const text =
    key === undefined
      ? await readBounded(file, { mostOctets: 65_536 }).then(String, (error: NodeJS.ErrnoException) => {
          throw unreadable(error.code ?? 'cannot be read')
        })
      : await revealSecret(key, 'service account key')
  let fields: Partial<Record<keyof KeyFile, unknown>>
  try {
    fields = JSON.parse(text)
  } catch {
    throw unreadable('not JSON')
  }
  const { client_email, private_key } = fields ?? {}
  if (typeof client_email !== 'string' || typeof private_key !== 'string') {
    throw unreadable('no client_email or no private_key')
  }
  return { client_email, private_key }
}

/** Reads a secret now, so that a new consent reaches a running daemon. */
async function revealSecret(secret: Secret, name: string): Promise<string> {
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
  deadlines: HttpDeadlines,
  signal: AbortSignal,
): Promise<TokenRequest> {
  // Not to the URL that was framed: for a service account the library would always name Google's.
  const url = new URL(tokenUrl)
  const send = ({ body = '' }: { readonly body: string | undefined }): Promise<HttpAnswer> =>
    sendRequest(connections, makeFormRequest(url, body), deadlines, signal)
  if (credential.kind === 'user') {
    const { clientId } = credential
    const clientSecret = await revealSecret(credential.clientSecret, 'client secret')
    const refreshToken = await revealSecret(credential.refreshToken, 'refresh token')
    // RFC 6749 section 6; https://developers.google.com/identity/protocols/oauth2/web-server#offline
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
      client_secret: clientSecret,
    })
    const answer = await send({ body: String(form) })
    return { answer, secrets: [clientSecret, refreshToken] }
  }
  const { client_email: email, private_key: key } = await readKey(credential)
  const { JWT } = await import('google-auth-library/build/src/auth/jwtclient.js')
  const answer = await carryFramed(async transporterOptions => {
    const client = new JWT({
      email,
      key,
      scopes: [...scopes],
      subject: credential.subject,
      // RFC 7523 section 3: the audience is the authorization server.
      additionalClaims: { aud: tokenUrl },
      transporterOptions,
      ...withoutLibraryLog,
    })
    await client.authorize()
  }, send)
  if (answer !== undefined) return { answer, secrets: [] }
  const facts = { file: credential.keyFile, what: 'the private key cannot sign' }
  throw new Fault('secret.unreadable', { scope: 'account', facts })
}
