/**
 * How many octets may be under way of messages that nobody has asked for yet: what is taken in half a second, whichever
 * is the slower, the wire or who takes them. So a long wire does not run dry before a quick taker; and where mail is taken
 * at Gmail's pace, or comes over a narrow wire, little is brought in vain when a pull ends, and whatever else is asked
 * of the session waits for no more than that.
 */
import type { Clock } from '../base/clock.ts'
import { kib, mib, mostAheadOctets } from './budget.ts'

/** Before anything is known. */
const usualOctets = 2 * mib
const lookAheadMs = 500
/** A rate is known after so many messages, which are more than are taken side by side, or after so long, ms. */
const enoughMessages = 32
const enoughMs = 500
/** A wire that is longer than what is under way brings mail in bursts: the quickest rate counts for so long, ms. */
const burstMs = 1000

/** What a message counts for: its octets and what stands beside them in memory; 2,048 messages are `mostAheadOctets`. */
export const weightOf = (octets: number): number => Math.max(octets + kib, 4 * kib)

export class AheadPace {
  readonly #clock: Clock
  #most = usualOctets
  /** When `most` was right last. All instants are monotonic, ms. */
  #rightMs = 0
  #sinceMs = 0
  #messages = 0
  #octets = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** By `weightOf`. */
  get most(): number {
    return this.#most
  }

  /** Messages will be taken from now on; what was learned from earlier ones stands. */
  begin(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#rightMs = nowMs
    this.#restart(nowMs)
  }

  /** A message was taken. @param octets of it */
  note(octets: number): void {
    this.#messages += 1
    this.#octets += weightOf(octets)
    const nowMs = this.#clock.monotonicMs()
    if (this.#messages >= enoughMessages || nowMs - this.#sinceMs >= enoughMs) this.#adapt(nowMs)
  }

  /** No more will be taken. */
  end(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#sinceMs >= enoughMs) this.#adapt(nowMs)
  }

  #adapt(nowMs: number): void {
    const lastedMs = nowMs - this.#sinceMs
    const most = Math.min(mostAheadOctets, (this.#octets * lookAheadMs) / lastedMs)
    if (most >= this.#most || nowMs - this.#rightMs >= burstMs) {
      this.#most = most
      this.#rightMs = nowMs
    }
    this.#restart(nowMs)
  }

  #restart(nowMs: number): void {
    this.#sinceMs = nowMs
    this.#messages = 0
    this.#octets = 0
  }
}
