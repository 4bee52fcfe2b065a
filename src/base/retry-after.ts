import { longestWaitMs } from './backoff.ts'

/**
 * The instant before which nothing should be sent again, ms since 1970, or undefined where none was named. Gmail
 * writes it into the message text (`Retry after 2026-09-11T20:00:00.000Z`); the Retry-After header (RFC 9110
 * section 10.2.3: seconds, or an HTTP date) counts too. The later of the two wins; at most a day ahead of `nowMs`.
 */
export function readRetryAfterMs(
  header: string | undefined,
  text: string,
  nowMs: number,
): number | undefined {
  const instants: number[] = []
  const value = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(value)) instants.push(nowMs + Number(value) * 1000)
  else if (value !== '') instants.push(Date.parse(value))
  const named = /Retry after (\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))/i.exec(text)
  if (named?.[1] !== undefined) instants.push(Date.parse(named[1]))
  const known = instants.filter(instant => Number.isFinite(instant) && instant >= nowMs)
  return known.length === 0 ? undefined : Math.min(Math.max(...known), nowMs + longestWaitMs)
}

/** So long into a day a limit may still be that of the day before: clocks differ, and Google's counts come behind. */
const dayBeforeMs = 30 * 60_000

/**
 * When a daily quota should have begun anew, which is at midnight in Google's time zone (Pacific); an hour off on two days
 * a year. Who asked a second too early waits half an hour, and not for another day.
 */
export function findDailyLimitEndMs(nowMs: number): number {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/Los_Angeles', timeStyle: 'medium' })
  const [hours = 0, minutes = 0, seconds = 0] = clock.format(nowMs).split(':').map(Number)
  const intoDayMs = ((hours * 60 + minutes) * 60 + seconds) * 1000
  return nowMs - intoDayMs + (intoDayMs < dayBeforeMs ? dayBeforeMs : 24 * 3600_000)
}
