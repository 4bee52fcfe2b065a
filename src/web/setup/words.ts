/** What the pages of the set-up say, in both languages. */
import type { Language } from '../../base/language.ts'
import { type SetupWords, setupWords } from '../../setup/words.ts'
import { en, forPage as onEnglishPage, type PageSetupWords } from './words-en.ts'
import { ja, forPage as onJapanesePage } from './words-ja.ts'

export type { PageSetupWords } from './words-en.ts'

export const pageSetupWords: Readonly<Record<Language, PageSetupWords>> = { en, ja }

/** @param here this computer as ssh names it: `user@host` */
export const makeSetupWords = (here: string): Readonly<Record<Language, SetupWords>> => ({
  en: onEnglishPage(setupWords.en, here),
  ja: onJapanesePage(setupWords.ja, here),
})
