/**
 * A quick look at what came: one FETCH behind the last UID that was listed, with the octets of small messages, which
 * leaves in one packet with the DONE of the IDLE that told of it. It is believed only where everything fits together;
 * otherwise, and every now and then, the whole folder is listed. Nothing follows from what it does not show.
 */
import { imapAllowance, kib } from './budget.ts'
import { makeListed } from './imap-listing.ts'
import type { FetchRow } from './imap-parse.ts'
import type { ImapTurns, Looked } from './imap-turns.ts'
import type { Listed, Listing } from './source.ts'

/** A message of fewer octets is complete with the first answer. */
const windowOctets = 64 * kib
/** More at once are listed as a whole. */
const mostNews = 16
/** So many UIDs are asked for: where others left EXISTS does not tell how many came, and the allowance has an end. */
const askedUids = 4 * mostNews
const greatestUid = 0xffffffff
/** The whole folder is listed so often at least, ms, whoever tells of news. */
const wholeEveryMs = 15 * 60_000

export interface News {
  readonly listing: Listing
  /** Whole messages by UID. */
  readonly bodies: ReadonlyMap<number, Buffer>
}

/** Whether what was seen on this connection allows it. */
export function mayLook({ looked, selected, exists, connection }: ImapTurns): boolean {
  return (
    looked !== undefined &&
    selected?.name === looked.folder &&
    selected.validity === looked.validity &&
    exists - looked.count <= mostNews &&
    connection.clock.monotonicMs() - looked.listedMs < wholeEveryMs
  )
}

/**
 * Undefined where it shows nothing, or something that does not fit. Faults: those of the connection.
 * @param onAsked is called when the question has left
 */
export async function lookForNews(
  turns: ImapTurns,
  signal: AbortSignal,
  onAsked: () => void = () => {},
): Promise<News | undefined> {
  const { looked, connection } = turns
  if (looked === undefined) return undefined
  // Whatever comes of it: until it is understood the next look is one at the whole folder.
  turns.forget(looked.folder)
  const rows = new Map<number, FetchRow>()
  let isOdd = false
  const take = (row: FetchRow): void => {
    // Rows of others come unasked (RFC 9051 section 7.5.2).
    if (row.uid === undefined || row.uid < looked.uidNext) return
    const isWhole = row.flags !== undefined && row.size !== undefined && row.arrivedAtMs !== undefined
    if (!isWhole || rows.has(row.uid)) isOdd = true
    rows.set(row.uid, row)
  }
  let { exists } = turns
  const onTold = (word: string, number: string): void => {
    if (word === 'EXISTS') exists = Math.max(exists, Number(number))
    if (word === 'UIDVALIDITY') isOdd = true
  }
  const last = Math.min(looked.uidNext + askedUids - 1, greatestUid)
  const items = `UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.${windowOctets}>`
  const question = { commands: [`UID FETCH ${looked.uidNext}:${last} (${items})`], onRow: take, onTold }
  const limits = {
    phase: 'list',
    facts: { folder: looked.folder },
    allowance: imapAllowance.news(askedUids, windowOctets, connection.exists),
  }
  const [refused] = await turns.askBehindDone(signal, behindDone => {
    const answer = connection.fetchRows(question, { ...limits, behindDone }, signal)
    onAsked()
    return answer
  })
  // What stands behind those that were asked for is for the listing.
  const hasMore = rows.has(last) || Math.max(exists, turns.exists) - looked.count > rows.size
  if (refused !== undefined || isOdd || hasMore || rows.size === 0) return undefined
  return newsOf(turns, looked, [...rows.values()])
}

function newsOf(turns: ImapTurns, looked: Looked, rows: readonly FetchRow[]): News {
  const { folder, validity } = looked
  const nowMs = turns.connection.clock.nowMs()
  const entries: Listed[] = []
  const bodies = new Map<number, Buffer>()
  for (const row of rows.toSorted((a, b) => (a.uid ?? 0) - (b.uid ?? 0))) {
    const { uid = 0, size, body } = row
    entries.push(makeListed(folder, validity, uid, row, nowMs))
    const octets = body?.octets
    // The size is a hint; only where both agree no second question is needed.
    const isWhole = octets !== undefined && octets.length > 0 && octets.length < windowOctets
    if (isWhole && octets.length === size && (body?.origin ?? 0) === 0) bodies.set(uid, octets)
  }
  const uidNext = Math.max(looked.uidNext, ...entries.map(({ handle }) => handle + 1))
  const count = looked.count + entries.length
  turns.listed.set(folder, { ...looked, uidNext, count, isRecorded: false })
  return { listing: { folder, entries, isNews: true }, bodies }
}
