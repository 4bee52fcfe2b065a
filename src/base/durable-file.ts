/** The one durable write: temporary file of a random name, fsync, rename, fsync of the folder. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { inFolder, makeFolder } from './as-owner.ts'

const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW = 0, O_RDONLY } = constants

/** Makes a rename or a new name survive a power cut. Windows cannot open folders and needs it not. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, O_RDONLY)
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * A reader or a power cut finds the old octets or the new ones. Missing folders are made with mode 0700. In a folder
 * of another user the file is written by that user's rights, and is his.
 * @param mode of the new file, whatever the umask says
 * @throws the system's error, with nothing left behind; Fault state.exposed
 */
export function replaceFile(file: string, octets: Uint8Array, mode: number): void {
  const folder = dirname(file)
  makeFolder(folder)
  inFolder(folder, at => {
    const temporary = join(at, `.${randomBytes(8).toString('hex')}.tmp`)
    try {
      const handle = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
      try {
        for (let from = 0; from < octets.length; ) from += writeSync(handle, octets, from)
        fchmodSync(handle, mode) // whatever the umask took or a default ACL gave
        fsyncSync(handle)
      } finally {
        closeSync(handle)
      }
      renameSync(temporary, join(at, basename(file)))
    } catch (thrown) {
      rmSync(temporary, { force: true })
      throw thrown
    }
    syncFolder(at)
  })
}

/** Removes a file by the rights of the folder's owner. @returns whether there was one */
export function removeFile(file: string): boolean {
  try {
    inFolder(dirname(file), at => unlinkSync(join(at, basename(file))))
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw thrown
  }
}
