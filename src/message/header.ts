/**
 * Facts read from a header section. Reading only: nothing here is ever written back into a message.
 * Octets are read as Latin-1, so every octet is one character and nothing is lost or refused.
 *
 * A stranger wrote it, and this runs on the thread that carries all mail: one pass over the octets, and whatever is
 * done with a value is linear in it.
 */
import { hash } from 'node:crypto'
import { instantOf } from '../base/arrival.ts'

export interface HeaderFacts {
  /** SHA-256 of the header section without the lines that servers keep for themselves: evidence of identity. */
  readonly sha256: string
  /** SHA-256 of the whole section, which is what journals held before. */
  readonly wholeSha256: string
  /** How much of the section the lines are that servers keep for themselves. */
  readonly keptOctets: number
  readonly keptLines: number
  /** The first Message-ID (RFC 5322 section 3.6.4), angle brackets included; undefined where there is none. */
  readonly messageId: string | undefined
  /** When the receiving host wrote its topmost Received line, else the Date; ms since 1970. */
  readonly arrivedAtMs: number | undefined
  /** All that may say when it arrived, the best first, ms since 1970: the topmost Received line, the Date. */
  readonly arrivals: readonly number[]
  /** A mailbox format's own bookkeeping that some POP3 servers serve as if it were mail. */
  readonly pseudo: boolean
}

export function readHeader(header: Uint8Array): HeaderFacts {
  const octets = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  const { values: fields, kept } = readFields(octets, factNames)
  const received = fields.get('received')
  const wholeSha256 = digestOf(octets)
  const arrivals = [received?.slice(received.lastIndexOf(';') + 1), fields.get('date')].flatMap(
    text => readDateMs(text) ?? [],
  )
  return {
    sha256: kept.octets === 0 ? wholeSha256 : digestOf(kept.bare),
    wholeSha256,
    keptOctets: kept.octets,
    keptLines: kept.lines,
    messageId: messageId(fields.get('message-id')),
    arrivedAtMs: arrivals[0],
    arrivals,
    pseudo:
      (fields.has('x-imap') || fields.has('x-imapbase')) &&
      /FOLDER INTERNAL DATA/i.test(fields.get('subject') ?? ''),
  }
}

const digestOf = (octets: Buffer): string => hash('sha256', octets)

/**
 * Fields that a server writes into stored mail for its own bookkeeping and changes as it likes: mbox flags and numbers
 * (UW c-client, GNU mailutils, qpopper, mutt), and Mozilla's in files that it shares.
 */
const keptNames = new Set([
  'x-uidl',
  'status',
  'x-status',
  'x-uid',
  'x-imap',
  'x-imapbase',
  'x-keywords',
  'content-length',
])
const isKept = (name: string): boolean => keptNames.has(name) || name.startsWith('x-mozilla-')
/** No name that is asked for is longer. */
const longestName = 64

/** A header section without such fields, folded lines included; how many octets and lines they are. */
export const withoutKeptLines = (header: Buffer): Kept => readFields(header, noNames).kept

const noNames: ReadonlySet<string> = new Set()
const factNames = new Set(['received', 'message-id', 'date', 'subject', 'x-imap', 'x-imapbase'])

interface Kept {
  readonly bare: Buffer
  readonly octets: number
  readonly lines: number
}

/** In one pass, and what the first field of each of these names (lower case) says. */
function readFields(
  header: Buffer,
  names: ReadonlySet<string>,
): { readonly values: ReadonlyMap<string, string>; readonly kept: Kept } {
  const values = new Map<string, string>()
  const pieces: Buffer[] = []
  let from = 0
  let lines = 0
  let octets = 0
  for (let at = 0; at < header.length; ) {
    const name = nameOfField(header, at, longestName)
    const last = endOfField(header, at)
    const end = Math.min(header.length, last + 1)
    if (names.has(name) && !values.has(name)) values.set(name, bodyOfField(header, at, last))
    if (isKept(name)) {
      if (at > from) pieces.push(header.subarray(from, at))
      for (let feed = header.indexOf(lf, at); feed >= 0 && feed < end; feed = header.indexOf(lf, feed + 1))
        lines += 1
      octets += end - at
      from = end
    }
    at = end
  }
  const bare = octets === 0 ? header : Buffer.concat([...pieces, header.subarray(from)])
  return { values, kept: { bare, octets, lines } }
}

/** The first field of this name (lower case), unfolded and trimmed; undefined where there is none. */
export function fieldValue(header: Buffer, name: string): string | undefined {
  const [field] = fieldsNamed(header, new Set([name]))
  return field?.value
}

const lf = 0x0a
const colon = 0x3a
const isBlank = (octet: number | undefined): boolean => octet === 0x20 || octet === 0x09

export interface HeaderField {
  /** Lower case. */
  readonly name: string
  /** Unfolded and trimmed, octets as Latin-1. */
  readonly value: string
  /** The section goes on behind it: it is not cut. */
  readonly isWhole: boolean
}

/** Each field of these names (lower case), in the order of the section. */
export function* fieldsNamed(header: Buffer, names: ReadonlySet<string>): Generator<HeaderField, void> {
  const longest = [...names].reduce((most, { length }) => Math.max(most, length), 0)
  for (let at = 0; at < header.length; ) {
    // A field's name begins at a line's begin (RFC 5322 section 2.2); folded lines begin with white space.
    const name = nameOfField(header, at, longest)
    const end = endOfField(header, at)
    if (names.has(name)) {
      yield { name, value: bodyOfField(header, at, end), isWhole: end + 1 < header.length }
    }
    at = end + 1
  }
}

/** What stands behind the colon, unfolded and trimmed. */
const bodyOfField = (header: Buffer, at: number, end: number): string =>
  header
    .toString('latin1', header.indexOf(colon, at) + 1, end)
    .replace(/\r?\n(?=[ \t])/g, '')
    .trim()

/** The name (lower case) of the field that begins at `at`; '' where it has none or a longer one. */
function nameOfField(header: Buffer, at: number, longest: number): string {
  const nameEnd = endOfName(header, at, at + longest)
  let colonAt = nameEnd
  while (isBlank(header[colonAt])) colonAt += 1
  return header[colonAt] === colon ? header.toString('latin1', at, nameEnd).toLowerCase() : ''
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
  const messageId = /<[^<>\s]+>/.exec(value ?? '')?.[0] ?? value
  return messageId === undefined || messageId === '' || messageId.length > 998 ? undefined : messageId
}

/** No date that anybody writes is longer; what a parser makes of more is not known. */
const dateChars = 200

/** RFC 5322 section 3.3, with what stands in its place in real mail: no day of the week, no seconds. */
const dateTime =
  /^(?:[a-z]{3,9}\.?,? +)?(\d{1,2}) +([a-z]{3,9})\.?,? +(\d{2,4}) +(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?: +(\S+))?/i
/** RFC 5322 section 4.3; others count as UTC there. */
const zoneNames: Readonly<Record<string, string>> = {
  EDT: '-0400',
  EST: '-0500',
  CDT: '-0500',
  CST: '-0600',
  MDT: '-0600',
  MST: '-0700',
  PDT: '-0700',
  PST: '-0800',
  JST: '+0900',
}

/** The instant that a date of a header names, ms since 1970; undefined for none and for what no calendar shows. */
export function readDateMs(text: string | undefined): number | undefined {
  if (text === undefined || text.length > dateChars) return undefined
  // Comments such as "(JST)" are not part of the date.
  const date = text
    .replace(/\([^()]*\)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const parts = dateTime.exec(date)
  if (parts === null) {
    // Other notations, as far as they name year, day and time: of less a parser makes what it likes.
    const ms =
      /\d{4}.*\d:\d\d|\d:\d\d.*\d{4}/.test(date) && !/[+-]\d{4}$/.test(date) ? Date.parse(date) : Number.NaN
    return Number.isNaN(ms) ? undefined : ms
  }
  const [, day, month = '', digits = '', hour, minute, second = '0', zone = ''] = parts
  const short = Number(digits)
  // RFC 5322 section 4.3: years of two and three digits.
  const year = digits.length === 4 ? short : short + (digits.length === 2 && short < 50 ? 2000 : 1900)
  return instantOf({
    day: Number(day),
    month,
    year,
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    zone: /^[+-]\d/.test(zone) ? zone : (zoneNames[zone.toUpperCase()] ?? '+0000'),
  })
}
