/** Paragraphs for a terminal: lines break at spaces and between Japanese characters. */
import { displayWidth } from '../base/table.ts'

/** Characters that must not begin, or end, a line in Japanese (JIS X 4051), as far as we print them. */
const notAtStart = '、。，．）」』】：；？！ー”’)%:'
const notAtEnd = '（「『【“‘('

/** What is never parted: a word, or a Japanese character with what must stand beside it. */
const unparted = new RegExp(
  `[${notAtEnd}]*(?:[\\u2e80-\\u9fff\\uff00-\\uffef]|[^\\s\\u2e80-\\u9fff\\uff00-\\uffef]+)[${notAtStart}]*|\\s+`,
  'gu',
)

/** Breaks a text into lines of at most `cells` terminal cells; a longer word stands alone. */
export function wrap(text: string, cells: number): string[] {
  const pieces = text.match(unparted) ?? []
  const lines: string[] = []
  let line = ''
  for (const piece of pieces) {
    const full = displayWidth(line) + displayWidth(piece.trimEnd()) > cells
    if (full && line !== '') {
      lines.push(line.trimEnd())
      line = piece.trimStart()
    } else line += piece
  }
  if (line.trim() !== '') lines.push(line.trimEnd())
  return lines
}

/** A paragraph with a hanging indent: `lead` before the first line, spaces before the others. */
export function paragraph(text: string, cells: number, lead = ''): string[] {
  const indent = ' '.repeat(displayWidth(lead))
  return wrap(text, cells - indent.length).map((line, i) => (i === 0 ? lead : indent) + line)
}
