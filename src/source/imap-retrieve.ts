/**
 * Retrieving one message's exact octets with bounded memory. imapflow gives a literal only when it is whole, so a
 * message is asked for in windows: `UID FETCH u (... BODY.PEEK[]<from.length>)`. One FETCH is enough for every
 * message that is smaller than a window. A body is immutable under its UID and UIDVALIDITY (RFC 9051 section
 * 2.3.1.1), and every answer must carry that UID, the origin asked for, and the size and date of the first one:
 * octets of two messages are never put together.
 */
import { Fault, type FaultCode } from '../base/fault.ts'
import type { OctetSink } from '../message/message.ts'
import { imapAllowance, messageOctets, mib } from './budget.ts'
import { longestLiteral } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import type { FetchedBody, FetchRow } from './imap-parse.ts'
import { wholeMs } from './pace.ts'
import type { Listed } from './source.ts'

/** While one is written the next one is on its way. */
const windowOctets = mib
const longestHeader = 256 * 1024

type Item = 'body' | 'header'

interface Asked {
  readonly item: Item | undefined
  readonly from: number
  readonly length: number
  /** The instant (monotonic, ms) until which the answer must be whole. */
  readonly untilMs?: number
}

/** The rows of the message that was asked for, and whether a body came for another one. */
interface Answer {
  readonly rows: readonly FetchRow[]
  readonly foreign: boolean
}

/**
 * What a window may bring: itself, or the whole message where the server knows no windows, as long as that can be
 * held in memory.
 */
function windowAllowance(entry: Listed, length: number): number {
  const whole = Math.min(messageOctets(entry.octets), longestLiteral)
  return Math.max(length + 64 * 1024, whole)
}

/** Asks for one message; rows of others are passed over. Throws Refused, and the connection's faults. */
async function fetchOne(
  connection: ImapConnection,
  entry: Listed,
  { item, from, length, untilMs }: Asked,
  signal: AbortSignal,
): Promise<Answer> {
  const rows: FetchRow[] = []
  let foreign = false
  const section = item === 'header' ? 'HEADER' : ''
  const items =
    item === undefined ? 'UID' : `UID RFC822.SIZE INTERNALDATE BODY.PEEK[${section}]<${from}.${length}>`
  const octets = item === undefined ? 0 : windowAllowance(entry, length)
  const onRow = (row: FetchRow): void => {
    if (row.uid === entry.handle) rows.push(row)
    else foreign ||= row.body !== undefined
  }
  const [refused] = await connection.fetchRows(
    { commands: [`UID FETCH ${entry.handle} (${items})`], onRow },
    {
      phase: 'retrieve',
      facts: { folder: entry.folder },
      allowance: imapAllowance.body(octets, connection.exists),
      untilMs,
    },
    signal,
  )
  if (refused !== undefined) throw refused
  return { rows, foreign }
}

/** Whether the message is still there: a second question, because an answer without a body has many causes. */
async function hasMessage(connection: ImapConnection, entry: Listed, signal: AbortSignal): Promise<boolean> {
  try {
    const { rows } = await fetchOne(connection, entry, { item: undefined, from: 0, length: 0 }, signal)
    return rows.length > 0
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

const messageFault = (code: FaultCode, entry: Listed, reason: string, cause?: unknown): Fault =>
  new Fault(code, {
    facts: { folder: entry.folder, reason, ...(entry.uid === undefined ? {} : { uid: entry.uid }) },
    cause,
  })

interface Window {
  readonly row: FetchRow
  readonly body: FetchedBody
  readonly octets: Buffer
}

/** One window, proved to be of this message, or undefined where the server has no more to give there. */
async function fetchWindow(
  connection: ImapConnection,
  entry: Listed,
  from: number,
  untilMs: number,
  signal: AbortSignal,
): Promise<Window | undefined> {
  const asked = { item: 'body', from, length: windowOctets, untilMs } as const
  const { rows, foreign } = await fetchOne(connection, entry, asked, signal)
  const bodies = rows.filter(row => row.body !== undefined)
  const [row] = bodies
  if (bodies.length > 1 || (foreign && bodies.length === 0)) {
    throw messageFault('message.not-retrieved', entry, 'the answer is of another message')
  }
  if (row?.body === undefined) return undefined
  const { octets, reason, origin } = row.body
  if (octets === undefined) {
    if (reason === 'nil') return undefined
    throw messageFault('message.not-retrieved', entry, 'a quoted string that is not ASCII')
  }
  if (origin !== undefined && (origin !== from || octets.length > windowOctets)) {
    throw messageFault('message.not-retrieved', entry, 'another part than asked for')
  }
  return { row, body: row.body, octets }
}

/** Nothing came at the first octet: gone, empty, or withheld. Nothing of this is ever imported. */
async function judgeNothing(
  connection: ImapConnection,
  entry: Listed,
  signal: AbortSignal,
  cause?: unknown,
): Promise<Fault> {
  const there = await hasMessage(connection, entry, signal)
  if (!there) return messageFault('message.gone', entry, 'expunged', cause)
  return messageFault('message.not-retrieved', entry, 'no body in the answer', cause)
}

/**
 * Writes the message to `sink`; see SourceSession.retrieve. The length of the literals is the truth; RFC822.SIZE
 * is a hint (Exchange and others are wrong) that saves the question whether more is to come.
 */
export async function retrieveMessage(
  connection: ImapConnection,
  entry: Listed,
  sink: OctetSink,
  signal: AbortSignal,
): Promise<number> {
  const { clock, deadlines } = connection
  let total = 0
  let first: FetchRow | undefined
  let beganMs = clock.monotonicMs()
  // What an earlier command met is not this message's fault.
  connection.assertOpen()
  const ask = (from: number): Promise<Window | undefined> => {
    const announced = first?.size ?? entry.octets ?? Number.POSITIVE_INFINITY
    const expected = Math.min(from + windowOctets, Math.max(from, announced))
    const window = fetchWindow(connection, entry, from, beganMs + wholeMs(expected, deadlines), signal)
    // It may be on its way while the one before is written.
    window.catch(() => {})
    return window
  }
  let coming = ask(0)
  for (;;) {
    let window: Window | undefined
    try {
      window = await coming
    } catch (error) {
      throw await explainRefusal(connection, entry, error, total, signal)
    }
    if (window === undefined || window.octets.length === 0) {
      if (total === 0) {
        if (window !== undefined) throw messageFault('message.empty', entry, 'no octets')
        throw await judgeNothing(connection, entry, signal)
      }
      // The end is proved by an answer without octets, and only for a message that is there still.
      if (window === undefined && !(await hasMessage(connection, entry, signal))) {
        throw messageFault('message.gone', entry, 'expunged while it was read')
      }
      return total
    }
    const { row, body, octets } = window
    if (first !== undefined && (first.size !== row.size || first.arrivedAtMs !== row.arrivedAtMs)) {
      throw messageFault('message.not-retrieved', entry, 'another message under the same UID')
    }
    const whole = body.origin === undefined
    if (whole && total > 0) throw messageFault('message.not-retrieved', entry, 'partial FETCH is ignored')
    first ??= row
    total += octets.length
    if (total > messageOctets(first.size ?? entry.octets)) {
      const announced = first.size ?? entry.octets ?? 0
      const facts = { folder: entry.folder, octets: total, announced }
      throw new Fault('message.over-announced', { facts })
    }
    // BODY[] without an origin is the whole section, unless it fills the window exactly and the size says no.
    const isEnd = whole
      ? octets.length !== windowOctets || row.size === undefined || row.size <= total
      : octets.length < windowOctets && row.size === total
    if (!isEnd) coming = ask(total)
    const heldMs = clock.monotonicMs()
    try {
      await sink.write(octets)
      signal.throwIfAborted()
    } catch (error) {
      // Half an answer may be on its way: the session is for others only behind it.
      if (!isEnd) await coming.catch(() => {})
      throw error
    }
    if (isEnd) return total
    // The time that we took is not the server's.
    beganMs += clock.monotonicMs() - heldMs
  }
}

/** How a connection ends at a message that may be what ends it. */
export const blamable: readonly FaultCode[] = [
  'source.connection-lost',
  'source.timeout',
  'source.over-budget',
]

/** What a failed window means for this message. */
async function explainRefusal(
  connection: ImapConnection,
  entry: Listed,
  error: unknown,
  total: number,
  signal: AbortSignal,
): Promise<unknown> {
  if (isRefused(error)) {
    const refusal = connection.refusal(error, { folder: entry.folder, phase: 'retrieve' })
    if (
      refusal.scope === 'mailbox' &&
      refusal.code !== 'source.server-temporary' &&
      refusal.code !== 'source.protocol'
    ) {
      return refusal
    }
    if (total > 0) return messageFault('message.not-retrieved', entry, error.words, error)
    const fault = await judgeNothing(connection, entry, signal, error)
    return new Fault(fault.code, { facts: { ...fault.facts, words: error.words }, cause: error })
  }
  // A literal beyond our bound ends the connection, but it is this one message that is at fault: were it a fault
  // of the mailbox, the messages behind it would never be reached.
  const isTooLarge = error instanceof Fault && error.code === 'source.over-budget'
  if (isTooLarge && error.facts.what === 'literal') {
    return messageFault('message.not-retrieved', entry, 'announced larger than can be held', error)
  }
  // So it is where the server hangs up, falls silent or never ends at this message, perhaps each time anew. Where it
  // was the network after all, one message comes a little later.
  if (error instanceof Fault && blamable.includes(error.code)) {
    return new Fault(error.code, { scope: 'message', retry: 'later', facts: error.facts, cause: error })
  }
  return error
}

/** BODY.PEEK[HEADER], at most 256 KiB; undefined where the server has none to give. */
export async function peekMessageHeader(
  connection: ImapConnection,
  entry: Listed,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  try {
    const asked = { item: 'header', from: 0, length: longestHeader } as const
    const { rows } = await fetchOne(connection, entry, asked, signal)
    const header = rows.find(row => row.header !== undefined)?.header?.octets
    return header === undefined || header.length === 0 ? undefined : header.subarray(0, longestHeader)
  } catch (error) {
    if (isRefused(error)) return undefined
    // A server that never ends is blamed on the message that it was at.
    if (error instanceof Fault && error.code === 'source.over-budget')
      throw new Fault(error.code, { scope: 'message', facts: error.facts, cause: error })
    throw error
  }
}
