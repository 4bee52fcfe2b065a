/** SIGINT and SIGTERM: the first asks for a graceful end, the second ends at once. */
export interface StopSignals {
  /** Nothing new is begun. */
  readonly stopping: AbortSignal
  /** Everything ends now: set some time after the first signal. */
  readonly signal: AbortSignal
  dispose(): void
}

/**
 * A graceful end may take this long; then what is in flight is cut off, which is always safe. An upload that has
 * begun gets 5 s more to be answered (HttpDeadlines.graceMs), so that all is over within 10 s.
 */
const graceMs = 3000

export function catchStopSignals(onFirst: (name: string) => void, onSecond: () => void): StopSignals {
  const stopping = new AbortController()
  const now = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const onSignal = (name: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      onSecond()
      // 128 + signal number, as a shell reports it. The journal needs no farewell.
      process.exit(name === 'SIGINT' ? 130 : 143)
    }
    onFirst(name)
    stopping.abort(new DOMException(`stopped by ${name}`, 'AbortError'))
    timer = setTimeout(() => now.abort(new DOMException('time is up', 'AbortError')), graceMs)
    timer.unref()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return {
    stopping: stopping.signal,
    signal: now.signal,
    dispose() {
      clearTimeout(timer)
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    },
  }
}
