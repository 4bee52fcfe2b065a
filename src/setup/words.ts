/** Everything that the set-up says, in both languages. */
import type { Language } from '../base/language.ts'
import { en, type SetupWords } from './words-en.ts'
import { ja } from './words-ja.ts'

export type { SetupWords } from './words-en.ts'

export const setupWords: Readonly<Record<Language, SetupWords>> = { en, ja }
