/** The sentence for books that do not balance. It stands apart so that `status` need not load the whole bridge. */
import { type Conservation, countMissing } from '../journal/journal.ts'
import type { Words } from '../locale/locale.ts'

export function brokenSentence(words: Words, counts: Conservation): string {
  return words.conservation.broken(counts, countMissing(counts))
}
