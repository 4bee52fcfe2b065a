/** Machines' reasons in words: system error codes and our own short names. What is not here is shown as it is. */
import type { Language } from '../base/language.ts'
import { lookUp } from '../base/look-up.ts'
import { en, type Reasons } from './reasons-en.ts'
import { ja } from './reasons-ja.ts'

const words: Readonly<Record<Language, Reasons>> = { en, ja }

/** What was being done when it happened. */
export function describePhase(phase: string, language: Language): string {
  return lookUp(words[language].phases, phase) ?? phase
}

/** A folder of Gmail by its use, as Gmail's settings call it. */
export function describeFolder(use: string, language: Language): string {
  return lookUp(words[language].folders, use) ?? use
}

export function describeReason(reason: string, language: Language): string {
  return lookUp(words[language].reasons, reason) ?? reason
}
