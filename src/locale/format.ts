/** Numbers, sizes, times and spans as people read them, by Intl. */
import type { Language } from '../base/language.ts'

export interface Format {
  number(value: number): string
  /** Octets as B, kB, MB or GB (powers of 1000, as hosting panels count). */
  size(octets: number | undefined): string
  /** A span: `0.8 s`, `5 min`, `3 h`, `2 days`. */
  span(ms: number): string
  /** `5 minutes ago`, `in 3 hours`, from the difference to now in ms (negative: the past). */
  relative(differenceMs: number): string
  /** Local date and time to the minute. */
  instant(ms: number | undefined): string
  percent(part: number, whole: number): string
}

const locales: Readonly<Record<Language, string>> = { en: 'en-GB', ja: 'ja-JP' }

const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const spans = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

const spanNames = { day: 'day', hour: 'h', minute: 'min', second: 's' } as const

/** @param timeZone IANA name; the machine's where absent */
export function makeFormat(language: Language, timeZone?: string): Format {
  const locale = locales[language]
  // Making a formatter takes a hundred times as long as using it, and the log uses some for each message. The first one
  // of a kind also brings 8 MiB of Node's tables into memory, so that none is made before it is used.
  const formats = new Map<string, Intl.NumberFormat>()
  const numbers = (key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
    const known = formats.get(key) ?? new Intl.NumberFormat(locale, options)
    formats.set(key, known)
    return known
  }
  const unit = (value: number, name: string, digits: number, display: 'short' | 'narrow' | 'long'): string =>
    numbers(`${name} ${digits} ${display}`, {
      style: 'unit',
      unit: name,
      unitDisplay: display,
      maximumFractionDigits: digits,
    }).format(value)
  let relativeFormat: Intl.RelativeTimeFormat | undefined
  let instantFormat: Intl.DateTimeFormat | undefined
  const makeInstantFormat = (): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, {
      dateStyle: 'medium',
      timeStyle: 'short',
      ...(timeZone === undefined ? {} : { timeZone }),
    })
  const largest = (ms: number): readonly ['day' | 'hour' | 'minute' | 'second', number] => {
    // Rounded before it is compared, so that 59.7 s is a minute and not "60 s".
    for (const [name, length] of spans) {
      if (Math.round(ms / length) >= 1 && ms >= length * 0.95) return [name, ms / length]
    }
    return ['second', ms / 1000]
  }
  return {
    number: value => numbers('plain', {}).format(value),
    size: octets => {
      if (octets === undefined) return '–'
      let step = 0
      let value = octets
      while (value >= 999.5 && step < sizes.length - 1) {
        value /= 1000
        step += 1
      }
      if (step === 0) return unit(octets, 'byte', 0, 'long')
      return unit(value, sizes[step] ?? 'byte', value >= 100 ? 0 : 1, 'short')
    },
    span: ms => {
      const [name, value] = largest(Math.max(0, ms))
      const digits = value < 10 && name !== 'minute' ? 1 : 0
      // Intl's short English ("0.8 secs") is neither short nor what anybody writes.
      if (language === 'ja') return unit(value, name, digits, 'short')
      const number = numbers(`${digits}`, { maximumFractionDigits: digits }).format(value)
      return `${number} ${name === 'day' && number !== '1' ? 'days' : spanNames[name]}`
    },
    relative: differenceMs => {
      const [name, value] = largest(Math.abs(differenceMs))
      relativeFormat ??= new Intl.RelativeTimeFormat(locale, { numeric: 'always' })
      return relativeFormat.format(Math.round(value) * (differenceMs < 0 ? -1 : 1), name)
    },
    instant: ms => {
      if (ms === undefined || !Number.isFinite(ms)) return '–'
      instantFormat ??= makeInstantFormat()
      return instantFormat.format(ms)
    },
    percent: (part, whole) => numbers('percent', { style: 'percent' }).format(whole === 0 ? 1 : part / whole),
  }
}
