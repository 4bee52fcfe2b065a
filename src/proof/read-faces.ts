/** What messages of the journal call themselves, read from the source at this moment. Changes nothing there. */
import { asFault, type Fault } from '../base/fault.ts'
import type { MessageAbout } from '../base/trouble.ts'
import type { MessageRow } from '../journal/journal.ts'
import { readAbout } from '../message/about.ts'
import type { Source } from '../source/source.ts'

export interface Faces {
  /** By row id; a message that is gone, or that the source gives no header of, is not in it. */
  readonly faces: ReadonlyMap<number, MessageAbout>
  /** Why the source could not be asked (any more). */
  readonly fault: Fault | undefined
}

/**
 * @param rows of one mailbox, few: each costs a command
 * @param signal ends it early, with what was read so far
 */
export async function readFaces(
  source: Source,
  rows: readonly MessageRow[],
  signal: AbortSignal,
): Promise<Faces> {
  const faces = new Map<number, MessageAbout>()
  if (rows.length === 0) return { faces, fault: undefined }
  try {
    const session = await source.open(signal)
    try {
      for (const folder of new Set(rows.map(row => row.folder))) {
        if (!session.folders.includes(folder)) continue
        // Everything counts as known: names are all that is wanted of the listing.
        const { entries } = await session.list(folder, () => true, signal)
        const entryOf = new Map(entries.map(entry => [entry.uid, entry]))
        for (const row of rows) {
          const entry = row.folder === folder && row.uid !== undefined ? entryOf.get(row.uid) : undefined
          if (entry === undefined) continue
          const header = await session.peekHeader(entry, signal).catch((thrown: unknown) => {
            if (session.usable) return undefined
            throw thrown
          })
          if (header !== undefined) faces.set(row.id, readAbout(header))
        }
      }
      await session.close()
    } finally {
      session.abandon()
    }
    return { faces, fault: undefined }
  } catch (thrown) {
    return { faces, fault: asFault(thrown) }
  }
}
