/**
 * Facts read from a header section. Reading only: nothing here is ever written back into a message.
 * Octets are read as Latin-1, so every octet is one character and nothing is lost or refused.
 *
 * A stranger wrote it, and this runs on the thread that carries all mail: one pass over the octets, and whatever is
 * done with a value is linear in it.
 */
import { createHash } from 'node:crypto'

export interface HeaderFacts {
  /** SHA-256 of the header section: evidence of identity. */
  readonly sha256: string
  /** The first Message-ID (RFC 5322 section 3.6.4), angle brackets included; undefined where there is none. */
  readonly messageId: string | undefined
  /** When the receiving host wrote its topmost Received line, else the Date; ms since 1970. */
  readonly arrivedAtMs: number | undefined
  /** A mailbox format's own bookkeeping that some POP3 servers serve as if it were mail. */
  readonly pseudo: boolean
}

export function readHeader(header: Uint8Array): HeaderFacts {
  const octets = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  const fields = fieldValues(octets, ['received', 'message-id', 'date', 'subject', 'x-imap', 'x-imapbase'])
  const received = fields.get('received')
  return {
    sha256: createHash('sha256').update(octets).digest('hex'),
    messageId: messageId(fields.get('message-id')),
    arrivedAtMs: dateOf(received?.slice(received.lastIndexOf(';') + 1)) ?? dateOf(fields.get('date')),
    pseudo:
      (fields.has('x-imap') || fields.has('x-imapbase')) &&
      /FOLDER INTERNAL DATA/i.test(fields.get('subject') ?? ''),
  }
}

/** The first field of this name (lower case), unfolded and trimmed; undefined where there is none. */
export function fieldValue(header: Buffer, name: string): string | undefined {
  return fieldValues(header, [name]).get(name)
}

const lf = 0x0a
const colon = 0x3a
const isBlank = (octet: number | undefined): boolean => octet === 0x20 || octet === 0x09

/** The first field of each of these names (lower case), unfolded and trimmed. */
function fieldValues(header: Buffer, names: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const longest = Math.max(...names.map(name => name.length))
  for (let at = 0; at < header.length && values.size < names.length; ) {
    // A field's name begins at a line's begin (RFC 5322 section 2.2); folded lines begin with white space.
    const nameEnd = endOfName(header, at, at + longest)
    let valueAt = nameEnd
    while (isBlank(header[valueAt])) valueAt += 1
    const name = header[valueAt] === colon ? header.toString('latin1', at, nameEnd).toLowerCase() : ''
    const end = endOfField(header, at)
    if (names.includes(name) && !values.has(name)) {
      const value = header.toString('latin1', valueAt + 1, end)
      values.set(name, value.replace(/\r?\n(?=[ \t])/g, '').trim())
    }
    at = end + 1
  }
  return values
}

/** Past the last octet at `at` that may belong to a name; `limit` at most. */
function endOfName(header: Buffer, at: number, limit: number): number {
  let end = at
  while (end < limit && end < header.length) {
    const octet = header[end] ?? 0
    if (octet === colon || octet < 0x21 || octet > 0x7e) break
    end += 1
  }
  return end
}

/** The line feed that ends the field, or the end of the header. */
function endOfField(header: Buffer, at: number): number {
  for (let from = at; ; ) {
    const feed = header.indexOf(lf, from)
    if (feed < 0) return header.length
    if (!isBlank(header[feed + 1])) return feed
    from = feed + 1
  }
}

function messageId(value: string | undefined): string | undefined {
  const found = /<[^<>\s]+>/.exec(value ?? '')?.[0] ?? value
  return found === undefined || found === '' || found.length > 998 ? undefined : found
}

/** No date that anybody writes is longer; what a parser makes of more is not known. */
const dateChars = 200

function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  // Comments such as "(JST)" are not part of the date.
  const date = text.replace(/\([^()]*\)/g, '').trim()
  const ms = date.length > dateChars ? Number.NaN : Date.parse(date)
  return Number.isNaN(ms) ? undefined : ms
}
