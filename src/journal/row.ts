/** What the journal keeps: the records that go in and out of its port. Times are ms since 1970; counts are octets. */
import type { FaultCode, FaultFacts, FaultRetry } from '../base/fault.ts'
import type { RuleWish } from '../base/rule-wish.ts'
import type { TroubleKey } from '../base/trouble.ts'
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
 * - ignored: not mail (a server's own pseudo message), or left at the source by a rule of the owner's (`wish.left`)
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
  /** Other IMAP flags and keywords as it was first listed; undefined where there were none. */
  readonly flags: readonly string[] | undefined
  /** What the owner's rules made of it, with the intent to import it or not to. Undefined: it goes the usual way. */
  readonly wish: RuleWish | undefined
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

/** A row's place in the order of imports. */
export interface ImportPlace {
  readonly importedAtMs: number
  readonly id: number
}

/** A row's place among those that are set aside: the latest found first. */
export interface AsidePlace {
  readonly generation: number
  readonly id: number
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
  readonly flags?: readonly string[] | undefined
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
  readonly vanished: readonly {
    readonly id: number
    /** Undefined: whatever it is by now. */
    readonly stage: Stage | undefined
    readonly patch: RowPatch
  }[]
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

/** A message that may be carried now. */
export interface DueMessage {
  readonly id: number
  /** As retrieved before, else as announced. */
  readonly octets: number | undefined
  /** Tries of its present trouble. */
  readonly attempts: number
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

/** What follows from the end of a pull. */
export interface PullEnd {
  readonly mailboxPatch: MailboxPatch
  readonly accountPatch: AccountPatch
  /** Troubles that its success ended. */
  readonly over: readonly TroubleKey[]
  readonly atMs: number
}

/**
 * When a power cut cannot take it any more: when the promise is kept; soon, and where that matters when `lasts` says so; or
 * with the next thing that is recorded otherwise.
 */
export type Lasting = 'now' | 'beside' | 'later'

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

/** Messages that are nowhere in these books; other than 0 where they do not balance. */
export const countMissing = ({
  listed,
  imported,
  merged,
  refused,
  pending,
  ignored,
  gone,
}: Conservation): number => listed - imported - merged - refused - pending - ignored - gone
