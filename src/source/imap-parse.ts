/** Reading what imapflow's parser makes of IMAP responses, and writing UID sets. No I/O. */
import type { ImapAttribute, ImapResponse } from 'imapflow'
import { instantOf } from '../base/arrival.ts'

/** One FETCH row, with only what it really held: servers mix in rows that nobody asked for (RFC 9051 section 7.5.2). */
export interface FetchRow {
  readonly uid: number | undefined
  readonly flags: readonly string[] | undefined
  readonly arrivedAtMs: number | undefined
  readonly size: number | undefined
  readonly body: FetchedBody | undefined
  readonly header: FetchedBody | undefined
}

export interface FetchedBody {
  /** undefined: NIL, or a quoted string that cannot be trusted to be exact. */
  readonly octets: Buffer | undefined
  readonly reason: 'nil' | 'quoted' | undefined
  /** `BODY[]<origin>`; undefined where the server answered the whole section. */
  readonly origin: number | undefined
}

export const readText = (node: ImapAttribute | undefined): string | undefined => {
  const value = node?.value
  if (typeof value === 'string') return value
  return Buffer.isBuffer(value) ? value.toString('latin1') : undefined
}

/** A number of at most 2^32 - 1 (RFC 9051 section 9, `number`), or undefined. */
export function readNumber32(node: ImapAttribute | undefined): number | undefined {
  const digits = readText(node)
  if (digits === undefined || !/^\d{1,10}$/.test(digits)) return undefined
  const value = Number(digits)
  return value <= 0xffffffff ? value : undefined
}

/**
 * UIDVALIDITY as it came, without leading zeros; undefined for none, 0 and nonsense. Nothing is computed with it: a
 * number that stays the same keeps its promise also where it has more than 32 bits or a sign (seen on real servers).
 */
export function readValidity(written: string | undefined): string | undefined {
  const [, sign = '', digits = ''] = /^(-?)0*([1-9]\d{0,63})$/.exec(written ?? '') ?? []
  return digits === '' ? undefined : sign + digits
}

/** RFC822.SIZE may be larger than 32 bits (RFC 9051 section 9, `number64`). */
function readNumber64(node: ImapAttribute | undefined): number | undefined {
  const digits = readText(node)
  return digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
}

function readBody(key: ImapAttribute, value: ImapAttribute | undefined): FetchedBody {
  const origin = key?.partial?.[0]
  const content = value?.value
  if (Buffer.isBuffer(content)) return { octets: content, reason: undefined, origin }
  if (typeof content !== 'string') return { octets: undefined, reason: 'nil', origin }
  // The parser decoded the quoted string as UTF-8, so anything but ASCII may no longer be what was sent.
  const exact = /^[\x01-\x7f]*$/.test(content)
  return exact
    ? { octets: Buffer.from(content, 'latin1'), reason: undefined, origin }
    : { octets: undefined, reason: 'quoted', origin }
}

/** A row that nothing was read of yet. */
export const makeEmptyRow = (): { -readonly [key in keyof FetchRow]: FetchRow[key] } => ({
  uid: undefined,
  flags: undefined,
  arrivedAtMs: undefined,
  size: undefined,
  body: undefined,
  header: undefined,
})

export function readFetchRow(response: ImapResponse): FetchRow {
  const list = response.attributes?.[1]
  const row = makeEmptyRow()
  if (!Array.isArray(list)) return row
  for (let at = 0; at + 1 < list.length; at += 2) {
    const key = list[at] ?? null
    const value = list[at + 1]
    switch (readText(key)?.toUpperCase()) {
      case 'UID':
        row.uid = readNumber32(value) || undefined
        break
      case 'FLAGS':
        if (Array.isArray(value)) row.flags = value.flatMap(flag => readText(flag) ?? [])
        break
      case 'INTERNALDATE':
        row.arrivedAtMs = readInternalDateMs(readText(value) ?? '')
        break
      case 'RFC822.SIZE':
        row.size = readNumber64(value)
        break
      case 'BODY':
        if (key?.section?.length === 0) row.body = readBody(key, value)
        else if (readText(key?.section?.[0])?.toUpperCase() === 'HEADER') row.header = readBody(key, value)
        break
    }
  }
  return row
}

/**
 * `date-time` (RFC 9051 section 9), e.g. "17-Jul-1996 02:44:25 -0700", in ms since 1970; undefined for nonsense and for
 * what no calendar shows ("00-Jan-0000 00:00:00 +0000").
 */
export function readInternalDateMs(dateTime: string): number | undefined {
  const parts = /^ ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})$/.exec(
    dateTime.trim(),
  )
  if (parts === null) return undefined
  const [, day, month = '', year, hour, minute, second, zone = ''] = parts
  return instantOf({
    day: Number(day),
    month,
    year: Number(year),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    zone,
  })
}

/**
 * Longest sequence set, characters. RFC 2683 section 3.2.1.5: a command line of a client should have at most 1,000
 * octets; servers exist that answer BAD to a longer one, or hang up.
 */
const longestSet = 900

/**
 * UIDs as sequence sets (RFC 9051 section 9) of at most `most` UIDs and `longestSet` characters each: runs become
 * `a:b`, nothing else is named.
 */
export function makeUidSets(uids: readonly number[], most = 500): { set: string; uids: readonly number[] }[] {
  const sorted = [...new Set(uids)].sort((a, b) => a - b)
  const sets: { set: string; uids: readonly number[] }[] = []
  for (let from = 0; from < sorted.length; ) {
    let set = ''
    let at = from
    while (at < sorted.length && at - from < most) {
      const first = sorted[at] ?? 0
      let end = at + 1
      while (end < sorted.length && end - from < most && sorted[end] === first + end - at) end += 1
      const run = end - at === 1 ? `${first}` : `${first}:${first + end - at - 1}`
      if (set.length + 1 + run.length > longestSet) break
      set += set === '' ? run : `,${run}`
      at = end
    }
    sets.push({ set, uids: sorted.slice(from, at) })
    from = at
  }
  return sets
}

/** The value of an untagged `OK [CODE value]`, or undefined where the response has another code. */
export function readOkCode(response: ImapResponse, code: string): string | undefined {
  const section = response.attributes?.[0]?.section
  if (readText(section?.[0])?.toUpperCase() !== code) return undefined
  return readText(section?.[1]) ?? ''
}
