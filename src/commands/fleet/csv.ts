/**
 * A CSV file as RFC 4180 has it, a record at a time and in bounded memory. None of our columns can hold a line break, so a
 * line is a record: a quotation mark that is not closed costs its own line and never those of other people below it.
 * Whatever is wrong with a line is said without a word of it, since its values are out of place then and one is a password.
 */
import type { FileHandle } from 'node:fs/promises'

/** Why a line cannot be taken apart. */
export type CsvFlaw = 'unclosed' | 'stray-quote' | 'behind-quote' | 'too-long' | 'not-utf-8'

interface CsvPlace {
  /** From 1. */
  readonly line: number
  /** Octets of the file up to its end. */
  readonly endsAt: number
}

export interface CsvLine extends CsvPlace {
  readonly fields: readonly string[]
}

export interface CsvBadLine extends CsvPlace {
  readonly flaw: CsvFlaw
  /** The field that it was met in, from 1; undefined where the line was not read. */
  readonly column: number | undefined
}

/** No mailbox of anybody's takes more to describe, octets. */
const mostLineOctets = 64 * 1024
const readOctets = 256 * 1024
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * The lines of a file from its beginning, without its byte order mark; empty ones are passed by.
 * @param handle opened for reading; it stays open
 */
export async function* readCsv(handle: FileHandle): AsyncGenerator<CsvLine | CsvBadLine> {
  let line = 0
  for await (const { octets, endsAt } of splitLines(handle)) {
    line += 1
    if (octets === undefined) yield { line, endsAt, flaw: 'too-long', column: undefined }
    else if (octets.length > 0) yield { line, endsAt, ...parseLine(octets, line === 1) }
  }
}

/** Whether a line could be taken apart. */
export const isGoodLine = (read: CsvLine | CsvBadLine): read is CsvLine => 'fields' in read

function parseLine(octets: Buffer, isFirst: boolean): { readonly fields: readonly string[] } | Flawed {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: !isFirst }).decode(octets)
  } catch {
    return { flaw: 'not-utf-8', column: undefined }
  }
  const fields = parseFields(text)
  return Array.isArray(fields) ? { fields } : fields
}

type Flawed = Pick<CsvBadLine, 'flaw' | 'column'>

/** RFC 4180 section 2: fields with commas between them; one in quotation marks has those within it doubled. */
export function parseFields(text: string): string[] | Flawed {
  const fields: string[] = []
  let at = 0
  for (;;) {
    const column = fields.length + 1
    if (text[at] === '"') {
      let value = ''
      let from = at + 1
      for (;;) {
        const end = text.indexOf('"', from)
        if (end < 0) return { flaw: 'unclosed', column }
        value += text.slice(from, end)
        at = end + 1
        if (text[at] !== '"') break
        value += '"'
        from = at + 1
      }
      if (at < text.length && text[at] !== ',') return { flaw: 'behind-quote', column }
      fields.push(value)
    } else {
      const end = text.indexOf(',', at)
      const value = text.slice(at, end < 0 ? text.length : end)
      if (value.includes('"')) return { flaw: 'stray-quote', column }
      fields.push(value)
      at = end < 0 ? text.length : end
    }
    if (at >= text.length) return fields
    at += 1
  }
}

/** Lines without their ends (CRLF, or LF alone); of one that is too long nothing is kept. */
async function* splitLines(
  handle: FileHandle,
): AsyncGenerator<{ readonly octets: Buffer | undefined; readonly endsAt: number }> {
  let rest = Buffer.alloc(0)
  let isTooLong = false
  const finish = (end: Buffer): Buffer | undefined => {
    const octets = rest.length === 0 ? end : Buffer.concat([rest, end])
    const line = isTooLong || octets.length > mostLineOctets ? undefined : withoutReturn(octets)
    rest = Buffer.alloc(0)
    isTooLong = false
    return line
  }
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(readOctets), 0, readOctets, position)
    const chunk = buffer.subarray(0, bytesRead)
    if (bytesRead === 0) {
      if (isTooLong || rest.length > 0) yield { octets: finish(chunk), endsAt: position }
      return
    }
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      yield { octets: finish(chunk.subarray(from, end)), endsAt: position + end + 1 }
      from = end + 1
    }
    position += bytesRead
    isTooLong ||= rest.length + bytesRead - from > mostLineOctets
    rest = isTooLong ? Buffer.alloc(0) : Buffer.concat([rest, chunk.subarray(from)])
  }
}

const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === carriageReturn ? line.subarray(0, -1) : line)
