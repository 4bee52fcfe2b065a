/** What the page, its command and its lines in the log say, in both languages. */
import type { Language } from '../base/language.ts'
import { en, type WebWords } from './words-en.ts'
import { ja } from './words-ja.ts'

export type { Refusal, WebWords } from './words-en.ts'

export const webWords: Readonly<Record<Language, WebWords>> = { en, ja }
