/** What stands in the selected folder of an IMAP connection: its UIDs, and what is told of each. */
import { plausibleArrivalMs } from '../base/arrival.ts'
import { inOrder, inSlices } from '../base/in-slices.ts'
import { imapAllowance, mostEntries, overBudget, searchStep } from './budget.ts'
import type { Untagged } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import type { Refused } from './imap-faults.ts'
import type { Selected } from './imap-folders.ts'
import { type FetchRow, makeUidSets, readNumber32, readText } from './imap-parse.ts'
import { plausibleOctets } from './plausible.ts'
import type { Listed } from './source.ts'

/** So many sets of rows are asked for in one packet. */
const setsAtOnce = 8

interface Question {
  readonly facts: { readonly folder: string }
  /** Follows what the server tells while it is asked. */
  readonly count: Count
  /** The instant (monotonic, ms) at which the whole listing must be done. */
  readonly untilMs: number
}

/** How many messages the folder has: EXISTS of SELECT, and what is told of it since (RFC 9051 sections 7.4.1, 7.5.1). */
class Count {
  exists: number | undefined
  readonly untagged: Readonly<Record<'EXISTS' | 'EXPUNGE', Untagged>> = {
    EXISTS: async ({ command }) => this.follow(command, 'EXISTS'),
    EXPUNGE: async ({ command }) => this.follow(command, 'EXPUNGE'),
  }

  constructor(exists: number | undefined) {
    this.exists = exists
  }

  /** An untagged line of a number and a word, such as `23 EXISTS`. */
  follow(number: string | undefined, word: string): void {
    if (word === 'EXISTS') this.exists = readNumber32({ type: 'ATOM', value: number ?? '' })
    else if (word === 'EXPUNGE' && this.exists !== undefined) this.exists = Math.max(0, this.exists - 1)
  }

  /** For allowances, where no count is known. */
  get assumed(): number {
    return this.exists ?? 20_000
  }
}

/** Why a listing is not the whole truth, for the facts of source.listing-unclear. */
export interface Doubt {
  readonly reason: 'listing-line' | 'listing-count'
  readonly words: string
}

interface Uids {
  /** In order. */
  readonly uids: Float64Array
  readonly doubt: Doubt | undefined
}

/**
 * All UIDs of the selected folder. What SEARCH names is held against EXISTS: where it is refused or the two differ (a
 * limit on its results, mail that came or went meanwhile, UIDs that no message has), FETCH 1:* tells which messages
 * there are. Large folders are asked in steps by sequence numbers, so that no line is long.
 */
async function searchUids(connection: ImapConnection, asked: Question, signal: AbortSignal): Promise<Uids> {
  const { facts, count, untilMs } = asked
  const named = new Set<number>()
  let strange: string | undefined
  const takeInto = (uids: Set<number>) => (uid: number | undefined) => {
    if (uid === undefined || !Number.isInteger(uid) || uid <= 0 || uid > 0xffffffff) {
      strange ??= String(uid)
      return
    }
    uids.add(uid)
    if (uids.size > count.assumed * 1.1 + 1000) {
      const fault = overBudget({ ...connection.facts, ...facts, phase: 'list' }, 'lines', count.assumed)
      throw connection.end(fault)
    }
  }
  let refused: Refused | undefined
  try {
    const take = takeInto(named)
    for (let from = 1; from === 1 || from <= (count.exists ?? 0); from += searchStep) {
      const isLast = count.exists === undefined || from + searchStep > count.exists
      const step = { type: 'SEQUENCE', value: `${from}:${isLast ? '*' : from + searchStep - 1}` } as const
      const isWhole = from === 1 && isLast
      await connection.run(
        'UID SEARCH',
        [isWhole ? { type: 'ATOM', value: 'ALL' } : step],
        {
          phase: 'list',
          facts,
          allowance: imapAllowance.search(Math.min(count.assumed, searchStep), count.assumed),
          untilMs,
          untagged: {
            ...count.untagged,
            SEARCH: async ({ numbers, attributes }) => {
              for (const uid of numbers ?? []) take(uid)
              for (const node of attributes ?? []) {
                const uid = readNumber32(node)
                // RFC 7162 section 3.1.5: (MODSEQ n) may stand behind the numbers.
                if (Array.isArray(node)) continue
                if (uid === undefined) strange ??= readText(node) ?? ''
                else take(uid)
              }
            },
          },
        },
        signal,
      )
      if (isLast) break
    }
  } catch (error) {
    if (!isRefused(error)) throw error
    refused = error
  }
  const inLine = (): Doubt | undefined =>
    strange === undefined ? undefined : { reason: 'listing-line', words: strange.slice(0, 300) }
  if (
    count.exists !== undefined &&
    named.size === count.exists &&
    (refused === undefined || count.exists === 0)
  )
    return { uids: inOrder(named), doubt: inLine() }
  const fetched = new Set<number>()
  const take = takeInto(fetched)
  const most = count.assumed
  const onRow = (row: FetchRow): void => {
    if (row.uid !== undefined) take(row.uid)
  }
  const all = { set: '1:*', most }
  const refusal = await fetchRows(connection, [all], ['FLAGS'], asked, onRow, signal)
  // Both refused: that is no listing, and nothing has vanished.
  if (refused !== undefined && fetched.size === 0 && count.exists !== 0)
    throw connection.refusal(refusal ?? refused, { ...facts, phase: 'list' })
  // Messages are what FETCH shows; what SEARCH names beyond them is none.
  if (fetched.size === count.exists) return { uids: inOrder(fetched), doubt: inLine() }
  const both = new Set([...named, ...fetched])
  if (both.size === count.exists) return { uids: inOrder(both), doubt: inLine() }
  const counts = `EXISTS ${count.exists ?? '?'}, SEARCH ${refused === undefined ? named.size : '-'}, FETCH ${fetched.size}`
  const words = [counts, refused?.words, refusal?.words]
    .filter(text => text !== undefined && text !== '')
    .join('; ')
  return { uids: inOrder(both), doubt: inLine() ?? { reason: 'listing-count', words } }
}

/** Rows of one set. */
interface RowSet {
  readonly set: string
  /** How many may come. */
  readonly most: number
}

/**
 * Asks for all sets at once.
 * @returns the first NO that came behind rows, where one did
 */
async function fetchRows(
  connection: ImapConnection,
  sets: readonly RowSet[],
  items: readonly string[],
  { facts, count, untilMs }: Question,
  onRow: (row: FetchRow) => void,
  signal: AbortSignal,
): Promise<Refused | undefined> {
  const most = sets.reduce((sum, set) => sum + set.most, 0)
  const answers = await connection.fetchRows(
    {
      commands: sets.map(({ set }) => `UID FETCH ${set} (${['UID', ...items].join(' ')})`),
      onRow,
      onTold: (word, number) => count.follow(number, word),
    },
    { phase: 'list', facts, allowance: imapAllowance.rows(most, count.assumed), untilMs },
    signal,
  )
  // A NO after some rows: another client expunged meanwhile (RFC 2180 section 4.1.2). What came is good; what
  // did not is listed without its data.
  const refused = answers.filter(answer => answer !== undefined)
  const bad = refused.find(({ status }) => status === 'BAD')
  if (bad !== undefined) throw connection.refusal(bad, { ...facts, phase: 'list' })
  return refused[0]
}

/** A message by what is told of it; without a row its data is not known. */
export function makeListed(
  folder: string,
  validity: string | undefined,
  handle: number,
  row: FetchRow | undefined,
  nowMs: number,
): Listed {
  return {
    folder,
    uid: makeLastingUid(validity, handle),
    octets: plausibleOctets(row?.size),
    arrivedAtMs: plausibleArrivalMs(row?.arrivedAtMs, nowMs),
    seen: row?.flags?.some(flag => flag.toLowerCase() === '\\seen'),
    flags: keepFlags(row?.flags),
    handle,
  }
}

/** Said otherwise, or of this session alone. */
const notKept = ['\\seen', '\\recent', '\\deleted', '\\draft']
/** A server may name as many as it likes. */
const mostFlags = 20
const longestFlag = 64

function keepFlags(flags: readonly string[] | undefined): readonly string[] | undefined {
  const kept = flags?.filter(flag => flag.length <= longestFlag && !notKept.includes(flag.toLowerCase()))
  return kept === undefined || kept.length === 0 ? undefined : kept.slice(0, mostFlags)
}

const makeLastingUid = (validity: string | undefined, uid: number): string | undefined =>
  validity === undefined ? undefined : `${validity}.${uid}`

/** The folder's messages in the order of their UIDs; data only for those that `known` does not know. */
export async function listMessages(
  connection: ImapConnection,
  selected: Selected,
  known: (uid: string) => boolean,
  signal: AbortSignal,
): Promise<{ readonly entries: Listed[]; readonly doubt: Doubt | undefined }> {
  const { name, validity, exists } = selected
  const { clock, deadlines } = connection
  const facts = { folder: name }
  if (exists !== undefined && exists > mostEntries)
    throw overBudget({ ...connection.facts, ...facts, phase: 'list' }, 'lines', mostEntries)
  const beganMs = clock.monotonicMs()
  const asked = { facts, count: new Count(exists), untilMs: beganMs + deadlines.list }
  const { uids, doubt } = await searchUids(connection, asked, signal)
  const fresh: number[] = []
  await inSlices(uids.length, (from, to) => {
    for (const uid of uids.subarray(from, to)) {
      const lastingUid = makeLastingUid(validity, uid)
      if (lastingUid === undefined || !known(lastingUid)) fresh.push(uid)
    }
  })
  const data = new Map<number, FetchRow>()
  const sets = makeUidSets(fresh)
  const untilMs = beganMs + deadlines.list + sets.length * deadlines.listStep
  const items = ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']
  for (let from = 0; from < sets.length; from += setsAtOnce) {
    const some = sets.slice(from, from + setsAtOnce)
    const wanted = new Set(some.flatMap(set => set.uids))
    const takeRow = (row: FetchRow): void => {
      // Rows of flags alone, and of others, come unasked (RFC 9051 section 7.5.2).
      if (row.uid === undefined || !wanted.has(row.uid)) return
      const before = data.get(row.uid)
      if (before === undefined || row.arrivedAtMs !== undefined) data.set(row.uid, row)
    }
    const rowSets = some.map(set => ({ set: set.set, most: set.uids.length }))
    await fetchRows(connection, rowSets, items, { ...asked, untilMs }, takeRow, signal)
  }
  const entries: Listed[] = []
  const nowMs = clock.nowMs()
  await inSlices(uids.length, (from, to) => {
    for (const uid of uids.subarray(from, to))
      entries.push(makeListed(name, validity, uid, data.get(uid), nowMs))
  })
  return { entries, doubt }
}
