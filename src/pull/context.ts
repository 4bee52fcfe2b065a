/** What one pull works with: the ports, and what it remembers while the session is open. */
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import type { Secret } from '../base/secret.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { Gmail } from '../gmail/gmail.ts'
import type { Journal, MessageRow, RecordedFault } from '../journal/journal.ts'
import type { Log, MessageEvent } from '../log/log.ts'
import { octetLimit, type RawMessage } from '../message/message.ts'
import type { Spooler } from '../message/spool.ts'
import type { Listed, Source, SourceSession } from '../source/source.ts'
import type { PullCount } from './count.ts'
import type { Destination } from './destination.ts'
import type { LoginCount } from './logins.ts'
import type { Pauses } from './paused.ts'
import type { SteadyClock } from './steady-clock.ts'
import type { UnderWay } from './under-way.ts'
import type { UploadQueue } from './upload-queue.ts'

/** Looks at the authentication of an imported message; resolves to the JSON that the journal keeps. Never rejects. */
export type Authenticate = (
  raw: RawMessage,
  mailbox: MailboxConfig,
  signal: AbortSignal,
) => Promise<string | undefined>

/**
 * Looks at what an imported message calls itself, for people. Never rejects; the octets are there until it resolves.
 * @param verified resolves when its authentication was looked at
 */
export type ShowPassed = (
  id: number,
  raw: RawMessage,
  mailbox: MailboxConfig,
  verified: Promise<void>,
) => Promise<void>

export interface PullPorts {
  readonly mailbox: MailboxConfig
  readonly source: Source
  readonly journal: Journal
  readonly gmail: Gmail
  readonly spooler: Spooler
  readonly clock: Clock
  readonly steady: SteadyClock
  readonly underWay: UnderWay
  /** What is on its way into the account, from this mailbox and others. */
  readonly uploads: UploadQueue
  /** Every Gmail account of the configuration, by its name: rules send mail to others than the mailbox's own, or did. */
  readonly others: ReadonlyMap<string, Destination>
  readonly log: Log
  /** 0 to 1, for jitter. */
  readonly random: () => number
  readonly authenticate: Authenticate | undefined
  /** Where somebody looks on. */
  readonly showPassed?: ShowPassed
  /** Under which an accepted login is remembered (login-memory.ts). */
  readonly loginKey: Secret
  /** Logins to the mailbox in this process so far, of pulls and watches together. */
  readonly logins: Readonly<LoginCount>
}

/** One open session of a pull. A function says which of it it needs. */
export interface PullContext extends PullPorts {
  readonly session: SourceSession
  readonly generation: number
  /** What the earlier sessions of this pull were lost at, so that a new one is not lost at the same. */
  readonly lost: LostAt
  readonly count: PullCount
  /** The first octet wins: aborts when everything must stop now. */
  readonly signal: AbortSignal
  /** Aborts when no new message should be begun; what is in flight is finished. */
  readonly stopping: AbortSignal
  /** Aborts with either. */
  readonly ending: AbortSignal
}

/** Where each row stands in this session. */
export type RowPlaces = ReadonlyMap<number, Listed>

export interface PullOptions {
  /** Aborts everything at once. */
  readonly signal: AbortSignal
  /** Aborts beginning anything new. */
  readonly stopping: AbortSignal
  /** After this many ms no new message is begun, so that new mail is listed before an old backlog is done. */
  readonly budgetMs: number
  /** Why now, for the log: 'schedule', 'news', 'owner'. */
  readonly reason: string
  /** Also where the owner has paused the mailbox: it is the owner who asks for this one pull. */
  readonly evenPaused?: boolean
  /** Which mailboxes are paused, where that was looked up just now. */
  readonly pauses?: Pauses | undefined
  readonly onProgress: (progress: { readonly done: number; readonly due: number }) => void
  /**
   * Where the looks at authentication results that are under way are kept from pull to pull; nothing then waits for
   * them. Without it the pull waits at its end for its own, for a bounded time.
   */
  readonly beside?: Set<Promise<void>>
  /** Takes the counts as things happen: what was done is counted whatever ends the pull. */
  readonly count?: PullCount
  /** Given by who keeps on after the pull: uploads that take long may outlive it. Else it waits for all of them. */
  readonly leave?: Leave
}

export interface Leave {
  /** Aborts when somebody waits for the pull to end. */
  readonly enough: AbortSignal
  /** Aborts when the source tells of news: they go before the rest of a backlog. */
  readonly news: AbortSignal
  /** Takes the counts of uploads that ended after their pull; the next pull takes them from there. */
  readonly count: PullCount
  /** An upload met trouble that is wider than its message, after its pull had ended. */
  onFault(fault: Fault): Promise<void>
  /** What came of an upload after its pull had ended is counted. */
  onSuccess(): Promise<void>
}

/**
 * Questions at which a session was lost in this pull. They are asked for evidence only, so they are not asked again
 * until the next pull.
 */
export interface LostAt {
  /** A header section could not be had without losing the session. */
  headers: boolean
  /** Messages (`nameAt`) at which it was lost. */
  readonly messages: Set<string>
}

/** A message's name within one pull. */
export const nameAt = ({ folder, uid, handle, octets }: Listed): string =>
  JSON.stringify([folder, uid ?? handle, octets ?? ''])

/** A row as the log has it. */
export function eventOf(row: MessageRow): MessageEvent {
  const { id, mailbox, account, folder, uid, octets, gmailId } = row
  return { messageId: id, mailbox, account, folder, uid, octets, gmailId }
}

/** A fault in the form that the journal keeps. */
export function asRecord(fault: Fault, atMs: number): RecordedFault {
  return { code: fault.code, retry: fault.retry, facts: fault.facts, atMs }
}

/** Gmail's largest message: messages.import, media.maxSize in the discovery document. */
export const gmailMaxOctets = octetLimit(157_286_400)
