/**
 * The texts of this room for people: one record per language, the Japanese one held to the English. They are written
 * for an owner who has never heard of SPF; the terms stand beside the plain words, so that both can be searched.
 */
import type { Language } from '../base/language.ts'
import type { Reasoned } from './forecast.ts'
import { type AuthenticationWords, en } from './words-en.ts'
import { ja } from './words-ja.ts'

export type { AuthenticationWords } from './words-en.ts'

export const authenticationWords: Readonly<Record<Language, AuthenticationWords>> = { en, ja }

/** One step of the reasoning as a sentence. */
export function describeReasoning(
  words: AuthenticationWords,
  { why, facts }: Reasoned,
  shown: (text: string) => string,
): string {
  const fit = Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, shown(String(value))]))
  return words.reasons[why](fit)
}
