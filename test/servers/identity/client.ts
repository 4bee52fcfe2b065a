/** Whether the program is the one that it says it is: public, by secret, or by an assertion (RFC 7523 section 3). */
import { createHash, verify, X509Certificate } from 'node:crypto'
import { type Refusal, refusals } from './answers.ts'
import type { App } from './identity-server.ts'

const digest = (certificate: X509Certificate, algorithm: 'sha1' | 'sha256'): string =>
  createHash(algorithm).update(certificate.raw).digest('base64url')

function isGoodAssertion(app: App, assertion: string, audience: string, nowMs: number): boolean {
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  const read = (part: string): Record<string, unknown> => JSON.parse(String(Buffer.from(part, 'base64url')))
  const { alg, x5t, 'x5t#S256': sha256 } = read(header)
  const { iss, sub, aud, exp, nbf, jti } = read(payload)
  const seconds = nowMs / 1000
  const certificate = app.certificates
    .map(pem => new X509Certificate(pem))
    .find(known => digest(known, 'sha256') === sha256 || digest(known, 'sha1') === x5t)
  return (
    certificate !== undefined &&
    (alg === 'RS256' || alg === 'PS256') &&
    iss === app.clientId &&
    sub === app.clientId &&
    aud === audience &&
    typeof jti === 'string' &&
    Number(exp) > seconds &&
    Number(exp) < seconds + 86_400 &&
    Number(nbf) <= seconds &&
    verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: certificate.publicKey, ...(alg === 'PS256' ? { padding: 6 } : {}) },
      Buffer.from(signature, 'base64url'),
    )
  )
}

/** @returns why not, or undefined */
export function checkClient(
  app: App,
  form: URLSearchParams,
  mustProve: boolean,
  tokenUrl: string,
  nowMs: number,
): Refusal | undefined {
  if (form.get('client_id') !== app.clientId) return refusals.noSuchApp
  const [secret, assertion] = [form.get('client_secret'), form.get('client_assertion')]
  if (secret !== null) {
    const known = app.secrets.find(({ value }) => value === secret)
    if (known === undefined)
      return app.isPublic && app.secrets.length === 0 ? refusals.publicWithSecret : refusals.wrongSecret
    return known.expired ? refusals.secretEnded : undefined
  }
  if (assertion !== null) {
    const isJwt =
      form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    return isJwt && isGoodAssertion(app, assertion, tokenUrl, nowMs) ? undefined : refusals.assertion
  }
  return app.isPublic && !mustProve ? undefined : refusals.publicFlowsOff
}
