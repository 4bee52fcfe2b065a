/**
 * What the owner is told, decided from the journal and from what was told before. Pure: no clock, no I/O. Each rule
 * gives at most one notice, with what is to be remembered once it got through.
 *
 * Invariant: a notice is remembered by what it was about and not by when the process started, so neither a restart
 * nor trouble that comes and goes repeats it.
 */
import { type FaultCode, faultKinds } from './fault.ts'
import type { AccountState, Conservation, MailboxState, RecordedFault } from './journal/journal.ts'
import { faultText, type Words } from './locale/locale.ts'
import { printable } from './untrusted.ts'

/** What was told of one mailbox. Kept as JSON in the journal. */
export interface MailboxTold {
  /** The trouble that was told; `silent` where it is the account's and was told for another of its mailboxes. */
  readonly failing?: { readonly sinceMs: number; readonly silent: boolean }
  readonly failingAtMs?: number
  readonly refused?: { readonly count: number; readonly atMs: number }
  readonly broken?: boolean
}

/** What was told of one account. */
export interface AccountTold {
  readonly trouble?: { readonly code: FaultCode; readonly atMs: number }
  readonly consent?: { readonly endsAtMs: number; readonly days: number }
}

export interface Notice {
  readonly kind: 'failing' | 'recovered' | 'refused' | 'consent' | 'broken'
  readonly key: string
  readonly subject: string
  readonly text: string
  readonly urgent: boolean
  /** Gmail takes no mail now, so a mail about it cannot be the way. */
  readonly notByMail: boolean
}

export interface Decision {
  /** Undefined: only something to remember. */
  readonly notice: Notice | undefined
  readonly told: MailboxTold
  readonly accountTold: AccountTold
}

export interface View {
  readonly mailbox: MailboxState
  readonly account: AccountState
  readonly booksBroken: boolean
  /** As Google said last, where this process knows it. */
  readonly consentEndsAtMs: number | undefined
  /** Where a pull came to its end. */
  readonly counts: Conservation | undefined
  /** Why the newest refused message is refused. */
  readonly refusal: RecordedFault | undefined
  readonly told: MailboxTold
  readonly accountTold: AccountTold
  readonly afterMinutes: number
  readonly nowMs: number
  readonly words: Words
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Trouble that lasts is told again so often; what comes and goes is told at most so often. */
const remindMs = day
const flappingMs = hour
/** A token of a client in "testing" lives seven days; the owner hears of its end so many days before. */
const consentDays = [1, 3]

/** In the order in which they are told. */
export const rules: readonly ((view: View) => Decision | undefined)[] = [failing, broken, refused, consent]

function failing(view: View): Decision | undefined {
  const { mailbox, told, accountTold, nowMs, words, afterMinutes } = view
  const name = printable(mailbox.name)
  const { failing: before, ...rest } = told
  if (mailbox.failingSinceMs === undefined) {
    if (before === undefined) return undefined
    if (before.silent) return { notice: undefined, told: rest, accountTold }
    const minutes = Math.max(1, Math.round((nowMs - before.sinceMs) / minute))
    const notice = {
      kind: 'recovered',
      key: `recovered ${mailbox.name} ${before.sinceMs}`,
      subject: words.notice.recoveredSubject(name),
      text: `${words.notice.recovered(name, minutes)}\n`,
      urgent: false,
      notByMail: false,
    } as const
    return { notice, told: rest, accountTold: withoutTrouble(accountTold) }
  }
  const sinceMs = mailbox.failingSinceMs
  if (nowMs - sinceMs < afterMinutes * minute) return undefined
  // A notice "from the future" was written while the clock was wrong.
  const lastMs = told.failingAtMs === undefined || told.failingAtMs > nowMs ? 0 : told.failingAtMs
  if (nowMs - lastMs < (before === undefined ? flappingMs : remindMs)) return undefined
  const fault = mailbox.fault
  const ofAccount = fault !== undefined && faultKinds[fault.code]?.scope === 'account'
  const now = { failingAtMs: nowMs, failing: { sinceMs, silent: false } }
  if (ofAccount) {
    const { trouble } = accountTold
    const fresh = trouble?.code === fault.code && trouble.atMs <= nowMs && nowMs - trouble.atMs < remindMs
    if (fresh) {
      const silent = { ...now, failing: { sinceMs, silent: true } }
      return { notice: undefined, told: { ...told, ...silent }, accountTold }
    }
  }
  const minutes = Math.round((nowMs - sinceMs) / minute)
  return {
    notice: {
      kind: 'failing',
      key: `failing ${mailbox.name} ${sinceMs} ${Math.floor((nowMs - sinceMs) / remindMs)}`,
      subject: words.notice.subject(name),
      text: paragraphs(words, words.notice.failing(name, minutes), fault),
      urgent: true,
      notByMail: ofAccount,
    },
    told: { ...told, ...now },
    accountTold: ofAccount
      ? { ...accountTold, trouble: { code: fault.code, atMs: nowMs } }
      : withoutTrouble(accountTold),
  }
}

function withoutTrouble(told: AccountTold): AccountTold {
  const { trouble: _, ...rest } = told
  return rest
}

function refused(view: View): Decision | undefined {
  const { mailbox, counts, told, accountTold, nowMs, words, refusal } = view
  const { refused: before, ...rest } = told
  if (counts === undefined) return undefined
  const count = counts.refused
  if (count === 0) return before === undefined ? undefined : { notice: undefined, told: rest, accountTold }
  if (before !== undefined) {
    if (count < before.count)
      return { notice: undefined, told: { ...told, refused: { ...before, count } }, accountTold }
    if (count === before.count || Math.abs(nowMs - before.atMs) < remindMs) return undefined
  }
  const name = printable(mailbox.name)
  return {
    notice: {
      kind: 'refused',
      key: `refused ${mailbox.name} ${count} ${Math.floor(nowMs / remindMs)}`,
      subject: words.notice.refusedSubject(name),
      text: paragraphs(words, words.notice.refused(name, count), refusal),
      urgent: true,
      notByMail: false,
    },
    told: { ...told, refused: { count, atMs: nowMs } },
    accountTold,
  }
}

function broken(view: View): Decision | undefined {
  const { mailbox, counts, told, accountTold, words } = view
  const { broken: before, ...rest } = told
  if (!view.booksBroken)
    return before === undefined ? undefined : { notice: undefined, told: rest, accountTold }
  if (before || counts === undefined) return undefined
  const { listed, imported, merged, refused, pending, ignored, gone } = counts
  const missing = listed - imported - merged - refused - pending - ignored - gone
  const sentence = `${words.conservation.sentence(counts)}\n${words.conservation.broken(counts, missing)}`
  return {
    notice: {
      kind: 'broken',
      key: `broken ${mailbox.name} ${listed} ${missing}`,
      subject: words.notice.brokenSubject(printable(mailbox.name)),
      text: paragraphs(words, sentence, undefined),
      urgent: true,
      notByMail: false,
    },
    told: { ...told, broken: true },
    accountTold,
  }
}

function consent(view: View): Decision | undefined {
  const { account, told, accountTold, nowMs, words } = view
  const endsAtMs = view.consentEndsAtMs ?? account.consentEndsAtMs
  if (endsAtMs === undefined || endsAtMs <= nowMs) return undefined
  const days = consentDays.find(one => endsAtMs - nowMs <= one * day)
  if (days === undefined) return undefined
  const before = accountTold.consent
  // The end is counted anew from each token answer and wobbles by seconds; another consent is days away.
  const same = before !== undefined && Math.abs(before.endsAtMs - endsAtMs) < hour
  if (same && before.days <= days) return undefined
  const name = printable(account.name)
  return {
    notice: {
      kind: 'consent',
      key: `consent ${account.name} ${Math.round(endsAtMs / day)} ${days}`,
      subject: words.notice.consentSubject(name),
      text: paragraphs(words, words.notice.consentEnding(name, days), undefined),
      urgent: true,
      notByMail: false,
    },
    told,
    accountTold: { ...accountTold, consent: { endsAtMs, days } },
  }
}

function paragraphs(words: Words, first: string, fault: RecordedFault | undefined): string {
  const parts = [first]
  if (fault !== undefined) {
    const { what, mail, next } = faultText(fault, words.language)
    parts.push(`${words.fault.what}: ${what}`, `${words.fault.mail}: ${mail}`, `${words.fault.next}: ${next}`)
  }
  return `${[...parts, words.notice.footer].join('\n\n')}\n`
}
