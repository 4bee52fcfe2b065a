/** A message's octets for the library: in slices, with even line ends, and never more than it can bear. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RawMessage } from '../message/message.ts'
import { type Complexity, complexityBounds, findComplexity } from './complexity.ts'

const sliceOctets = 64 * 1024

/** The library would take far longer over these octets than over any honest ones. */
export class TooComplex extends Error {
  readonly why: Complexity
  constructor(why: Complexity) {
    super(why)
    this.why = why
  }
}

/**
 * The octets in slices with a pause between, so that a large message does not hold the process. Bare LF becomes CRLF
 * here as the library itself would have it, only line by line and far more slowly. Throws TooComplex.
 */
export async function* slices(raw: RawMessage): AsyncGenerator<Buffer> {
  let first = true
  let last = 0
  let lineOctets = 0
  const header = new LibraryHeader(raw.octets)
  for await (const chunk of raw.chunks()) {
    for (let at = 0; at < chunk.length; at += sliceOctets) {
      if (!first) await nextTurn()
      first = false
      const part = chunk.subarray(at, at + sliceOctets)
      const slice = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
      const feed = slice.lastIndexOf(lf)
      lineOctets = feed < 0 ? lineOctets + slice.length : slice.length - feed - 1
      if (lineOctets > complexityBounds.lineOctets) throw new TooComplex('line-octets')
      const even = withCrlf(slice, last)
      header.read(even)
      yield even
      last = slice[slice.length - 1] ?? last
    }
  }
  header.finish()
}

/**
 * Where the library sees the header's end. It wants the empty line to be nothing but CR LF, where we take any number
 * of CR for one: what it reads beyond our end is held to the same bounds.
 */
class LibraryHeader {
  readonly #octets: number
  #parts: Buffer[] = []
  #length = 0
  #ended = false
  #tail = Buffer.alloc(0)

  constructor(octets: number) {
    this.#octets = octets
  }

  read(slice: Buffer): void {
    if (this.#ended) return
    const from = this.#tail.length
    const text = Buffer.concat([this.#tail, slice])
    const end = endOfHeader(text, this.#length === from)
    const taken = slice.subarray(0, end === undefined ? slice.length : end - from)
    this.#parts.push(taken)
    this.#length += taken.length
    this.#tail = Buffer.from(text.subarray(-3))
    this.#ended = end !== undefined
    // CRLF for bare LF makes it longer than it was.
    const longest = 2 * complexityBounds.headerOctets
    if (this.#length > longest) throw new TooComplex('header-octets')
    if (this.#ended) this.finish()
  }

  /** Also for a message that ends within its header. */
  finish(): void {
    const parts = this.#parts
    this.#parts = []
    const why = findComplexity(Buffer.concat(parts).subarray(0, complexityBounds.headerOctets), this.#octets)
    if (why !== undefined) throw new TooComplex(why)
  }
}

/** Past the first LF LF or LF CR LF; at the begin the empty line may stand alone. */
function endOfHeader(text: Buffer, atBegin: boolean): number | undefined {
  if (atBegin && text[0] === lf) return 1
  if (atBegin && text[0] === cr && text[1] === lf) return 2
  for (let at = text.indexOf(lf); at >= 0; at = text.indexOf(lf, at + 1)) {
    if (text[at + 1] === lf) return at + 2
    if (text[at + 1] === cr && text[at + 2] === lf) return at + 3
  }
  return undefined
}

const lf = 0x0a
const cr = 0x0d

/** @param before the octet before the slice */
function withCrlf(slice: Buffer, before: number): Buffer {
  let bare = 0
  for (let at = slice.indexOf(lf); at >= 0; at = slice.indexOf(lf, at + 1)) {
    if ((at === 0 ? before : slice[at - 1]) !== cr) bare += 1
  }
  if (bare === 0) return slice
  const out = Buffer.allocUnsafe(slice.length + bare)
  let to = 0
  for (let at = 0; at < slice.length; at += 1) {
    const octet = slice[at] ?? 0
    if (octet === lf && (at === 0 ? before : slice[at - 1]) !== cr) out[to++] = cr
    out[to++] = octet
  }
  return out
}
