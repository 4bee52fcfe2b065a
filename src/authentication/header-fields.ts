/**
 * The fields of a raw header section, as octets. Nothing is decoded, repaired or unfolded here: a fold stays in
 * the value and counts as white space to whoever reads it (RFC 5322 section 2.2.3).
 *
 * Everything in this room reads hostile input: one pass over the octets, no regular expression over a whole
 * header, every kept text has a bound.
 */

/** One header field. `index` is its place from the top, 0 first. */
export interface HeaderField {
  readonly index: number
  /** Lower case. */
  readonly name: string
  /** The octets after the colon up to the field's end, folds included. */
  readonly value: Buffer
}

/**
 * The most octets of a header section that are given to readFields. Servers write on top (RFC 5321 section 4.4), so what the
 * receiving host wrote is among them.
 */
export const headerOctetsLimit = 64 * 1024
/** The longest field name that is taken for one; the longest that this room looks for has 26 octets. */
const nameLimit = 80

const lf = 0x0a
const cr = 0x0d
const colon = 0x3a

const isWhite = (octet: number | undefined): boolean => octet === 0x20 || octet === 0x09

/**
 * The fields whose lower-case name is in `wanted`, from the top to the empty line (or the end). Linear in the
 * octets. Lines that are no field (an mbox `From ` line, rubbish) are passed over but counted in `index`.
 */
export function readFields(header: Buffer, wanted: ReadonlySet<string>): readonly HeaderField[] {
  const fields: HeaderField[] = []
  const end = header.length
  let index = 0
  for (let at = 0; at < end; index += 1) {
    const first = header[at]
    if (first === lf || (first === cr && header[at + 1] === lf)) break
    const fieldEnd = endOfField(header, at, end)
    const name = fieldName(header, at, fieldEnd)
    if (name !== undefined && wanted.has(name.text)) {
      fields.push({
        index,
        name: name.text,
        value: header.subarray(name.valueAt, trimEnd(header, name.valueAt, fieldEnd)),
      })
    }
    at = fieldEnd
  }
  return fields
}

/** Past the last line feed of the field that starts at `at`: a line that starts with white space continues it. */
function endOfField(header: Buffer, at: number, end: number): number {
  for (let from = at; ; ) {
    const feed = header.indexOf(lf, from)
    if (feed < 0 || feed + 1 >= end) return end
    if (!isWhite(header[feed + 1])) return feed + 1
    from = feed + 1
  }
}

function fieldName(header: Buffer, at: number, end: number): { text: string; valueAt: number } | undefined {
  const stop = Math.min(end, at + nameLimit)
  let nameEnd = at
  for (; nameEnd < stop; nameEnd += 1) {
    const octet = header[nameEnd] ?? 0
    // RFC 5322 section 2.2: a field name is made of printable US-ASCII without the colon.
    if (octet === colon || octet < 0x21 || octet > 0x7e) break
  }
  let valueAt = nameEnd
  while (valueAt < stop && isWhite(header[valueAt])) valueAt += 1
  if (nameEnd === at || header[valueAt] !== colon) return undefined
  return { text: header.toString('latin1', at, nameEnd).toLowerCase(), valueAt: valueAt + 1 }
}

function trimEnd(header: Buffer, from: number, to: number): number {
  let end = to
  while (end > from && (header[end - 1] === lf || header[end - 1] === cr)) end -= 1
  return end
}
