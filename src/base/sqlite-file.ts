/**
 * Opens SQLite files in a folder that may be another user's. SQLite makes its names absolute, follows a link at the
 * main file (and none at -wal and -shm: O_NOFOLLOW in its unixOpen), and as root gives new files to the owner of the
 * main one. So the work is done with the owner's rights; where he cannot reach his folder by its path (systemd's
 * DynamicUser), as root, and then what was opened is looked at before the first statement.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { byWholePath, inFolder, type Owner } from './as-owner.ts'
import { Fault } from './fault.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants

export interface SqliteOptions {
  /** Longest wait for another's lock, ms. */
  readonly timeout: number
  /** Opens what is there, and writes nothing. */
  readonly readOnly?: boolean
}

const suffixes = ['', '-wal', '-shm', '-journal']

const foreign = (file: string, reason = 'foreign-file'): Fault =>
  new Fault('state.exposed', { facts: { file, reason } })

/** @returns whether it was made: of mode 0600, under a name at which there was nothing, not even a link */
function makeEmpty(file: string): void {
  try {
    inFolder(dirname(file), at =>
      closeSync(openSync(join(at, basename(file)), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)),
    )
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
  }
}

/**
 * Opens the file, makes it where it is missing (but not for `readOnly`), and runs `work`, whose first statements open
 * what SQLite keeps beside it. Afterwards no statement needs a name any more, so any rights will do.
 * @throws what `work` throws, SQLite's error, the system's, Fault state.exposed; the database is closed then
 */
export function openSqlite<T>(file: string, options: SqliteOptions, work: (database: DatabaseSync) => T): T {
  if (!options.readOnly) makeEmpty(file)
  return byWholePath(dirname(file), asRootFor => {
    if (asRootFor !== undefined) refuseForeign(file, asRootFor)
    const database = new DatabaseSync(file, { timeout: options.timeout, readOnly: options.readOnly ?? false })
    try {
      if (asRootFor !== undefined) refuseOpened(file, asRootFor)
      return work(database)
    } catch (thrown) {
      try {
        database.close()
      } catch {
        // The first error is the one to tell.
      }
      throw thrown
    }
  })
}

/** Closing folds the write-ahead log in and removes it: by name. */
export function closeSqlite(file: string, database: DatabaseSync): void {
  byWholePath(dirname(file), () => database.close())
}

/** Before: no link and nobody else's file at any of the names. */
function refuseForeign(file: string, owner: Owner): void {
  // With it nobody can make a second name for a file that he may not write (proc_sys_fs(5)); systemd switches it on.
  let protectedLinks = '1'
  try {
    protectedLinks = readFileSync('/proc/sys/fs/protected_hardlinks', 'latin1').trim()
  } catch {
    // No Linux, or a container without /proc/sys.
  }
  if (protectedLinks !== '1') throw foreign(file, 'unreachable')
  for (const suffix of suffixes) {
    const found = lstatSync(file + suffix, { throwIfNoEntry: false })
    if (found !== undefined && !isOf(owner, found)) throw foreign(file + suffix)
  }
}

/** After: the very file that was opened, found among this process's handles, is the owner's and has this name only. */
function refuseOpened(file: string, owner: Owner): void {
  const path = join(realpathSync(dirname(file)), basename(file))
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`) === path && isOf(owner, fstatSync(Number(name)))) return
    } catch {
      // The handle by which the list itself was read.
    }
  }
  throw foreign(file)
}

const isOf = (owner: Owner, found: { isFile(): boolean; uid: number; nlink: number }): boolean =>
  found.isFile() && found.uid === owner.uid && found.nlink === 1
