/** A temporary file that has no name any more once it is open (POSIX unlink), of its owner alone. */
import { randomBytes } from 'node:crypto'
import { close, constants, openSync, read, readdirSync, rmSync, writev } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inFolder, makeFolder } from '../base/as-owner.ts'

const suffix = '.spool'
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants
const [readOctets, writeParts, closeHandle] = [promisify(read), promisify(writev), promisify(close)]

export interface SpoolFile {
  /** Where it was; for faults. */
  readonly path: string
  /** Writes all of `parts`, one behind the other, from `position` on. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>
  /** @returns how many octets were read into `buffer` from `position` on; 0 at the end */
  read(buffer: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

/** So many are written as they lie; more, small ones, are put together (a system takes 1,024 at most: IOV_MAX). */
const mostParts = 64

/** What is left of them behind so many octets. */
function behind(parts: readonly Uint8Array[], octets: number): readonly Uint8Array[] {
  let skipped = octets
  for (const [at, part] of parts.entries()) {
    if (skipped < part.length) return [part.subarray(skipped), ...parts.slice(at + 1)]
    skipped -= part.length
  }
  return []
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
    async write(parts, position) {
      let left = parts.length > mostParts ? [Buffer.concat(parts)] : parts
      for (let at = position; left.length > 0; ) {
        const { bytesWritten } = await writeParts(handle, left, at)
        at += bytesWritten
        left = behind(left, bytesWritten)
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
