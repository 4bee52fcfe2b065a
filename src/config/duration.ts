/** Spans of time as an owner writes them: `30m`, `12h`, `14d`, `2w`. */

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Ten years: longer is a slip of the finger. */
const longestMs = 10 * 366 * 86_400_000

/** Milliseconds, or undefined where the text is no span between a minute and ten years. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,6})\s*([mhdw])$/i.exec(text.trim())
  const unit = unitMs[found?.[2]?.toLowerCase() ?? '']
  if (found === null || unit === undefined) return undefined
  const ms = Number(found[1]) * unit
  return ms >= 60_000 && ms <= longestMs ? ms : undefined
}

/** The same span in the largest unit that divides it; '0m' for none. */
export function formatDuration(ms: number): string {
  for (const unit of ['w', 'd', 'h'] as const) {
    const length = unitMs[unit] ?? 1
    if (ms >= length && ms % length === 0) return `${ms / length}${unit}`
  }
  return `${Math.round(ms / 60_000)}m`
}
