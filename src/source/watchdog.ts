/** One timer for a deadline that moves often: setting it costs nothing while it only moves away. */
import type { Clock } from '../base/clock.ts'

export class Watchdog {
  readonly #clock: Clock
  readonly #bark: () => void
  #at: number | undefined
  #wakeAt: number | undefined
  #end: () => void = () => {}

  /** @param bark called when the deadline has passed */
  constructor(clock: Clock, bark: () => void) {
    this.#clock = clock
    this.#bark = bark
  }

  /** @param atMs on the clock's monotonic scale; undefined: no deadline */
  set(atMs: number | undefined): void {
    this.#at = atMs
    if (atMs === undefined || (this.#wakeAt !== undefined && this.#wakeAt <= atMs)) return
    this.#end()
    this.#wakeAt = atMs
    this.#end = this.#clock.after(Math.max(0, atMs - this.#clock.monotonicMs()), () => this.#wake())
  }

  /** Frees the timer. */
  stop(): void {
    this.#at = undefined
    this.#wakeAt = undefined
    this.#end()
  }

  #wake(): void {
    this.#wakeAt = undefined
    if (this.#at === undefined) return
    // A timer may fire a fraction of a millisecond early.
    if (this.#clock.monotonicMs() >= this.#at - 1) this.#bark()
    else this.set(this.#at)
  }
}
