/**
 * The wall clock that all workers share: the database's. What one of them writes down as an instant (until when a message or
 * a login waits, when a password was refused, when mail came) the others act on, so none goes by a computer's clock that is
 * off. Monotonic time and waiting are the computer's own.
 */
import type { Clock } from '../base/clock.ts'

export interface SharedClockOptions {
  /** The computer's. */
  readonly own: Clock
  /** The database's wall clock, ms since 1970. */
  readonly ask: () => Promise<number>
  /** It is off by so many ms (ahead where above 0), and was not when this was told last. Must not throw. */
  readonly onOff: (aheadMs: number) => void
}

const betweenMs = 10_000
/** An answer that took longer says too little. */
const longestAnswerMs = 2000
/** Clocks that are kept by NTP are nearer than this, and are read as they are. */
const nearMs = 2000
/** What its owner is told. */
const farMs = 60_000

/** @returns once the database was asked, or does not answer; it is asked again now and then until `stopping` aborts */
export async function startSharedClock(
  { own, ask, onOff }: SharedClockOptions,
  stopping: AbortSignal,
): Promise<Clock> {
  let aheadMs = 0
  let isFarTold = false
  const compare = async (): Promise<void> => {
    const [beganAtMs, beganMs] = [own.nowMs(), own.monotonicMs()]
    const theirsMs = await ask()
    const tookMs = own.monotonicMs() - beganMs
    if (!Number.isFinite(theirsMs) || tookMs > longestAnswerMs) return
    const ahead = Math.round(beganAtMs + tookMs / 2 - theirsMs)
    aheadMs = Math.abs(ahead) < nearMs ? 0 : ahead
    const isFar = Math.abs(ahead) >= farMs
    if (isFar && !isFarTold) onOff(ahead)
    isFarTold = isFar
  }
  // The holds tell that the database is away.
  const tryToCompare = (): Promise<void> => compare().catch(() => {})
  const goOn = async (): Promise<void> => {
    for (;;) {
      await own.sleep(betweenMs, stopping, 'beside')
      await tryToCompare()
    }
  }
  await tryToCompare()
  goOn().catch(() => {})
  return {
    nowMs: () => own.nowMs() - aheadMs,
    monotonicMs: () => own.monotonicMs(),
    sleep: (ms, signal, beside) => own.sleep(ms, signal, beside),
    after: (ms, call) => own.after(ms, call),
  }
}
