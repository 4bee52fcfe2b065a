/**
 * How long to wait before the next try: doubling from `firstMs` to `mostMs`, with jitter so that many waiters
 * do not come back together. Pure: the caller gives the random number.
 * @param failures failures in a row so far, 1 for the first
 * @param random 0 to 1
 * @returns milliseconds, between half of the step and the step
 */
export function backoffMs(failures: number, firstMs: number, mostMs: number, random: number): number {
  const step = Math.min(mostMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return Math.round(step / 2 + (step / 2) * random)
}

/** No wait is meant to be longer, and no server's word is taken for more. One that is was written by a wrong clock. */
export const longestWaitMs = 24 * 3600_000

/** Whether what waits until then may be tried now. A wall clock that was set back makes nobody wait for days. */
export function isWaitOver(untilMs: number | undefined, nowMs: number): boolean {
  const waitMs = (untilMs ?? 0) - nowMs
  return waitMs <= 0 || waitMs > longestWaitMs
}
