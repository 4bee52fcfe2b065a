/**
 * What the note `under-way` says (notes.ts). pull/under-way.ts alone knows what follows from it; whoever moves a mailbox into
 * another journal takes along what is said of it (moving/copy-under-way.ts). Each key of a message is JSON,
 * `[mailbox, folder, uid]`.
 */

export interface UnderWayNote {
  /** Named many at a time. */
  readonly many: readonly string[]
  /** Suspects in hand, each named alone. */
  readonly alone: readonly string[]
  /** How many unclean ends in a row each suspect has seen. */
  readonly ends: Readonly<Record<string, number>>
  /** Set aside at the next pull of their mailbox. */
  readonly condemned: readonly string[]
  /** Imported already, and not read again before this instant. */
  readonly leftUntilMs: Readonly<Record<string, number>>
}

/** A note that cannot be read names nobody: it was written by another version. */
export function readUnderWayNote(text: string | undefined): UnderWayNote {
  const nothing: UnderWayNote = { many: [], alone: [], ends: {}, condemned: [], leftUntilMs: {} }
  if (text === undefined) return nothing
  try {
    return { ...nothing, ...(JSON.parse(text) as Partial<UnderWayNote>) }
  } catch {
    return nothing
  }
}
