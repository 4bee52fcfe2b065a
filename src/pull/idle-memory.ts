/**
 * What was learned of a mailbox's IDLE, in the journal: a server that keeps mail back is asked every few seconds from the
 * first moment of the next process on. Learned by behaviour alone, and unlearned by it.
 */
import type { Journal, NoteKey } from '../journal/journal.ts'
import type { IdleMemory, IdleWay } from '../source/source.ts'

const noteOf = (mailbox: string, folder: string): NoteKey => `idle ${JSON.stringify([mailbox, folder])}`

/** @param journal where it cannot be written nothing is lost but the knowledge */
export function makeIdleMemory(journal: Journal, mailbox: string): IdleMemory {
  const wayOf = (folder: string): Promise<IdleWay> => idleWayOf(journal, mailbox, folder)
  return {
    wayOf,
    async noteWay(folder, way) {
      try {
        if ((await wayOf(folder)) !== way) await journal.setNote(noteOf(mailbox, folder), way)
      } catch {
        // The journal's trouble is told by the pulls.
      }
    },
  }
}

export async function idleWayOf(journal: Journal, mailbox: string, folder: string): Promise<IdleWay> {
  try {
    const way = await journal.note(noteOf(mailbox, folder))
    return way === 'tells' || way === 'silent' ? way : undefined
  } catch {
    return undefined
  }
}
