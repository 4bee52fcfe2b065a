/**
 * What the owner is told, decided from the one list of what is not well. Pure: no clock, no I/O.
 *
 * Invariant: of each trouble one notice and one all-clear, which the list remembers; neither a restart nor trouble
 * that comes and goes repeats them. Mail that does not come at all is told again after a week.
 */
import { faultKinds } from '../base/fault.ts'
import { nameThisComputer } from '../base/this-computer.ts'
import type { Trouble, TroubleEntry } from '../base/trouble.ts'
import { printable } from '../base/untrusted.ts'
import type { AccountState } from '../journal/journal.ts'
import { describeFault, type Words } from '../locale/locale.ts'
import { pauseWords } from '../locale/pause-words.ts'
import { troubleWords } from '../locale/trouble-words.ts'
import type { Pause } from '../pull/paused.ts'

/** What was told of one account's consent. Kept as JSON in the journal. */
export interface AccountTold {
  readonly consent?: { readonly endsAtMs: number; readonly days: number }
}

export interface Notice {
  readonly kind: 'trouble' | 'allClear' | 'paused' | 'consent' | 'ended'
  readonly key: string
  readonly subject: string
  readonly text: string
  readonly urgent: boolean
  /** Gmail takes no mail now, so a mail about it cannot be the way. */
  readonly notByMail: boolean
  /** Which troubles it tells of. */
  readonly ids: readonly number[]
}

export interface View {
  /** Open troubles, and those of which the end was not told, as the list gives them. */
  readonly open: readonly TroubleEntry[]
  readonly untold: readonly TroubleEntry[]
  readonly uncleared: readonly TroubleEntry[]
  readonly lastNoticeMs: (entry: TroubleEntry) => number | undefined
  readonly afterMinutes: number
  readonly nowMs: number
  readonly words: Words
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** No mail at all is told again so often; what comes and goes is told at most so often. */
const remindMs = 7 * day
const flappingMs = hour
/** Of a pause the owner is reminded after this, and then as of mail that does not come. */
const pausedMs = day
/** A message that is tried again by itself is told of after so long. */
export const putOffMs = day
/** A token of a client in "testing" lives seven days; the owner hears of its end so many days before. */
const consentDays = [1, 3]
/** Later ends are told later, ms. */
export const consentDaysMs = Math.max(...consentDays) * day

/** The notices that are due, all-clears first. */
export function noticesDue(view: View): readonly Notice[] {
  const reminders = view.open.filter(entry => isReminderDue(entry, view))
  const due = view.untold.flatMap(entry => dueOf(entry, view))
  return [
    ...view.uncleared.filter(entry => isClearDue(entry, view)).map(entry => makeAllClear(entry, view)),
    ...due.map(entry => makeNotice(entry, view)),
    ...reminders.map(entry => makeNotice(entry, view)),
  ]
}

/** Ends of which nobody needs to hear: the owner brought them about, or the account's trouble took their place. */
const isSilent = ({ closedBy }: TroubleEntry): boolean =>
  closedBy === 'configuration' || closedBy === 'account'

export function silentEnds(uncleared: readonly TroubleEntry[]): readonly number[] {
  return uncleared.filter(isSilent).flatMap(({ ids }) => ids)
}

/** A time that lies ahead was written while the clock was wrong: as if it had been long ago. */
const ageOf = (ms: number, nowMs: number): number => (ms > nowMs + minute ? remindMs : nowMs - ms)

/** Many messages come one after the other: one all-clear when all are through, or of a day's. */
function isClearDue(entry: TroubleEntry, { open, nowMs }: View): boolean {
  if (isSilent(entry)) return false
  const others = open.some(
    ({ scope, name, code, noticeAtMs }) =>
      scope === 'message' && name === entry.name && code === entry.code && noticeAtMs !== undefined,
  )
  return entry.scope !== 'message' || !others || ageOf(entry.closedAtMs ?? nowMs, nowMs) >= day
}

function dueOf(entry: TroubleEntry, view: View): readonly TroubleEntry[] {
  const { nowMs, afterMinutes } = view
  const ageMs = ageOf(entry.sinceMs, nowMs)
  if (entry.scope === 'message') {
    // Of messages that fail one after the other the owner hears once a day.
    const lastMs = view.lastNoticeMs(entry)
    if (lastMs !== undefined && ageOf(lastMs, nowMs) < day) return []
    return [entry]
  }
  if (entry.noticeAtMs !== undefined) {
    // Told already, as something that passes by itself; now it is the owner who has to act.
    const before = entry.noticeCode === undefined ? 'owner' : faultKinds[entry.noticeCode]?.retry
    return before !== 'owner' && entry.retry === 'owner' ? [entry] : []
  }
  if (entry.subject !== 'books' && ageMs < afterMinutes * minute) return []
  const lastMs = view.lastNoticeMs(entry)
  return lastMs !== undefined && ageOf(lastMs, nowMs) < flappingMs ? [] : [entry]
}

function isReminderDue(entry: TroubleEntry, { nowMs, untold }: View): boolean {
  const isOutage = (entry.scope === 'mailbox' && entry.subject === '') || entry.scope === 'account'
  if (!isOutage || entry.noticeAtMs === undefined || untold.some(({ id }) => id === entry.id)) return false
  return ageOf(entry.noticeAtMs, nowMs) >= remindMs
}

function makeNotice(entry: TroubleEntry, { nowMs, words }: View): Notice {
  const own = troubleWords[words.language]
  const { what, mail, next } = describeFault(entry, words.language)
  const ownWords = findOwnWords(entry, what)
  return {
    kind: 'trouble',
    key: `trouble ${entry.scope} ${entry.name} ${entry.subject} ${entry.sinceMs} ${entry.ids.length} ${entry.noticeAtMs ?? ''}`,
    subject: own.subject(entry),
    text: paragraphs(words, [
      own.notice(entry, Math.max(0, nowMs - entry.sinceMs)),
      ...entry.first.map(trouble => describeMessage(trouble, words)),
      `${words.fault.what}: ${what}${ownWords === undefined ? '' : ` ${own.said(ownWords)}`}`,
      `${words.fault.mail}: ${mail}`,
      `${words.fault.next}: ${next}`,
    ]),
    urgent: true,
    notByMail: entry.scope === 'account',
    ids: entry.ids,
  }
}

function makeAllClear(entry: TroubleEntry, { nowMs, words }: View): Notice {
  const own = troubleWords[words.language]
  const afterMs = Math.max(0, (entry.closedAtMs ?? nowMs) - entry.sinceMs)
  const lines = [own.clear(entry, afterMs), ...entry.first.map(trouble => describeMessage(trouble, words))]
  return {
    kind: 'allClear',
    key: `all clear ${entry.scope} ${entry.name} ${entry.subject} ${entry.sinceMs} ${entry.ids.length}`,
    subject: own.clearSubject(entry),
    text: `${lines.join('\n\n')}\n`,
    urgent: entry.closedBy === 'gone',
    notByMail: false,
    ids: entry.ids,
  }
}

/** The other side's own words, where the sentence does not hold them already. */
export function findOwnWords({ said }: Trouble, what: string): string | undefined {
  if (said === undefined) return undefined
  return what.includes(printable(said)) ? undefined : printable(said, 500)
}

/** One message by what is known of it: its number, and what it calls itself. */
export function describeMessage({ subject: id, about }: Trouble, { language }: Words): string {
  const names = troubleWords[language].about
  const parts = [
    [names.date, about?.date],
    [names.from, about?.from],
    [names.subject, about?.subject],
    ['Message-ID', about?.messageId],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${printable(value, 120)}`]))
  return [`#${id}`, ...parts].join('  ')
}

/** A mailbox that the owner paused must not be forgotten. */
export function pauseNotice(
  mailbox: string,
  pause: Pause | undefined,
  { nowMs, words }: Pick<View, 'nowMs' | 'words'>,
): Notice | undefined {
  if (pause === undefined) return undefined
  const { sinceMs, remindedAtMs } = pause
  const isDue =
    remindedAtMs === undefined ? ageOf(sinceMs, nowMs) >= pausedMs : ageOf(remindedAtMs, nowMs) >= remindMs
  if (!isDue) return undefined
  const own = pauseWords[words.language]
  const name = printable(mailbox, 80)
  return {
    kind: 'paused',
    key: `paused ${mailbox} ${sinceMs} ${remindedAtMs ?? ''}`,
    subject: own.subject(name),
    text: paragraphs(words, [
      own.reminder(name, words.format.instant(sinceMs), Math.max(0, nowMs - sinceMs)),
      own.reminderNext(name),
    ]),
    urgent: false,
    notByMail: false,
    ids: [],
  }
}

/** Before a consent ends; remembered apart, for it is no trouble yet. */
export function consentNotice(
  account: AccountState,
  endsAtMs: number | undefined,
  toldBefore: AccountTold,
  { nowMs, words }: Pick<View, 'nowMs' | 'words'>,
): { readonly notice: Notice; readonly told: AccountTold } | undefined {
  if (endsAtMs === undefined || endsAtMs <= nowMs) return undefined
  const days = consentDays.find(daysLeft => endsAtMs - nowMs <= daysLeft * day)
  if (days === undefined) return undefined
  const before = toldBefore.consent
  // The end is counted anew from each token answer and wobbles by seconds; another consent is days away.
  const same = before !== undefined && Math.abs(before.endsAtMs - endsAtMs) < hour
  if (same && before.days <= days) return undefined
  const name = printable(account.name)
  const notice = {
    kind: 'consent',
    key: `consent ${account.name} ${Math.round(endsAtMs / day)} ${days}`,
    subject: words.notice.consentSubject(name),
    text: paragraphs(words, [words.notice.consentEnding(name, days)]),
    urgent: true,
    notByMail: false,
    ids: [],
  } as const
  return { notice, told: { ...toldBefore, consent: { endsAtMs, days } } }
}

export function paragraphs(words: Words, parts: readonly string[]): string {
  return `${[...parts, words.notice.footer(nameThisComputer())].join('\n\n')}\n`
}
