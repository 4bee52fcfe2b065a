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
  const pickNumbers = (numbers: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(numbers).flatMap(([key, number]) => rename(key).map(own => [own, number])),
    )
  return {
    many: kept.many.flatMap(rename),
    alone: kept.alone.flatMap(rename),
    ends: pickNumbers(kept.ends),
    condemned: kept.condemned.flatMap(rename),
    leftUntilMs: pickNumbers(kept.leftUntilMs),
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
