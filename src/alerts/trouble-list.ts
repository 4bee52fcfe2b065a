/** What follows from the one list of what is not well. Pure: the readers of the list share it. */
import { exitCodes, faultKinds } from '../base/fault.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import type { MailboxState } from '../journal/journal.ts'

/** Worst first: what no other trouble may hide. */
const severity = [
  exitCodes.software,
  exitCodes.signIn,
  exitCodes.configuration,
  exitCodes.unavailable,
  exitCodes.temporary,
  exitCodes.someAside,
] as const

export function exitCodeOfTrouble({ scope, code }: Pick<TroubleEntry, 'scope' | 'code'>): number {
  // What costs a message, or what was to be done after it, holds no mail up.
  if (scope === 'message' || scope === 'wish') return exitCodes.someAside
  return faultKinds[code]?.exit ?? exitCodes.software
}

/** The exit code of the worst trouble; 0 where there is none. */
export function exitCodeOfTroubles(list: readonly Pick<TroubleEntry, 'scope' | 'code'>[]): number {
  const codes = list.map(exitCodeOfTrouble)
  return severity.find(code => codes.includes(code)) ?? codes[0] ?? exitCodes.ok
}

/** What concerns a mailbox: its own, its account's, and this machine's. */
export function troublesOf(
  list: readonly TroubleEntry[],
  mailbox: string,
  account: string,
): readonly TroubleEntry[] {
  return list.filter(({ scope, name }) =>
    scope === 'machine' ? true : scope === 'account' ? name === account : name === mailbox,
  )
}

/** Where the daemon writes which mailboxes it looks after. */
export const attendedNote = 'attended'
/** Where pulls that nobody sat at are written, so that a timer's interval shows. */
export const pullsNote = (mailbox: string): string => `pulls ${mailbox}`

const pullsKept = 5
const leastPatienceMs = 15 * 60_000
const patience = 3

/** The note after one more pull. */
export function notePull(note: string | undefined, atMs: number): string {
  return JSON.stringify([...instants(note), atMs].slice(-pullsKept))
}

function instants(note: string | undefined): number[] {
  try {
    const value: unknown = JSON.parse(note ?? '[]')
    return Array.isArray(value) ? value.filter(one => typeof one === 'number') : []
  } catch {
    return []
  }
}

type PulledMailbox = Pick<MailboxState, 'name' | 'lastPullAtMs'>

export interface Attendance {
  readonly mailbox: PulledMailbox
  /** A process holds the state directory. */
  readonly running: boolean
  /** The journal's notes. */
  readonly attended: string | undefined
  readonly pulls: string | undefined
  readonly nowMs: number
}

/**
 * Whether somebody looks after the mailbox: a daemon that knows it, or pulls that come as often as they did (three
 * times the usual interval between them is allowed; a single pull by hand is good for a quarter of an hour).
 */
export function isAttended({ mailbox, running, attended, pulls, nowMs }: Attendance): boolean {
  if (running && (attended === undefined || names(attended).includes(mailbox.name))) return true
  const { lastPullAtMs } = mailbox
  if (lastPullAtMs === undefined) return false
  const times = instants(pulls)
  const gaps = times.slice(1).map((ms, n) => ms - (times[n] ?? ms))
  const usualMs = [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  // An instant that lies ahead was written while the clock was wrong: it says nothing against anybody.
  return nowMs - lastPullAtMs <= Math.max(leastPatienceMs, patience * usualMs)
}

function names(note: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(note)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** The trouble of a mailbox that nobody looks after: known to who looks, for nobody is there to record it. */
export function unattended(mailbox: PulledMailbox, since: string | undefined, nowMs: number): TroubleEntry {
  const sinceMs = mailbox.lastPullAtMs ?? nowMs
  return {
    id: 0,
    scope: 'mailbox',
    name: mailbox.name,
    subject: 'unattended',
    code: 'mailbox.unattended',
    facts: since === undefined ? {} : { since },
    retry: 'owner',
    said: undefined,
    sinceMs,
    lastSeenMs: nowMs,
    times: 1,
    noticeAtMs: undefined,
    noticeCode: undefined,
    closedAtMs: undefined,
    closedBy: undefined,
    allClearAtMs: undefined,
    about: undefined,
    messages: 0,
    first: [],
    ids: [],
  }
}
