/** The two languages: which one, the catalogue of words, and a fault's text. */

import type { Fault } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import { ConfigFault } from '../base/problem.ts'
import { Facts, type FaultText } from './facts.ts'
import * as phrasesEn from './faults/phrases-en.ts'
import * as phrasesJa from './faults/phrases-ja.ts'
import { faultTexts } from './faults.ts'
import { describeProblem } from './problems.ts'
import { NamedSettings } from './setting-place.ts'
import { en, type Words } from './words-en.ts'
import { ja } from './words-ja.ts'

export type { FaultText } from './facts.ts'
export { type FindSettingPlace, useSettingPlaces } from './setting-place.ts'
export type { Words } from './words-en.ts'

const phrases = { en: phrasesEn, ja: phrasesJa } as const
const catalogues: Readonly<Record<Language, Words>> = { en, ja }

/** The catalogue of a language. */
export function chooseWords(language: Language): Words {
  return catalogues[language]
}

/**
 * What happened, what it means for the mail and what to do next, in the owner's language. Facts are shown
 * through `printable`; a setting is named as its owner writes it, with the file. Only `what` of config.invalid has more than one line: one for each problem.
 */
export function describeFault(fault: Pick<Fault, 'code' | 'facts'>, language: Language): FaultText {
  // A problem of the configuration is data, so each line can be said in the owner's language.
  const facts =
    fault instanceof ConfigFault
      ? {
          ...fault.facts,
          problems: fault.problems.map(problem => describeProblem(problem, language)).join('\n'),
        }
      : fault.facts
  const given = new Facts(facts)
  const text = faultTexts[language][fault.code](given)
  const { whereSet } = phrases[language]
  return { ...text, next: `${text.next}${whereSet(given.named.files)}` }
}

/** The same for words that are no fault's: names of variables become what this owner writes. */
export function nameSettingsIn<Text extends { readonly what: string; readonly next: string }>(
  text: Text,
  language: Language,
): Text {
  const named = new NamedSettings()
  const rename = (words: string): string =>
    words.replace(/\b(SCHEDULE|[A-Z]+(?:_[A-Z0-9]+)+)(?:=([a-z][\w:-]*))?/g, (same, variable, value) =>
      named.isKnown(variable) ? named.name(variable, value) : same,
    )
  const what = rename(text.what)
  const next = rename(text.next)
  return { ...text, what, next: next === '' ? '' : `${next}${phrases[language].whereSet(named.files)}` }
}

/** As describeFault, where a single pull ends with it: hikyaku itself then tries nothing again. */
export function describeFaultAtEnd(fault: Pick<Fault, 'code' | 'facts'>, language: Language): FaultText {
  const { byItself, runAgain } = phrases[language]
  const told = describeFault(fault, language)
  return { ...told, next: told.next.replace(byItself, runAgain) }
}
