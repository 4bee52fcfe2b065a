/**
 * A Maildir as a delivery agent and as a witness see it: exact octets in by tmp/ and rename, exact octets out.
 * https://cr.yp.to/proto/maildir.html; sub-folders are `.Name` beside the inbox (Maildir++).
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** One stored message. */
export interface Stored {
  readonly file: string
  /** Maildir's letters: S seen, T trashed, R replied, F flagged, D draft. */
  readonly flags: string
  readonly octets: number
  /** SHA-256 of the file, lower-case hexadecimal. */
  readonly sha256: string
  read(): Promise<Buffer>
}

export interface DeliverOptions {
  /** Becomes the file's time, which IMAP shows as INTERNALDATE; ms since 1970. */
  readonly arrivedAtMs?: number
  /** Delivers as already seen by the owner. */
  readonly seen?: boolean
  /** The file's name: by its number a server orders what is new to it, not by when it came. */
  readonly name?: string
}

/** Who must own the files: the account under which the server reads them; undefined = leave as created. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Strictly rising, so that the server numbers messages in the order in which they were delivered. */
let lastMicroseconds = 0

function uniqueName(): string {
  lastMicroseconds = Math.max(lastMicroseconds + 1, Date.now() * 1000)
  const seconds = Math.floor(lastMicroseconds / 1e6)
  const micro = String(lastMicroseconds % 1e6).padStart(6, '0')
  return `${seconds}.M${micro}P${process.pid}.hikyaku`
}

/** Makes a Maildir (with its sub-folders' parent) where there is none. */
export async function makeMaildir(path: string, owner?: Owner): Promise<void> {
  const folders = [path, ...['tmp', 'new', 'cur'].map(name => join(path, name))]
  for (const folder of folders) {
    const made = await mkdir(folder, { recursive: true })
    if (made !== undefined && owner !== undefined) await chown(folder, owner.uid, owner.gid)
  }
}

/**
 * Delivers exactly these octets: no line end is changed, no header added.
 * @returns the file's name without its folder
 */
export async function deliverInto(
  path: string,
  octets: Uint8Array | AsyncIterable<Uint8Array>,
  options: DeliverOptions = {},
  owner?: Owner,
): Promise<string> {
  const name = options.name ?? uniqueName()
  const temporary = join(path, 'tmp', name)
  if (octets instanceof Uint8Array) await writeFile(temporary, octets)
  else await pipeline(octets, createWriteStream(temporary))
  await chmod(temporary, 0o600)
  if (owner !== undefined) await chown(temporary, owner.uid, owner.gid)
  if (options.arrivedAtMs !== undefined) {
    const at = new Date(options.arrivedAtMs)
    await utimes(temporary, at, at)
  }
  const final = options.seen === true ? join('cur', `${name}:2,S`) : join('new', name)
  await rename(temporary, join(path, final))
  return name
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}

/** Everything stored in the Maildir now, oldest first; [] where there is none. */
export async function readMaildir(path: string): Promise<Stored[]> {
  for (;;) {
    try {
      return await readOnce(path)
    } catch (error) {
      // A server gave a file another name, or removed it, since it was listed: what was read is of no one moment.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

async function readOnce(path: string): Promise<Stored[]> {
  const stored: Stored[] = []
  for (const folder of ['new', 'cur']) {
    const names = await readdir(join(path, folder)).catch(() => [])
    for (const name of names) {
      const file = join(path, folder, name)
      const { size } = await stat(file)
      const flags = /:2,(\w*)$/.exec(name)?.[1] ?? ''
      stored.push({ file, flags, octets: size, sha256: await digest(file), read: () => readFile(file) })
    }
  }
  const key = (one: Stored): string => one.file.slice(one.file.lastIndexOf('/') + 1)
  return stored.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
