/**
 * How many units a minute Gmail really lets through, learned from its answers: a project's allowance may drop while we
 * run, and other programs may share it. A refusal lowers the limit by a quarter, or to what went through in the last
 * minute, but never by more than half; each quiet minute raises it by a quarter again, up to what is configured. Where a
 * raise is refused, what went through is the limit, and the next raise is tried after twice the time.
 */
import { units } from './units.ts'

const firstRaiseMs = 60_000
const longestRaiseMs = 16 * 60_000
const cut = 0.75
const mostCut = 0.5
const raise = 1.25
/** A single import a minute is always tried. */
const leastLimit = units.import

export class LearnedLimit {
  readonly #most: number
  #limit: number
  #raiseAfterMs = firstRaiseMs
  #changedAtMs = Number.NEGATIVE_INFINITY
  #isRaised = false

  /** @param unitsPerMinute as configured */
  constructor(unitsPerMinute: number) {
    this.#most = unitsPerMinute
    this.#limit = unitsPerMinute
  }

  /** Gmail refused one for the rate. @param passedUnits what it let through in the last minute */
  limited(passedUnits: number, nowMs: number): void {
    if (this.#isRaised) this.#raiseAfterMs = Math.min(2 * this.#raiseAfterMs, longestRaiseMs)
    const most = this.#isRaised ? this.#limit : this.#limit * cut
    const lowered = Math.max(this.#limit * mostCut, Math.min(most, passedUnits))
    this.#limit = Math.max(Math.min(leastLimit, this.#most), lowered)
    this.#changedAtMs = nowMs
    this.#isRaised = false
  }

  /** @returns the limit in force now, units a minute */
  at(nowMs: number): number {
    while (this.#limit < this.#most && nowMs - this.#changedAtMs >= this.#raiseAfterMs) {
      // The raise before this one was borne.
      if (this.#isRaised) this.#raiseAfterMs = firstRaiseMs
      this.#changedAtMs += this.#raiseAfterMs
      this.#limit = Math.min(this.#most, this.#limit * raise)
      this.#isRaised = true
    }
    return this.#limit
  }
}
