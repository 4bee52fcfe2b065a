/** The one loop that tries some work again within a call; what waits from pull to pull stands in the journal instead. */
import { backoffMs } from './backoff.ts'
import type { Clock } from './clock.ts'
import { Fault } from './fault.ts'

export interface RetryPolicy {
  /** Failures in a row, the last of which is thrown. */
  readonly tries: number
  /** Waits grow from the one to the other (backoff.ts), ms, and are no shorter than the fault's own instant. */
  readonly firstMs: number
  readonly mostMs: number
  /** A fault whose instant is further away than this is thrown at once, ms. */
  readonly longestMs?: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** 0 to 1; without it waits have no jitter. */
  readonly random?: () => number
  /** Whether it may go well the next time. */
  isPassing(fault: Fault): boolean
  /** Whether the work got further than at the failure before: then counting begins anew. */
  hasProgressed?(): boolean
}

/** @throws what `work` threw last, or at once where it is no passing fault; the signal's reason */
export async function retry<T>(work: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  const { tries, firstMs, mostMs, longestMs = Infinity, clock, signal, random = () => 1 } = policy
  for (let failures = 0; ; ) {
    try {
      return await work()
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !policy.isPassing(thrown)) throw thrown
      failures = policy.hasProgressed?.() ? 1 : failures + 1
      if (failures >= tries) throw thrown
      const untilMs = (thrown.notBeforeMs ?? 0) - clock.nowMs()
      const waitMs = Math.max(untilMs, backoffMs(failures, firstMs, mostMs, random()))
      if (waitMs > longestMs) throw thrown
      await clock.sleep(waitMs, signal)
    }
  }
}
