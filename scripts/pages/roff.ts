/** Pages in the language of man(7), which man-db's groff and mandoc both read: texts with a little Markdown, set as roff. */

import { wrapText } from '../../src/base/text-width.ts'

/** What has a name in groff_char(7) and mandoc_char(7); Japanese and the like stay as they are, in UTF-8. */
const named: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  '‘': '\\(oq',
  '’': '\\(cq',
  '“': '\\(lq',
  '”': '\\(rq',
  '…': '\\&...',
  '→': '\\(->',
  '~': '\\(ti',
  '^': '\\(ha',
  '`': '\\(ga',
  "'": '\\(aq',
}

/** Characters of one line that mean nothing to roff. */
const escapeText = (text: string): string => text.replace(/[\\‘’“”…→~^`'-]/g, sign => named[sign] ?? sign)

/** A line that roff could take for a request of its own. */
const guardLine = (line: string): string => line.replace(/^[.]/, '\\&$&')

/** A full stop in it ends no sentence. */
export const bold = (text: string): string => `\\fB${escapeText(text).replace(/[.?!]$/, '$&\\&')}\\fR`
export const italic = (text: string): string => `\\fI${escapeText(text)}\\fR`

/** Words with placeholders, such as `--port <number>`: what is typed is bold, what stands for something is italic. */
export const usage = (text: string): string =>
  text
    .split(/(<[^>]+>|\[[^\]]+\])/)
    .map((part, index) =>
      part === '' ? '' : index % 2 === 1 ? part.replace(/[\w.|-]+/g, italic) : bold(part),
    )
    .join('')

/**
 * A paragraph of Markdown (`code` and **bold**). Each English sentence begins on a line of its own, as roff wants it, and
 * lines are parted where a space is, which roff puts there again. Japanese is parted at each of its few spaces.
 */
export function paragraph(markdown: string): string {
  const parts = markdown.replace(/\s+/g, ' ').split(/(`[^`]+`|\*\*[^*]+\*\*)/)
  const inline = parts
    .map((part, index) =>
      index % 2 === 1
        ? bold(part.replace(/^[`*]+|[`*]+$/g, ''))
        : japanese.test(markdown)
          ? // A full stop at the end of a line would be the end of a sentence, which roff sets apart by two spaces.
            escapeText(part).replace(/([.?!]) /g, '$1\\& ')
          : escapeText(part).replace(/([.?!]) (?=\S|$)/g, '$1\n'),
    )
    .join('')
  return inline.split('\n').flatMap(fillLines).map(guardLine).join('\n').trimEnd()
}

const japanese = /[\u3000-\u9fff]/
const mostOctets = 78

function fillLines(sentence: string): string[] {
  const lines: string[] = []
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || /[^\x20-\x7e]/.test(last + word) || last.length + 1 + word.length > mostOctets)
      lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** A tagged paragraph; `body` is roff. */
export const tagged = (tag: string, body: string): string => `.TP\n${tag}\n${body}`

/** A title, which is one line. */
export const heading = (text: string): string => escapeText(text)

export const section = (title: string, body?: string): string =>
  body === undefined ? `.SH ${title}` : `.SH ${title}\n${body}`
export const subsection = (title: string, body: string): string => `.SS ${title}\n${body}`

/** Lines as they are, but for comments (`# `) that are too long for a terminal of 80 columns. */
export const example = (text: string): string =>
  `.nf\n.RS 4\n${text
    .trimEnd()
    .split('\n')
    .flatMap(line => {
      const [, lead, comment] = /^( *# )(.+)$/.exec(line) ?? []
      if (lead === undefined || comment === undefined) return [line]
      return wrapText(comment, 68 - lead.length).map(part => `${lead}${part}`)
    })
    .map(line => guardLine(escapeText(line)))
    .join('\n')}\n.RE\n.fi`

/**
 * @param date as 2026-11-26
 * @param parts sections, in their order
 */
export function makePage(
  head: { readonly name: string; readonly chapter: number; readonly date: string; readonly version: string },
  parts: readonly string[],
): string {
  const { name, chapter, date, version } = head
  return [
    '.\\" Written by scripts/pages.ts from the tables of commands and settings.',
    `.TH ${escapeText(name.toUpperCase())} ${chapter} ${date} "hikyaku ${version}" hikyaku`,
    '.nh',
    '.ad l',
    ...parts,
    '',
  ].join('\n')
}
