/**
 * Counts what an IMAP server sends, where it leaves the socket and before the grammar (imapflow) sees it: octets,
 * lines, the longest line, and each literal at its announcement, so that one that is too long never begins.
 */
import type { Allowance, Breach } from './budget.ts'

const lf = 0x0a
const curly = 0x7d
const zero = 0x30
/** `{`, the digits of any 64-bit number, `}`, CRLF. */
const tailOctets = 32

export class Meter {
  #allowance: Allowance
  #octets = 0
  #lines = 0
  #line = 0
  #tail: Buffer = Buffer.alloc(0)
  #literal = 0

  constructor(allowance: Allowance) {
    this.#allowance = allowance
  }

  /** The command that is under way. */
  get allowance(): Allowance {
    return this.#allowance
  }

  /** Octets of this command so far. */
  get octets(): number {
    return this.#octets
  }

  /** The next command: counts from nothing. A line or literal that is under way goes on. */
  begin(allowance: Allowance): void {
    this.#allowance = allowance
    this.#octets = 0
    this.#lines = 0
  }

  /** Counts a chunk. Returns what it was too much of, if it was. */
  take(chunk: Buffer): Breach | undefined {
    this.#octets += chunk.length
    if (this.#octets > this.#allowance.octets) return 'octets'
    for (let at = 0; at < chunk.length; ) {
      if (this.#literal > 0) {
        const skipped = Math.min(this.#literal, chunk.length - at)
        this.#literal -= skipped
        at += skipped
        continue
      }
      const lineEnd = chunk.indexOf(lf, at)
      const end = lineEnd < 0 ? chunk.length : lineEnd + 1
      this.#line += end - at
      if (this.#line > this.#allowance.line) return 'line'
      const last = chunk.subarray(Math.max(at, end - tailOctets), end)
      this.#tail =
        last.length === tailOctets || this.#tail.length === 0
          ? last
          : Buffer.concat([this.#tail, last]).subarray(-tailOctets)
      at = end
      if (lineEnd < 0) break
      const breach = this.#endLine()
      if (breach !== undefined) return breach
    }
    // What is kept must not hold the whole chunk.
    if (this.#tail.length > 0) this.#tail = Buffer.from(this.#tail)
    return undefined
  }

  #endLine(): Breach | undefined {
    const tail = this.#tail
    this.#tail = Buffer.alloc(0)
    this.#line = 0
    this.#lines += 1
    if (this.#lines > this.#allowance.lines) return 'lines'
    const last = tail.length - (tail.at(-2) === 0x0d ? 3 : 2)
    if (last < 0 || tail[last] !== curly) return undefined
    let first = last
    while (first > 0 && isDigit(tail[first - 1])) first -= 1
    // Digits that fill the tail: a number of no sane literal, however many zeros it begins with.
    if (first === 0) return 'literal'
    if (first === last || tail[first - 1] !== 0x7b) return undefined
    this.#literal = Number(tail.toString('latin1', first, last))
    return this.#literal > this.#allowance.literal ? 'literal' : undefined
  }
}

const isDigit = (octet: number | undefined): boolean =>
  octet !== undefined && octet >= zero && octet <= zero + 9
