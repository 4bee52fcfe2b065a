/** Texts for a terminal, where a kanji takes two cells: widths, lines that fit, and columns that line up. */
import stringWidth from 'fast-string-width'

/** Terminal cells that the text takes (Unicode UAX #11). Escape sequences are not expected in it. */
export function measureWidth(text: string): number {
  return stringWidth(text)
}

/** The text cut to at most `cells` cells, with an ellipsis where something is missing. */
export function cutToWidth(text: string, cells: number): string {
  if (measureWidth(text) <= cells) return text
  let out = ''
  let width = 0
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    const next = measureWidth(segment)
    if (width + next > cells - 1) break
    out += segment
    width += next
  }
  return `${out}…`
}

/** Characters that must not begin, or end, a line in Japanese (JIS X 4051), as far as we print them. */
const notAtStart = '、。，．）」』】：；？！ー”’)%:'
const notAtEnd = '（「『【“‘('

/** What is never parted: a word, or a Japanese character with what must stand beside it. */
const unparted = new RegExp(
  `[${notAtEnd}]*(?:[\\u2e80-\\u9fff\\uff00-\\uffef]|[^\\s\\u2e80-\\u9fff\\uff00-\\uffef]+)[${notAtStart}]*|\\s+`,
  'gu',
)

/** The same for a narrow frame, where words in katakana stay whole and small kana begin no line. */
export const wholeWords = new RegExp(
  `[${notAtEnd}]*(?:[\\u30a1-\\u30fa\\u30fc]+|[\\u2e80-\\u9fff\\uff00-\\uffef]|[^\\s\\u2e80-\\u9fff\\uff00-\\uffef]+)[${notAtStart}・…〜々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ]*|\\s+`,
  'gu',
)

/**
 * Breaks a text into lines of at most `cells` terminal cells; a longer word stands alone.
 * @param parts what is never parted
 */
export function wrapText(text: string, cells: number, parts = unparted): string[] {
  const pieces = text.match(parts) ?? []
  const lines: string[] = []
  let line = ''
  for (const piece of pieces) {
    const full = measureWidth(line) + measureWidth(piece.trimEnd()) > cells
    if (full && line !== '') {
      lines.push(line.trimEnd())
      line = piece.trimStart()
    } else line += piece
  }
  if (line.trim() !== '') lines.push(line.trimEnd())
  return lines
}

/** A paragraph with a hanging indent: `lead` before the first line, spaces before the others. */
export function indentParagraph(text: string, cells: number, lead = ''): string[] {
  const indent = ' '.repeat(measureWidth(lead))
  return wrapText(text, cells - indent.length).map((line, i) => (i === 0 ? lead : indent) + line)
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
export function alignTable(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const count = Math.max(0, ...rows.map(row => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map(row => measureWidth(row[column] ?? ''))),
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
          const text = cutToWidth(row[column] ?? '', width)
          const padding = ' '.repeat(Math.max(0, width - measureWidth(text)))
          return right.has(column) ? padding + text : text + padding
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
