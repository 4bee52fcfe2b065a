/**
 * FETCH answers as they come, many messages in one. What imapflow's grammar does in several promises and a copy for
 * each row is done here at once where a row looks as nearly all rows do; any other row is left to that grammar. No I/O.
 *
 * Invariant: where a line or a literal begins is always known, so that octets of a literal are never read as a line.
 */
import { type FetchRow, makeEmptyRow, readFetchRow, readInternalDateMs } from './imap-parse.ts'
import { parse } from './imapflow.ts'

const lf = 0x0a
const star = 0x2a
/** A row of more items is none. */
const mostTokens = 10_000

/** Whoever asked. */
export interface RowListener {
  onRow(row: FetchRow): void
  /** An untagged line of a number and a word, such as EXISTS, or UIDVALIDITY; it goes on to imapflow, too. */
  onTold(word: string, number: string): void
  /** The status of one of the commands; the tag is '' where the server left it out. */
  onStatus(tag: string, status: 'OK' | 'NO' | 'BAD', words: string): void
}

/** A response that is under way behind a literal. */
interface Response {
  /** Its lines so far; undefined for one that goes on to imapflow. */
  readonly lines: Buffer[] | undefined
  readonly literals: Buffer[]
}

export class RowReader {
  readonly #pass: (octets: Buffer) => void
  #listener: RowListener | undefined
  #tags: ReadonlySet<string> = new Set()
  /** A line whose end has not come. */
  #rest: Buffer[] = []
  #response: Response | undefined
  /** Octets of a literal that are still to come, and where they go. */
  #left = 0
  #literal: Buffer | undefined
  readonly #slowRows = new Set<Promise<void>>()

  /** @param pass takes what answers no question of ours, in order and as it came */
  constructor(pass: (octets: Buffer) => void) {
    this.#pass = pass
  }

  /** From the next response on rows, and lines with these tags, are the listener's. */
  begin(tags: ReadonlySet<string>, listener: RowListener): void {
    this.#tags = tags
    this.#listener = listener
  }

  end(): void {
    this.#listener = undefined
  }

  /** Resolves when the listener was told of all rows that came. */
  async settle(): Promise<void> {
    await Promise.all(this.#slowRows)
  }

  /** @returns whether nothing refers to the chunk's memory any more: all of it was copied into a literal */
  take(chunk: Buffer): boolean {
    if (this.#left > 0 && this.#left >= chunk.length && this.#response?.lines !== undefined) {
      this.#literal?.set(chunk, this.#literal.length - this.#left)
      this.#left -= chunk.length
      return true
    }
    let passFrom = 0
    let at = 0
    /** What lies before `at` and is nobody else's goes on. */
    const passOn = (): void => {
      if (at > passFrom) this.#pass(chunk.subarray(passFrom, at))
    }
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left)
        const isOurs = this.#response?.lines !== undefined
        if (isOurs) this.#literal?.set(chunk.subarray(at, end), this.#literal.length - this.#left)
        this.#left -= end - at
        at = end
        if (isOurs) passFrom = at
        continue
      }
      const lineEnd = chunk.indexOf(lf, at)
      if (lineEnd < 0) {
        passOn()
        this.#rest.push(chunk.subarray(at))
        return false
      }
      const piece = chunk.subarray(at, lineEnd + 1)
      const hasRest = this.#rest.length > 0
      const line = hasRest ? Buffer.concat([...this.#rest.splice(0), piece]) : piece
      if (this.#isOurs(line)) {
        passOn()
        at = lineEnd + 1
        at = this.#takeLine(line, chunk, at)
        passFrom = at
        continue
      }
      if (hasRest) {
        passOn()
        this.#pass(line)
        passFrom = lineEnd + 1
      }
      at = lineEnd + 1
      this.#follow(line)
    }
    passOn()
    return false
  }

  #isOurs(line: Buffer): boolean {
    if (this.#response !== undefined) return this.#response.lines !== undefined
    if (this.#listener === undefined) return false
    if (line[0] === star) return isFetch.test(line.toString('latin1', 0, 40))
    const blank = line.indexOf(0x20)
    const word = line.toString('latin1', 0, blank < 0 ? line.length : blank)
    return this.#tags.has(word) || isBareRefusal.test(line.toString('latin1', 0, 40))
  }

  /** A line that goes on to imapflow: what follows it, and what it tells. */
  #follow(line: Buffer): void {
    this.#left = literalBehind(line) ?? 0
    this.#literal = undefined
    if (this.#left > 0) this.#response = { lines: undefined, literals: [] }
    else if (this.#response !== undefined) this.#response = undefined
    else if (this.#listener !== undefined && line[0] === star) {
      const [, count = '', word, code = word] = isTold.exec(line.toString('latin1', 0, 40)) ?? []
      if (code !== undefined) this.#listener.onTold(code.toUpperCase(), count)
    }
  }

  /** @returns where in the chunk its part ends: behind a literal that lies in it as a whole */
  #takeLine(line: Buffer, chunk: Buffer, at: number): number {
    const isBegun = this.#response !== undefined
    if (!isBegun && line[0] !== star) {
      this.#takeStatus(line.toString('latin1'))
      return at
    }
    this.#response ??= { lines: [], literals: [] }
    const { lines = [], literals } = this.#response
    lines.push(line)
    const octets = literalBehind(line)
    if (octets === undefined) {
      this.#response = undefined
      this.#takeRow(lines, literals)
      return at
    }
    if (chunk.length - at >= octets) {
      literals.push(chunk.subarray(at, at + octets))
      return at + octets
    }
    this.#literal = Buffer.allocUnsafeSlow(octets)
    this.#left = octets
    literals.push(this.#literal)
    return at
  }

  #takeStatus(line: string): void {
    const tagged =
      /^(\S+) +(OK|NO|BAD)(?: +(.*?))?\r?\n$/is.exec(line) ?? /^()(NO|BAD)(?: +(.*?))?\r?\n$/is.exec(line)
    const [, tag = '', status = 'BAD', words = ''] = tagged ?? ['', line.split(' ', 1)[0]]
    this.#listener?.onStatus(tag, status.toUpperCase() as 'OK', words)
  }

  #takeRow(lines: readonly Buffer[], literals: readonly Buffer[]): void {
    const listener = this.#listener
    if (listener === undefined) return
    const [first = Buffer.alloc(0)] = lines
    const text =
      lines.length === 1 ? first.toString('latin1') : lines.map(line => line.toString('latin1')).join('')
    const row = readUsualRow(text, literals)
    if (row !== undefined) {
      listener.onRow(row)
      return
    }
    const payload = Buffer.from(text.replace(/\r?\n$/, ''), 'latin1')
    const slow = parse(payload, { literals: [...literals], maxResponseTokens: mostTokens })
      // What is no row in any grammar is passed over, as imapflow does.
      .then(
        response => listener.onRow(readFetchRow(response)),
        () => {},
      )
      .finally(() => this.#slowRows.delete(slow))
    this.#slowRows.add(slow)
  }
}

const isFetch = /^\* +\d+ +FETCH[ (]/i
/** A whole line of a count, or the beginning of one with that code. */
const isTold = /^\* +(?:(\d+) +([A-Z]+)\r?\n$|OK +\[(UIDVALIDITY)[ \]])/i
/** "BAD Must issue a STARTTLS command first", without a tag; one of imapflow's tags is BAD, too. */
const isBareRefusal = /^(?:NO|BAD)(?=\s)(?! +(?:OK|NO|BAD)\b)/i

/** Octets of the literal that is announced at the end of a line (RFC 9051 section 4.3). */
function literalBehind(line: Buffer): number | undefined {
  const end = line.length - (line.at(-2) === 0x0d ? 3 : 2)
  if (line[end] !== 0x7d) return undefined
  const open = line.lastIndexOf(0x7b, end)
  const digits = line.toString('latin1', open + 1, end)
  return open >= 0 && /^\d+$/.test(digits) ? Number(digits) : undefined
}

/** Items whose value is a number, a quoted string, a flat list, NIL or a literal. */
const usualItem =
  /(UID|RFC822\.SIZE|MODSEQ|FLAGS|INTERNALDATE|BODY\[\](?:<(\d{1,10})>)?) (?:(\d{1,15})|"([^"\\\r\n]*)"|\(([^()"{}\r\n]*)\)|(NIL)|\{\d+\}\r?\n)(?: |(\)\r?\n)$)/iy

/**
 * A row of such items only, each with the kind of value that belongs to it; undefined for any other.
 * @param text its lines, literals left out
 */
export function readUsualRow(text: string, literals: readonly Buffer[]): FetchRow | undefined {
  const row = makeEmptyRow()
  const head = /^\* \d+ FETCH \(/i.exec(text)
  if (head === null) return undefined
  usualItem.lastIndex = head[0].length
  let literal = 0
  for (;;) {
    const [, key, origin, number, quoted, list, nil, end] = usualItem.exec(text) ?? []
    if (key === undefined) return undefined
    switch (key.toUpperCase()) {
      case 'UID': {
        const uid = Number(number)
        if (!(uid > 0 && uid <= 0xffffffff)) return undefined
        row.uid = uid
        break
      }
      case 'RFC822.SIZE':
        if (number === undefined) return undefined
        row.size = Number(number)
        break
      case 'MODSEQ':
        if (list === undefined) return undefined
        break
      case 'FLAGS':
        if (list === undefined) return undefined
        row.flags = list === '' ? [] : list.split(' ')
        break
      case 'INTERNALDATE':
        if (quoted === undefined) return undefined
        row.arrivedAtMs = readInternalDateMs(quoted)
        break
      default: {
        const octets = literals[literal]
        const isLiteral =
          number === undefined && quoted === undefined && list === undefined && nil === undefined
        if (!isLiteral || octets === undefined || row.body !== undefined) return undefined
        literal += 1
        row.body = { octets, reason: undefined, origin: origin === undefined ? undefined : Number(origin) }
      }
    }
    if (end !== undefined) return literal === literals.length ? row : undefined
  }
}
