/** What the pages of the set-up say, in both languages. */
import type { Language } from '../../base/language.ts'
import { type SetupWords, setupWords } from '../../setup/words.ts'
import { en, forPage as onEnglishPage, type PageSetupWords } from './words-en.ts'
import { ja, forPage as onJapanesePage } from './words-ja.ts'

export type { PageSetupWords } from './words-en.ts'

export const pageSetupWords: Readonly<Record<Language, PageSetupWords>> = { en, ja }

/**
 * @param here this computer as ssh names it: `user@host`
 * @param isShort a part of few questions, which says at once what it is about, and keeps no answers
 */
export function makeSetupWords(here: string, isShort = false): Readonly<Record<Language, SetupWords>> {
  const opening = isShort ? { title: '', leaving: '' } : {}
  return {
    en: { ...onEnglishPage(setupWords.en, here), ...opening },
    ja: { ...onJapanesePage(setupWords.ja, here), ...opening },
  }
}
