/**
 * Secrets in a fleet's database, sealed in two layers: each tenant has a data key, which seals its secrets, and the fleet key,
 * which is never in the database, wraps the data keys. Both layers are AES-256-GCM.
 *
 * Bound to a sealed secret are its tenant, what it is of, its name and the destination that it may go to: whoever copies
 * a row to another mailbox, or names another server beside it, gets nothing that opens.
 * What is opened is told to nobody but who asked, and no fault here holds any of it.
 */
import { randomBytes } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { decrypt, type Encrypted, encrypt } from '../vault/aes-gcm.ts'

/**
 * Who keeps the fleet key and wraps data keys with it. fleet-key.ts does it with a file; a key management service has the
 * same shape (encrypt and decrypt of few octets, with context that must be the same).
 */
export interface KeyWrapper {
  /** Which key new data keys are wrapped with; no secret. */
  readonly id: string
  /** @param context bound to it */
  wrap(dataKey: Buffer, context: string): Promise<string>
  /**
   * @param id which key it was wrapped with
   * @throws Fault fleet.no-key, fleet.other-key, fleet.secret-unfit
   */
  unwrap(wrapped: string, context: string, id: string): Promise<Buffer>
}

/** What a sealed secret is of, and where it may go. */
export interface SecretPlace {
  readonly tenant: string
  readonly kind: 'account' | 'mailbox'
  readonly owner: string
  /** The key of its setting. */
  readonly key: string
  /** The Destination as it is kept beside it, to the letter. */
  readonly destination: string
}

export const makeDataKey = (): Buffer => randomBytes(32)

export const contextOf = (tenant: string): string => JSON.stringify(['hikyaku fleet data key', tenant])

const associatedOf = ({ tenant, kind, owner, key, destination }: SecretPlace): Buffer =>
  Buffer.from(JSON.stringify(['hikyaku fleet secret', tenant, kind, owner, key, destination]))

export function sealSecret(secret: string, dataKey: Buffer, place: SecretPlace): string {
  return writeEncrypted(encrypt(Buffer.from(secret), dataKey, associatedOf(place)))
}

/** @throws Fault fleet.secret-unfit */
export function openSecret(sealed: string, dataKey: Buffer, place: SecretPlace): string {
  const { tenant, kind, owner, key } = place
  try {
    return decrypt(readEncrypted(sealed), dataKey, associatedOf(place)).toString('utf8')
  } catch {
    // Without the cause, which says nothing more.
    throw new Fault('fleet.secret-unfit', { facts: { name: `${kind} ${tenant}/${owner} ${key}` } })
  }
}

const version = '1'

/** `1.NONCE.DATA.TAG`, each in base64url. */
export function writeEncrypted({ nonce, data, tag }: Encrypted): string {
  return [version, ...[nonce, data, tag].map(octets => octets.toString('base64url'))].join('.')
}

/** @throws Error where it is none of ours */
export function readEncrypted(text: string): Encrypted {
  const [found, nonce, data, tag, ...more] = text.split('.')
  if (found !== version || nonce === undefined || data === undefined || tag === undefined || more.length > 0)
    throw new Error('not sealed by this version')
  const octets = (part: string): Buffer => Buffer.from(part, 'base64url')
  return { nonce: octets(nonce), data: octets(data), tag: octets(tag) }
}
