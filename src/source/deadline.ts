/** One deadline per phase: no await on the way to a source is without one (CVE-2011-1947 was a hang of a week). */
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'

/**
 * The outcome of `work`, or `late()` thrown after `ms` of monotonic time, or the signal's reason when aborted.
 * The work itself is not stopped: the caller frees its resources.
 */
export async function within<T>(
  work: Promise<T>,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  late: () => Fault,
): Promise<T> {
  const done = new AbortController()
  const limit = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => {
    throw late()
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    done.abort()
  }
}
