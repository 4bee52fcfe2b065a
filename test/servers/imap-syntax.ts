/** Just enough IMAP syntax for the stand-in: command words, sequence sets, FETCH items, dates. */
import type { StoredMessage } from './imap-store.ts'

/** A word of a command line: an atom or list as latin1 text, or a literal's octets. */
export type Word = string | Buffer

export const wordText = (word: Word | undefined): string =>
  word === undefined ? '' : typeof word === 'string' ? word : word.toString('utf8')

/** Splits a line into atoms, quoted strings (unquoted) and parenthesised lists (kept whole). */
export function splitWords(line: string, literals: readonly Buffer[]): Word[] {
  const words: Word[] = []
  let literal = 0
  const pattern = /\{(\d+)\+?\}\r\n|"((?:[^"\\]|\\.)*)"|\((?:[^()]|\([^()]*\))*\)|(?:[^\s"({[]|\[[^\]]*\])+/g
  for (const match of line.matchAll(pattern)) {
    if (match[1] !== undefined) words.push(literals[literal++] ?? Buffer.alloc(0))
    else if (match[2] !== undefined) words.push(Buffer.from(match[2].replace(/\\(.)/g, '$1'), 'latin1'))
    else words.push(match[0])
  }
  return words
}

/** The messages that a sequence set names; `*` is the last one, so that `n:*` always names it (RFC 9051 section 9). */
export function inSet(set: string, uid: boolean, view: readonly StoredMessage[]): StoredMessage[] {
  const number = (message: StoredMessage, at: number): number => (uid ? message.uid : at + 1)
  const last = view.reduce((most, message, at) => Math.max(most, number(message, at)), 0)
  const ranges = set.split(',').map(part => {
    const [from = '0', to = from] = part.split(':')
    const ends = [from, to].map(end => (end === '*' ? last : Number(end)))
    return [Math.min(...ends), Math.max(...ends)] as const
  })
  return view.filter((message, at) =>
    ranges.some(([low, high]) => number(message, at) >= low && number(message, at) <= high),
  )
}

export interface BodyItem {
  readonly section: string
  readonly peek: boolean
  readonly from: number | undefined
  readonly length: number | undefined
}

/** The BODY[...] items and the plain ones of a FETCH list. */
export function fetchItems(list: string): { bodies: BodyItem[]; plain: Set<string> } {
  const bodies: BodyItem[] = []
  const rest = list
    .toUpperCase()
    .replace(/BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)(?:\.(\d+))?>)?/g, (_all, peek, section, from, length) => {
      bodies.push({
        section,
        peek: peek !== undefined,
        from: from === undefined ? undefined : Number(from),
        length: length === undefined ? undefined : Number(length),
      })
      return ' '
    })
  return { bodies, plain: new Set(rest.match(/[A-Z0-9.]+/g) ?? []) }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number): string => String(value).padStart(2, '0')

/** INTERNALDATE (RFC 9051 section 9, date-time) in UTC. */
export const dateTime = (date: Date): string =>
  `${String(date.getUTCDate()).padStart(2, ' ')}-${months[date.getUTCMonth()]}-${date.getUTCFullYear()} ` +
  `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`

export const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** The header section with its empty line, as BODY[HEADER] gives it. */
export function headerOf(octets: Buffer): Buffer {
  const end = octets.indexOf('\r\n\r\n')
  return end === -1 ? octets : octets.subarray(0, end + 4)
}
