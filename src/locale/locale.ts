/** The two languages: which one, the catalogue of words, and a fault's text. */

import type { Fault } from '../base/fault.ts'
import { ConfigFault } from '../config/describe.ts'
import { en } from './en.ts'
import { enFaults } from './en-faults.ts'
import { Facts, type FaultText } from './facts.ts'
import { ja } from './ja.ts'
import { jaFaults } from './ja-faults.ts'
import { problemLine } from './problems.ts'
import type { Language, Words } from './words.ts'

export type { FaultText } from './facts.ts'
export type { Language, Words } from './words.ts'

/** The catalogue of a language. */
export function wordsFor(language: Language): Words {
  return language === 'ja' ? ja : en
}

/**
 * What happened, what it means for the mail and what to do next, in the owner's language. Facts are shown
 * through `printable`. Only `what` of config.invalid has more than one line: one for each problem.
 */
export function faultText(fault: Pick<Fault, 'code' | 'facts'>, language: Language): FaultText {
  const texts = language === 'ja' ? jaFaults : enFaults
  // A problem of the configuration is data, so each line can be said in the owner's language.
  const facts =
    fault instanceof ConfigFault
      ? { ...fault.facts, problems: fault.problems.map(problem => problemLine(problem, language)).join('\n') }
      : fault.facts
  return texts[fault.code](new Facts(facts))
}

/**
 * The language: the flag, then HIKYAKU_LANG, then the locale variables in the order of POSIX
 * (Base Definitions, 8.2: LC_ALL, LC_MESSAGES, LANG). English where none of them says Japanese.
 */
export function chooseLanguage(from: {
  readonly flag?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}): Language {
  const { env } = from
  const said = [from.flag, env.HIKYAKU_LANG, env.LC_ALL, env.LC_MESSAGES, env.LANG].find(
    value => value !== undefined && value !== '',
  )
  return said !== undefined && /^ja(?![a-z])/i.test(said) ? 'ja' : 'en'
}
