/**
 * The notes of a mailbox that several processes may hold one after the other. On one machine some notes are the whole
 * program's; in a fleet each mailbox has its own of them, and goes with them from worker to worker.
 */
import type { Journal } from './journal.ts'
import type { NoteKey, NoteName } from './notes.ts'

const ofProgram: readonly NoteName[] = ['steady-clock', 'under-way', 'check-now', 'paused', 'attended']

/** Where a mailbox of a fleet has what is one note of the program elsewhere; any other key stays as it is. */
export const ownNoteKey = (key: NoteKey, mailbox: string): NoteKey => {
  const name = ofProgram.find(candidate => candidate === key)
  return name === undefined ? key : `${name} ${mailbox}`
}

/** The same journal, as the mailbox that it is opened for sees it. */
export function withOwnNotes(journal: Journal, mailbox: string): Journal {
  return {
    ...journal,
    note: key => journal.note(ownNoteKey(key, mailbox)),
    setNote: (key, ...given) => journal.setNote(ownNoteKey(key, mailbox), ...given),
    changeNote: (key, change) => journal.changeNote(ownNoteKey(key, mailbox), change),
  }
}
