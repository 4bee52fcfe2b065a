/**
 * The mark of a state directory whose journal was taken over by a fleet: from before the first row is copied, nobody
 * works with that journal any more, or two would pull the same mail.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFile, replaceFile } from '../base/durable-file.ts'

export const adoptedFile = 'journal.adopted'

export interface AdoptedMark {
  /** Of this adoption; the fleet keeps the same. */
  readonly id: string
  /** The fleet, without secrets. */
  readonly place: string
  readonly tenant: string
  readonly atMs: number
}

/** @returns undefined where nobody took it over; what nobody can read is a mark all the same, with an empty id */
export function readAdopted(stateDir: string): AdoptedMark | undefined {
  const file = join(stateDir, adoptedFile)
  if (!existsSync(file)) return undefined
  const mark: AdoptedMark = { id: '', place: '', tenant: '', atMs: 0 }
  try {
    return { ...mark, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<AdoptedMark>) }
  } catch {
    return mark
  }
}

/** Durable when it returns. */
export function writeAdopted(stateDir: string, mark: AdoptedMark): void {
  replaceFile(join(stateDir, adoptedFile), Buffer.from(`${JSON.stringify(mark)}\n`), 0o600)
}

export function removeAdopted(stateDir: string): void {
  removeFile(join(stateDir, adoptedFile))
}
