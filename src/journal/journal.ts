/**
 * The port to the journal: the durable record of each message's stage. sqlite.ts implements it.
 *
 * Contract: when the promise of a method that writes is kept, the fact is on the disk and survives SIGKILL and a power
 * cut (as far as the disk tells the truth about fsync). Calls take effect in the order in which they were made, each
 * whole or not at all; what is long (`standing`, `due`) lets the event loop go on, and may miss what is changed
 * meanwhile. What is recorded 'later' outlives SIGKILL at once, and a power cut as soon as anything that was recorded after
 * it does; what is recorded 'beside' outlives a power cut once `lasts` says so. Between two calls anything may happen,
 * another mailbox of the account may be at work: what has to be one decision is one method (`claimImport`,
 * `recordImport`, `change...`), which looks, decides by rules.ts and records in one transaction. Promises are broken by
 * Fault journal.*, state.* or bug and nothing else; after such a fault nothing may be imported or settled.
 *
 * Invariants: a message is settled only if it is imported or merged; `importing` is on the disk (`lasts`) before the
 * first octet of an upload leaves; a stage changes only along `legalMoves`.
 */

import type { TroubleBook } from '../base/trouble.ts'
import type { NoteKey } from './notes.ts'
import type { ForwardingCost, SearchAnswer, SearchQuestion } from './questions.ts'
import type {
  AccountPatch,
  AccountState,
  AsidePlace,
  ClaimAnswer,
  Conservation,
  DueMessage,
  FolderRecord,
  ImportClaim,
  ImportPlace,
  ImportRecord,
  Lasting,
  MailboxPatch,
  MailboxState,
  MessageRow,
  Move,
  PullEnd,
  RowPatch,
  Stage,
  StandingRow,
} from './row.ts'

export type { NoteKey } from './notes.ts'
export type * from './questions.ts'
export { searchStages, storedAs } from './questions.ts'
export type * from './row.ts'
export { countMissing, stages } from './row.ts'
export { carried, goneKept, legalMoves } from './rules.ts'
export { readUnderWayNote, type UnderWayNote } from './under-way-note.ts'

export interface Journal {
  readonly path: string
  /** Calls `look` soon after somebody wrote into it, this program or another; what it throws is dropped. @returns ends it */
  watchWrites(look: () => Promise<void>): () => void
  /** Numbers and records the begin of a pull, 'later': it lasts with the first thing that the pull finds. @returns its generation */
  beginPull(mailbox: string, atMs: number): Promise<number>
  /** Records the end of a good pull in one commit: what follows for mailbox and account, and which troubles are over. */
  endPull(
    mailbox: string,
    account: string,
    end: (mailbox: MailboxState, account: AccountState) => PullEnd,
    lasting?: Lasting,
  ): Promise<void>
  mailbox(name: string): Promise<MailboxState>
  /**
   * Notes whose names for messages these are. Where it is another server than before, every name of the mailbox is
   * set aside: two servers may give one name to two messages, so all are recognised by evidence.
   */
  namedBy(mailbox: string, server: string): Promise<void>
  updateMailbox(name: string, patch: MailboxPatch, lasting?: Lasting): Promise<void>
  /** As `updateMailbox`, where the patch follows from the state: no other change comes in between. */
  changeMailbox(name: string, change: (state: MailboxState) => MailboxPatch): Promise<void>
  accountState(name: string): Promise<AccountState>
  updateAccount(name: string, patch: AccountPatch): Promise<void>
  changeAccount(name: string, change: (state: AccountState) => AccountPatch): Promise<void>

  row(id: number): Promise<MessageRow | undefined>
  byUid(mailbox: string, folder: string, uid: string): Promise<MessageRow | undefined>
  /** Rows of a folder that stood in its latest listing, in the order of their ids. */
  standing(mailbox: string, folder: string): Promise<readonly StandingRow[]>
  /** Folders that rows of the mailbox stood in at their latest listing. */
  foldersOf(mailbox: string): Promise<readonly string[]>
  /** Rows without a trustworthy name that stood in the latest listing. */
  nameless(mailbox: string, folder: string): Promise<readonly MessageRow[]>
  /** The oldest row of the account whose import put these very octets into Gmail, or else the same bare ones. */
  importedWith(account: string, sha256: string, bareSha256?: string): Promise<MessageRow | undefined>
  /** Rows of the mailbox with this evidence (or that of the whole section), whatever their stage. */
  byEvidence(mailbox: string, headerSha256: string, wholeSha256?: string): Promise<readonly MessageRow[]>
  byMessageId(messageId: string): Promise<readonly MessageRow[]>
  /** Rows of the mailbox in these stages, newest generation first and in listing order within it. */
  inStages(mailbox: string, stages: readonly Stage[]): Promise<readonly MessageRow[]>
  /** What may be carried now: not tried before first, then the newest generation, then in listing order. */
  due(mailbox: string, nowMs: number): Promise<readonly DueMessage[]>
  /**
   * The earliest instant at which something that stands at the source is to be tried again.
   * @param except rows that are on their way
   */
  nextDueMs(
    mailbox: string,
    folders: readonly string[],
    except?: readonly number[],
  ): Promise<number | undefined>
  /**
   * Rows that the owner's rules leave at the source, in the order of their ids.
   * @param after the id of the last one that was given before
   */
  leftByRule(mailbox: string, most: number, after?: number): Promise<readonly MessageRow[]>
  countLeftByRule(mailbox: string): Promise<number>
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
  recordFolder(record: FolderRecord, lasting?: Lasting): Promise<readonly number[]>
  /**
   * Of an owner who keeps everything at the source: what is imported or merged is settled with that.
   * @param most at one call
   * @returns how many were
   */
  settleKept(mailbox: string, settledAs: string, atMs: number, most: number): Promise<number>
  /**
   * Thins settled rows that have not stood at the source for `thinAfterMs`: name, header digest, authentication results
   * and what was recorded of a copy go; what keeps the message from coming twice stays.
   * @param most at one call
   * @returns how many were thinned
   */
  thinSettled(mailbox: string, nowMs: number, most: number): Promise<number>
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
   * Decides by `decideImport` whether an upload may begin, and records what follows, 'beside': the intent, a wait, or the
   * question to the owner. Nothing leaves before `lasts`.
   */
  claimImport(claim: ImportClaim): Promise<ClaimAnswer>
  /** Resolves when the disk has all that was recorded 'now' or 'beside' by promises that were kept. Throws Fault state.io. */
  lasts(): Promise<void>
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
  /** The rows of the mailbox that reached Gmail last, newest first. */
  latestImports(mailbox: string, limit: number): Promise<readonly MessageRow[]>
  /** Rows of all mailboxes that reached Gmail, newest first, behind a place in that order. */
  importsBefore(limit: number, before?: ImportPlace): Promise<readonly MessageRow[]>
  /** Rows of a mailbox that are refused or deferred, found last first, behind a place in that order. */
  asideBefore(mailbox: string, limit: number, before?: AsidePlace): Promise<readonly MessageRow[]>
  /** Rows imported between two instants, these included, the earliest first. */
  importedBetween(fromMs: number, lastMs: number): Promise<readonly MessageRow[]>
  /** Of these, whose import was repeated without knowing the outcome of the one before. */
  repeatedSince(atMs: number): Promise<readonly MessageRow[]>
  /** When the first message reached Gmail. */
  firstImportAtMs(): Promise<number | undefined>
  /**
   * Hands to `take` what forwarding would have done to what reached Gmail from `fromMs` to before `beforeMs`, in groups;
   * those of one mailbox and domain may come in several.
   */
  sumForwarding(fromMs: number, beforeMs: number, take: (costs: ForwardingCost) => void): Promise<void>
  /** Looks through the rows for a bounded time. */
  search(question: SearchQuestion): Promise<SearchAnswer>
  /**
   * Rows by a name of their own, the newest first: Message-ID (with its angle brackets or without), Gmail's id, or how
   * their SHA-256 begins (eight digits and more).
   */
  named(text: string, limit: number): Promise<readonly MessageRow[]>
  /** The one list of what is not well. */
  readonly troubles: TroubleBook
  /** A small fact kept between runs. */
  note(key: NoteKey): Promise<string | undefined>
  setNote(key: NoteKey, value: string, lasting?: Lasting): Promise<void>
  /**
   * Reads a note, decides, and writes what follows, in one transaction; `change` does nothing else.
   * @param change the new text (undefined: it stays as it is), and what is given back
   */
  changeNote<T>(
    key: NoteKey,
    change: (before: string | undefined) => readonly [after: string | undefined, answer: T],
  ): Promise<T>
  /** Throws Fault journal.missing when the file at `path` is no longer the one that is open. */
  assertInPlace(): Promise<void>
  close(): Promise<void>
}

/** The part of a journal that a login needs. */
export type LoginBooks = Pick<
  Journal,
  'mailbox' | 'note' | 'setNote' | 'changeNote' | 'updateMailbox' | 'changeMailbox'
>

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
  /** The note of the same name: which mailboxes the owner has paused. */
  readonly paused: string | undefined
}
