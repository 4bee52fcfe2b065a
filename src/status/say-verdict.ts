/** The verdict as a sentence: the first line of `status`, of a page and of a notice. */
import { printable } from '../base/untrusted.ts'
import type { Words } from '../locale/locale.ts'
import { pauseWords } from '../locale/pause-words.ts'
import type { Verdict } from './standing.ts'

export function sayVerdict(words: Words, verdict: Verdict): string {
  const { status, format } = words
  switch (verdict.kind) {
    case 'comes':
      return status.comes(verdict.lastMailAgoMs)
    case 'comes-but':
      return status.comesBut(verdict.lastMailAgoMs, verdict.troubles)
    case 'comes-in-part':
      return status.comesInPart(verdict.failed, verdict.mailboxes)
    case 'comes-not':
      return status.comesNot(format.instant(verdict.sinceMs), verdict.agoMs)
    case 'nobody':
      return status.nobody(verdict.lastLookMs === undefined ? undefined : format.instant(verdict.lastLookMs))
    case 'paused':
      return pauseWords[words.language].all(format.instant(verdict.sinceMs), verdict.agoMs)
  }
}

/** So many are named. */
const mostNames = 3

/** What stands above the verdict about the others; undefined: nothing is paused, or the verdict says it. */
export function sayPaused(words: Words, { paused, kind }: Verdict): string | undefined {
  if (paused.length === 0 || kind === 'paused') return undefined
  const names = paused.slice(0, mostNames).map(name => printable(name, 60))
  return pauseWords[words.language].some(names.join(', '), paused.length - names.length)
}
