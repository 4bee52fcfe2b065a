/**
 * A clock for "after N days" that errs on the late side. The wall clock may jump by a day or by ten years, and
 * deletion is permanent; this clock advances by the wall clock's advance, but never by more than monotonic time
 * plus a little within one process, and never by more than a day over a restart. It never goes back.
 */
import type { Clock } from './clock.ts'
import type { Journal } from './journal/journal.ts'

const key = 'steady-clock'
const slackMs = 60_000
const mostOverRestartMs = 24 * 3600_000

export interface SteadyClock {
  /** Milliseconds of proven time since the journal was made. Recorded in the journal at each call. */
  readMs(): number
}

export function makeSteadyClock(journal: Journal, clock: Clock): SteadyClock {
  let monotonicMs: number | undefined
  return {
    readMs() {
      const now = clock.nowMs()
      const monotonicNow = clock.monotonicMs()
      const [wallMs, steadyMs] = (journal.note(key) ?? `${now} 0`).split(' ').map(Number)
      const most = monotonicMs === undefined ? mostOverRestartMs : monotonicNow - monotonicMs + slackMs
      const advance = Math.min(Math.max(0, now - (wallMs ?? now)), most)
      const read = (steadyMs ?? 0) + advance
      monotonicMs = monotonicNow
      journal.setNote(key, `${now} ${read}`)
      return read
    },
  }
}
