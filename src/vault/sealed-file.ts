/**
 * Secrets in one file, sealed with AES-256-GCM (NIST SP 800-38D), for machines without a keychain.
 *
 * The file is JSON: what it is, its version, which key it needs, then nonce, ciphertext and tag. The header is
 * authenticated with the contents; each writing takes a new random 96-bit nonce.
 * What it protects against: a copy of the file without the key (a backup, another user, a stolen disk where the
 * key is a systemd credential bound to the machine). Not against root on the running machine.
 */
import { join } from 'node:path'
import { removeFile } from '../base/durable-file.ts'
import { Fault } from '../base/fault.ts'
import { readPrivate, writePrivate } from '../base/private-file.ts'
import { withProcessLock } from '../base/process-lock.ts'
import { secureStateFolder } from '../base/state-folder.ts'
import { decrypt, encrypt, keyIdOf } from './aes-gcm.ts'
import { findKey, makeKeyFile, type SealedKey } from './sealed-key.ts'
import type { Vault } from './vault.ts'

const version = 1

interface Sealed {
  readonly hikyaku: 'secrets'
  readonly version: number
  readonly cipher: 'AES-256-GCM'
  /** Tells a wrong key from a damaged file; says nothing of a random 256-bit key. */
  readonly keyId: string
  readonly nonce: string
  readonly data: string
  readonly tag: string
}

type Secrets = Record<string, string>

const headerOf = (sealed: Pick<Sealed, 'version' | 'cipher' | 'keyId'>): Buffer =>
  Buffer.from(`hikyaku secrets ${sealed.version} ${sealed.cipher} ${sealed.keyId}`)

export function seal(secrets: Secrets, key: Buffer): Buffer {
  const head = { hikyaku: 'secrets', version, cipher: 'AES-256-GCM', keyId: keyIdOf(key) } as const
  const { nonce, data, tag } = encrypt(Buffer.from(JSON.stringify(secrets)), key, headerOf(head))
  const sealed: Sealed = {
    ...head,
    nonce: nonce.toString('base64'),
    data: data.toString('base64'),
    tag: tag.toString('base64'),
  }
  return Buffer.from(`${JSON.stringify(sealed, undefined, 2)}\n`)
}

/** @throws Fault secret.unreadable with `reason`: 'damaged', 'newer' (with `version`) or 'wrong-key' */
export function unseal(octets: Buffer, key: Buffer, file: string): Secrets {
  const unreadable = (reason: string, cause?: unknown): Fault =>
    new Fault('secret.unreadable', { facts: { file, reason, what: 'sealed file' }, cause })
  let sealed: Partial<Sealed>
  try {
    sealed = JSON.parse(octets.toString('utf8')) as Partial<Sealed>
  } catch {
    throw unreadable('damaged') // without the cause: a parser quotes what it read
  }
  const { cipher, keyId, nonce, data, tag } = sealed
  if (typeof sealed.version === 'number' && sealed.version > version) throw unreadable('newer')
  if (sealed.hikyaku !== 'secrets' || sealed.version !== version || cipher !== 'AES-256-GCM')
    throw unreadable('damaged')
  if (![keyId, nonce, data, tag].every(part => typeof part === 'string')) throw unreadable('damaged')
  if (keyId !== keyIdOf(key)) throw unreadable('wrong-key')
  try {
    const octets = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64')
    const encrypted = { nonce: octets(nonce), data: octets(data), tag: octets(tag) }
    const plain = decrypt(encrypted, key, headerOf({ version, cipher, keyId }))
    return JSON.parse(plain.toString('utf8')) as Secrets
  } catch {
    throw unreadable('damaged')
  }
}

/** A write takes milliseconds; one on a busy disk, seconds. */
const longestLockMs = 10_000

export function sealedFileOf(stateDir: string): string {
  return join(stateDir, 'secrets.sealed')
}

/**
 * Reads the file anew for each secret, so that what `setup` writes reaches a running daemon.
 * @returns a vault whose methods throw Fault secret.unreadable or secret.not-kept with `file` and `reason`:
 * those of unseal, 'no-key' (the file is there, its key is not), 'permissions' (with `command`), 'key-format'
 */
export function sealedFileVault(stateDir: string, env: NodeJS.ProcessEnv): Vault {
  const file = sealedFileOf(stateDir)

  async function keyFor(octets: Buffer | undefined): Promise<SealedKey> {
    const key = await findKey(stateDir, env)
    if (key) return key
    if (octets === undefined) return makeKeyFile(stateDir, env)
    throw new Fault('secret.unreadable', { facts: { file, reason: 'no-key', what: 'sealed file' } })
  }

  async function change(alter: (secrets: Secrets) => void): Promise<void> {
    try {
      secureStateFolder(stateDir)
      const lockFile = join(stateDir, 'secrets.lock')
      const locked = () => new Fault('secret.not-kept', { facts: { file: lockFile, reason: 'locked' } })
      await withProcessLock(lockFile, longestLockMs, locked, async () => {
        removeFile(`${file}.lock`) // the lock of versions up to 0.1.0, which a dead process could leave behind
        const before = await readPrivate(file, env)
        const { key } = await keyFor(before)
        const secrets = before === undefined ? {} : unseal(before, key, file)
        alter(secrets)
        await writePrivate(file, seal(secrets, key))
      })
    } catch (thrown) {
      if (thrown instanceof Fault) throw thrown
      const reason = (thrown as NodeJS.ErrnoException).code ?? String(thrown)
      throw new Fault('secret.not-kept', { facts: { file, reason }, cause: thrown })
    }
  }

  return {
    kind: 'sealed file',
    get: async name => {
      const octets = await readPrivate(file, env)
      if (octets === undefined) return undefined
      const secrets = unseal(octets, (await keyFor(octets)).key, file)
      return Object.hasOwn(secrets, name) ? secrets[name] : undefined
    },
    set: (name, secret) =>
      change(secrets => {
        // not `secrets[name] =`: that would set the prototype for the name __proto__
        Object.defineProperty(secrets, name, {
          value: secret,
          enumerable: true,
          configurable: true,
          writable: true,
        })
      }),
    delete: async name => {
      if ((await readPrivate(file, env)) === undefined) return
      await change(secrets => {
        delete secrets[name]
      })
    },
  }
}
