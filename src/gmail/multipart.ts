/**
 * The body of Gmail's multipart upload (uploadType=multipart): multipart/related, a JSON part and the raw message.
 * The message part has no Content-Transfer-Encoding and its octets are never touched: by RFC 2046 section 5.1.1 the
 * CRLF before a delimiter belongs to the delimiter, so a message without a final CRLF stays so, and NUL or 8-bit
 * octets travel as they are (an HTTP body is 8-bit clean).
 */
import { createHash, randomBytes } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import type { HttpBody } from '../base/http.ts'
import type { RawMessage } from '../message/message.ts'

/** @returns asked for each chunk in turn: whether `needle` has occurred, also across chunks; holds no more than that of them */
function searchChunks(needle: Buffer): (chunk: Uint8Array) => boolean {
  const overlap = needle.length - 1
  let tail: Buffer = Buffer.alloc(0)
  return chunk => {
    const here = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (here.includes(needle)) return true
    const seam = Buffer.concat([tail, here.subarray(0, overlap)])
    if (tail.length > 0 && seam.includes(needle)) return true
    tail = Buffer.from(here.length >= overlap ? here.subarray(-overlap) : seam.subarray(-overlap))
    return false
  }
}

/** A boundary of 128 random bits, which nobody can foresee; that it does not occur is seen while the message passes. */
export const chooseBoundary = (): string => `hikyaku-${randomBytes(16).toString('hex')}`

export interface Framed extends HttpBody {
  readonly contentType: string
  /** SHA-256 of the message octets that left, lower-case hexadecimal; known once chunks() came to its end. */
  sentSha256(): string | undefined
}

/**
 * Frames a message for upload, in one reading. While the octets pass they are counted, digested and searched for the
 * boundary; where they turn out not to be the ones that were retrieved, or to hold it, `chunks()` throws before the
 * closing delimiter, so that the request cannot become complete.
 * @param metadata the Message resource of the JSON part, e.g. `{ labelIds: [...] }`
 * @throws Fault state.io (scope message, retrieve it again) from `chunks()`
 */
export function frameMultipart(raw: RawMessage, metadata: object, boundary: string): Framed {
  const head = Buffer.from(
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n` +
      `--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n`,
  )
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  let sha256: string | undefined
  return {
    octets: head.length + raw.octets + end.length,
    contentType: `multipart/related; boundary=${boundary}`,
    sentSha256: () => sha256,
    async *chunks() {
      sha256 = undefined
      const digest = createHash('sha256')
      const holdsBoundary = searchChunks(Buffer.from(boundary))
      let octets = 0
      yield head
      for await (const chunk of raw.chunks('until-next')) {
        octets += chunk.length
        if (octets > raw.octets) throw changed(`more than ${raw.octets} octets`)
        if (holdsBoundary(chunk)) throw torn('the boundary stands in the message')
        digest.update(chunk)
        yield chunk
      }
      if (octets !== raw.octets) throw changed(`${octets} octets, not ${raw.octets}`)
      const sent = digest.digest('hex')
      if (sent !== raw.sha256) throw changed('other octets')
      sha256 = sent
      yield end
    },
  }
}

const torn = (what: string): Fault =>
  new Fault('state.io', { scope: 'message', facts: { what, phase: 'upload' } })

const changed = (what: string): Fault => torn(`the message kept here is not what was retrieved: ${what}`)
