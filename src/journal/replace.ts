/** Puts a new journal in the place of a damaged or missing one, and keeps what was there. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { inFolder } from '../base/as-owner.ts'
import { diskFault } from '../base/disk-fault.ts'
import { syncFolder } from '../base/durable-file.ts'
import { Fault } from '../base/fault.ts'
import { journalFile } from './file.ts'

const workPrefix = 'rebuild-'

/** Where the new journal is made; `sweepWorkDirs` once the instance lock is held. */
export const workDirOf = (stateDir: string, stamp: string): string => join(stateDir, workPrefix + stamp)

/** Removes what killed rebuilds left, all but `current`. */
export function sweepWorkDirs(stateDir: string, current: string): void {
  inFolder(stateDir, at => {
    for (const name of readdirSync(at))
      if (name.startsWith(workPrefix) && name !== basename(current))
        rmSync(join(at, name), { recursive: true, force: true })
  })
}

export function removeWorkDir(stateDir: string, folder: string): void {
  inFolder(stateDir, at => rmSync(join(at, basename(folder)), { recursive: true, force: true }))
}

/**
 * Both journals must be closed, the instance lock held. Killed in between there is no journal, which is refused at
 * the next start like any other missing one, and both files are there.
 * @param stamp goes into the name under which the old file is kept
 * @returns the old file's new path, or undefined where there was none
 */
export function replaceJournal(stateDir: string, workDir: string, stamp: string): string | undefined {
  const aside = `journal.damaged-${stamp}.sqlite`
  try {
    return inFolder(stateDir, at => {
      let kept: string | undefined
      for (const suffix of ['', '-wal', '-shm']) {
        if (!existsSync(join(at, journalFile + suffix))) continue
        renameSync(join(at, journalFile + suffix), join(at, aside + suffix))
        kept ??= join(stateDir, aside + suffix)
      }
      renameSync(join(at, basename(workDir), journalFile), join(at, journalFile))
      syncFolder(at)
      return kept
    })
  } catch (error) {
    throw error instanceof Fault ? error : diskFault(error, join(stateDir, journalFile))
  }
}
