/** What commands say of mailboxes that they left alone, since their owner has paused them. */
import { printable } from '../base/untrusted.ts'
import { pauseWords } from '../locale/pause-words.ts'
import type { Pauses } from '../pull/paused.ts'
import { type Invocation, writeLine } from './invocation.ts'

/** That nothing was pulled from this one, since when, and what goes on with it. */
export function tellLeftAlone(invocation: Invocation, mailbox: string, sinceMs: number, nowMs: number): void {
  const { language, words } = invocation
  const since = words.format.instant(sinceMs)
  const forMs = Math.max(0, nowMs - sinceMs)
  writeLine(invocation, pauseWords[language].leftAlone(printable(mailbox, 100), since, forMs))
}

/** Which of these the running daemon leaves alone, whatever it was asked; without one nothing is said. */
export function tellPausedAmong(invocation: Invocation, mailboxes: Iterable<string>, pauses: Pauses): void {
  const names = [...new Set(mailboxes)].filter(name => pauses.has(name)).map(name => printable(name, 100))
  if (names.length > 0) writeLine(invocation, pauseWords[invocation.language].notOf(names.join(', ')))
}
