/** The verdict as a sentence: the first line of `status`, of a page and of a notice. */
import type { Words } from '../locale/locale.ts'
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
  }
}
