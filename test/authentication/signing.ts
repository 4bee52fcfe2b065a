/**
 * A small DKIM signer and ARC sealer of the tests' own, written from RFC 6376 section 3 and RFC 8617 section 4,
 * so that the library under test does not vouch for itself.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface SigningKey {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  readonly privateKey: KeyObject
  /** The TXT record to publish. */
  readonly record: string
}

export function makeKey(kind: 'rsa' | 'ed25519', bits = 2048): SigningKey {
  if (kind === 'rsa') {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
    const der = publicKey.export({ type: 'spki', format: 'der' })
    return { algorithm: 'rsa-sha256', privateKey, record: `v=DKIM1; k=rsa; p=${der.toString('base64')}` }
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  // RFC 8463 section 4.2: the bare 32 octets.
  const bare = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  return {
    algorithm: 'ed25519-sha256',
    privateKey,
    record: `v=DKIM1; k=ed25519; p=${bare.toString('base64')}`,
  }
}

export type Canon = 'simple' | 'relaxed'

export interface SignOptions {
  readonly key: SigningKey
  readonly domain: string
  readonly selector?: string
  readonly headerCanon?: Canon
  readonly bodyCanon?: Canon
  readonly fields?: readonly string[]
  /** `l=` */
  readonly bodyLength?: number
  /** `x=`, seconds since 1970 */
  readonly expires?: number
  readonly time?: number
}

/** The message with a DKIM-Signature on top. */
export function signDkim(message: Buffer, options: SignOptions): Buffer {
  const { key, domain, selector = 's1', headerCanon = 'relaxed', bodyCanon = 'relaxed' } = options
  const { fields, body } = splitMessage(message)
  const names = options.fields ?? ['from', 'to', 'subject', 'date', 'message-id']
  const bodyOctets = canonBody(body, bodyCanon)
  const hashed = options.bodyLength === undefined ? bodyOctets : bodyOctets.subarray(0, options.bodyLength)
  const tags = [
    'v=1',
    `a=${key.algorithm}`,
    `c=${headerCanon}/${bodyCanon}`,
    `d=${domain}`,
    `s=${selector}`,
    ...(options.time === undefined ? [] : [`t=${options.time}`]),
    ...(options.expires === undefined ? [] : [`x=${options.expires}`]),
    ...(options.bodyLength === undefined ? [] : [`l=${options.bodyLength}`]),
    `h=${names.join(':')}`,
    `bh=${createHash('sha256').update(hashed).digest('base64')}`,
    'b=',
  ]
  const unsigned = `DKIM-Signature: ${tags.join(';\r\n\t')}`
  const signed = selectFields(fields, names).map(field => canonField(field, headerCanon))
  signed.push(canonField(Buffer.from(`${unsigned}\r\n`), headerCanon).subarray(0, -2))
  return Buffer.concat([Buffer.from(unsigned + makeSignature(key, signed)), Buffer.from('\r\n'), message])
}

/** The message with one more ARC set on top, sealed by `domain` (selector `arc`). */
export function sealArc(
  message: Buffer,
  options: {
    key: SigningKey
    domain: string
    instance: number
    state: 'none' | 'pass' | 'fail'
    results: string
  },
): Buffer {
  const { key, domain, instance, state, results } = options
  const { fields, body } = splitMessage(message)
  const names = ['from', 'to', 'subject', 'date', 'message-id']
  const results1 = `ARC-Authentication-Results: i=${instance}; ${results}`
  const bodyHash = createHash('sha256').update(canonBody(body, 'relaxed')).digest('base64')
  const ams =
    `ARC-Message-Signature: i=${instance}; a=${key.algorithm}; c=relaxed/relaxed; d=${domain}; s=arc;\r\n` +
    `\th=${names.join(':')}; bh=${bodyHash};\r\n\tb=`
  const amsSigned = selectFields(fields, names).map(field => canonField(field, 'relaxed'))
  amsSigned.push(canonField(Buffer.from(`${ams}\r\n`), 'relaxed').subarray(0, -2))
  const amsWhole = ams + makeSignature(key, amsSigned)
  const seal = `ARC-Seal: i=${instance}; a=${key.algorithm}; t=12345; cv=${state}; d=${domain}; s=arc; b=`
  // RFC 8617 section 5.1.1: all sets in order, each as results, signature, seal; the new seal last.
  const chain: Buffer[] = []
  for (let i = 1; i < instance; i += 1) {
    for (const name of ['arc-authentication-results', 'arc-message-signature', 'arc-seal']) {
      const old = fields.find(
        field => nameOf(field) === name && new RegExp(`i=${i};`).test(field.toString('latin1')),
      )
      if (old !== undefined) chain.push(canonField(old, 'relaxed'))
    }
  }
  chain.push(canonField(Buffer.from(`${results1}\r\n`), 'relaxed'))
  chain.push(canonField(Buffer.from(`${amsWhole}\r\n`), 'relaxed'))
  chain.push(canonField(Buffer.from(`${seal}\r\n`), 'relaxed').subarray(0, -2))
  const top = `${seal}${makeSignature(key, chain)}\r\n${amsWhole}\r\n${results1}\r\n`
  return Buffer.concat([Buffer.from(top), message])
}

/** Base64, with the key's own algorithm; `hash` is for RSA alone. */
export function makeSignature(
  key: SigningKey,
  parts: readonly Buffer[],
  hash: 'sha256' | 'sha1' = 'sha256',
): string {
  const data = Buffer.concat(parts)
  const octets =
    key.algorithm === 'rsa-sha256'
      ? sign(hash, data, key.privateKey)
      : sign(null, createHash('sha256').update(data).digest(), key.privateKey)
  return octets.toString('base64')
}

export function splitMessage(message: Buffer): { fields: Buffer[]; body: Buffer } {
  const end = message.indexOf('\r\n\r\n')
  const header = message.subarray(0, end + 2)
  const fields: Buffer[] = []
  for (let at = 0; at < header.length; ) {
    let feed = header.indexOf('\r\n', at)
    while (header[feed + 2] === 0x20 || header[feed + 2] === 0x09) feed = header.indexOf('\r\n', feed + 2)
    fields.push(header.subarray(at, feed + 2))
    at = feed + 2
  }
  return { fields, body: message.subarray(end + 4) }
}

export const nameOf = (field: Buffer): string =>
  field.toString('latin1', 0, field.indexOf(':')).trim().toLowerCase()

/** RFC 6376 section 5.4.2: from the bottom up, each name taking the next one above. */
export function selectFields(fields: readonly Buffer[], names: readonly string[]): Buffer[] {
  const left = [...fields].reverse()
  return names.flatMap(name => {
    const at = left.findIndex(field => nameOf(field) === name)
    return at < 0 ? [] : left.splice(at, 1)
  })
}

export function canonField(field: Buffer, canon: Canon): Buffer {
  if (canon === 'simple') return field
  const text = field.toString('latin1')
  const colon = text.indexOf(':')
  const value = text
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim()
  return Buffer.from(`${text.slice(0, colon).trim().toLowerCase()}:${value}\r\n`, 'latin1')
}

export function canonBody(body: Buffer, canon: Canon): Buffer {
  let text = body.toString('latin1')
  if (canon === 'relaxed') text = text.replace(/[ \t]+(?=\r\n)/g, '').replace(/[ \t]+/g, ' ')
  text = text.replace(/(?:\r\n)*$/, '')
  if (text !== '' || canon === 'simple') text += '\r\n'
  return Buffer.from(text, 'latin1')
}
