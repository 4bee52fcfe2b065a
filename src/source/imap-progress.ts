/** Waiting for a server's answer: silence is not allowed to last, progress is, up to an end. */
import type { Clock } from '../base/clock.ts'
import { unlessBefore } from '../base/deadline.ts'
import { Fault, type FaultFacts } from '../base/fault.ts'

export interface AnswerLimits {
  /** For the facts of the fault. */
  readonly facts: FaultFacts
  /** How many octets have come so far. */
  readonly octets: () => number
  /** The longest time without one, ms: a throttled server may send a kilobyte a second. */
  readonly silence: number
  /** The longest time altogether, ms. */
  readonly whole: number
  /** The instant (monotonic, ms) until which it must be whole, where that is earlier. */
  readonly untilMs: number | undefined
}

/** What `work` resolves or rejects with. Faults: source.timeout. Rejects with the reason of `signal` once that aborts. */
export function awaitAnswer<T>(
  work: Promise<T>,
  { facts, octets, silence, whole, untilMs }: AnswerLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  return unlessBefore(work, signal, fail => {
    const beganMs = clock.monotonicMs()
    const endMs = Math.min(untilMs ?? Number.POSITIVE_INFINITY, beganMs + whole)
    let heard = octets()
    let heardMs = beganMs
    const lookLater = (): (() => void) =>
      clock.after(Math.min(silence, Math.max(0, endMs - clock.monotonicMs())), look)
    const look = (): void => {
      const nowMs = clock.monotonicMs()
      const silent = octets() === heard && nowMs - heardMs >= silence
      if (silent || nowMs >= endMs) {
        const seconds = (silent ? silence : endMs - beganMs) / 1000
        fail(new Fault('source.timeout', { facts: { ...facts, seconds } }))
        return
      }
      if (octets() !== heard) heardMs = nowMs
      heard = octets()
      end = lookLater()
    }
    let end = lookLater()
    return () => end()
  })
}
