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

const usualNames = ['from', 'to', 'subject', 'date', 'message-id']

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
  const { key, domain, selector = 's1', headerCanon = 'relaxed', bodyCanon = 'relaxed', bodyLength } = options
  const names = options.fields ?? usualNames
  const tags = [
    'v=1',
    `a=${key.algorithm}`,
    `c=${headerCanon}/${bodyCanon}`,
    `d=${domain}`,
    `s=${selector}`,
    ...(options.time === undefined ? [] : [`t=${options.time}`]),
    ...(options.expires === undefined ? [] : [`x=${options.expires}`]),
    ...(bodyLength === undefined ? [] : [`l=${bodyLength}`]),
    `h=${names.join(':')}`,
    'bh={bh}',
    'b={b}',
  ]
  const field = `DKIM-Signature: ${tags.join(';\r\n\t')}`
  return signField(message, { field, key, names, headerCanon, bodyCanon, bodyLength })
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
  const { key, domain, instance, state } = options
  const results = Buffer.from(`ARC-Authentication-Results: i=${instance}; ${options.results}\r\n`)
  const signed = signField(message, {
    field:
      `ARC-Message-Signature: i=${instance}; a=${key.algorithm}; c=relaxed/relaxed; d=${domain}; s=arc;\r\n` +
      `\th=${usualNames.join(':')}; bh={bh};\r\n\tb={b}`,
    key,
    names: usualNames,
    headerCanon: 'relaxed',
    bodyCanon: 'relaxed',
  })
  const signature = findField(signed, 'arc-message-signature')
  // RFC 8617 section 5.1.1: all sets in order, each as results, signature, seal; the new seal last.
  const { fields } = splitMessage(message)
  const chain: Buffer[] = []
  for (let i = 1; i < instance; i += 1) {
    for (const name of ['arc-authentication-results', 'arc-message-signature', 'arc-seal']) {
      const old = fields.find(
        field => nameOf(field) === name && new RegExp(`i=${i};`).test(field.toString('latin1')),
      )
      if (old !== undefined) chain.push(old)
    }
  }
  const seal = signSeal(
    `ARC-Seal: i=${instance}; a=${key.algorithm}; t=12345; cv=${state}; d=${domain}; s=arc; b={b}`,
    key,
    [...chain, results, signature],
  )
  return Buffer.concat([Buffer.from(`${seal}\r\n`), signature, results, message])
}

interface FieldToSign {
  /** The whole field without its last line end. */
  readonly field: string
  readonly key: SigningKey
  /** Fields to sign, lower case, one name for each. */
  readonly names: readonly string[]
  readonly headerCanon: Canon
  readonly bodyCanon: Canon
  readonly hash?: 'sha256' | 'sha1'
  /** Octets of the body that are hashed. */
  readonly bodyLength?: number | undefined
  /** In groups of so many characters, with a fold between. */
  readonly fold?: number
}

/**
 * The message with a header field on top as somebody wrote it, however odd: the places `{bh}` and `{b}` in it get the
 * hash and the signature (RFC 6376 section 3.7). The signature is right whatever else the field says, so that a verifier
 * can refuse it only for what is odd.
 */
export function signField(message: Buffer, options: FieldToSign): Buffer {
  const { key, names, headerCanon, bodyCanon, hash = 'sha256', bodyLength, fold } = options
  const { fields, body } = splitMessage(message)
  const hashed = canonBody(body, bodyCanon).subarray(0, bodyLength)
  const bodyHash = createHash(hash).update(hashed).digest('base64')
  const field = options.field.replace('{bh}', foldText(bodyHash, fold))
  const signed = selectFields(fields, names).map(selected => canonField(selected, headerCanon))
  signed.push(canonField(Buffer.from(`${field.replace('{b}', '')}\r\n`), headerCanon).subarray(0, -2))
  return Buffer.concat([
    Buffer.from(`${field.replace('{b}', foldText(makeSignature(key, signed, hash), fold))}\r\n`),
    message,
  ])
}

/** An ARC-Seal over whole fields in their order, itself last (RFC 8617 section 5.1.1). */
export function signSeal(field: string, key: SigningKey, chain: readonly Buffer[]): string {
  const signed = chain.map(part => canonField(part, 'relaxed'))
  signed.push(canonField(Buffer.from(`${field.replace('{b}', '')}\r\n`), 'relaxed').subarray(0, -2))
  return field.replace('{b}', makeSignature(key, signed))
}

/** The topmost field of that name, with its line end. */
export function findField(message: Buffer, name: string): Buffer {
  const field = splitMessage(message).fields.find(candidate => nameOf(candidate) === name)
  if (field === undefined) throw new Error(`no ${name} in the message`)
  return field
}

const foldText = (text: string, every: number | undefined): string =>
  every === undefined ? text : (text.match(new RegExp(`.{1,${every}}`, 'g')) ?? []).join('\r\n\t ')

/** Base64, with the key's own algorithm; `hash` is for RSA alone. */
function makeSignature(
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

function splitMessage(message: Buffer): { fields: Buffer[]; body: Buffer } {
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

const nameOf = (field: Buffer): string => field.toString('latin1', 0, field.indexOf(':')).trim().toLowerCase()

/** RFC 6376 section 5.4.2: from the bottom up, each name taking the next one above. */
function selectFields(fields: readonly Buffer[], names: readonly string[]): Buffer[] {
  const left = [...fields].reverse()
  return names.flatMap(name => {
    const at = left.findIndex(field => nameOf(field) === name)
    return at < 0 ? [] : left.splice(at, 1)
  })
}

function canonField(field: Buffer, canon: Canon): Buffer {
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

function canonBody(body: Buffer, canon: Canon): Buffer {
  let text = body.toString('latin1')
  if (canon === 'relaxed') text = text.replace(/[ \t]+(?=\r\n)/g, '').replace(/[ \t]+/g, ' ')
  text = text.replace(/(?:\r\n)*$/, '')
  if (text !== '' || canon === 'simple') text += '\r\n'
  return Buffer.from(text, 'latin1')
}
