/**
 * Reads a small file whose path somebody wrote down: never waits, never takes more than it was told to, and can ask
 * that nobody but its owner or root could have written it.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, stat } from 'node:fs/promises'

export interface FileRules {
  /** The most octets that it may hold. */
  readonly mostOctets: number
  /** It, and a link that leads to it, belong to this user or to root, and no other user can write it. */
  readonly trusted?: boolean
}

/** Why a file was not read: `code` is a system error's, or not-a-file, too-large, foreign, writable. */
export class FileRefused extends Error {
  readonly code: string
  constructor(code: string, cause?: unknown) {
    super(code, { cause })
    this.code = code
  }
}

/**
 * A symbolic link is followed: container engines and dotfile managers lay files out by links. What is judged is the
 * file that was opened, by its handle, so that nobody can exchange it in between; and that the link itself belongs
 * to the same people, because whoever lays a link chooses the file.
 * @returns the octets, at most `mostOctets`
 * @throws FileRefused
 */
export async function readBounded(file: string, rules: FileRules): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    if (rules.trusted && isForeign(await lstat(file))) throw new FileRefused('foreign')
    // Before it is opened: opening a device may already do something.
    refuseUnfit(await stat(file), rules)
    // open(2): with O_NONBLOCK a FIFO without a writer opens at once instead of never.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    refuseUnfit(await handle.stat(), rules)
    return await readUpTo(handle, rules.mostOctets)
  } catch (thrown) {
    if (thrown instanceof FileRefused) throw thrown
    throw new FileRefused((thrown as NodeJS.ErrnoException).code ?? 'EIO', thrown)
  } finally {
    await handle?.close()
  }
}

function refuseUnfit(found: Stats, { mostOctets, trusted = false }: FileRules): void {
  if (found.isDirectory()) throw new FileRefused('EISDIR')
  if (!found.isFile()) throw new FileRefused('not-a-file')
  if (found.size > mostOctets) throw new FileRefused('too-large')
  if (!trusted || process.platform === 'win32') return
  if (isForeign(found)) throw new FileRefused('foreign')
  if ((found.mode & 0o022) !== 0) throw new FileRefused('writable')
}

function isForeign({ uid }: Stats): boolean {
  const mine = process.geteuid?.()
  return mine !== undefined && uid !== mine && uid !== 0
}

/**
 * Reads an opened file to its end. Its size is not believed: it may grow, and files of /proc have none.
 * @throws FileRefused too-large
 */
export async function readUpTo(handle: FileHandle, mostOctets: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let octets = 0
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(65_536, mostOctets + 1 - octets)))
    if (bytesRead === 0) return Buffer.concat(chunks, octets)
    octets += bytesRead
    if (octets > mostOctets) throw new FileRefused('too-large')
    chunks.push(buffer.subarray(0, bytesRead))
  }
}
