/** Which instants can be the arrival of a message. What can be none decides nothing. */

/** RFC 822: there is no such mail of an earlier day, and 1970, 1904 or 1900 is how a clock says that it has no time. */
const earliestMs = Date.UTC(1982, 7, 13)
/** Clocks are wrong by time zones, not by more. */
const aheadMs = 2 * 24 * 3600_000

/**
 * The instant, or undefined where it can be none.
 * @param ms since 1970
 * @param nowMs this machine's wall clock
 */
export function plausibleArrivalMs(ms: number | undefined, nowMs: number): number | undefined {
  return ms !== undefined && ms >= earliestMs && ms <= nowMs + aheadMs ? ms : undefined
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

export interface DateParts {
  readonly day: number
  /** English, its first three letters count. */
  readonly month: string
  readonly year: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** `+hhmm`. */
  readonly zone: string
}

/** The instant, ms since 1970, or undefined where no calendar or clock shows these: day 0, month 13, 24:61, +9999. */
export function instantOf({ day, month, year, hour, minute, second, zone }: DateParts): number | undefined {
  const index = monthNames.indexOf(month.slice(0, 3).toLowerCase())
  const [, sign, zoneHours = '', zoneMinutes = ''] = /^([+-])(\d{2})(\d{2})$/.exec(zone) ?? []
  // UTC+14 is the largest there is; RFC 5322 section 3.3 and a leap second allow 60.
  if (index < 0 || sign === undefined || Number(zoneHours) > 14 || Number(zoneMinutes) > 59) return undefined
  if (day < 1 || hour > 23 || minute > 59 || second > 60) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  if (year < 100 || day > new Date(Date.UTC(year, index + 1, 0)).getUTCDate()) return undefined
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
  return Date.UTC(year, index, day, hour, minute, second) - offset * 60_000
}
