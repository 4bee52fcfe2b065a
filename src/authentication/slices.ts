/** A message's octets for the library: in slices, with even line ends, and never an endless line. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RawMessage } from '../message.ts'

const sliceOctets = 64 * 1024
const lineLimit = 1024 * 1024

/** A line that no mail has (RFC 5322 section 2.1.1 allows 998 octets); the library's cost grows with its square. */
export class LineTooLong extends Error {}

/**
 * The octets in slices with a pause between, so that hashing a large message does not hold the process. Bare LF
 * becomes CRLF here as the library itself would have it, only line by line and far more slowly.
 */
export async function* slices(raw: RawMessage): AsyncGenerator<Buffer> {
  let first = true
  let last = 0
  let lineOctets = 0
  for await (const chunk of raw.chunks()) {
    for (let at = 0; at < chunk.length; at += sliceOctets) {
      if (!first) await nextTurn()
      first = false
      const part = chunk.subarray(at, at + sliceOctets)
      const slice = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
      const feed = slice.lastIndexOf(lf)
      lineOctets = feed < 0 ? lineOctets + slice.length : slice.length - feed - 1
      if (lineOctets > lineLimit) throw new LineTooLong()
      yield withCrlf(slice, last)
      last = slice[slice.length - 1] ?? last
    }
  }
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
