/**
 * What the note `under-way` says (notes.ts). pull/under-way.ts alone knows what follows from it; whoever moves a mailbox into
 * another journal takes along what is said of it (moving/copy-under-way.ts). Each key of a message is JSON,
 * `[mailbox, folder, uid]`.
 */

export interface UnderWayNote {
  /** The process that has them in hand; '': one that gave itself no name. */
  readonly by: string
  /** Named many at a time. */
  readonly many: readonly string[]
  /** Suspects in hand. */
  readonly alone: readonly string[]
  /** Which processes ended while each suspect was in hand, in a row. */
  readonly ends: Readonly<Record<string, readonly string[]>>
  /** Set aside at the next pull of their mailbox. */
  readonly condemned: readonly string[]
  /** Not read again before this instant. */
  readonly leftUntilMs: Readonly<Record<string, number>>
}

/** A note that cannot be read names nobody: it was written by another version. */
export function readUnderWayNote(text: string | undefined): UnderWayNote {
  const nothing: UnderWayNote = { by: '', many: [], alone: [], ends: {}, condemned: [], leftUntilMs: {} }
  if (text === undefined) return nothing
  try {
    const kept = JSON.parse(text) as Partial<UnderWayNote>
    const ends = Object.entries(kept.ends ?? {}).map(([key, seen]) => [key, listEnds(seen)])
    return { ...nothing, ...kept, ends: Object.fromEntries(ends) }
  } catch {
    return nothing
  }
}

/** Before processes had names they were only counted. */
const listEnds = (seen: readonly string[] | number): readonly string[] =>
  typeof seen === 'number' ? Array.from({ length: Math.min(seen, 10) }, () => '') : seen
