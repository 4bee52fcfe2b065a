/** What the journal tells: the last pull and its trouble, messages set aside; and who is told of trouble. */
import type { Config, MailboxConfig } from '../config/config.ts'
import { exitCodes, faultKinds } from '../fault.ts'
import type { Journal } from '../journal/journal.ts'
import { faultText } from '../locale/locale.ts'
import type { DoctorContext } from './context.ts'
import { bad, type Finding, fine, note } from './finding.ts'

export function checkAlerts({ alerts }: Config, { words }: DoctorContext): Finding {
  const ways = [
    ...(alerts.mail ? (['mail'] as const) : []),
    ...(alerts.webhook !== undefined ? (['webhook'] as const) : []),
    ...(alerts.ping !== undefined ? (['ping'] as const) : []),
  ]
  const place = { check: 'alerts' } as const
  if (ways.length === 0) return note(place, 'alerts.none', words.noAlerts)
  return fine(place, words.alerts(ways, alerts.afterMinutes))
}

/** @param worksNow whether everything that doctor tried itself for this mailbox and its account went well */
export function checkLastPull(
  journal: Journal | undefined,
  { name, account }: MailboxConfig,
  worksNow: boolean,
  { words, clock, language }: DoctorContext,
): Finding {
  const place = { check: 'lastPull', subject: name } as const
  const state = journal?.mailbox(name)
  if (journal === undefined || state?.lastPullAtMs === undefined)
    return note(place, 'pull.none', words.noPull)
  if (journal.troubles.find({ scope: 'mailbox', name, subject: 'books' }) !== undefined)
    return bad(place, 'books.broken', words.booksBroken, exitCodes.software)
  const fault = state.fault ?? journal.accountState(account).fault
  if (state.failingSinceMs !== undefined && fault !== undefined) {
    const sinceMs = clock.nowMs() - state.failingSinceMs
    const { what, next } = faultText(fault, language)
    if (worksNow) return note(place, 'pull.mended', words.wellAgain(sinceMs, what))
    const exit = faultKinds[fault.code]?.exit ?? exitCodes.software
    return bad(place, fault.code, words.failing(sinceMs, what, next), exit)
  }
  return fine(place, words.lastPull(clock.nowMs() - (state.lastGoodPullAtMs ?? state.lastPullAtMs)))
}

export function checkMessages(
  journal: Journal | undefined,
  { name }: MailboxConfig,
  { words, language }: DoctorContext,
): Finding {
  const place = { check: 'messages', subject: name } as const
  const [first, ...others] = journal?.inStages(name, ['refused']) ?? []
  if (first === undefined) return fine(place, words.noneAside)
  const reason = first.fault === undefined ? '' : faultText(first.fault, language).what
  return note(place, 'messages.refused', words.aside(1 + others.length, reason), exitCodes.someAside)
}
