/** A clock that stands still until it is told to go on. */
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import type { Clock } from '../../src/base/clock.ts'

export interface FakeClock extends Clock {
  /** Goes on by `ms`, waking sleepers one by one in the order of their times. */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone. */
  jump(ms: number): void
  readonly sleepers: number
}

export function makeFakeClock(startMs = Date.UTC(2026, 10, 25, 9)): FakeClock {
  let monotonic = 0
  let wall = startMs
  const sleeping = new Set<{ readonly atMs: number; wake(): void }>()
  const go = (ms: number): void => {
    monotonic += ms
    wall += ms
  }
  return {
    nowMs: () => wall,
    monotonicMs: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason)
          return
        }
        const sleeper = { atMs: monotonic + ms, wake: resolve }
        sleeping.add(sleeper)
        signal?.addEventListener('abort', () => {
          sleeping.delete(sleeper)
          reject(signal.reason)
        })
      }),
    after(ms, call) {
      const sleeper = { atMs: monotonic + ms, wake: call }
      sleeping.add(sleeper)
      return () => void sleeping.delete(sleeper)
    },
    async advance(ms) {
      const until = monotonic + ms
      for (;;) {
        await turnOfLoop()
        const [next] = [...sleeping].filter(({ atMs }) => atMs <= until).sort((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        sleeping.delete(next)
        go(Math.max(0, next.atMs - monotonic))
        next.wake()
      }
      go(until - monotonic)
      await turnOfLoop()
    },
    jump(ms) {
      wall += ms
    },
    get sleepers() {
      return sleeping.size
    },
  }
}
