/** The journal's rules, whatever keeps it: pure functions over rows, so that each adapter decides alike. */
import type { ImportClaim, MessageRow } from './journal.ts'

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
  return { kind: 'begin', repeats: row.outcomeUnknown || lost !== undefined }
}
