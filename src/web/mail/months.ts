/** Months of this computer's calendar. */
import type { Language } from '../../base/language.ts'

export interface Month {
  /** `YYYY-MM`. */
  readonly name: string
  readonly fromMs: number
  readonly beforeMs: number
}

/** However long hikyaku has run. */
const mostMonths = 36

/** From this one back to that of the first import. */
export function listMonths(firstMs: number | undefined, nowMs: number): readonly [Month, ...Month[]] {
  const now = new Date(nowMs)
  const monthBack = (back: number): Month => {
    const from = new Date(now.getFullYear(), now.getMonth() - back, 1)
    const before = new Date(now.getFullYear(), now.getMonth() - back + 1, 1)
    const name = `${from.getFullYear()}-${String(from.getMonth() + 1).padStart(2, '0')}`
    return { name, fromMs: from.getTime(), beforeMs: before.getTime() }
  }
  const months: [Month, ...Month[]] = [monthBack(0)]
  while (months.length < mostMonths && firstMs !== undefined && (months.at(-1)?.fromMs ?? 0) > firstMs)
    months.push(monthBack(months.length))
  return months
}

/** This one, where there is none of that name. */
export const chooseMonth = (months: readonly [Month, ...Month[]], name: string | undefined): Month =>
  months.find(month => month.name === name) ?? months[0]

export const sayMonth = ({ fromMs }: Month, language: Language): string =>
  new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', { year: 'numeric', month: 'long' }).format(
    fromMs,
  )
