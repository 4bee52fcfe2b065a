/**
 * One message into Gmail by APPEND: what may go, where to, and what is learned of it.
 *
 * Invariants: an OK to APPEND is a success, whatever comes after it; labels and Gmail's id are asked for behind it, and
 * what could not be done of that is said in the answer. Before the first octet of the message has left, a connection that
 * had ended meanwhile is made anew and nothing is unknown.
 */
import { createHash } from 'node:crypto'
import { plausibleArrivalMs } from '../../base/arrival.ts'
import type { Clock } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { smallOctets } from '../../base/in-flight.ts'
import { fieldValue, readDateMs } from '../../message/header.ts'
import type { RawMessage } from '../../message/message.ts'
import { type Appended, type AppendProgress, type ImapStore, isRefused } from '../../source/imap-store.ts'
import type { ImportAnswer, ImportRequest, MissedLabel } from '../gmail.ts'
import { longestMessageOctets } from '../import.ts'
import { mostCopies } from '../message-id.ts'
import { faultOfAppend, faultOfCall, faultOfLabel } from './answers.ts'
import type { AppendContext } from './context.ts'
import type { Placing } from './folders.ts'
import { isGmailId, localId, wordsForId, wordsForSize } from './names.ts'

/** A message that has begun to leave may end well for so long after a stop. */
const graceMs = 5_000
/** So recently heard, a connection is not taken for one that has ended unseen. */
const justHeardMs = 5_000

/**
 * Appends one message. Memory does not grow with it.
 * @throws Fault message.too-large, gmail.cannot-append, gmail.folder-hidden, those of answers.ts; the signal's reason
 * where it aborts before anything of the message has left
 */
export async function putMessage(
  context: AppendContext,
  raw: RawMessage,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<ImportAnswer> {
  signal.throwIfAborted()
  if (raw.octets > longestMessageOctets) throw tooLarge(raw.octets, longestMessageOctets)
  await refuseNul(raw)
  const dateMs = await chooseDate(raw, request, context.clock.nowMs())
  const progress: AppendProgress = { octetsLeft: 0, isWhole: false }
  const grace = makeGrace(signal, progress, context.clock)
  try {
    const put = await append(context, raw, request, dateMs, progress, grace.signal)
    const finished = await finish(context, put.placing, put.appended.at, raw, grace.signal)
    return {
      id: finished.id,
      threadId: undefined,
      labelIds: request.labelIds,
      sentSha256: put.appended.sentSha256,
      ...(finished.missed.length === 0 ? {} : { missedLabels: finished.missed }),
    }
  } finally {
    grace.leave()
  }
}

const tooLarge = (octets: number, limit: number): Fault =>
  new Fault('message.too-large', { facts: { octets, limit } })

/**
 * RFC 9051 section 9: a literal holds every octet but NUL. A server may end the command, drop the octet or replace it
 * (Dovecot); Gmail does not say what it does.
 */
async function refuseNul(raw: RawMessage): Promise<void> {
  for await (const chunk of raw.chunks())
    if (chunk.includes(0)) throw new Fault('gmail.cannot-append', { facts: { what: 'NUL' } })
}

/** INTERNALDATE by GMAIL_INTERNAL_DATE_SOURCE: the header's Date, or when the source received it; the other one failing that. */
async function chooseDate(
  raw: RawMessage,
  { internalDateSource, arrivedAtMs }: ImportRequest,
  nowMs: number,
): Promise<number | undefined> {
  const arrived = plausibleArrivalMs(arrivedAtMs, nowMs)
  if (internalDateSource === 'receivedTime') return arrived
  const field = fieldValue(await raw.header(), 'date')
  return plausibleArrivalMs(field === undefined ? undefined : readDateMs(field), nowMs) ?? arrived
}

interface Put {
  readonly appended: Appended
  readonly placing: Placing
}

async function append(
  context: AppendContext,
  raw: RawMessage,
  request: ImportRequest,
  dateMs: number | undefined,
  progress: AppendProgress,
  signal: AbortSignal,
): Promise<Put> {
  const { sessions, folders, clock } = context
  for (;;) {
    let wasFresh = true
    let limit: number | undefined
    try {
      return await sessions.use(raw.octets > smallOctets, signal, async ({ store, isFresh }) => {
        wasFresh = isFresh
        limit = store.appendLimit
        if (limit !== undefined && raw.octets > limit) throw tooLarge(raw.octets, limit)
        const placing = await folders.placingOf(store, request.labelIds, signal)
        const { folder, flags } = placing
        await request.intent
        request.assertMayLeave?.()
        const mayPush = clock.monotonicMs() - store.heardMs < justHeardMs
        const appended = await store.append({ folder, raw, flags, dateMs }, progress, mayPush, signal)
        return { appended, placing }
      })
    } catch (thrown) {
      if (signal.aborted && thrown === signal.reason && progress.octetsLeft === 0) throw thrown
      const fault = faultOfAppend(asGone(thrown, signal), progress, raw.octets, limit, clock.nowMs())
      if (!(fault instanceof Fault)) throw fault
      if (fault.code === 'gmail.label') folders.forget()
      // A connection that had ended before anything left: a new one is made at once.
      const isOldEnd = fault.code === 'gmail.unreachable' && !wasFresh && progress.octetsLeft === 0
      if (!isOldEnd) throw fault
    }
  }
}

/** A stop amid the octets ended the connection; what became of the message was not read. */
function asGone(thrown: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || thrown !== signal.reason) return thrown
  return new Fault('source.connection-lost', { facts: { phase: 'append', reason: 'aborted' }, cause: thrown })
}

interface Finished {
  readonly id: string
  readonly missed: readonly MissedLabel[]
}

/** Gmail's id and the labels of a message that is in. Never throws: the message is in. */
async function finish(
  context: AppendContext,
  { folder, labels }: Placing,
  at: Appended['at'],
  raw: RawMessage,
  signal: AbortSignal,
): Promise<Finished> {
  let met: unknown
  for (let tries = 0; tries < 2 && !signal.aborted; tries += 1) {
    try {
      return await context.sessions.use(false, signal, async ({ store }) => {
        const uid = at?.uid ?? (await findNewest(store, folder, raw, signal))
        const id = uid === undefined ? undefined : await nameOf(store, folder, at, uid, signal)
        const missed =
          uid === undefined
            ? labels.map(labelMissed('not found behind APPEND'))
            : await giveLabels(context, store, uid, labels, signal)
        return { id: id ?? unknownId(at, raw), missed }
      })
    } catch (thrown) {
      met = thrown
    }
  }
  const words = met instanceof Error ? met.message : 'stopped'
  return { id: unknownId(at, raw), missed: labels.map(labelMissed(words)) }
}

const labelMissed =
  (words: string) =>
  (id: string): MissedLabel => ({ id, words })

const unknownId = (at: Appended['at'], { sha256 }: RawMessage): string =>
  at === undefined ? `digest-${sha256}` : localId(at.validity, at.uid)

async function nameOf(
  store: ImapStore,
  folder: string,
  at: Appended['at'],
  uid: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  let validity = await store.select(folder, signal)
  if (at !== undefined && at.validity !== validity) validity = await store.select(folder, signal, true)
  if (at !== undefined && at.validity !== validity) return undefined
  let row = await store.look(uid, signal)
  if (row === undefined) {
    // The selected folder's view is brought up to date by NOOP (RFC 9051 section 6.1.2).
    await store.noop(signal)
    row = await store.look(uid, signal)
  }
  return row?.gmailId
}

/** Where a server says no UID, the newest message of this very size and digest. */
async function findNewest(
  store: ImapStore,
  folder: string,
  raw: RawMessage,
  signal: AbortSignal,
): Promise<number | undefined> {
  await store.select(folder, signal, true)
  for (const uid of (await store.search(wordsForSize(raw.octets, 1), signal)).slice(0, mostCopies)) {
    const octets = await store.read(uid, raw.octets, signal)
    if (createHash('sha256').update(octets).digest('hex') === raw.sha256) return uid
  }
  return undefined
}

/** @returns those that could not be given */
async function giveLabels(
  { folders, clock }: AppendContext,
  store: ImapStore,
  uid: number,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<readonly MissedLabel[]> {
  if (labels.length === 0) return []
  try {
    await store.addLabels(uid, labels, signal)
    return []
  } catch (thrown) {
    if (!isRefused(thrown)) throw thrown
  }
  // One of them: each by itself.
  const missed: MissedLabel[] = []
  for (const label of labels) {
    try {
      await store.addLabels(uid, [label], signal)
    } catch (thrown) {
      if (!isRefused(thrown)) throw thrown
      folders.forget()
      const fault = faultOfLabel(thrown, label, clock.nowMs())
      missed.push({ id: label, words: String(fault instanceof Fault ? (fault.facts.words ?? '') : '') })
    }
  }
  return missed
}

/**
 * The labels of a message that is in Gmail and may lack them, since the process ended behind its APPEND.
 * @returns those that could not be given
 */
export async function finishMessage(
  context: AppendContext,
  gmailId: string,
  labelIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly MissedLabel[]> {
  const { sessions, folders, clock } = context
  try {
    return await sessions.use(false, signal, async ({ store }) => {
      const { folder, labels } = await folders.placingOf(store, labelIds, signal)
      if (labels.length === 0 || !store.isGmail || !isGmailId(gmailId)) return []
      const { all } = await folders.places(store, signal)
      for (const place of new Set([folder, ...(all === undefined ? [] : [all])])) {
        await store.select(place, signal)
        const [uid] = await store.search(wordsForId(gmailId), signal)
        if (uid !== undefined) return await giveLabels(context, store, uid, labels, signal)
      }
      return labels.map(labelMissed('not found'))
    })
  } catch (thrown) {
    throw faultOfCall(thrown, clock.nowMs())
  }
}

/** Aborts with `signal` while nothing of the message has left, and some seconds later where it has. */
function makeGrace(
  signal: AbortSignal,
  progress: AppendProgress,
  clock: Clock,
): { readonly signal: AbortSignal; leave(): void } {
  const over = new AbortController()
  const left = new AbortController()
  const onAbort = (): void => {
    if (progress.octetsLeft === 0) over.abort(signal.reason)
    else
      clock.sleep(graceMs, left.signal).then(
        () => over.abort(signal.reason),
        () => {},
      )
  }
  signal.addEventListener('abort', onAbort, { once: true })
  return {
    signal: over.signal,
    leave() {
      signal.removeEventListener('abort', onAbort)
      left.abort()
    },
  }
}
