/** The one list of what is not well as `status` shows it: a short block for each trouble, and as JSON. */
import { findOwnWords } from '../alerts/rules.ts'
import { exitCodeOfTrouble } from '../alerts/trouble-list.ts'
import type { Language } from '../base/language.ts'
import { indentParagraph } from '../base/text-width.ts'
import { timeJson } from '../base/time-json.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import { printable } from '../base/untrusted.ts'
import { describeFault } from '../locale/locale.ts'
import { troubleWords } from '../locale/trouble-words.ts'
import type { Invocation } from './invocation.ts'

/** What, since when, the other side's words, what it means and what to do: lines of at most `width` cells. */
export function troubleBlocks(
  invocation: Invocation,
  list: readonly TroubleEntry[],
  nowMs: number,
  width: number,
): string[] {
  if (list.length === 0) return []
  const words = troubleWords[invocation.language]
  return ['', words.heading(list.length), ...list.flatMap(entry => block(invocation, entry, nowMs, width))]
}

function block({ language, words }: Invocation, entry: TroubleEntry, nowMs: number, width: number): string[] {
  const own = troubleWords[language]
  const { what, mail, next } = describeFault(entry, language)
  const ownWords = findOwnWords(entry, what)
  const lines = [
    ...indentParagraph(own.label(entry), width, '! '),
    ...indentParagraph(what, width, '  '),
    ...(ownWords === undefined ? [] : indentParagraph(own.said(ownWords), width, '  ')),
    ...indentParagraph(own.since(nowMs - entry.sinceMs, entry.times, nowMs - entry.lastSeenMs), width, '  '),
    ...messageLines(entry, words, own, width),
    ...indentParagraph(mail, width, '  '),
    ...indentParagraph(next, width, '  → '),
  ]
  return ['', ...lines]
}

function messageLines(
  entry: TroubleEntry,
  words: Invocation['words'],
  own: (typeof troubleWords)[Language],
  width: number,
): string[] {
  if (entry.messages === 0) return []
  const described = entry.first.filter(({ about }) => about !== undefined)
  const bare = entry.first.filter(({ about }) => about === undefined).map(({ subject }) => `#${subject}`)
  const more = entry.messages - entry.first.length
  return [
    ...described.flatMap(trouble => faceLines(trouble, words, width)),
    ...(bare.length + more > 0 ? indentParagraph(own.named(bare.join(', '), more), width, '  ') : []),
  ]
}

/** A message as one knows it again: its subject; who sent it and when; the Message-ID where it has no better name. */
function faceLines(
  { subject: id, about }: TroubleEntry['first'][number],
  { format }: Invocation['words'],
  width: number,
): string[] {
  const sentAtMs = about?.date === undefined ? Number.NaN : Date.parse(about.date)
  const date = Number.isFinite(sentAtMs) ? format.instant(sentAtMs) : about?.date
  const sent = [about?.from, date].flatMap(part => (part === undefined ? [] : [printable(part, 120)]))
  const name = about?.subject ?? about?.messageId ?? ''
  const indent = ' '.repeat(`  #${id}  `.length)
  return [
    ...indentParagraph(printable(name, 120), width, `  #${id}  `),
    ...(sent.length > 0 ? indentParagraph(sent.join(' · '), width, indent) : []),
    ...(about?.subject !== undefined && about.messageId !== undefined
      ? indentParagraph(printable(about.messageId, 120), width, indent)
      : []),
  ]
}

export function troubleJson(entry: TroubleEntry, language: Language): object {
  const { scope, name, subject, code, messages } = entry
  const isAccount = scope === 'account'
  return {
    scope,
    mailbox: isAccount || scope === 'machine' ? null : name,
    account: isAccount ? name : null,
    subject: scope === 'message' ? null : subject,
    code,
    ...describeFault(entry, language),
    said: entry.said === undefined ? null : printable(entry.said, 500),
    ...timeJson('since', entry.sinceMs),
    ...timeJson('lastSeen', entry.lastSeenMs),
    times: entry.times,
    ...timeJson('noticeAt', entry.noticeAtMs),
    messages,
    first: entry.first.map(({ subject: id, about }) => ({ id: Number(id), ...about })),
    exitCode: exitCodeOfTrouble(entry),
  }
}
