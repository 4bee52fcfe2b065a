/** Columns that line up on a terminal, where a kanji takes two cells. */

// Unicode UAX #11: East Asian Wide and Fullwidth, and emoji, take two cells.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u
const zero = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Terminal cells that the text takes. Escape sequences are not expected in it. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    // A grapheme is as wide as its base: combining marks and joined emoji add nothing.
    const base = String.fromCodePoint(segment.codePointAt(0) ?? 0)
    if (wide.test(base) || segment.includes('\ufe0f')) width += 2
    else if (!zero.test(base)) width += 1
  }
  return width
}

/** The text cut to at most `cells` cells, with an ellipsis where something is missing. */
export function fit(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text
  let out = ''
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    const next = displayWidth(segment)
    if (width + next > cells - 1) break
    out += segment
    width += next
  }
  return `${out}…`
}

export interface TableOptions {
  /** Widest line in cells; the widest columns are cut until it fits. Default: no limit. */
  readonly width?: number
  /** Columns, counted from 0, that are aligned to the right (numbers). */
  readonly right?: readonly number[]
}

/**
 * Rows as aligned lines, two spaces between columns, no spaces at the line's end. The first row may be
 * headings; short rows are filled up with empty cells.
 */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const count = Math.max(0, ...rows.map(row => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map(row => displayWidth(row[column] ?? ''))),
  )
  const limit = options.width ?? Number.POSITIVE_INFINITY
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) + 2 * Math.max(0, count - 1)
  while (total() > limit) {
    const widest = widths.indexOf(Math.max(...widths))
    const width = widths[widest] ?? 0
    if (width <= 6) break
    widths[widest] = width - 1
  }
  const right = new Set(options.right ?? [])
  return rows
    .map(row =>
      widths
        .map((width, column) => {
          const text = fit(row[column] ?? '', width)
          const padding = ' '.repeat(Math.max(0, width - displayWidth(text)))
          return right.has(column) ? padding + text : text + padding
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
