/**
 * The texts of this room for people: one record per language, typed so that both are complete. They are written
 * for an owner who has never heard of SPF; the terms stand beside the plain words, so that both can be searched.
 */
import type { Language } from '../base/language.ts'
import type { Complexity } from './complexity.ts'
import type { Forecast, ForecastReason, Outcome, Reasoned } from './forecast.ts'
import type { TrustReason } from './results.ts'
import type { SpfVerdict, VerdictReason, Verified } from './verified.ts'
import { wordsEn } from './words-en.ts'
import { wordsJa } from './words-ja.ts'

/** Facts of a reason, already made fit to be shown. */
export type ShownFacts = Readonly<Record<string, string>>

export interface AuthenticationWords {
  readonly labels: Readonly<
    Record<
      | 'message'
      | 'octets'
      | 'sender'
      | 'receivedBy'
      | 'receivedFrom'
      | 'check'
      | 'question'
      | 'stamped'
      | 'verified'
      | 'notTold'
      | 'notKnown'
      | 'none'
      | 'unprovenMark'
      | 'unprovenNote'
      | 'noStamps'
      | 'forgedTitle'
      | 'leftOut'
      | 'asOf'
      | 'forecastTitle'
      | 'forecastMissing'
      | 'wayImport'
      | 'wayPlain'
      | 'waySrs'
      | 'wayArc'
      | 'imported'
      | 'ifTrusted'
      | 'otherwise'
      | 'comma'
      | 'proofTitle'
      | 'shaRetrieved'
      | 'shaFile'
      | 'shaUploaded'
      | 'shaReadBack'
      | 'same'
      | 'different'
      | 'fileNote'
      | 'addressNote',
      string
    >
  >
  readonly questions: Readonly<Record<'spf' | 'dkim' | 'dmarc' | 'arc', string>>
  /** SPF, DKIM, DMARC and ARC words with what they mean, short. */
  readonly results: Readonly<Record<SpfVerdict | 'policy' | 'temperror', string>>
  readonly verdictReasons: Readonly<Record<VerdictReason, string>>
  readonly trustReasons: Readonly<Record<TrustReason, string>>
  readonly states: Readonly<Record<Exclude<Verified['state'], 'done'>, string>>
  /** Which bound made a message too complex. */
  readonly complexities: Readonly<Record<Complexity, string>>
  /** `{spf}` stands for the word that SPF would have said. */
  readonly outcomes: Readonly<Record<Outcome, string>>
  readonly costs: Readonly<Record<Forecast['cost'], string>>
  readonly reasons: Readonly<Record<ForecastReason, (facts: ShownFacts) => string>>
  readonly report: {
    readonly title: (days: string) => string
    readonly empty: (days: string) => string
    readonly columns: Readonly<
      Record<'mailbox' | 'sender' | 'messages' | 'lost' | 'spam' | 'softfail' | 'chart', string>
    >
    readonly total: string
    readonly legend: string
    readonly summary: (facts: ShownFacts) => string
    readonly notKnown: (count: string) => string
    readonly others: (count: string) => string
    /** Above the list of imports that had to be repeated without knowing the outcome of the one before. */
    readonly repeated: string
  }
}

export const authenticationWords: Readonly<Record<Language, AuthenticationWords>> = {
  en: wordsEn,
  ja: wordsJa,
}

/** One step of the reasoning as a sentence. */
export function reasonText(
  words: AuthenticationWords,
  { why, facts }: Reasoned,
  shown: (text: string) => string,
): string {
  const fit = Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, shown(String(value))]))
  return words.reasons[why](fit)
}
