/** What both manual pages are told. */
import type { Language } from '../../src/base/language.ts'

export interface PageFacts {
  readonly language: Language
  /** As 2026-11-26. */
  readonly date: string
  readonly version: string
}
