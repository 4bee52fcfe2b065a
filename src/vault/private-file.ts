/** Files that hold secrets: read only when nobody else can, written whole or not at all. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, chown, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { FileRefused, readUpTo } from '../bounded-file.ts'
import { Fault } from '../fault.ts'

/** A path as one word of a POSIX shell, for commands that we show. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_/.:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

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

/**
 * The octets of a secret file, at most 64 KiB, or undefined where there is none.
 * @throws Fault secret.unreadable with `file` and `reason`: 'permissions' (with `mode`, octal, and `command`,
 * what mends it), 'too-large', 'not-a-file' or the system's error code
 */
export async function readPrivate(file: string, env: NodeJS.ProcessEnv): Promise<Buffer | undefined> {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    // open(2): with O_NONBLOCK a FIFO without a writer opens at once instead of never.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw new Fault('secret.unreadable', { facts: { file, reason: codeOf(thrown) }, cause: thrown })
  }
  try {
    const found = await handle.stat() // of the opened file: nobody can change the path in between
    if (!found.isFile()) throw new Fault('secret.unreadable', { facts: { file, reason: 'not-a-file' } })
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0 && !isMountedForUs(file, env)) {
      const mode = (found.mode & 0o777).toString(8).padStart(3, '0')
      const command = `chmod 600 ${shellWord(file)}`
      throw new Fault('secret.unreadable', { facts: { file, reason: 'permissions', mode, command } })
    }
    return await readUpTo(handle, 65_536)
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('secret.unreadable', { facts: { file, reason: codeOf(thrown) }, cause: thrown })
  } finally {
    await handle.close()
  }
}

/** Makes a rename or a new name in `folder` survive a power cut. Windows cannot open folders and needs it not. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What `sudo hikyaku setup` writes into a service's state directory must stay readable to the service's user. */
async function giveToOwnerOf(folder: string, file: string): Promise<void> {
  if (process.geteuid?.() !== 0) return
  const { uid, gid } = await stat(folder)
  if (uid !== 0) await chown(file, uid, gid)
}

/**
 * Writes a secret file of mode 0600 by temporary file, fsync, rename and fsync of the folder, so that a reader
 * or a power cut finds the old octets or the new ones. Missing folders are made with mode 0700.
 * @throws Fault secret.not-kept with `file` and `reason`
 */
export async function writePrivate(file: string, octets: Uint8Array): Promise<void> {
  const folder = dirname(file)
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(octets)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await chmod(temporary, 0o600) // whatever the umask took or a default ACL gave
    await giveToOwnerOf(folder, temporary)
    await rename(temporary, file)
    await syncFolder(folder)
  } catch (thrown) {
    await unlink(temporary).catch(() => {})
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
