/**
 * Numbers, sizes, times and spans as people read them. What the log says of every message is written by hand, as Intl
 * would: the first formatter that is made brings 8 MiB of Node's tables into memory.
 */
import type { Language } from '../base/language.ts'

export interface Format {
  number(value: number): string
  /** Octets as B, kB, MB or GB (powers of 1000, as hosting panels count). */
  size(octets: number | undefined): string
  /** A span: `0.8 s`, `5 min`, `3 h`, `2 days`. */
  span(ms: number): string
  /** `5 minutes ago`, `in 3 hours`, from the difference to now in ms (negative, as is -0: the past). */
  relative(differenceMs: number): string
  /** Local date and time to the minute. */
  instant(ms: number | undefined): string
  percent(part: number, whole: number): string
}

const locales: Readonly<Record<Language, string>> = { en: 'en-GB', ja: 'ja-JP' }

const sizes: Readonly<Record<Language, readonly string[]>> = {
  en: ['kB', 'MB', 'GB', 'TB'],
  ja: ['KB', 'MB', 'GB', 'TB'],
}
const spans = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

// Intl's short English ("0.8 secs") is neither short nor what anybody writes.
const spanNames: Readonly<Record<Language, Readonly<Record<(typeof spans)[number][0], string>>>> = {
  en: { day: 'days', hour: 'h', minute: 'min', second: 's' },
  ja: { day: '日', hour: '時間', minute: '分', second: '秒' },
}

/** In both languages: commas between thousands, a point, no zeros at the end. */
function formatDecimal(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value)
  // Shifted as text: 1.005 * 100 is less than 100.5.
  const shifted = String(value).includes('e') ? value * 10 ** digits : Number(`${value}e${digits}`)
  const [whole = '', part] = String(Math.round(Math.abs(shifted)) / 10 ** digits).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${shifted <= -0.5 ? '-' : ''}${grouped}${part === undefined ? '' : `.${part}`}`
}

/** @param timeZone IANA name; the machine's where absent */
export function makeFormat(language: Language, timeZone?: string): Format {
  const locale = locales[language]
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
    number: value => formatDecimal(value, 3),
    size: octets => {
      if (octets === undefined) return '–'
      let step = 0
      let value = octets
      while (value >= 999.5 && step < sizes[language].length) {
        value /= 1000
        step += 1
      }
      const unit = sizes[language][step - 1]
      if (unit !== undefined) return `${formatDecimal(value, value >= 100 ? 0 : 1)} ${unit}`
      const number = formatDecimal(octets, 0)
      return `${number} ${language === 'ja' ? 'バイト' : number === '1' ? 'byte' : 'bytes'}`
    },
    span: ms => {
      const [name, value] = largest(Math.max(0, ms))
      const number = formatDecimal(value, value < 10 && name !== 'minute' ? 1 : 0)
      return `${number} ${language === 'en' && name === 'day' && number === '1' ? 'day' : spanNames[language][name]}`
    },
    relative: differenceMs => {
      const [name, value] = largest(Math.abs(differenceMs))
      relativeFormat ??= new Intl.RelativeTimeFormat(locale, { numeric: 'always' })
      const isPast = differenceMs < 0 || Object.is(differenceMs, -0)
      return relativeFormat.format(Math.round(value) * (isPast ? -1 : 1), name)
    },
    instant: ms => {
      if (ms === undefined || !Number.isFinite(ms)) return '–'
      instantFormat ??= makeInstantFormat()
      return instantFormat.format(ms)
    },
    percent: (part, whole) => `${formatDecimal(whole === 0 ? 100 : (part / whole) * 100, 0)}%`,
  }
}
