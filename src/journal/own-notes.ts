/**
 * The notes of a mailbox that several processes may hold one after the other. On one machine some notes are the whole
 * program's; in a fleet each mailbox has its own of them, and goes with them from worker to worker.
 */
import type { Journal } from './journal.ts'
import type { NoteKey, NoteName } from './notes.ts'

const ofProgram: readonly NoteName[] = ['steady-clock', 'under-way', 'check-now', 'paused', 'attended']

/** Of a host that counts the connecting address, and not each mailbox by itself (pull/host-logins.ts). */
const ofAddress = /^host-logins\/[^ ]+$/

/**
 * Where a mailbox of a fleet has what is one note of the program elsewhere; any other key stays as it is.
 * @param address by which hosts see this process, where it is not that of all others
 */
export const ownNoteKey = (key: NoteKey, mailbox: string, address?: string): NoteKey => {
  if (address !== undefined && ofAddress.test(key)) return `${key}@${address}` as NoteKey
  const name = ofProgram.find(candidate => candidate === key)
  return name === undefined ? key : `${name} ${mailbox}`
}

/** The same journal, as the mailbox that it is opened for sees it. */
export function withOwnNotes(journal: Journal, mailbox: string, address?: string): Journal {
  return {
    ...journal,
    note: key => journal.note(ownNoteKey(key, mailbox, address)),
    setNote: (key, ...given) => journal.setNote(ownNoteKey(key, mailbox, address), ...given),
    changeNote: (key, change) => journal.changeNote(ownNoteKey(key, mailbox, address), change),
  }
}
