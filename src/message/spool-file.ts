/** A temporary file that has no name any more once it is open (POSIX unlink), of its owner alone. */
import { randomBytes } from 'node:crypto'
import { close, constants, openSync, read, readdirSync, rmSync, write } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inFolder, makeFolder } from '../base/as-owner.ts'

const suffix = '.spool'
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants
const [readOctets, writeOctets, closeHandle] = [promisify(read), promisify(write), promisify(close)]

export interface SpoolFile {
  /** Where it was; for faults. */
  readonly path: string
  /** Writes all of `octets` at `position`. */
  write(octets: Uint8Array, position: number): Promise<void>
  /** @returns how many octets were read into `buffer` from `position` on; 0 at the end */
  read(buffer: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

/** @param directory made with mode 0700 where it is missing @throws the system's error, Fault state.exposed */
export function openSpoolFile(directory: string): SpoolFile {
  const name = `${process.pid}-${randomBytes(8).toString('hex')}${suffix}`
  makeFolder(directory)
  const remove = (): void => inFolder(directory, at => rmSync(join(at, name), { force: true }))
  let named = true
  const handle = inFolder(directory, at => {
    const opened = openSync(join(at, name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      rmSync(join(at, name), { force: true })
      named = false
    } catch {
      // A system that does not remove open files: when it is closed, or at the next start (sweepSpoolFiles).
    }
    return opened
  })
  return {
    path: join(directory, name),
    async write(octets, position) {
      for (let from = 0; from < octets.length; ) {
        const { bytesWritten } = await writeOctets(
          handle,
          octets,
          from,
          octets.length - from,
          position + from,
        )
        from += bytesWritten
      }
    },
    async read(buffer, position) {
      return (await readOctets(handle, buffer, 0, buffer.length, position)).bytesRead
    },
    async close() {
      await closeHandle(handle)
      if (named) remove()
    },
  }
}

/** Removes what an earlier process left behind. */
export function sweepSpoolFiles(directory: string): void {
  try {
    inFolder(directory, at => {
      for (const name of readdirSync(at)) if (name.endsWith(suffix)) rmSync(join(at, name), { force: true })
    })
  } catch {
    // Not there yet, or not ours: what is missing is told when it is used.
  }
}
