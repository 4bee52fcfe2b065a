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
