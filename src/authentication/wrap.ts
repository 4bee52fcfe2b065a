/** Paragraphs for a terminal: lines break at spaces and between Japanese characters. */
import { displayWidth } from '../locale/table.ts'

/** Characters that must not begin a line in Japanese (JIS X 4051), as far as we print them. */
const notAtStart = '、。，．）」』】：；？！ー”’)%'

/** Breaks a text into lines of at most `cells` terminal cells; a longer word stands alone. */
export function wrap(text: string, cells: number): string[] {
  const pieces = text.match(/[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+|\s+/gu) ?? []
  const lines: string[] = []
  let line = ''
  for (const piece of pieces) {
    const full = displayWidth(line) + displayWidth(piece.trimEnd()) > cells
    if (full && line !== '' && !notAtStart.includes(piece)) {
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
