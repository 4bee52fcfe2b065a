/**
 * The note `under-way` (pull/under-way.ts): one for a whole machine, one for each mailbox in a fleet. What was in hand when
 * a process died is a suspect wherever it is carried on.
 */
import type { NoteKey } from '../notes.ts'
import type { Statements } from '../sql.ts'
import { readNote, writeNote } from '../state.ts'
import { readUnderWayNote, type UnderWayNote } from '../under-way-note.ts'

export const underWayKey: NoteKey = 'under-way'

/** What is kept of one mailbox, under another name. */
export function pickMailbox(kept: UnderWayNote, mailbox: string, name: string): UnderWayNote {
  const rename = (key: string): string[] => {
    try {
      const [own, ...rest] = JSON.parse(key) as unknown[]
      return own === mailbox ? [JSON.stringify([name, ...rest])] : []
    } catch {
      return []
    }
  }
  const pickOf = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).flatMap(([key, of]) => rename(key).map(own => [own, of])))
  return {
    by: kept.by,
    many: kept.many.flatMap(rename),
    alone: kept.alone.flatMap(rename),
    ends: pickOf(kept.ends),
    condemned: kept.condemned.flatMap(rename),
    leftUntilMs: pickOf(kept.leftUntilMs),
  }
}

const isEmpty = ({ many, alone, ends, condemned, leftUntilMs }: UnderWayNote): boolean =>
  many.length + alone.length + condemned.length === 0 &&
  Object.keys(ends).length + Object.keys(leftUntilMs).length === 0

/** @param key of the note that it stands in, here and there */
export async function copyUnderWay(
  from: Statements,
  to: Statements,
  mailbox: readonly [here: string, there: string],
  key: readonly [here: NoteKey, there: NoteKey],
): Promise<void> {
  const kept = pickMailbox(readUnderWayNote(await readNote(from, key[0])), ...mailbox)
  if (!isEmpty(kept)) await writeNote(to, key[1], JSON.stringify(kept))
}
