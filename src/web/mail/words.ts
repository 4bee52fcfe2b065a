/** What the pages about mail say, in both languages. */
import type { Language } from '../../base/language.ts'
import { en, type MailWords } from './words-en.ts'
import { ja } from './words-ja.ts'

export type { MailWords } from './words-en.ts'

export const mailWords: Readonly<Record<Language, MailWords>> = { en, ja }
