/** Files that hold secrets: read only when nobody else can, written whole or not at all. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { inFolder } from './as-owner.ts'
import { FileRefused } from './bounded-file.ts'
import { replaceFile } from './durable-file.ts'
import { Fault } from './fault.ts'
import { shellWord } from './shell-word.ts'

const { O_RDONLY, O_NONBLOCK = 0 } = constants
const mostOctets = 65_536

function codeOf(thrown: unknown): string {
  return thrown instanceof FileRefused
    ? thrown.code
    : ((thrown as NodeJS.ErrnoException).code ?? String(thrown))
}

/**
 * Places whose modes are set by systemd or a container engine, which mounts them for this service alone: Docker
 * gives 0444, systemd shows 0440 where it grants access by ACL (systemd.exec(5), LoadCredential=). Nothing that
 * the owner could chmod.
 */
function isMountedForUs(file: string, env: NodeJS.ProcessEnv): boolean {
  const places = ['/run/secrets', '/var/run/secrets', env.CREDENTIALS_DIRECTORY]
  return places.some(place => place !== undefined && resolve(file).startsWith(resolve(place) + sep))
}

/** Its size is not believed: it may grow. */
function readUpTo(handle: number, most: number): Buffer {
  const octets = Buffer.alloc(most + 1)
  let length = 0
  for (let read = -1; read !== 0 && length <= most; length += read)
    read = readSync(handle, octets, length, octets.length - length, null)
  if (length > most) throw new FileRefused('too-large')
  return Buffer.from(octets.subarray(0, length))
}

/**
 * The octets of a secret file, at most 64 KiB, or undefined where there is none.
 * @throws Fault secret.unreadable with `file` and `reason`: 'permissions' (with `mode`, octal, and `command`,
 * what mends it), 'too-large', 'not-a-file' or the system's error code
 */
export async function readPrivate(file: string, env: NodeJS.ProcessEnv): Promise<Buffer | undefined> {
  let handle: number
  try {
    // open(2): with O_NONBLOCK a FIFO without a writer opens at once instead of never. What another user's name leads
    // to is read with his rights.
    handle = inFolder(dirname(file), at => openSync(join(at, basename(file)), O_RDONLY | O_NONBLOCK))
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw new Fault('secret.unreadable', { facts: { file, reason: codeOf(thrown) }, cause: thrown })
  }
  try {
    const stats = fstatSync(handle) // of the opened file: nobody can change the path in between
    if (!stats.isFile()) throw new Fault('secret.unreadable', { facts: { file, reason: 'not-a-file' } })
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0 && !isMountedForUs(file, env)) {
      const mode = (stats.mode & 0o777).toString(8).padStart(3, '0')
      const command = `chmod 600 ${shellWord(file)}`
      throw new Fault('secret.unreadable', { facts: { file, reason: 'permissions', mode, command } })
    }
    return readUpTo(handle, mostOctets)
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('secret.unreadable', { facts: { file, reason: codeOf(thrown) }, cause: thrown })
  } finally {
    closeSync(handle)
  }
}

/**
 * Writes a file of mode 0600 (durable-file.ts): a reader or a power cut finds the old octets or the new ones.
 * What `sudo hikyaku setup` writes into a service's state directory is the service's user's.
 * @throws Fault secret.not-kept with `file` and `reason`, state.exposed
 */
export async function writePrivate(file: string, octets: Uint8Array): Promise<void> {
  try {
    replaceFile(file, octets, 0o600)
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('secret.not-kept', { facts: { file, reason: codeOf(thrown) }, cause: thrown })
  }
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
