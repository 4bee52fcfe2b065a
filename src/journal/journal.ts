/**
 * The port to the journal: the durable record of each message's stage. sqlite.ts implements it.
 *
 * Contract: when the promise of a method that writes is kept, the fact is on the disk and survives SIGKILL and a power
 * cut (as far as the disk tells the truth about fsync). Calls take effect in the order in which they were made, each
 * whole or not at all. Between two calls anything may happen, another mailbox of the account may be at work: what has
 * to be one decision is one method (`claimImport`, `recordImport`, `change...`), which looks, decides by rules.ts and
 * records in one transaction. Promises are broken by Fault journal.*, state.* or bug and nothing else; after such a
 * fault nothing may be imported or settled.
 *
 * Invariants: a message is settled only if it is imported or merged; `importing` is on the disk before the
 * first octet of an upload leaves; a stage changes only along `legalMoves`.
 */

import type { FaultCode, FaultFacts, FaultRetry } from '../base/fault.ts'
import type { TroubleBook } from '../base/trouble.ts'
import type { CopyRecord } from '../message/copy-record.ts'

/**
 * - listed: seen at the source, not yet imported
 * - importing: an upload was begun or is about to begin; its outcome is not known until the next stage stands
 * - imported: Gmail answered with an id
 * - merged: the same octets were imported before; no upload was made
 * - settled: imported or merged, and what the owner chose for the source is done and proved
 * - deferred: later, with a time
 * - refused: Gmail will not take it, or only the owner can decide; it stays at the source
 * - baseline: was there before the owner's start date
 * - ignored: not mail (a server's own pseudo message)
 * - gone: vanished from the source before it could be imported
 */
export const stages = [
  'listed',
  'importing',
  'imported',
  'merged',
  'settled',
  'deferred',
  'refused',
  'baseline',
  'ignored',
  'gone',
] as const

export type Stage = (typeof stages)[number]

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
  ignored: ['gone'],
  // It came back to the listing.
  gone: ['listed'],
}

/** A fault as the journal keeps it. */
export interface RecordedFault {
  readonly code: FaultCode
  readonly retry: FaultRetry
  readonly facts: FaultFacts
  readonly atMs: number
}

/** One message of one source mailbox. Times are ms since 1970; octet counts are octets. */
export interface MessageRow {
  readonly id: number
  readonly mailbox: string
  readonly folder: string
  /** SourceId.uid; undefined where the source gives no name that can be trusted. */
  readonly uid: string | undefined
  readonly stage: Stage
  /** Stood in the latest whole listing of its folder. */
  readonly present: boolean
  /** Number of the pull that first listed it. */
  readonly generation: number
  readonly octetsListed: number | undefined
  readonly octets: number | undefined
  readonly sha256: string | undefined
  /** `sha256` without the lines that servers keep for themselves (evidence.ts); undefined where it is the same. */
  readonly bareSha256: string | undefined
  /** `octets` without them; undefined in rows that were retrieved before this was known. */
  readonly bareOctets: number | undefined
  /** SHA-256 of the header section without them (rows of before: of all of it): cheap evidence of identity. */
  readonly headerSha256: string | undefined
  /** Message-ID as it stands in the header, angle brackets included. */
  readonly messageId: string | undefined
  readonly seen: boolean | undefined
  readonly arrivedAtMs: number | undefined
  readonly listedAtMs: number
  readonly retrievedAtMs: number | undefined
  readonly importingAtMs: number | undefined
  readonly importedAtMs: number | undefined
  /** The steady clock (steady-clock.ts) at the import, ms. */
  readonly importedSteadyMs: number | undefined
  readonly settleAskedAtMs: number | undefined
  readonly settledAtMs: number | undefined
  /** How often the source was asked to delete or move it. */
  readonly settleAsks: number
  /** 'keep', 'delete', 'move:FOLDER', or 'left' where it left the source by another hand. */
  readonly settledAs: string | undefined
  /** A copy at the source that a move is in need of, where MOVE is not to be had. */
  readonly copy: CopyRecord | undefined
  readonly account: string | undefined
  readonly gmailId: string | undefined
  /** The row whose copy Gmail has instead: the same octets, or (imported, other digest) the same Message-ID. */
  readonly mergedInto: number | undefined
  /** Tries of the present trouble. */
  readonly attempts: number
  readonly firstFailedAtMs: number | undefined
  /** Not tried again before. */
  readonly notBeforeMs: number | undefined
  readonly fault: RecordedFault | undefined
  /** An upload of it may have reached Gmail, and no answer says whether it did. */
  readonly outcomeUnknown: boolean
  /** How often its import was repeated without knowing the outcome of the one before. */
  readonly repeated: number
  /** Its name at the source changed and the octets were not read since: not good enough to delete by. */
  readonly renamed: boolean
  /** Two equal readings, both shorter than announced: imported, and never deleted at the source by us. */
  readonly short: boolean
  /** How often a look-up in Gmail did not find it while its outcome was unknown. */
  readonly lookUps: number
  /** Authentication results, JSON; docs/authentication.md describes it. */
  readonly authentication: string | undefined
  /** When its verification was about to begin. Without `authentication` it was broken off, and is not begun again. */
  readonly verificationTriedAtMs: number | undefined
}

/** What may be changed together with a move. Undefined leaves as it is; null clears. */
export type RowPatch = {
  readonly [K in Exclude<keyof MessageRow, 'id' | 'mailbox' | 'stage'>]?: MessageRow[K] | null
}

/** A message that stands in a listing for the first time. */
export interface NewRow {
  readonly mailbox: string
  readonly folder: string
  readonly uid: string | undefined
  readonly stage: 'listed' | 'baseline' | 'ignored'
  readonly octetsListed: number | undefined
  readonly arrivedAtMs: number | undefined
  readonly seen: boolean | undefined
  readonly headerSha256: string | undefined
}

/** What one pull found out about one folder, recorded in one transaction. */
export interface FolderRecord {
  readonly mailbox: string
  readonly folder: string
  readonly atMs: number
  readonly generation: number
  /** Rows that stand in the listing now though they did not before. */
  readonly returned: readonly number[]
  /** Rows that stood in the listing before and do not now, each with the stage it moves to. */
  readonly vanished: readonly { readonly id: number; readonly stage: Stage; readonly patch: RowPatch }[]
  /** Rows whose name at the source changed (UIDVALIDITY, new UIDL, other protocol or host). */
  readonly renamed: readonly {
    readonly id: number
    readonly folder: string
    readonly uid: string | undefined
    readonly octetsListed: number | undefined
    readonly arrivedAtMs: number | undefined
  }[]
  /** Rows whose name now belongs to another message. */
  readonly unnamed: readonly number[]
  readonly added: readonly NewRow[]
  /** The folder's first whole listing is done: START_FROM was applied to it. */
  readonly started: boolean
}

/** What matching a listing needs of a row that stood in the folder's latest listing: as little as possible. */
export interface StandingRow {
  readonly id: number
  readonly uid: string | undefined
  readonly stage: Stage
  readonly octetsListed: number | undefined
  readonly octets: number | undefined
  readonly arrivedAtMs: number | undefined
}

/** A move; with `from` it is left out in silence where the row has another stage by now. */
export interface Move {
  readonly id: number
  readonly to: Stage
  readonly patch?: RowPatch
  readonly from?: Stage
}

/** A message that was read and is to be uploaded. */
export interface ImportClaim {
  readonly id: number
  readonly account: string
  readonly sha256: string
  readonly bareSha256: string
  readonly messageId: string | undefined
  /** What was read, recorded with the row. */
  readonly facts: RowPatch
  readonly atMs: number
  /** Not tried again before, where another outcome has to be known first. */
  readonly waitUntilMs: number
  /** Where the owner is to be asked before what may be in Gmail already is repeated without a Message-ID. */
  readonly askOwner: RecordedFault | undefined
}

/**
 * - begin: the intent is durable, the upload may begin; `repeats`: an earlier one may have reached Gmail
 * - twin: Gmail has the same octets by this row; nothing was recorded
 * - wait: it may be in Gmail by another row, whose outcome comes first; it is put off
 * - ask: it is set aside for the owner
 */
export type ClaimAnswer =
  | { readonly kind: 'begin'; readonly repeats: boolean }
  | { readonly kind: 'twin'; readonly twin: MessageRow }
  | { readonly kind: 'wait' }
  | { readonly kind: 'ask' }

/** Gmail's answer to an upload. */
export interface ImportRecord {
  readonly id: number
  readonly gmailId: string
  readonly sha256: string
  readonly patch: RowPatch
}

export type MailboxPatch = Partial<Omit<MailboxState, 'name' | 'listed' | 'generation'>>
export type AccountPatch = Partial<Omit<AccountState, 'name'>>

/** State of one source mailbox between pulls. `fault` and its kin are for the waits; what is told is in `troubles`. */
export interface MailboxState {
  readonly name: string
  /** Number of the latest pull. */
  readonly generation: number
  readonly firstPullAtMs: number | undefined
  readonly lastPullAtMs: number | undefined
  readonly lastGoodPullAtMs: number | undefined
  readonly lastLoginAtMs: number | undefined
  /** Instants of refused logins, newest last; only the last day is kept. */
  readonly failedLoginsAtMs: readonly number[]
  readonly failingSinceMs: number | undefined
  readonly failures: number
  readonly notBeforeMs: number | undefined
  readonly fault: RecordedFault | undefined
  /** Messages ever added to the journal: the left side of the conservation sentence. */
  readonly listed: number
  /** Folders whose first whole listing is done (START_FROM was applied to it), JSON array. */
  readonly startedFolders: readonly string[]
}

/** State of one Gmail account between pulls; as with a mailbox, what is told is in `troubles`. */
export interface AccountState {
  readonly name: string
  readonly failingSinceMs: number | undefined
  readonly failures: number
  readonly notBeforeMs: number | undefined
  readonly fault: RecordedFault | undefined
  readonly consentEndsAtMs: number | undefined
}

/** Where every listed message of a mailbox is; the sum of all but `listed` equals `listed`. */
export interface Conservation {
  readonly listed: number
  readonly imported: number
  readonly merged: number
  readonly refused: number
  /** listed, importing or deferred. */
  readonly pending: number
  /** baseline and ignored. */
  readonly ignored: number
  readonly gone: number
}

/** So many messages of a mailbox that were gone before they were read keep their rows. */
export const goneKept = 2000

export interface Journal {
  readonly path: string
  /** Numbers and records the begin of a pull; the new generation. */
  beginPull(mailbox: string, atMs: number): Promise<number>
  mailbox(name: string): Promise<MailboxState>
  /**
   * Notes whose names for messages these are. Where it is another server than before, every name of the mailbox is
   * set aside: two servers may give one name to two messages, so all are recognised by evidence.
   */
  namedBy(mailbox: string, server: string): Promise<void>
  updateMailbox(name: string, patch: MailboxPatch): Promise<void>
  /** As `updateMailbox`, where the patch follows from the state: no other change comes in between. */
  changeMailbox(name: string, change: (state: MailboxState) => MailboxPatch): Promise<void>
  accountState(name: string): Promise<AccountState>
  updateAccount(name: string, patch: AccountPatch): Promise<void>
  changeAccount(name: string, change: (state: AccountState) => AccountPatch): Promise<void>

  row(id: number): Promise<MessageRow | undefined>
  byUid(mailbox: string, folder: string, uid: string): Promise<MessageRow | undefined>
  /** Rows of a folder that stood in its latest listing, in the order of their ids. */
  standing(mailbox: string, folder: string): Promise<readonly StandingRow[]>
  /** Folder names that the mailbox has rows for. */
  foldersOf(mailbox: string): Promise<readonly string[]>
  /** Rows without a trustworthy name that stood in the latest listing. */
  nameless(mailbox: string, folder: string): Promise<readonly MessageRow[]>
  /** The oldest row of the account whose import put these very octets into Gmail, or else the same bare ones. */
  importedWith(account: string, sha256: string, bareSha256?: string): Promise<MessageRow | undefined>
  /** The oldest row of the account with these octets or this Message-ID whose import is under way or unknown. */
  importingWith(
    account: string,
    sha256: string,
    messageId: string | undefined,
    bareSha256?: string,
  ): Promise<MessageRow | undefined>
  /** A row of the account with these octets that is gone from the source while its outcome was unknown. */
  lostOutcome(account: string, sha256: string, bareSha256?: string): Promise<MessageRow | undefined>
  /** A row that Gmail holds under this id with other octets and the same Message-ID. */
  namesake(gmailId: string, messageId: string, sha256: string): Promise<MessageRow | undefined>
  /** Rows of the mailbox with this evidence (or that of the whole section), whatever their stage. */
  byEvidence(mailbox: string, headerSha256: string, wholeSha256?: string): Promise<readonly MessageRow[]>
  byMessageId(messageId: string): Promise<readonly MessageRow[]>
  /** Rows of the mailbox in these stages, newest generation first and in listing order within it. */
  inStages(mailbox: string, stages: readonly Stage[]): Promise<readonly MessageRow[]>
  /** Ids of what may be carried now: not tried before first, then the newest generation, then in listing order. */
  dueIds(mailbox: string, nowMs: number): Promise<readonly number[]>
  /** The earliest instant at which something that stands at the source is to be tried again. */
  nextDueMs(mailbox: string, folders: readonly string[]): Promise<number | undefined>
  /**
   * Imported or merged rows that stand at the source, are not settled as `settledAs`, and were imported (merged:
   * retrieved) at this instant or before. One that lies after `nowMs` was stamped by a wrong clock and is given, too.
   */
  unsettled(
    mailbox: string,
    settledAs: string,
    importedByMs: number,
    nowMs?: number,
  ): Promise<readonly MessageRow[]>

  /** Records a folder's listing in one transaction; the ids of `added`, in their order. */
  recordFolder(record: FolderRecord): Promise<readonly number[]>
  /**
   * Removes rows of messages that were gone before they were ever read, but for the newest `goneKept`: a server can
   * name as many as it likes, and nothing will be asked of them again. They leave the books, too.
   * @param most at one call
   * @returns how many were removed
   */
  forgetGone(mailbox: string, most: number): Promise<number>
  /** Moves one message along `legalMoves` (or patches it where `to` is its stage). Throws Fault bug otherwise. */
  move(id: number, to: Stage, patch?: RowPatch): Promise<void>
  /** Many moves in one transaction; the ids of those that were made. */
  moveAll(moves: readonly Move[]): Promise<readonly number[]>

  /**
   * Decides by `decideImport` whether an upload may begin, and records what follows: the intent, a wait, or the
   * question to the owner.
   */
  claimImport(claim: ImportClaim): Promise<ClaimAnswer>
  /**
   * Records Gmail's id. Gmail ignores a second import with the same Message-ID, also where the octets differ: then these
   * octets are nowhere but at the source, and the row says so by `mergedInto`.
   * @returns the row whose copy Gmail has instead
   */
  recordImport(record: ImportRecord): Promise<MessageRow | undefined>

  conservation(mailbox: string): Promise<Conservation>
  counts(mailbox: string): Promise<Readonly<Record<Stage, number>>>
  /** Imports repeated without knowing the outcome of the one before. */
  repeatedCount(mailbox: string): Promise<number>
  /** Latencies in ms from arrival at the source (first listing where it names none) to Gmail's id, newest first. */
  latenciesMs(mailbox: string, limit: number): Promise<readonly number[]>
  /** Rows for `report`: imported since an instant. */
  importedSince(atMs: number): Promise<readonly MessageRow[]>
  /** The one list of what is not well. */
  readonly troubles: TroubleBook
  /** A small fact kept between runs. */
  note(key: string): Promise<string | undefined>
  setNote(key: string, value: string): Promise<void>
  /**
   * Reads a note, decides, and writes what follows, in one transaction; `change` does nothing else.
   * @param change the new text (undefined: it stays as it is), and what is given back
   */
  changeNote<T>(
    key: string,
    change: (before: string | undefined) => readonly [after: string | undefined, answer: T],
  ): Promise<T>
  /** Throws Fault journal.missing when the file at `path` is no longer the one that is open. */
  assertInPlace(): Promise<void>
  close(): Promise<void>
}

/** What could still be read from a damaged journal. A row counts by its digest, or by the source's name for it. */
export interface Salvage {
  /** How many rows were readable. */
  readonly rows: number
  /** A row of the account with these octets, or the same bare ones, that reached Gmail. */
  importedAs(account: string, sha256: string, bareSha256?: string): MessageRow | undefined
  /** A row of the account with these octets, or the same bare ones, whose import has an unknown outcome. */
  wasImporting(account: string, sha256: string, bareSha256?: string): MessageRow | undefined
  byUid(mailbox: string, folder: string, uid: string): MessageRow | undefined
  firstPullAtMs(mailbox: string): number | undefined
}
