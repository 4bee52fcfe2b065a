/**
 * Whether the journal's file is as this program left it. SQLite's look at a whole file takes 2 s for a million messages,
 * and a single `pull` would do that each time; what nobody has touched since it was looked at is looked at once a day.
 *
 * Invariant: the record is written after the file was closed, and holds for that very file, size and time of writing.
 * Whatever else is found, or nothing, means: look at it whole.
 */
import { lstatSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { replaceFile } from '../base/durable-file.ts'

const recordFile = 'journal.checked'
const dayMs = 86_400_000
/** A smaller file is looked at whole each time: it takes 30 ms. */
export const smallFileOctets = 4 * 1024 * 1024

interface Left {
  readonly inode: string
  readonly octets: string
  readonly writtenNs: string
  /** When all of it was looked at, ms. */
  readonly checkedAtMs: number
}

function describeFile(path: string): Omit<Left, 'checkedAtMs'> | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  // What is still in a write-ahead log is in no file of which this could be said.
  if (stat === undefined || statSync(`${path}-wal`, { throwIfNoEntry: false }) !== undefined) return undefined
  return { inode: String(stat.ino), octets: String(stat.size), writtenNs: String(stat.mtimeNs) }
}

/** @returns when the file was looked at last, ms, where it is unchanged and that is less than a day ago */
export function findLastCheck(path: string, nowMs: number): number | undefined {
  try {
    const file = join(dirname(path), recordFile)
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found === undefined || !found.isFile() || found.size > 1000) return undefined
    const left: Partial<Left> = JSON.parse(readFileSync(file, 'utf8'))
    const here = describeFile(path)
    const { checkedAtMs } = left
    if (here === undefined || typeof checkedAtMs !== 'number') return undefined
    const isSame =
      left.inode === here.inode && left.octets === here.octets && left.writtenNs === here.writtenNs
    return isSame && checkedAtMs <= nowMs && nowMs - checkedAtMs < dayMs ? checkedAtMs : undefined
  } catch {
    return undefined
  }
}

/** To be called once the file is closed. */
export function recordAsLeft(path: string, checkedAtMs: number): void {
  try {
    const here = describeFile(path)
    if (here === undefined || Number(here.octets) <= smallFileOctets) return
    replaceFile(join(dirname(path), recordFile), Buffer.from(JSON.stringify({ ...here, checkedAtMs })), 0o600)
  } catch {
    // Then it is looked at whole next time.
  }
}
