/**
 * The port to a source mailbox. pop3.ts and imap.ts implement it; test/source/contract.ts holds both to it.
 *
 * Contract for every method: it throws Fault and nothing else (an AbortError when `signal` was aborted);
 * it has a deadline of its own; a connection that ends early is a fault, never a short answer.
 */

import type { Fault } from '../base/fault.ts'
import type { CopyRecord } from '../message/copy-record.ts'
import type { OctetSink } from '../message/message.ts'

/** One message as a listing shows it. */
export interface Listed {
  readonly folder: string
  /**
   * The source's lasting name for the message (SourceId.uid), or undefined where it has none that can be
   * trusted: no UIDL, a blank or oversized one, one that stands twice in this listing, UIDVALIDITY 0 or absent.
   */
  readonly uid: string | undefined
  /** Announced size in octets: a hint, never a proof. Undefined where none or nonsense was given. */
  readonly octets: number | undefined
  /** When the message reached the source, ms since 1970 (IMAP INTERNALDATE); POP3 has none. */
  readonly arrivedAtMs: number | undefined
  /** IMAP `\Seen`; undefined where the protocol has none (POP3). */
  readonly seen: boolean | undefined
  /** Its other flags and keywords as the server spells them, `\Recent` and `\Deleted` left out; undefined where there are none. */
  readonly flags?: readonly string[] | undefined
  /** POP3 message number or IMAP UID: valid in this session only. */
  readonly handle: number
}

export interface Listing {
  readonly folder: string
  readonly entries: readonly Listed[]
  /**
   * Why this listing is not the whole truth: a line was not understood, or the server contradicts itself
   * (source.listing-unclear with facts.folder). What is listed is there; of what is not, nothing follows.
   */
  readonly doubt?: Fault
  /**
   * To be called once what this listing shows is recorded: only then may the source say of a later one that it would
   * show the same (standsUnchanged). Not there where the source has no short way to say so, or the listing is in doubt.
   */
  readonly noteRecorded?: () => void
  /** Only what came since the last listing: of what it does not show nothing follows. */
  readonly isNews?: true
}

export type SettleAction =
  | { readonly do: 'delete' }
  | {
      readonly do: 'move'
      readonly folder: string
      /** Where copies are recorded that are made before the deletion; without it each is made anew. */
      readonly copies?: CopyBook
    }

/** What is recorded is durable when its promise is kept. */
export interface CopyBook {
  find(entry: Listed): CopyRecord | undefined
  messageId(entry: Listed): string | undefined
  /** Whether what stands in the target folder, by header section and size, is this message. */
  isCopy(entry: Listed, header: Buffer, octets: number | undefined): boolean
  noteAsked(entries: readonly Listed[], folder: string): Promise<void>
  noteMade(
    entries: readonly Listed[],
    folder: string,
    uidOf: (entry: Listed) => string | undefined,
  ): Promise<void>
  /** COPY is all or nothing (RFC 9051 section 6.4.7): no copy was made. */
  noteRefused(entries: readonly Listed[]): Promise<void>
}

/** A message that the server would not delete or move, while others of its folder went. */
export interface RefusedEntry {
  readonly entry: Listed
  readonly fault: Fault
}

/** What the server turned out to be able to do; for the log, `status` and `doctor`. */
export interface SourceAbilities {
  readonly protocol: 'pop3' | 'imap'
  /** The capabilities as announced after login, upper case. */
  readonly capabilities: readonly string[]
  /** TLS version in use, or undefined without TLS. */
  readonly tls: string | undefined
  /** The SASL mechanism of a login by token; undefined: by password. */
  readonly mechanism?: string | undefined
  /** Whether `settle` can delete without touching what other clients marked (POP3: always; IMAP: UIDPLUS). */
  readonly canDelete: boolean
  /**
   * Whether a name is never given to another message (IMAP, RFC 9051 section 2.3.1.1). UIDLs are, whatever RFC 1939
   * section 7 says.
   */
  readonly namesLast: boolean
  /** The least pause between logins that the server asks for, ms (RFC 2449 section 6.5 LOGIN-DELAY). */
  readonly loginDelayMs: number | undefined
}

/** A message that will probably be retrieved soon. */
export interface Foreseen {
  readonly entry: Listed
  /** As announced now or earlier, where that is known. */
  readonly octets: number | undefined
  /** It is to come by itself: it met trouble before, and is to be no trouble of others. */
  readonly isAlone: boolean
}

/** How long a listing stands for those that look no different, ms: that they do is no proof. */
export const listingLastsMs = 10 * 60_000

/** One logged-in session. */
export interface SourceSession {
  readonly abilities: SourceAbilities
  /** The folders that will be pulled, in order: [''] for POP3. */
  readonly folders: readonly string[]
  /** False once the connection has ended: every further call fails. */
  readonly usable: boolean
  /**
   * We dropped the connection at one message, of which the server sent too much, and it was blamed for it; or it broke
   * while many came at a time, and a new session brings these one by one. That may be opened at once.
   */
  readonly droppedAtMessage: boolean
  /**
   * What came since an earlier session listed the folder of which the source told news, where the source could ask for
   * that as it opened (`Source.open`), and all of it fits together. Small messages came along: `retrieve` then asks for
   * nothing. Undefined: `list` tells.
   */
  readonly news?: Listing | undefined
  /**
   * Everything in the folder now. `octets`, `arrivedAtMs` and `seen` need be given only for entries for which
   * `known(uid)` is false, so that a poll of a large folder stays cheap.
   * A refusal of this folder alone is a fault with facts.folder, and the session stays `usable` for the others.
   */
  list(folder: string, known: (uid: string) => boolean, signal: AbortSignal): Promise<Listing>
  /**
   * How many messages stand in the folder, where it looks as the last recorded listing showed it, by a short answer that
   * is likely and no proof (POP3 STAT: count and octets; IMAP SELECT: count and UIDNEXT); undefined where it does not,
   * or the last listing is older than ten minutes. Of single messages nothing follows: what is due, to be settled or gone
   * is decided by `list` only.
   */
  standsUnchanged?(folder: string, signal: AbortSignal): Promise<number | undefined>
  /**
   * What will probably be retrieved next, and in which order; replaces what was foreseen before. A source that can
   * brings small messages many at a time. Faults of one of them are those of its own `retrieve`.
   */
  foresee?(upcoming: readonly Foreseen[]): void
  /**
   * Writes the message's exact octets to `sink` and returns how many. Does not mark it seen (IMAP BODY.PEEK[]).
   * What `sink` throws comes out; the connection may then be gone, since the rest of the message is not waited for.
   * A connection that ends or stalls at this message is a fault of scope message (its code is of the connection);
   * every other call of that session then fails with one of scope mailbox.
   * May be called again before an earlier call is done: a source that can pipeline does, another queues.
   * Faults: message.gone, message.short (fewer octets than announced, though properly ended), message.empty,
   * message.not-retrieved, message.over-announced, and those of the connection.
   */
  retrieve(entry: Listed, sink: OctetSink, signal: AbortSignal): Promise<number>
  /**
   * Cheap evidence: the header section (POP3 TOP n 0, IMAP BODY.PEEK[HEADER]), at most 256 KiB of it, or
   * undefined where the server cannot give it. Good for recognising, never for importing (quirk: TOP lies).
   */
  peekHeader(entry: Listed, signal: AbortSignal): Promise<Buffer | undefined>
  /**
   * Asks the source to delete or move exactly these messages and no others. That it happened is proved by a
   * later listing, not by this call's return (POP3 commits at QUIT, RFC 1939 section 6). Resolves to those that were
   * refused by themselves; where nothing could be done at all it throws the server's answer.
   */
  settle(
    entries: readonly Listed[],
    action: SettleAction,
    signal: AbortSignal,
  ): Promise<readonly RefusedEntry[]>
  /** Ends the session well: POP3 QUIT with its answer read (this commits deletions), IMAP LOGOUT. */
  close(): Promise<void>
  /** Drops the connection at once; nothing is committed. Safe after close and more than once. */
  abandon(): void
}

/**
 * The longest time that a phase of this mailbox is given, ms, where it needed more than usual before (patience.ts);
 * undefined: the usual time. Phases are named as in the facts of a fault.
 */
export type Patience = (phase: string) => number | undefined

/** What is known of a folder's IDLE: it tells of mail as it comes, it keeps it back, or nobody has seen it yet. */
export type IdleWay = 'tells' | 'silent' | undefined

/** Kept from watch to watch and from process to process (idle-memory.ts). */
export interface IdleMemory {
  wayOf(folder: string): Promise<IdleWay>
  noteWay(folder: string, way: 'tells' | 'silent'): Promise<void>
}

/** Every login passes through here (logins.ts): refused ones are capped, and the server's pauses kept. */
export interface LoginGate {
  /**
   * Runs `work`, which logs in once. Faults: those of `work`; source.login-capped and source.login-delay, where it
   * was not run.
   */
  login<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
  /** What the server announced after a login: the least pause between two, ms (LOGIN-DELAY). */
  noteDelay(loginDelayMs: number | undefined): Promise<void>
}

/** For a login that nobody counts: set-up, where a person sits. */
export const ungated: LoginGate = { login: work => work(), noteDelay: async () => {} }

export interface Source {
  readonly protocol: 'pop3' | 'imap'
  /** Its hosts count logins, so that none is made before the schedule asks for it. */
  readonly countsLogins: boolean
  /**
   * Connects, secures, logs in. While a watch goes on its connection is used instead, where it proves alive; `close`
   * then gives it back.
   * @param look 'news' where the watch has told of some
   */
  open(signal: AbortSignal, look?: 'news'): Promise<SourceSession>
  /** A watch is to come, until `signal` aborts: a connection that a pull makes before it is kept for it. */
  readonly expectWatch?: (signal: AbortSignal) => void
  /**
   * Waits for news without polling, where the protocol can (IMAP IDLE): calls `onNews` whenever a folder may
   * have changed, `onAlive` whenever the server proved that it still answers. Ends by a Fault when the
   * connection ends or proves dead, or by an AbortError. Undefined for POP3.
   *
   * Where `isAwaited` says so, a session for news is opened as soon as the source is told of some: then it may ask for them
   * before it calls `onNews`, and give what it has asked for to whoever opens that session.
   */
  readonly watch?: (
    onNews: () => void,
    onAlive: () => void,
    signal: AbortSignal,
    isAwaited?: () => boolean,
  ) => Promise<never>
}
