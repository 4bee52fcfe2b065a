/** Puts a new journal in the place of a damaged or missing one, and keeps what was there. */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { diskFault } from '../disk-fault.ts'
import { journalFile } from './file.ts'

const workPrefix = 'rebuild-'

/** Where the new journal is made; `sweepWorkDirs` once the instance lock is held. */
export const workDirOf = (stateDir: string, stamp: string): string => join(stateDir, workPrefix + stamp)

/** Removes what killed rebuilds left, all but `current`. */
export function sweepWorkDirs(stateDir: string, current: string): void {
  for (const name of readdirSync(stateDir)) {
    const folder = join(stateDir, name)
    if (name.startsWith(workPrefix) && folder !== current) rmSync(folder, { recursive: true, force: true })
  }
}

export function removeWorkDir(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Both journals must be closed, the instance lock held. Killed in between there is no journal, which is refused at
 * the next start like any other missing one, and both files are there.
 * @param stamp goes into the name under which the old file is kept
 * @returns the old file's new path, or undefined where there was none
 */
export function replaceJournal(stateDir: string, workDir: string, stamp: string): string | undefined {
  const file = join(stateDir, journalFile)
  const aside = join(stateDir, `journal.damaged-${stamp}.sqlite`)
  try {
    let kept: string | undefined
    for (const suffix of ['', '-wal', '-shm']) {
      if (!existsSync(file + suffix)) continue
      renameSync(file + suffix, aside + suffix)
      kept ??= aside + suffix
    }
    renameSync(join(workDir, journalFile), file)
    const folder = openSync(stateDir, 'r')
    fsyncSync(folder)
    closeSync(folder)
    return kept
  } catch (error) {
    throw diskFault(error, file)
  }
}
