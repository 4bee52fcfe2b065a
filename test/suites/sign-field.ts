/**
 * Signs with a header field as somebody wrote it, however odd: the places `{bh}` and `{b}` in it get the hash and the
 * signature (RFC 6376 section 3.7). The signature is right whatever else the field says, so that a verifier can refuse
 * it only for what is odd.
 */
import { createHash } from 'node:crypto'
import {
  type Canon,
  canonBody,
  canonField,
  makeSignature,
  nameOf,
  type SigningKey,
  selectFields,
  splitMessage,
} from '../authentication/signing.ts'

export interface FieldToSign {
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

/** The message with the signed field on top. */
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
