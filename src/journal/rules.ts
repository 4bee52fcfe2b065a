/** The journal's rules, whatever keeps it: pure functions over rows, so that each adapter decides alike. */
import { Fault, faultKinds } from '../base/fault.ts'
import type { TroubleEnd } from '../base/trouble.ts'
import type { Conservation, ImportClaim, MessageRow, RecordedFault, RowPatch, Stage } from './row.ts'

/** Stages from which a message is carried. */
export const carried: readonly Stage[] = ['listed', 'deferred', 'importing']

/** Every legal move. What is not here is a bug and is refused by the journal. */
export const legalMoves: Readonly<Record<Stage, readonly Stage[]>> = {
  listed: ['importing', 'merged', 'deferred', 'refused', 'baseline', 'ignored', 'gone'],
  importing: ['imported', 'merged', 'deferred', 'refused', 'gone'],
  imported: ['settled'],
  merged: ['settled'],
  // The owner switched from keep to delete: the source is to be settled once more.
  settled: ['settled'],
  deferred: ['importing', 'merged', 'deferred', 'refused', 'baseline', 'ignored', 'gone'],
  // The owner asked for another try.
  refused: ['listed', 'gone'],
  baseline: ['listed'],
  // The owner's rules changed, or the owner asked for it.
  ignored: ['listed', 'gone'],
  // It came back to the listing.
  gone: ['listed'],
}

/** So many messages of a mailbox that were gone before they were read keep their rows. */
export const goneKept = 2000

/** Throws Fault bug where the row may not move so. Its own stage, but for another patch, is none. */
export function refuseIllegalMove(id: number, from: Stage | undefined, to: Stage): asserts from is Stage {
  if (from !== undefined && (from === to || legalMoves[from].includes(to))) return
  throw illegalMove(id, from, to)
}

export const illegalMove = (id: number, from: Stage | undefined, to: Stage): Fault =>
  new Fault('bug', { facts: { what: `message ${id} may not move from ${from ?? 'nothing'} to ${to}` } })

/** A row stands in the listing though it did not before. */
export function decideReturn(stage: Stage): { readonly to: Stage; readonly patch: RowPatch } {
  switch (stage) {
    case 'gone':
      return { to: 'listed', patch: { present: true } }
    // It was gone, or so it seemed; what the owner chose for the source is to be done once more.
    case 'settled':
      return { to: stage, patch: { present: true, settledAs: 'left', settleAsks: 0 } }
    default:
      return { to: stage, patch: { present: true } }
  }
}

/** What is needed to know whose turn it is. */
export interface DueRow {
  readonly id: number
  readonly attempts: number
  readonly generation: number
}

/** What was not tried before comes first, then what the newest pull listed, then as it was listed. */
export function compareDue(a: DueRow, b: DueRow): number {
  return Number(a.attempts > 0) - Number(b.attempts > 0) || b.generation - a.generation || a.id - b.id
}

const troubleEnds: Partial<Record<Stage, TroubleEnd>> = {
  imported: 'success',
  merged: 'success',
  gone: 'gone',
  ignored: 'rule',
  baseline: 'rule',
}

/** What a move says of the trouble of its message: the move is the evidence. */
export function findTroubleOfMove(
  to: Stage,
  { fault }: RowPatch,
): { readonly ended: TroubleEnd } | { readonly opened: RecordedFault } | undefined {
  const ended = troubleEnds[to]
  if (ended !== undefined) return { ended }
  // What a message met of its account's trouble is the account's.
  if (!fault || faultKinds[fault.code]?.scope === 'account') return undefined
  return { opened: to === 'refused' ? { ...fault, retry: 'owner' } : fault }
}

/** What the journal knows of a message that is about to be uploaded, beside its own row. */
export interface Likenesses {
  /** The oldest row of the account whose import put these octets into Gmail. */
  readonly twin: MessageRow | undefined
  /** The oldest row of the account with these octets or this Message-ID whose outcome is unknown. */
  readonly importing: MessageRow | undefined
  /** A row with these octets that is gone from the source while its outcome was unknown. */
  readonly lost: MessageRow | undefined
}

export type ImportDecision =
  | { readonly kind: 'twin'; readonly twin: MessageRow }
  | { readonly kind: 'wait' }
  | { readonly kind: 'ask' }
  /** Gmail may have it, though nothing is known of an upload: it is looked for as where an outcome is unknown. */
  | { readonly kind: 'look' }
  | { readonly kind: 'begin'; readonly repeats: boolean }

/** Whether an upload may begin now: never while Gmail has, or may be given, the same message by another row. */
export function decideImport(
  row: MessageRow,
  { twin, importing, lost }: Likenesses,
  { messageId, askOwner }: ImportClaim,
): ImportDecision {
  if (twin !== undefined && twin.id !== row.id) return { kind: 'twin', twin }
  const isOther = importing !== undefined && importing.id !== row.id
  // Of two unknown outcomes the older one is resolved first.
  if (isOther && (row.stage !== 'importing' || importing.id < row.id)) return { kind: 'wait' }
  // The same message was under way under another name, which is gone: its outcome is this row's now.
  if (lost !== undefined && messageId === undefined && askOwner !== undefined) return { kind: 'ask' }
  // In doubt before it was ever read: a journal that lost its last commits, or was made anew.
  if (row.outcomeUnknown && row.sha256 === undefined && row.stage !== 'importing') return { kind: 'look' }
  return { kind: 'begin', repeats: row.outcomeUnknown || lost !== undefined }
}

/** Where a message is in the books. A settled one counts by the way its mail got into Gmail: settling changes no sum. */
export function findPlaceInBooks(stage: Stage, isMerged: boolean): Exclude<keyof Conservation, 'listed'> {
  switch (stage) {
    case 'imported':
    case 'merged':
    case 'settled':
      return isMerged ? 'merged' : 'imported'
    case 'listed':
    case 'importing':
    case 'deferred':
      return 'pending'
    case 'baseline':
    case 'ignored':
      return 'ignored'
    case 'refused':
    case 'gone':
      return stage
  }
}

/**
 * A settled row that has not stood at the source for so long is thinned: no source will show that message under its name
 * again. What stays is what keeps it from coming twice, if it is put back by hand: digests, Message-ID, Gmail's id.
 */
export const thinAfterMs = 400 * 24 * 3600_000
