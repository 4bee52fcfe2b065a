/**
 * What was learned of a mailbox's IDLE, in the journal: a server that keeps mail back is asked every few seconds from the
 * first moment of the next process on. Learned by behaviour alone, and unlearned by it.
 */
import type { Journal, NoteKey } from '../journal/journal.ts'
import type { IdleMemory, IdleWay } from '../source/source.ts'

const noteOf = (mailbox: string, folder: string): NoteKey => `idle ${JSON.stringify([mailbox, folder])}`

/** @param journal where it cannot be written nothing is lost but the knowledge */
export function makeIdleMemory(journal: Journal, mailbox: string): IdleMemory {
  /** As read or written: nobody else writes it. */
  const known = new Map<string, IdleWay>()
  const wayOf = async (folder: string): Promise<IdleWay> => {
    if (!known.has(folder)) known.set(folder, await readWay(journal, mailbox, folder))
    return known.get(folder)
  }
  return {
    wayOf: folder => wayOf(folder).catch(() => undefined),
    async noteWay(folder, way) {
      try {
        if ((await wayOf(folder)) === way) return
        await journal.setNote(noteOf(mailbox, folder), way)
        known.set(folder, way)
      } catch {
        // The journal's trouble is told by the pulls.
      }
    },
  }
}

async function readWay(journal: Journal, mailbox: string, folder: string): Promise<IdleWay> {
  const way = await journal.note(noteOf(mailbox, folder))
  return way === 'tells' || way === 'silent' ? way : undefined
}

export async function idleWayOf(journal: Journal, mailbox: string, folder: string): Promise<IdleWay> {
  try {
    return await readWay(journal, mailbox, folder)
  } catch {
    return undefined
  }
}
