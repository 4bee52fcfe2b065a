/**
 * How the program proves who it is (RFC 6749 section 2.3): nothing, a secret in the form, or an assertion signed with the
 * key of a certificate (RFC 7523 section 2.2), which oauth4webapi makes.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { readPrivate } from '../base/private-file.ts'
import type { OAuthClient } from './settings.ts'

interface SigningKey {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

async function readSigningKey(file: string): Promise<SigningKey> {
  const unreadable = (what: string): Fault => new Fault('secret.unreadable', { facts: { file, what } })
  const text = (await readPrivate(file, process.env))?.toString('latin1')
  if (text === undefined) throw new Fault('secret.unreadable', { facts: { file, reason: 'ENOENT' } })
  const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(text)?.[0]
  const key = /-----BEGIN (?:RSA )?PRIVATE KEY-----[^-]*-----END (?:RSA )?PRIVATE KEY-----/.exec(text)?.[0]
  if (certificate === undefined || key === undefined) throw unreadable('no certificate or no private key')
  try {
    const read = { key: createPrivateKey(key), certificate: new X509Certificate(certificate) }
    if (read.key.asymmetricKeyType === 'rsa' && read.certificate.checkPrivateKey(read.key)) return read
  } catch {
    // No cause: an error of a parser may quote what it read.
  }
  throw unreadable('the private key is not that of the certificate')
}

/** @returns the parameters of the assertion. @param nowMs by the provider's clock */
async function signAssertion(client: OAuthClient, file: string, nowMs: number): Promise<URLSearchParams> {
  const { key, certificate } = await readSigningKey(file)
  const library = await import('oauth4webapi')
  const cryptoKey = await crypto.subtle.importKey(
    'pkcs8',
    key.export({ type: 'pkcs8', format: 'der' }),
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  const { tokenUrl } = client.endpoints
  const seconds = Math.floor(nowMs / 1000)
  const sign = library.PrivateKeyJwt(cryptoKey, {
    [library.modifyAssertion]: (header, payload) => {
      delete header.kid
      // RFC 7515 sections 4.1.7 and 4.1.8; which one Microsoft finds the certificate by is its choice.
      header['x5t#S256'] = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString(
        'base64url',
      )
      header.x5t = Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64url')
      Object.assign(payload, { aud: tokenUrl, iat: seconds, nbf: seconds - 60, exp: seconds + 600 })
    },
  })
  const form = new URLSearchParams()
  const server = { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl }
  // A signed assertion needs no header; making one would load Node's fetch.
  await sign(server, { client_id: client.clientId }, form, undefined as unknown as Headers)
  return form
}

export interface ProvedClient {
  /** What is added to a form. */
  readonly form: URLSearchParams
  /** What must not stand in a fault. */
  readonly secrets: readonly string[]
}

/** @param nowMs by the provider's clock, as far as it is known @throws Fault secret.missing, secret.unreadable */
export async function proveClient(client: OAuthClient, nowMs: number): Promise<ProvedClient> {
  const { proof, clientId } = client
  const form = new URLSearchParams({ client_id: clientId })
  if (proof.kind === 'public') return { form, secrets: [] }
  if (proof.kind === 'secret') {
    const secret = await proof.secret.reveal().catch((thrown: unknown) => {
      if (proof.isOptional && thrown instanceof Fault && thrown.code === 'secret.missing') return undefined
      throw thrown
    })
    if (secret === undefined) return { form, secrets: [] }
    form.set('client_secret', secret)
    return { form, secrets: [secret] }
  }
  const signed = await signAssertion(client, proof.file, nowMs)
  return { form: signed, secrets: [signed.get('client_assertion') ?? ''] }
}
