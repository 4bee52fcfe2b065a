/**
 * What was told last, where the journal cannot say it: it may be what failed. A file with a digest; a folder that takes
 * nothing means that it is told again.
 */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'

const againMs = 24 * 3600_000

export interface ToldFile {
  /** Whether these very words were told within a day. */
  isRecent(text: string): boolean
  write(text: string): void
  forget(): void
}

/** Nothing of it throws. */
export function openToldFile(file: string): ToldFile {
  const unlessRefused = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch {
      return undefined
    }
  }
  const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
  return {
    isRecent: text =>
      unlessRefused(() => {
        const ageMs = Date.now() - statSync(file).mtimeMs
        return readFileSync(file, 'utf8') === digestOf(text) && ageMs >= 0 && ageMs < againMs
      }) === true,
    write: text => unlessRefused(() => writeFileSync(file, digestOf(text), { mode: 0o600 })),
    forget: () => unlessRefused(() => rmSync(file, { force: true })),
  }
}
