/** Time as a dependency, so that tests and the soak can play days in seconds. */
export interface Clock {
  /** Wall clock, ms since 1970: for records and for instants that others name. It may jump. */
  nowMs(): number
  /** Monotonic, ms: for deadlines and waits. It never jumps back. */
  monotonicMs(): number
  /**
   * Resolves after `ms` of monotonic time; rejects with the signal's reason when aborted.
   * @param beside does not keep the process running
   */
  sleep(ms: number, signal?: AbortSignal, beside?: 'beside'): Promise<void>
  /**
   * Calls `call` once, after `ms` of monotonic time in which the process could listen.
   * @returns what ends that, and does nothing once it was called
   */
  after(ms: number, call: () => void): () => void
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal, beside) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const over = (): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const wait = (leftMs: number): NodeJS.Timeout => {
        const goOn = (): void => {
          if (leftMs > longestDelayMs) timer = wait(leftMs - longestDelayMs)
          else over()
        }
        const part = setTimeout(goOn, Math.min(leftMs, longestDelayMs))
        return beside === undefined ? part : part.unref()
      }
      let timer = wait(ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
  after: callAfter,
}

/** A timer that is late by more than this, ms, tells of a process that stood still: stopped, starved of its processor, busy. */
const standstillMs = 20
/** What such a process gets of the lost time again, ms at most: what came meanwhile lies in the kernel and is to be read. */
const mostGivenBackMs = 1000
/** The longest delay that Node knows, ms: what is longer it takes for 1 ms. */
export const longestDelayMs = 2 ** 31 - 1

/** Clock.after in real time. */
export function callAfter(ms: number, call: () => void): () => void {
  let dueMs = performance.now() + ms
  let toGiveMs = mostGivenBackMs
  const look = (): void => {
    const lateMs = performance.now() - dueMs
    const givenMs = lateMs > standstillMs ? Math.min(lateMs, toGiveMs) : 0
    // Asked this way round a delay that is no number is over at once, as Node takes it.
    if (!(lateMs <= -1) && givenMs === 0) {
      call()
      return
    }
    toGiveMs -= givenMs
    if (givenMs > 0) dueMs += lateMs + givenMs
    timer = wait()
  }
  const wait = (): NodeJS.Timeout =>
    setTimeout(look, Math.min(longestDelayMs, Math.max(0, dueMs - performance.now())))
  let timer = wait()
  return () => clearTimeout(timer)
}
