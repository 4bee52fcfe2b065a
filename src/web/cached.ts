/** What is read for whoever asks, at most once a second, and less often where that takes long. */

const leastAgeMs = 1000
/** At most this part of the time goes into reading for others. */
const mostShare = 0.05

/** The last answer while it is young; whoever asks meanwhile gets the one that is being read. */
export function makeCached<T>(read: () => Promise<T>): () => Promise<T> {
  let freshUntilMs = Number.NEGATIVE_INFINITY
  let last: Promise<T> | undefined
  return () => {
    if (last !== undefined && performance.now() < freshUntilMs) return last
    const beganMs = performance.now()
    freshUntilMs = Number.POSITIVE_INFINITY
    last = read().finally(() => {
      const nowMs = performance.now()
      freshUntilMs = nowMs + Math.max(leastAgeMs, (nowMs - beganMs) / mostShare)
    })
    return last
  }
}
