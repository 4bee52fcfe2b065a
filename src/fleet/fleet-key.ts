/**
 * The fleet key in a file of mode 0600 (or a systemd credential), which wraps the data keys of the tenants.
 *
 * A line holds a key; the first one wraps, and the others open what was wrapped before. So a key is exchanged while workers
 * run: put the new one first on every computer, `rewrap`, then take the old one out.
 */
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { makeFolder } from '../base/as-owner.ts'
import { Fault } from '../base/fault.ts'
import { exists, readPrivate, writePrivate } from '../base/private-file.ts'
import { withProcessLock } from '../base/process-lock.ts'
import { decrypt, encrypt, keyIdOf } from '../vault/aes-gcm.ts'
import { parseKey } from '../vault/sealed-key.ts'
import { type KeyWrapper, readEncrypted, writeEncrypted } from './seal.ts'

const mostKeys = 8
/** Writing takes milliseconds; on a busy disk, seconds. */
const longestLockMs = 10_000

/**
 * @throws Fault fleet.no-key where there is no file; secret.unreadable with `file` and `reason`: key-format (with
 *   `command`), permissions (with `command`), or as of readPrivate
 */
export async function openFleetKey(file: string, env: NodeJS.ProcessEnv): Promise<KeyWrapper> {
  const octets = await readPrivate(file, env)
  if (octets === undefined) throw new Fault('fleet.no-key', { facts: { file } })
  const keys = readKeys(octets, file)
  const byId = new Map(keys.map(key => [keyIdOf(key), key]))
  const [first = Buffer.alloc(0)] = keys
  return {
    id: keyIdOf(first),
    wrap: async (dataKey, context) => writeEncrypted(encrypt(dataKey, first, Buffer.from(context))),
    unwrap: async (wrapped, context, id) => {
      const key = byId.get(id)
      if (key === undefined)
        throw new Fault('fleet.other-key', { facts: { file, key: [...byId.keys()].join(', '), wanted: id } })
      try {
        return decrypt(readEncrypted(wrapped), key, Buffer.from(context))
      } catch {
        throw new Fault('fleet.secret-unfit', { facts: { name: 'data key' } })
      }
    },
  }
}

/**
 * 32 random octets in a new file of mode 0600. Where there is a file, it stays: false, and nothing is written beside it, for it
 * may be mounted read-only.
 * @throws Fault secret.not-kept with `file` and `reason`: locked, or the system's error code
 */
export async function makeFleetKey(file: string): Promise<boolean> {
  if (await exists(file)) return false
  const refuse = (reason: string, cause?: unknown) =>
    new Fault('secret.not-kept', { facts: { file, reason }, cause })
  try {
    makeFolder(dirname(file))
    // Of two that come at once the second finds the first one's key, and does not put another in its place.
    return await withProcessLock(
      `${file}.lock`,
      longestLockMs,
      () => refuse('locked'),
      async () => {
        if (await exists(file)) return false
        await writePrivate(file, Buffer.from(`${randomBytes(32).toString('base64')}\n`))
        return true
      },
    )
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw refuse((thrown as NodeJS.ErrnoException).code ?? String(thrown), thrown)
  }
}

function readKeys(octets: Buffer, file: string): readonly Buffer[] {
  const whole = parseKey(octets)
  const lines = octets
    .toString('latin1')
    .split('\n')
    .filter(line => line.trim() !== '')
  const keys = whole === undefined ? lines.map(line => parseKey(Buffer.from(line, 'latin1'))) : [whole]
  const good = keys.filter(key => key !== undefined)
  if (good.length > 0 && good.length === keys.length && good.length <= mostKeys) return good
  throw new Fault('secret.unreadable', {
    facts: { file, reason: 'key-format', command: 'openssl rand -base64 32' },
  })
}
