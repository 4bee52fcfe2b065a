/** Notes of a mailbox that is called otherwise from now on, in one journal: all of them stay its own. */
import { ownNoteKey } from '../own-notes.ts'
import type { Statements } from '../sql.ts'
import { writeNote } from '../state.ts'
import { readUnderWayNote } from '../under-way-note.ts'
import { type Note, renameHere } from './copy-notes.ts'
import { pickMailbox, underWayKey } from './copy-under-way.ts'
import { pausedKey } from './list-paused.ts'

/** Of a fleet, where each mailbox has its own note of what is in hand and of a pause (own-notes.ts). */
export async function renameNotes(sql: Statements, from: string, to: string): Promise<void> {
  const rows = await sql.all(
    `SELECT key, value FROM note
     WHERE strpos(key, ?1) > 0 OR starts_with(key, 'host-logins/') AND strpos(value, ?1) > 0 ORDER BY key`,
    from,
  )
  for (const row of rows) {
    const before = [String(row.key), String(row.value)] as Note
    const [key, value] = renameOwn(before, from, to) ?? before
    if (key !== before[0]) await sql.run('DELETE FROM note WHERE key = ?', before[0])
    await writeNote(sql, key, value)
  }
}

/** Two have the mailbox's name within what they say, too. */
function renameOwn(note: Note, from: string, to: string): Note | undefined {
  const [key, value] = note
  if (key === ownNoteKey(underWayKey, from))
    return [ownNoteKey(underWayKey, to), JSON.stringify(pickMailbox(readUnderWayNote(value), from, to))]
  if (key === ownNoteKey(pausedKey, from)) return [ownNoteKey(pausedKey, to), renamePaused(value, from, to)]
  return renameHere(note, name => (name === from ? to : name))
}

/** What nobody can read pauses nothing. */
function renamePaused(value: string, from: string, to: string): string {
  try {
    const { [from]: own, ...others } = JSON.parse(value) as Record<string, unknown>
    return JSON.stringify(own === undefined ? others : { ...others, [to]: own })
  } catch {
    return '{}'
  }
}
