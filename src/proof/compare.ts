/**
 * What stands at the source, held against the journal and against Gmail: the proof that a move away from Gmail's own
 * POP fetch loses nothing. Reads only; no message is retrieved, and no stage is moved.
 */

import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { retry } from '../base/retry.ts'
import type { FoundMessage, Gmail } from '../gmail/gmail.ts'
import type { Journal, MessageRow, RecordedFault } from '../journal/journal.ts'
import { sizeFits } from '../message/evidence.ts'
import { readHeader } from '../message/header.ts'
import { sameBelowTop } from '../message/read-back.ts'
import type { Listed, Source, SourceSession } from '../source/source.ts'

/**
 * `new`: the journal has not seen it. `left`: older than the owner's start, left by a rule, or a server's note to itself.
 */
export type InJournal = 'imported' | 'merged' | 'refused' | 'pending' | 'left' | 'new'

/**
 * `ours`: what hikyaku imported, the octets the same. `differs`: its copy has other octets. `removed`: imported, and no
 * longer in Gmail, not even in its trash. `none`: not there. `unsearchable`: has no Message-ID, or one that Gmail's
 * search cannot take. `not-asked`: the permission cannot read.
 */
export type InGmail = 'ours' | 'differs' | 'removed' | 'other' | 'none' | 'unsearchable' | 'not-asked'

export interface Compared {
  readonly folder: string
  readonly uid: string | undefined
  readonly octets: number | undefined
  readonly messageId: string | undefined
  readonly arrivedAtMs: number | undefined
  readonly journal: InJournal
  readonly gmail: InGmail
  /** Copies in Gmail that did not come from hikyaku: Gmail's own fetch, forwarding, another program. */
  readonly otherCopies: number
  /** Why it is set aside, where it is. */
  readonly fault: RecordedFault | undefined
}

export interface ComparePorts {
  readonly mailbox: string
  readonly source: Source
  /** Undefined before the first pull. */
  readonly journal: Journal | undefined
  readonly gmail: Gmail
  /** Other accounts into which rules send mail of the mailbox, by their names. */
  readonly others: ReadonlyMap<string, Gmail>
  readonly clock: Clock
  readonly onProgress: (progress: { readonly done: number; readonly due: number }) => void
}

export interface Comparison {
  readonly canRead: boolean
  readonly messages: readonly Compared[]
}

/** Throws the faults of the source's session and of the Gmail port; the signal's reason. */
export async function compare(ports: ComparePorts, signal: AbortSignal): Promise<Comparison> {
  const canRead = await ports.gmail.canRead(signal)
  // The source first and whole: a POP3 maildrop is locked while its session stands.
  const standing = await readSource(ports, signal)
  const messages: Compared[] = []
  for (const [index, standingEntry] of standing.entries()) {
    ports.onProgress({ done: index, due: standing.length })
    const other = ports.others.get(standingEntry.row?.account ?? '')
    const gmail = other ?? ports.gmail
    const mayRead = other === undefined ? canRead : await other.canRead(signal)
    messages.push(await lookUp(standingEntry, mayRead, { ...ports, gmail }, signal))
  }
  ports.onProgress({ done: standing.length, due: standing.length })
  return { canRead, messages }
}

interface Standing {
  readonly entry: Listed
  readonly row: MessageRow | undefined
  readonly messageId: string | undefined
  readonly arrivedAtMs: number | undefined
}

async function readSource(
  { mailbox, source, journal }: ComparePorts,
  signal: AbortSignal,
): Promise<Standing[]> {
  const session = await source.open(signal)
  try {
    const standing: Standing[] = []
    const taken = new Set<number>()
    for (const folder of session.folders) {
      const names = new Set((await journal?.standing(mailbox, folder))?.map(({ uid }) => uid))
      const { entries, doubt } = await session.list(folder, uid => names.has(uid), signal)
      // What it does not show would count as missing.
      if (doubt !== undefined) throw doubt
      for (const entry of entries) {
        const named = entry.uid === undefined ? undefined : await journal?.byUid(mailbox, folder, entry.uid)
        const standingEntry =
          named === undefined
            ? await matchByHeader(entry, session, taken, mailbox, journal, signal)
            : known(entry, named)
        if (standingEntry.row !== undefined) taken.add(standingEntry.row.id)
        standing.push(standingEntry)
      }
    }
    await session.close()
    return standing
  } finally {
    session.abandon()
  }
}

const known = (entry: Listed, row: MessageRow): Standing => ({
  entry,
  row,
  messageId: row.messageId,
  arrivedAtMs: row.arrivedAtMs,
})

/** A message whose name the journal does not know may still be known: names change when a mailbox is rebuilt. */
async function matchByHeader(
  entry: Listed,
  session: SourceSession,
  taken: ReadonlySet<number>,
  mailbox: string,
  journal: Journal | undefined,
  signal: AbortSignal,
): Promise<Standing> {
  let header: Buffer | undefined
  try {
    header = await session.peekHeader(entry, signal)
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.scope !== 'message') throw thrown
  }
  if (header === undefined)
    return { entry, row: undefined, messageId: undefined, arrivedAtMs: entry.arrivedAtMs }
  const facts = readHeader(header)
  const { sha256, wholeSha256, messageId, arrivedAtMs } = facts
  const alike =
    messageId === undefined ? [] : ((await journal?.byEvidence(mailbox, sha256, wholeSha256)) ?? [])
  const row = alike.find(each => !taken.has(each.id) && sizeFits(each, entry.octets, facts))
  return { entry, row, messageId, arrivedAtMs: entry.arrivedAtMs ?? arrivedAtMs }
}

async function lookUp(
  { entry, row, messageId, arrivedAtMs }: Standing,
  canRead: boolean,
  { gmail, journal, clock }: ComparePorts,
  signal: AbortSignal,
): Promise<Compared> {
  const copy = row?.mergedInto === undefined ? row : await journal?.row(row.mergedInto)
  const described = {
    folder: entry.folder,
    uid: entry.uid,
    octets: entry.octets ?? row?.octets ?? row?.octetsListed,
    messageId,
    arrivedAtMs,
    journal: stateOf(row),
    fault: row?.fault,
  }
  if (!canRead) return { ...described, gmail: 'not-asked', otherCopies: 0 }
  const hits = messageId === undefined ? undefined : await findInGmail(messageId, gmail, clock, signal)
  const id = copy?.gmailId
  const others = (hits ?? []).filter(hit => hit.id !== id)
  if (id !== undefined) {
    // What Gmail's search does not show may be there all the same: its index is behind at times.
    const ours =
      hits?.find(hit => hit.id === id) ?? (await askPatiently(() => gmail.read(id, signal), clock, signal))
    const state =
      ours === undefined
        ? others.length > 0
          ? 'other'
          : 'removed'
        : isSameMessage(ours, copy)
          ? 'ours'
          : 'differs'
    return { ...described, gmail: state, otherCopies: others.length }
  }
  const state = hits === undefined ? 'unsearchable' : others.length > 0 ? 'other' : 'none'
  return { ...described, gmail: state, otherCopies: others.length }
}

function stateOf(row: MessageRow | undefined): InJournal {
  switch (row?.stage) {
    case undefined:
      return 'new'
    case 'imported':
    case 'merged':
    case 'settled':
      return row.mergedInto === undefined ? 'imported' : 'merged'
    case 'refused':
      return 'refused'
    case 'baseline':
    case 'ignored':
      return 'left'
    case 'listed':
    case 'importing':
    case 'deferred':
    case 'gone':
      return 'pending'
  }
}

function isSameMessage({ raw }: FoundMessage, copy: MessageRow | undefined): boolean {
  if (copy?.sha256 === undefined || copy.octets === undefined) return false
  return sameBelowTop(raw, copy.sha256, copy.octets)
}

/** Undefined where the Message-ID cannot be searched for: that is not known, which is not "not there". */
async function findInGmail(
  messageId: string,
  gmail: Gmail,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly FoundMessage[] | undefined> {
  try {
    return await askPatiently(() => gmail.findByMessageId(messageId, signal), clock, signal)
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'gmail.ask-owner') return undefined
    throw thrown
  }
}

const patience = { tries: 6, firstMs: 2000, mostMs: 32_000, longestMs: 120_000 } as const

/** Thousands of look-ups meet a limit now and then: it is waited out, a few times. */
async function askPatiently<T>(work: () => Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const isPassing = ({ code }: Fault): boolean => ['gmail.rate-limited', 'gmail.server'].includes(code)
  return retry(work, { ...patience, clock, signal, isPassing })
}

/** In Gmail, or certain to have been put there. */
export function isAccountedFor({ gmail, journal }: Compared): boolean {
  if (gmail === 'not-asked' || gmail === 'unsearchable') return journal === 'imported' || journal === 'merged'
  return gmail === 'ours' || gmail === 'differs' || gmail === 'other' || gmail === 'removed'
}
