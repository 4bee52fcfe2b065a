/**
 * The port to one Gmail account. google.ts and its neighbours implement it by the API, append/ by IMAP.
 *
 * Contract: every method throws Fault and nothing else (an AbortError when `signal` was aborted before anything
 * left). Only a parsed answer with an id is a success. Once the first octet of an upload has left, an outcome
 * that was not read is `gmail.outcome-unknown`, never a plain failure.
 */
import type { RawMessage } from '../message/message.ts'

/** Query parameters and labels of users.messages.import, in Gmail's own spelling. */
export interface ImportRequest {
  /** Label ids (not names), INBOX and UNREAD included where wanted: Gmail adds neither by itself. */
  readonly labelIds: readonly string[]
  readonly internalDateSource: 'dateHeader' | 'receivedTime'
  readonly neverMarkSpam: boolean
  readonly processForCalendar: boolean
  /** `insert` is laxer (no scan, no thread, no de-duplication): only where the owner allowed it for refused mail. */
  readonly method: 'import' | 'insert'
  /** When the source received it, ms since 1970, where it says so; the API has no use for it. */
  readonly arrivedAtMs?: number | undefined
  /** Nothing of it leaves before this is kept: that it is about to is on the disk. Where it is broken nothing does. */
  readonly intent?: Promise<void> | undefined
  /** Asked just before its first octet leaves, after all waits; what it throws stops it there. */
  readonly assertMayLeave?: (() => void) | undefined
}

export interface ImportAnswer {
  readonly id: string
  readonly threadId: string | undefined
  readonly labelIds: readonly string[]
  /** SHA-256 of the octets that left in the message part, to hold against RawMessage.sha256. */
  readonly sentSha256: string
  /** The message is in, without these: they are given behind it, and could not be. */
  readonly missedLabels?: readonly MissedLabel[]
}

export interface MissedLabel {
  /** Of the request. */
  readonly id: string
  /** What Gmail said, for people. */
  readonly words: string
}

/** A message in Gmail found by Message-ID; needs the scope gmail.readonly. */
export interface FoundMessage {
  readonly id: string
  readonly labelIds: readonly string[]
  /** The raw octets as Gmail gives them back: lines that Gmail put on top included. */
  readonly raw: Buffer
}

export interface Gmail {
  /** Account name in our configuration. */
  readonly account: string
  /**
   * An import is likely to follow soon: what it needs is made ready beside (a connection, a token, whose account it is),
   * so that it costs the mail no time. Never throws, and nothing follows from its failure: the import meets it itself.
   */
  prepareImport(): void
  /** Imports that an earlier process made, wall clock, ms since 1970: those of the last minute count for the quota. */
  noteEarlierImports(atMs: readonly number[]): void
  /** Imports one message; one multipart upload, streamed. Waits for its turn (quota units, imports in flight). */
  import(raw: RawMessage, request: ImportRequest, signal: AbortSignal): Promise<ImportAnswer>
  /** Label ids for names: system labels as they are (INBOX, SPAM ...), others looked up and created where missing. */
  labelIds(names: readonly string[], signal: AbortSignal): Promise<readonly string[]>
  /** Whether the token may read mail (gmail.readonly or wider), from the `scope` of the token answer. */
  canRead(signal: AbortSignal): Promise<boolean>
  /** Messages whose Message-ID is this (with or without angle brackets), trash and spam included; needs canRead. */
  findByMessageId(messageId: string, signal: AbortSignal): Promise<readonly FoundMessage[]>
  /**
   * The message of exactly so many octets (or with lines of the server's on top) that `isSame` takes for it, spam and trash
   * included; only where the adapter can look by size.
   */
  findByOctets?(
    octets: number,
    isSame: (message: FoundMessage) => boolean,
    signal: AbortSignal,
  ): Promise<readonly FoundMessage[]>
  /**
   * What may be missing of an import whose answer was not read: its labels. Only where they are given behind it.
   * @returns those that could not be given
   */
  finishImport?(id: string, labelIds: readonly string[], signal: AbortSignal): Promise<readonly MissedLabel[]>
  /** One message's raw octets, or undefined where Gmail no longer has it; needs canRead. */
  read(id: string, signal: AbortSignal): Promise<FoundMessage | undefined>
  /** When the refresh token will end, ms since 1970, where Google said so (publishing status "Testing"). */
  readonly consentEndsAtMs: number | undefined
  /** Quota units of the account's minute: those that count now, those that are let through, and what an import costs. */
  readonly quota: { readonly used: number; readonly perMinute: number; readonly perImport: number }
  /** Frees sockets. */
  close(): Promise<void>
}
