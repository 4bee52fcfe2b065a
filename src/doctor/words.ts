/** What `doctor` says beside the faults' own texts, in both languages. Server words arrive printable. */
import type { Language } from '../base/language.ts'
import { type DoctorWords, en } from './words-en.ts'
import { ja } from './words-ja.ts'

export type { DoctorWords } from './words-en.ts'

/** What it means, and what to do; `next` may be ''. */
export interface DoctorText {
  readonly what: string
  readonly next: string
}

export const doctorWords: Readonly<Record<Language, DoctorWords>> = { en, ja }
