import type { Language } from '../../base/language.ts'
import { en, type FleetWords } from './words-en.ts'
import { ja } from './words-ja.ts'

export type { Act, FleetWords } from './words-en.ts'

export const fleetWords: Readonly<Record<Language, FleetWords>> = { en, ja }
