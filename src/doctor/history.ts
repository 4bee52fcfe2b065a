/** What the journal tells: the last pull and its trouble, messages set aside; and who is told of trouble. */

import { findOwnWords } from '../alerts/rules.ts'
import { exitCodeOfTrouble, troublesOf } from '../alerts/trouble-list.ts'
import { exitCodes } from '../base/fault.ts'
import type { Config, MailboxConfig } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import { describeFault } from '../locale/locale.ts'
import { troubleWords } from '../locale/trouble-words.ts'
import { accountsOf } from '../pull/destination.ts'
import { readPauses } from '../pull/paused.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failCheck, noteCheck, passCheck } from './finding.ts'

export function checkAlerts({ alerts }: Config, { words }: DoctorContext): Finding {
  const ways = [
    ...(alerts.mail ? (['mail'] as const) : []),
    ...(alerts.webhook !== undefined ? (['webhook'] as const) : []),
    ...(alerts.ping !== undefined ? (['ping'] as const) : []),
  ]
  const place = { check: 'alerts' } as const
  if (ways.length === 0) return noteCheck(place, 'alerts.none', words.noAlerts)
  return passCheck(place, words.alerts(ways, alerts.afterMinutes))
}

/** @param worksNow whether everything that doctor tried itself for this mailbox and its account went well */
export async function checkLastPull(
  journal: Journal | undefined,
  mailbox: MailboxConfig,
  worksNow: boolean,
  context: DoctorContext,
): Promise<readonly Finding[]> {
  const { name, account } = mailbox
  const { words, clock, language } = context
  const place = { check: 'lastPull', subject: name } as const
  const state = await journal?.mailbox(name)
  if (journal === undefined || state?.lastPullAtMs === undefined)
    return [noteCheck(place, 'pull.none', words.noPull)]
  const pause = (await readPauses(journal)).get(name)
  if (pause !== undefined)
    return [noteCheck(place, 'mailbox.paused', words.paused(name, pause.sinceMs, clock.nowMs()))]
  const open = troublesOf(await journal.troubles.list(), name, accountsOf(mailbox))
  const lines = open
    .filter(({ scope }) => scope !== 'message')
    .map((entry): Finding => {
      const sinceMs = clock.nowMs() - entry.sinceMs
      const { what, next } = describeFault(entry, language)
      const isOutage =
        (entry.scope === 'account' && entry.name === account) ||
        (entry.scope === 'mailbox' && entry.subject === '')
      if (worksNow && isOutage) return noteCheck(place, 'pull.mended', words.wellAgain(sinceMs, what))
      const named = `${troubleWords[language].label(entry)}: ${what}`
      const ownWords = findOwnWords(entry, what)
      const whole = ownWords === undefined ? named : `${named} ${troubleWords[language].said(ownWords)}`
      const text = words.failing(sinceMs, isOutage ? what : whole, next)
      const exit = exitCodeOfTrouble(entry)
      return entry.scope === 'wish'
        ? noteCheck(place, entry.code, text, exit)
        : failCheck(place, entry.code, text, exit)
    })
  if (lines.length > 0) return lines
  return [passCheck(place, words.lastPull(clock.nowMs() - (state.lastGoodPullAtMs ?? state.lastPullAtMs)))]
}

export async function checkMessages(
  journal: Journal | undefined,
  { name }: MailboxConfig,
  { words, language }: DoctorContext,
): Promise<readonly Finding[]> {
  const place = { check: 'messages', subject: name } as const
  const entries = troublesOf((await journal?.troubles.list()) ?? [], name, []).filter(
    ({ scope }) => scope === 'message',
  )
  if (entries.length === 0) return [passCheck(place, words.noneAside)]
  return entries.map(entry => {
    const { what } = describeFault(entry, language)
    const code = entry.retry === 'owner' ? 'messages.refused' : 'messages.waiting'
    return noteCheck(place, code, words.aside(entry.messages, what), exitCodes.someAside)
  })
}
