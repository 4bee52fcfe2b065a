/** A fault's facts as text for people: made printable, with a stand-in where the thrower gave none. */
import type { FaultFacts } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { NamedSettings, type SettingPlace } from './setting-place.ts'

/** What happened, what it means for the mail, what the owner does next. Sentences, ready to be shown. */
export interface FaultText {
  readonly what: string
  readonly mail: string
  readonly next: string
}

export class Facts {
  readonly #facts: FaultFacts
  readonly named = new NamedSettings()

  constructor(facts: FaultFacts) {
    this.#facts = facts
  }

  /** The fact, printable, or undefined where it is absent or empty. */
  get(key: string): string | undefined {
    const value = this.#facts[key]
    if (value === undefined || value === '') return undefined
    return printable(String(value))
  }

  or(key: string, otherwise: string): string {
    return this.get(key) ?? otherwise
  }

  /** `make(fact)` where there is such a fact, else ''. For the optional parts of a sentence. */
  with(key: string, make: (value: string) => string): string {
    const value = this.get(key)
    return value === undefined ? '' : make(value)
  }

  /** A setting as this owner writes it, with a value to give it. @param variable its name in `.env.example` */
  setting(variable: string, value?: string): string {
    return this.named.name(variable, value)
  }

  placeOf(variable: string): SettingPlace {
    return this.named.placeOf(variable)
  }

  /** A fact of several lines, each printable by itself. */
  lines(key: string): readonly string[] {
    return String(this.#facts[key] ?? '')
      .split('\n')
      .filter(line => line !== '')
      .map(line => printable(line, 2000))
  }

  /** `host:port`, `host`, or undefined. */
  get server(): string | undefined {
    const host = this.get('host')
    if (host === undefined) return undefined
    const port = this.get('port')
    return port === undefined ? host : `${host}:${port}`
  }
}
