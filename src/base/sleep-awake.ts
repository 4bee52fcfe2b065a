/** A wait that ends when the machine itself was asleep: its sockets may be dead by then. */
import type { Clock } from './clock.ts'
import { followAbort, noLonger } from './deadline.ts'

/** How often it is looked whether the machine slept, ms. */
const lookMs = 5_000
/** A wall clock that ran ahead of the monotonic one by more than this meanwhile, ms: it did. */
const sleptMs = 15_000

const slept = new DOMException('the machine slept', 'AbortError')

/** Those who wait by one clock. A hundred connections idle, and one timer looks for all of them. */
class Sleepers {
  readonly #clock: Clock
  readonly #waiting = new Set<AbortController>()
  #rest = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(waiting: AbortController): void {
    this.#waiting.add(waiting)
    if (this.#waiting.size > 1) return
    this.#rest = new AbortController()
    void this.#look(this.#rest.signal)
  }

  remove(waiting: AbortController): void {
    this.#waiting.delete(waiting)
    if (this.#waiting.size === 0) this.#rest.abort(noLonger)
  }

  async #look(over: AbortSignal): Promise<void> {
    const ahead = (): number => this.#clock.nowMs() - this.#clock.monotonicMs()
    while (!over.aborted) {
      const before = ahead()
      await this.#clock.sleep(lookMs, over).catch(() => {})
      if (!over.aborted && ahead() - before > sleptMs)
        for (const waiting of [...this.#waiting]) waiting.abort(slept)
    }
  }
}

const sleepers = new WeakMap<Clock, Sleepers>()

/** Sleeps `ms`, or less when the machine slept meanwhile. Rejects with the signal's reason when aborted. */
export async function sleepAwake(clock: Clock, ms: number, signal: AbortSignal): Promise<'over' | 'slept'> {
  const all = sleepers.get(clock) ?? new Sleepers(clock)
  sleepers.set(clock, all)
  const { over, leave } = followAbort(signal)
  all.add(over)
  try {
    await clock.sleep(ms, over.signal)
    return 'over'
  } catch (reason) {
    if (reason === slept) return 'slept'
    throw reason
  } finally {
    leave()
    all.remove(over)
  }
}
