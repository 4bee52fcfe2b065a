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
import type { SteadyClock } from './steady-clock.ts'
import type { UnderWay } from './under-way.ts'

/** Looks at the authentication of an imported message; resolves to the JSON that the journal keeps. Never rejects. */
export type Authenticate = (
  raw: RawMessage,
  mailbox: MailboxConfig,
  signal: AbortSignal,
) => Promise<string | undefined>

export interface PullPorts {
  readonly mailbox: MailboxConfig
  readonly source: Source
  readonly journal: Journal
  readonly gmail: Gmail
  readonly spooler: Spooler
  readonly clock: Clock
  readonly steady: SteadyClock
  readonly underWay: UnderWay
  readonly log: Log
  /** 0 to 1, for jitter. */
  readonly random: () => number
  readonly authenticate: Authenticate | undefined
  /** Under which an accepted login is remembered (login-memory.ts). */
  readonly loginKey: Secret
}

/** One open session and what was found in it. */
export interface PullContext extends PullPorts {
  readonly session: SourceSession
  readonly generation: number
  /** Where each row stands in this session. */
  readonly at: Map<number, Listed>
  /** Rows whose digest was taken in this session: their identity is beyond doubt. */
  readonly proved: Set<number>
  /** What the earlier sessions of this pull were lost at, so that a new one is not lost at the same. */
  readonly lost: LostAt
  /** Looks at authentication results that are under way, bounded in number. */
  readonly beside: Set<Promise<void>>
  readonly count: PullCount
  /** The first octet wins: aborts when everything must stop now. */
  readonly signal: AbortSignal
  /** Aborts when no new message should be begun; what is in flight is finished. */
  readonly stopping: AbortSignal
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

/** What one pull did; the sums that `pull --json` prints. */
export interface PullCount extends PullNumbers {
  /** Which messages `deferred` counts: one that is put off several times is one message. */
  readonly deferredIds: Set<number>
  /** Those among `refused` that may yet turn out to be the account's trouble. */
  readonly doubtfulIds: Set<number>
}

export interface PullNumbers {
  /** Messages that stood at the source. */
  listed: number
  /** Of these, seen for the first time. */
  fresh: number
  imported: number
  merged: number
  refused: number
  deferred: number
  settled: number
  settleAsked: number
  gone: number
  ignored: number
  repeated: number
  octets: number
}

export const noNumbers = (): PullNumbers => ({
  listed: 0,
  fresh: 0,
  imported: 0,
  merged: 0,
  refused: 0,
  deferred: 0,
  settled: 0,
  settleAsked: 0,
  gone: 0,
  ignored: 0,
  repeated: 0,
  octets: 0,
})

export const noCount = (): PullCount => ({
  ...noNumbers(),
  deferredIds: new Set(),
  doubtfulIds: new Set(),
})

/** A message is to be tried again. */
export function countDeferred(count: PullCount, id: number): void {
  count.deferredIds.add(id)
  count.deferred = count.deferredIds.size
}

/** A row as the log has it. */
export function eventOf(row: MessageRow): MessageEvent {
  const { id, mailbox, account, folder, uid, octets, gmailId } = row
  return { messageId: id, mailbox, account, folder, uid, octets, gmailId }
}

/** A fault in the form that the journal keeps. */
export function record(fault: Fault, atMs: number): RecordedFault {
  return { code: fault.code, retry: fault.retry, facts: fault.facts, atMs }
}

/** Gmail's largest message: messages.import, media.maxSize in the discovery document. */
export const gmailMaxOctets = octetLimit(157_286_400)
