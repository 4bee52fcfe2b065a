/** Where the sealed file's key comes from: a systemd credential, an environment variable, or a file of mode 0600. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Fault } from '../base/fault.ts'
import { readPrivate, writePrivate } from '../base/private-file.ts'

/** 256 bits and the words that say where they came from. */
export interface SealedKey {
  readonly key: Buffer
  readonly origin: 'systemd credential' | 'environment' | 'key file'
}

const octetsOfKey = 32

/** Reads a key as `openssl rand -base64 32` or `openssl rand -hex 32` prints it, or its 32 raw octets. */
export function parseKey(octets: Buffer): Buffer | undefined {
  if (octets.length === octetsOfKey) return Buffer.from(octets)
  const text = octets.toString('latin1').trim()
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64')
  return undefined
}

function readKey(octets: Buffer, where: string): Buffer {
  const key = parseKey(octets)
  if (key !== undefined) return key
  // A passphrase is refused rather than stretched: a short one would only look like protection.
  throw new Fault('secret.unreadable', {
    facts: { what: where, reason: 'key-format', command: 'openssl rand -base64 32' },
  })
}

/** The key file that is used where nothing else is named. */
export function keyFileOf(stateDir: string, env: NodeJS.ProcessEnv): string {
  return env.HIKYAKU_KEY_FILE || join(stateDir, 'secrets.key')
}

/**
 * The first key found, in this order: credential, variable, file.
 * @returns undefined where there is none at all
 * @throws Fault secret.unreadable where the first one found cannot be used: it is never passed over in silence
 */
export async function findKey(stateDir: string, env: NodeJS.ProcessEnv): Promise<SealedKey | undefined> {
  if (env.CREDENTIALS_DIRECTORY) {
    // systemd.exec(5), LoadCredential=: one file for each credential, readable by this service alone
    const octets = await readPrivate(join(env.CREDENTIALS_DIRECTORY, 'hikyaku-key'), env)
    if (octets) return { key: readKey(octets, 'hikyaku-key'), origin: 'systemd credential' }
  }
  if (env.HIKYAKU_KEY) {
    return { key: readKey(Buffer.from(env.HIKYAKU_KEY), 'HIKYAKU_KEY'), origin: 'environment' }
  }
  const file = keyFileOf(stateDir, env)
  const octets = await readPrivate(file, env)
  return octets && { key: readKey(octets, file), origin: 'key file' }
}

/** Makes a new key file. Only for a vault that holds nothing yet: an old sealed file needs its old key. */
export async function makeKeyFile(stateDir: string, env: NodeJS.ProcessEnv): Promise<SealedKey> {
  const key = randomBytes(octetsOfKey)
  await writePrivate(keyFileOf(stateDir, env), Buffer.from(`${key.toString('base64')}\n`))
  return { key, origin: 'key file' }
}
