/**
 * A clock for "after N days" that errs on the late side. The wall clock may jump by a day or by ten years, and
 * deletion is permanent; this clock advances by the wall clock's advance, but never by more than monotonic time
 * plus a little within one process, and never by more than a day (or what the caller allows) over a restart. It never goes back.
 */
import type { Clock } from '../base/clock.ts'
import type { AfterImport } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'

const key = 'steady-clock'
const slackMs = 60_000
const dayMs = 24 * 3600_000
const goOnMs = 3600_000

export interface SteadyClock {
  /** Milliseconds of proven time since the journal was made. Recorded in the journal at each call. */
  readMs(): Promise<number>
  /** Reads it where that was not done for an hour: between two readings in different processes it advances by a day at most. */
  goOn(): Promise<void>
}

/** Where the wall clock is not this machine's: workers of a fleet ask the database for its own. */
export interface SteadySources extends Pick<Clock, 'monotonicMs'> {
  nowMs(): number | Promise<number>
}

/** @param mostOverRestartMs how much of the wall clock's advance is believed between two processes, ms */
export function makeSteadyClock(
  journal: Pick<Journal, 'note' | 'setNote'>,
  clock: SteadySources,
  mostOverRestartMs = dayMs,
): SteadyClock {
  let monotonicMs: number | undefined
  const read = async (): Promise<number> => {
    const monotonicNow = clock.monotonicMs()
    const now = await clock.nowMs()
    const [wallMs, beforeMs] = ((await journal.note(key)) ?? `${now} 0`).split(' ').map(Number)
    const most = monotonicMs === undefined ? mostOverRestartMs : monotonicNow - monotonicMs + slackMs
    const advance = Math.min(Math.max(0, now - (wallMs ?? now)), most)
    const steadyMs = (beforeMs ?? 0) + advance
    monotonicMs = monotonicNow
    // A row that holds this reading takes it along; without one a power cut makes the clock late, never early.
    await journal.setNote(key, `${now} ${steadyMs}`, 'later')
    return steadyMs
  }
  // One reading after the other: two at once would each add the same advance.
  let last: Promise<unknown> = Promise.resolve()
  const readMs = (): Promise<number> => {
    const reading = last.then(read)
    last = reading.catch(() => {})
    return reading
  }
  return {
    readMs,
    async goOn() {
      if (monotonicMs === undefined || clock.monotonicMs() - monotonicMs >= goOnMs) await readMs()
    },
  }
}

/**
 * What may be believed over one restart so that no "after N" is over by it alone: half of the shortest one, a day at
 * most. Whoever starts a process now and then still gets there, one step at each start.
 */
export function mostOverRestart(policies: readonly AfterImport[]): number {
  const halves = policies.map(policy =>
    policy.do === 'delete' && policy.afterMs > 0 ? policy.afterMs / 2 : dayMs,
  )
  return Math.min(dayMs, ...halves)
}
