/**
 * Which upload may run beside those that run: as many at once as the account allows, and beyond them always one that
 * can be expected to be over in a moment, however many large or slow ones there are. So a login code is not held up by
 * an attachment on a slow line, nor by answers that do not come.
 */

/**
 * What is not larger is small: it waits in memory (message/spool.ts), and is over in about two seconds at 1 Mbit/s.
 */
export const smallOctets = 256 * 1024
/** A small one that runs for longer than this is taken for a slow one. */
export const slowAfterMs = 1000
/** So many may run beyond the limit, each begun when all others had turned out to be large or slow. */
const beyondLimit = 4

/** How many may run in all. @param limit how many large or slow ones */
export const mostRunning = (limit: number): number => limit + beyondLimit

export interface Running {
  readonly isLarge: boolean
  /** Monotonic clock, ms. */
  readonly beganMs: number
}

/**
 * @param limit how many may run at once
 * @param mayExceed false where the other side has said that there are too many: then only one goes beyond the limit
 * @returns after how many ms it may begin, if none of the others is over before; undefined: not before one of them is
 */
export function beginsInMs(
  isLarge: boolean,
  running: Iterable<Running>,
  limit: number,
  nowMs: number,
  mayExceed = true,
): number | undefined {
  const others = [...running]
  if (others.length < limit) return 0
  if (isLarge || others.length >= limit + (mayExceed ? beyondLimit : 1)) return undefined
  const quick = others.filter(other => !other.isLarge)
  return quick.reduce((mostMs, { beganMs }) => Math.max(mostMs, beganMs + slowAfterMs - nowMs), 0)
}
