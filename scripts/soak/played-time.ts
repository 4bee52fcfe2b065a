/**
 * Time of this process as a play: Date, performance.now and the global timers follow a clock that stands still until
 * the play moves it. Sockets and the files of the disk go on in real time (Node's own timers are not touched). What is
 * imported after `install` and what was before are alike: both look up the globals when they are called.
 */

interface Timer {
  dueMs: number
  readonly run: () => void
  readonly everyMs: number | undefined
}

type Callback = (...given: unknown[]) => void

/** What a timer is to those who hold it. */
class Handle {
  readonly #time: PlayedTime
  readonly timer: Timer

  constructor(time: PlayedTime, timer: Timer) {
    this.#time = time
    this.timer = timer
  }
  ref = (): this => this
  unref = (): this => this
  hasRef = (): boolean => true
  refresh(): this {
    this.#time.restart(this.timer)
    return this
  }
  close(): this {
    this.#time.clear(this.timer)
    return this
  }
  [Symbol.dispose](): void {
    this.#time.clear(this.timer)
  }
}

const real = {
  Date: globalThis.Date,
  now: globalThis.performance.now.bind(globalThis.performance),
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
}

/** Real time, for who has to wait for others. */
export const realNow = (): number => real.now()
export const realPause = (ms: number): Promise<void> =>
  new Promise(resolve => (ms === 0 ? real.setImmediate(resolve) : real.setTimeout(resolve, ms)))

export class PlayedTime {
  #monotonicMs = 1_000_000
  #wallMs: number
  readonly #timers = new Set<Timer>()
  readonly #periods = new WeakMap<Timer, number>()

  /** @param wallMs where the wall clock stands at first, ms since 1970 */
  constructor(wallMs: number) {
    this.#wallMs = wallMs
  }

  get nowMs(): number {
    return this.#wallMs
  }
  get monotonicMs(): number {
    return this.#monotonicMs
  }

  /** When the next timer is due, ms from now; Infinity where there is none. */
  get nextInMs(): number {
    let dueMs = Number.POSITIVE_INFINITY
    for (const timer of this.#timers) dueMs = Math.min(dueMs, timer.dueMs)
    return dueMs - this.#monotonicMs
  }

  /** From here on everybody in this process lives in it. */
  install(): void {
    const wall = (): number => Math.floor(this.#wallMs)
    // Called as a function and with new, as the one of the language.
    const PlayedDate = new Proxy(real.Date, {
      construct: (target, given, newTarget) =>
        Reflect.construct(target, given.length === 0 ? [wall()] : given, newTarget) as object,
      apply: target => new target(wall()).toString(),
      get: (target, key) => (key === 'now' ? wall : Reflect.get(target, key)),
    })
    const start = (run: Callback, ms: unknown, given: unknown[], isInterval: boolean): Handle => {
      const lengthMs = Math.max(1, Number(ms) || 0)
      const timer: Timer = {
        dueMs: this.#monotonicMs + lengthMs,
        run: () => run(...given),
        everyMs: isInterval ? lengthMs : undefined,
      }
      this.#periods.set(timer, lengthMs)
      this.#timers.add(timer)
      return new Handle(this, timer)
    }
    const stop = (handle: unknown): void => {
      if (handle instanceof Handle) this.clear(handle.timer)
      // One that was set before the play began.
      else if (handle !== undefined && handle !== null) real.clearTimeout(handle as NodeJS.Timeout)
    }
    Object.assign(globalThis, {
      Date: PlayedDate,
      setTimeout: (run: Callback, ms?: unknown, ...given: unknown[]) => start(run, ms, given, false),
      setInterval: (run: Callback, ms?: unknown, ...given: unknown[]) => start(run, ms, given, true),
      clearTimeout: stop,
      clearInterval: stop,
    })
    Object.defineProperty(globalThis.performance, 'now', {
      value: () => this.#monotonicMs,
      configurable: true,
    })
  }

  clear(timer: Timer): void {
    this.#timers.delete(timer)
  }

  restart(timer: Timer): void {
    timer.dueMs = this.#monotonicMs + (this.#periods.get(timer) ?? 1)
    this.#timers.add(timer)
  }

  /** Both clocks go on; what is due is called once, in order, however often it would have been. */
  pass(ms: number): void {
    this.#monotonicMs += ms
    this.#wallMs += ms
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= this.#monotonicMs)
    for (const timer of due.sort((a, b) => a.dueMs - b.dueMs)) {
      // Another one may have cleared it.
      if (!this.#timers.delete(timer)) continue
      if (timer.everyMs !== undefined) {
        timer.dueMs = this.#monotonicMs + timer.everyMs
        this.#timers.add(timer)
      }
      timer.run()
    }
  }

  /** The wall clock alone: the machine slept. */
  sleepMachine(ms: number): void {
    this.#wallMs += ms
  }
}
