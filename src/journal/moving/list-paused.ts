/** The note `paused` (pull/paused.ts) of a machine, and the same of a mailbox of a fleet until its directory says so. */
import type { NoteKey } from '../notes.ts'
import { ownNoteKey } from '../own-notes.ts'
import type { Statements } from '../sql.ts'
import { readNote, writeNote } from '../state.ts'

export const pausedKey: NoteKey = 'paused'

/** What nobody can read pauses nothing. */
export async function listPaused(file: Statements): Promise<readonly string[]> {
  const text = await readNote(file, pausedKey)
  try {
    return Object.keys(JSON.parse(text ?? '{}') as object)
  } catch {
    return []
  }
}

/** From now on, or until it is called with `undefined`, no worker logs in to the mailbox, whatever the directory says. */
export async function notePaused(
  fleet: Statements,
  mailbox: string,
  sinceMs: number | undefined,
): Promise<void> {
  const value = sinceMs === undefined ? '{}' : JSON.stringify({ [mailbox]: { sinceMs } })
  await writeNote(fleet, ownNoteKey(pausedKey, mailbox), value)
}

/** Whether it was noted and not yet ended. */
export async function isNotedPaused(fleet: Statements, mailbox: string): Promise<boolean> {
  const text = await readNote(fleet, ownNoteKey(pausedKey, mailbox))
  return text !== undefined && text !== '{}'
}
