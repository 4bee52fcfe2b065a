/**
 * Evidence of identity without the lines that servers keep for themselves. A server that keeps mail in mbox files
 * (GNU mailutils, the qpopper and UW families) writes X-UIDL, Status, X-UID and the like into the mail when it is first
 * read, and serves them from then on: the same message under the same name with other octets. Such lines say nothing
 * of the message, so a message is *bare* without them, and its bare digest and size are what identity is compared by.
 *
 * What is uploaded is always what the source sent, these lines included.
 */
import { createHash } from 'node:crypto'
import { type HeaderFacts, withoutKeptLines } from './header.ts'
import type { RawMessage } from './message.ts'

/** A message without the lines that servers keep for themselves. */
export interface Bare {
  /** SHA-256, lower-case hexadecimal; the raw message's own where it has no such line. */
  readonly sha256: string
  readonly octets: number
}

/** @param facts of its header section, where that was read */
export async function bareOf(raw: RawMessage, facts?: HeaderFacts): Promise<Bare> {
  if (facts?.keptOctets === 0) return { sha256: raw.sha256, octets: raw.octets }
  const header = await raw.header()
  const { bare, octets } = withoutKeptLines(header)
  if (octets === 0) return { sha256: raw.sha256, octets: raw.octets }
  const hash = createHash('sha256').update(bare)
  let passed = 0
  for await (const chunk of raw.chunks()) {
    hash.update(chunk.subarray(Math.max(0, Math.min(chunk.length, header.length - passed))))
    passed += chunk.length
  }
  return { sha256: hash.digest('hex'), octets: raw.octets - octets }
}

/** What a row keeps of it: `bareSha256` only where it differs; `bareOctets` always, which tells rows of before. */
export const barePatch = (raw: RawMessage, bare: Bare) => ({
  bareSha256: bare.sha256 === raw.sha256 ? null : bare.sha256,
  bareOctets: bare.octets,
})

/** What was kept of a message that was seen before; a row of the journal fits by its shape. */
export interface KeptEvidence {
  readonly sha256: string | undefined
  /** Undefined where it is the same as `sha256`. */
  readonly bareSha256: string | undefined
  readonly headerSha256: string | undefined
  readonly messageId: string | undefined
  readonly octetsListed: number | undefined
  readonly octets: number | undefined
  readonly bareOctets: number | undefined
}

/** The same message but for such lines. */
export function isSameBare(
  row: Pick<KeptEvidence, 'sha256' | 'bareSha256'>,
  bareSha256: string | undefined,
): boolean {
  return bareSha256 !== undefined && (row.bareSha256 ?? row.sha256) === bareSha256
}

/** The same header section but for such lines; rows of before hold the digest of the whole section. */
export function isSameHeader(row: KeptEvidence, header: HeaderFacts): boolean {
  return row.headerSha256 === header.sha256 || row.headerSha256 === header.wholeSha256
}

/** Some servers count a last CRLF, or a line end as one octet. */
const slackOctets = 2
/** Lines that a server may have counted when the message was listed and that are not served any more. */
const mostKeptLines = 8

/**
 * Whether an announced size fits what was announced or retrieved before, such lines put aside. Unknown fits everything.
 * @param header of the message that is announced now
 */
export function sizeFits(row: KeptEvidence, announced: number | undefined, header: HeaderFacts): boolean {
  if (announced === undefined) return true
  const { octets, octetsListed, bareOctets } = row
  if (octets === undefined && octetsListed === undefined) return true
  const near = (known: number | undefined, other: number, slack: number): boolean =>
    known !== undefined && Math.abs(known - other) <= slack
  if (near(octets, announced, slackOctets) || near(octetsListed, announced, slackOctets)) return true
  const keptBefore = octets === undefined || bareOctets === undefined ? 0 : octets - bareOctets
  if (header.keptOctets === 0 && keptBefore === 0) return false
  const bare = announced - header.keptOctets
  const slack = slackOctets + header.keptLines + (keptBefore === 0 ? 0 : mostKeptLines)
  const listedBare = octetsListed === undefined ? undefined : octetsListed - keptBefore
  return near(bareOctets ?? octets, bare, slack) || near(listedBare, bare, slack)
}

/** Lines of before, whose digest a row of before was taken with, are not longer. */
const mostKeptBefore = 1024

/**
 * A row of before, recorded with such lines in its digests, whose message has others by now: its name, its Message-ID
 * and its size are what is left. Good for not importing it again (Gmail would merge it), never for deleting it.
 */
export function isOfBefore(row: KeptEvidence, header: HeaderFacts, announced: number | undefined): boolean {
  if (row.bareOctets !== undefined || row.messageId === undefined) return false
  if (row.messageId !== header.messageId || header.keptOctets === 0) return false
  const before = row.octets ?? row.octetsListed
  return before === undefined || announced === undefined || Math.abs(before - announced) <= mostKeptBefore
}
