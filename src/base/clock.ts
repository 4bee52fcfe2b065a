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
   * Calls `call` once, after `ms` of monotonic time.
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
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      if (beside !== undefined) timer.unref()
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}
