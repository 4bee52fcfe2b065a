/** AES-256-GCM (NIST SP 800-38D) as everything of ours that is sealed uses it: a new random 96-bit nonce each time. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

export interface Encrypted {
  readonly nonce: Buffer
  readonly data: Buffer
  readonly tag: Buffer
}

/** @param key 32 octets @param associated authenticated with it, and given again to decrypt */
export function encrypt(plain: Uint8Array, key: Buffer, associated: Buffer): Encrypted {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated)
  const data = Buffer.concat([cipher.update(plain), cipher.final()])
  return { nonce, data, tag: cipher.getAuthTag() }
}

/** @throws Error where anything of it is not as it was encrypted */
export function decrypt({ nonce, data, tag }: Encrypted, key: Buffer, associated: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, {
    authTagLength: 16, // else Node takes a tag cut down to four octets
  })
  decipher.setAAD(associated)
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(data), decipher.final()])
}

/** Tells a wrong key from damage; says nothing of a random 256-bit key. */
export const keyIdOf = (key: Buffer): string =>
  createHmac('sha256', key).update('hikyaku key id').digest('hex').slice(0, 16)
