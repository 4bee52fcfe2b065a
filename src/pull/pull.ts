/**
 * The story of one pull over one source mailbox, top to bottom:
 *
 *   open -> list each folder and match it with the journal -> resolve unknown outcomes
 *        -> carry what is due, newest listing first -> settle -> close -> check that nothing is missing
 *
 * It knows no protocol and does no I/O of its own. A fault of one message sets that message aside; a fault of one
 * folder lets the others go on; a wider one ends the pull, and the row of every message says how far it came. Where
 * the connection was dropped at one message, which is set aside, a new session goes on with the others.
 */
import { waitAtMost } from '../base/deadline.ts'
import { asFault, Fault } from '../base/fault.ts'
import { inSlices } from '../base/in-slices.ts'
import { labelSubject } from '../base/label-subject.ts'
import type { Conservation, NoteKey } from '../journal/journal.ts'
import type { SourceSession } from '../source/source.ts'
import { carryDue } from './carry-due.ts'
import { type LostAt, noCount, type PullContext, type PullCount, type PullPorts, record } from './context.ts'
import { describeTroubled } from './describe-trouble.ts'
import { identify, leaveFolders } from './identify.ts'
import { labelsOf } from './label-wishes.ts'
import { forgetKnownEnds, setAsidePoison } from './poison.ts'
import { resolveUnknown } from './resolve.ts'
import { settle, tellWish } from './settle.ts'

export interface PullOptions {
  /** Aborts everything at once. */
  readonly signal: AbortSignal
  /** Aborts beginning anything new. */
  readonly stopping: AbortSignal
  /** After this many ms no new message is begun, so that new mail is listed before an old backlog is done. */
  readonly budgetMs: number
  /** Why now, for the log: 'schedule', 'news', 'owner'. */
  readonly reason: string
  readonly onProgress: (progress: { readonly done: number; readonly due: number }) => void
  /**
   * Where the looks at authentication results that are under way are kept from pull to pull; nothing then waits for
   * them. Without it the pull waits at its end for its own, for a bounded time.
   */
  readonly beside?: Set<Promise<void>>
  /** Takes the counts as things happen: what was done is counted whatever ends the pull. */
  readonly count?: PullCount
}

export interface PullResult {
  readonly count: PullCount
  /** Messages that are due and were left for the next pull. */
  readonly left: number
  /** The earliest instant at which a message of a folder that could be listed is to be tried again. */
  readonly nextDueMs: number | undefined
  /** Faults of single folders; the pull went on. */
  readonly faults: readonly Fault[]
  readonly conservation: Conservation
  /** False when a message cannot be accounted for: an alarm. */
  readonly conserved: boolean
  /** False where mail was due and none of it went in. */
  readonly good: boolean
}

const besideMs = 10_000

/** Throws Fault of scope mailbox, account or everything. Everything that is true is in the journal by then. */
export async function pull(ports: PullPorts, options: PullOptions): Promise<PullResult> {
  const { journal, mailbox, source, clock, log } = ports
  await journal.assertInPlace()
  await forgetWaitsOfAnotherClock(ports)
  const generation = await journal.beginPull(mailbox.name, clock.nowMs())
  log.pullStarted({ mailbox: mailbox.name, account: mailbox.account, reason: options.reason })
  const beganMs = clock.monotonicMs()
  const once: Pulled = {
    generation,
    beganMs,
    count: options.count ?? noCount(),
    lost: { headers: false, messages: new Set() },
  }
  for (let sessions = 1; ; sessions += 1) {
    const session = await source.open(AbortSignal.any([options.signal, options.stopping]))
    try {
      return await pullWith(session, ports, options, once)
    } catch (error) {
      const stopped = options.signal.aborted || options.stopping.aborted
      const wider = asFault(error).scope !== 'mailbox' && asFault(error).scope !== 'message'
      // A server that asks for pauses between logins gets them.
      const mayReturn = sessions < mostSessions && session.abilities.loginDelayMs === undefined
      if (!session.droppedAtMessage || !mayReturn || stopped || wider) throw ofMailbox(error)
      log.fault(error, { mailbox: mailbox.name })
    } finally {
      session.abandon()
    }
  }
}

/** At so many messages of one pull the connection may be dropped; each is set aside, a new session brings the others. */
const mostSessions = 8

/** What outlives a session of this pull. */
interface Pulled {
  readonly generation: number
  readonly beganMs: number
  readonly count: PullCount
  readonly lost: LostAt
}

/** A session that was lost at one message is trouble of the mailbox once no further one is opened. */
function ofMailbox(error: unknown): unknown {
  if (!(error instanceof Fault) || error.scope !== 'message') return error
  return new Fault(error.code, { scope: 'mailbox', retry: 'later', facts: error.facts, cause: error })
}

async function pullWith(
  session: SourceSession,
  ports: PullPorts,
  options: PullOptions,
  { generation, beganMs, count, lost }: Pulled,
): Promise<PullResult> {
  const { journal, mailbox, clock, log } = ports
  await journal.namedBy(mailbox.name, `${mailbox.user}@${mailbox.server.host.toLowerCase()}`)
  await endTroubleOnTheWay(ports)
  count.listed = 0
  const context: PullContext = {
    ...ports,
    session,
    generation,
    at: new Map(),
    proved: new Set(),
    beside: options.beside ?? new Set(),
    lost,
    count,
    signal: options.signal,
    stopping: options.stopping,
  }
  try {
    const { faults, inDoubt, listed, doubtful } = await listFolders(context, session)
    await setAsidePoison(context)
    await forgetKnownEnds(context, listed)
    await resolveUnknown(context)
    const { left, due, fault, labelFaults } = await carryDue(context, options)
    faults.push(...labelFaults)
    // What is imported may be settled even where the account or the backlog stopped the rest.
    // A session in which anything else went wrong is dropped: it has marked nothing for deletion.
    if (fault !== undefined && fault.scope !== 'account') throw fault
    await describeTroubled(context)
    // Nothing is deleted or moved in a folder whose listing is in doubt, also not what was read just now.
    for (const [id, entry] of context.at) if (doubtful.has(entry.folder)) context.at.delete(id)
    try {
      // One that ended at a message says so here: that is the mailbox's trouble.
      if (!session.usable) await session.close()
      await settle(context, inDoubt, faults)
      if (session.usable) await close(context, faults)
    } catch (error) {
      const met = asFault(error)
      // The account's trouble is the one to wait for and to be told of.
      if (fault === undefined || met.scope === 'everything') throw error
      log.fault(met, { mailbox: mailbox.name })
    }
    if (fault !== undefined) throw fault
    const nextDueMs = await journal.nextDueMs(mailbox.name, listed)
    return await finish(context, { left, due, nextDueMs, faults, ms: clock.monotonicMs() - beganMs })
  } finally {
    session.abandon()
    await ports.underWay.rest(mailbox.name)
    if (options.beside === undefined) await waitBeside(context)
  }
}

async function listFolders(
  context: PullContext,
  session: SourceSession,
): Promise<{ faults: Fault[]; inDoubt: boolean; listed: string[]; doubtful: ReadonlySet<string> }> {
  const { journal, mailbox, stopping, signal, log, clock } = context
  const faults: Fault[] = []
  const listed: string[] = []
  const doubtful = new Set<string>()
  let failed = 0
  let inDoubt = false
  for (const folder of session.folders) {
    const whole = await isWholeListingDue(context, folder)
    const beganMs = clock.monotonicMs()
    try {
      const standing = await journal.standing(mailbox.name, folder)
      const uids = new Set<string | undefined>()
      await inSlices(whole ? 0 : standing.length, (from, to) => {
        for (const { uid } of standing.slice(from, to)) uids.add(uid)
      })
      const known = (uid: string): boolean => uids.has(uid)
      const listing = await session.list(folder, known, AbortSignal.any([signal, stopping]))
      const before = context.at.size
      const freshBefore = context.count.fresh
      const found = await identify(context, listing, standing)
      inDoubt ||= found.inDoubt
      listed.push(folder)
      const key = { scope: 'folder', name: mailbox.name, subject: folder } as const
      if (listing.doubt === undefined) {
        if (whole) await journal.setNote(wholeListingNote(mailbox.name, folder), String(clock.nowMs()))
        await journal.troubles.closed(key, 'success', clock.nowMs())
      } else {
        // What was understood goes on; only what follows from a gap waits for a listing without doubt.
        faults.push(listing.doubt)
        doubtful.add(folder)
        await journal.troubles.opened(key, record(listing.doubt, clock.nowMs()))
        log.fault(listing.doubt, { mailbox: mailbox.name })
      }
      log.listed({
        mailbox: mailbox.name,
        folder,
        total: listing.entries.length,
        fresh: context.count.fresh - freshBefore,
        ms: clock.monotonicMs() - beganMs,
      })
      if (context.at.size - before !== listing.entries.length - found.held) {
        throw new Fault('bug', {
          facts: { what: `${folder}: ${listing.entries.length} listed, not all accounted for` },
        })
      }
    } catch (error) {
      const fault = asFault(error)
      // A folder that is missing or cannot be read stops no other folder.
      if (!session.usable || fault.scope !== 'mailbox' || fault.facts.folder !== folder) throw error
      faults.push(fault)
      failed += 1
      const key = { scope: 'folder', name: mailbox.name, subject: folder } as const
      await journal.troubles.opened(key, record(fault, clock.nowMs()))
      log.fault(fault, { mailbox: mailbox.name })
    }
  }
  const wishes = labelsOf(mailbox).map(labelSubject)
  await journal.troubles.keepFolders(mailbox.name, session.folders, wishes, clock.nowMs())
  if (failed > 0 && failed === session.folders.length && faults[0] !== undefined) throw faults[0]
  if (faults.length === 0) await leaveFolders(context)
  return { faults, inDoubt, listed, doubtful }
}

const wholeListingNote = (mailbox: string, folder: string): NoteKey =>
  `whole-listing ${JSON.stringify([mailbox, folder])}`
const wholeListingEveryMs = 24 * 3600_000

/**
 * Once a day sizes and dates of known messages are asked for, too: some servers give a UID that fell free to
 * another message, against RFC 9051 section 2.3.1.1.
 */
async function isWholeListingDue({ journal, mailbox, clock }: PullContext, folder: string): Promise<boolean> {
  const sinceMs = clock.nowMs() - Number((await journal.note(wholeListingNote(mailbox.name, folder))) ?? 0)
  return sinceMs < 0 || sinceMs >= wholeListingEveryMs
}

/** Set back by less than this, the clock delays a message by less than this. */
const setBackMs = 60_000

/** Times that lie ahead only because the wall clock was set back since: nobody waits for them. */
async function forgetWaitsOfAnotherClock({ journal, mailbox, clock }: PullPorts): Promise<void> {
  const now = clock.nowMs()
  if (((await journal.mailbox(mailbox.name)).lastPullAtMs ?? 0) <= now + setBackMs) return
  const waiting = await journal.inStages(mailbox.name, ['deferred', 'importing'])
  await journal.moveAll(
    waiting
      .filter(row => (row.notBeforeMs ?? 0) > now)
      .map(row => ({ id: row.id, from: row.stage, to: row.stage, patch: { notBeforeMs: null } })),
  )
}

/**
 * However a session ends undoes no import (RFC 1939 section 6): what a QUIT without a good answer concerns is the wish,
 * where something was asked of the source, and nothing otherwise.
 */
async function close(context: PullContext, faults: Fault[]): Promise<void> {
  const { session, count } = context
  try {
    await session.close()
  } catch (error) {
    if (!(error instanceof Fault) || error.scope === 'everything') throw error
    if (count.settleAsked > 0) await tellWish(context, session.folders[0] ?? '', error, faults)
  }
}

interface Ending {
  readonly left: number
  /** Messages that were to be carried in this pull. */
  readonly due: number
  readonly nextDueMs: number | undefined
  readonly faults: readonly Fault[]
  readonly ms: number
}

/** Every message ever listed is somewhere; what cannot be accounted for is an alarm. */
async function finish(
  context: PullContext,
  { left, due, nextDueMs, faults, ms }: Ending,
): Promise<PullResult> {
  const { journal, mailbox, count, log, clock } = context
  const conservation = await journal.conservation(mailbox.name)
  const { listed, imported, merged, refused, pending, ignored, gone } = conservation
  const missing = listed - imported - merged - refused - pending - ignored - gone
  const conserved = missing === 0
  const books = { scope: 'mailbox', name: mailbox.name, subject: 'books' } as const
  const atMs = clock.nowMs()
  if (conserved) await journal.troubles.closed(books, 'success', atMs)
  else
    await journal.troubles.opened(
      books,
      record(new Fault('books.broken', { facts: { listed, missing } }), atMs),
    )
  const good = conserved && (due === 0 || count.imported + count.merged + count.ignored > 0)
  log.pullDone({ mailbox: mailbox.name, account: mailbox.account, ...count, pending, ms })
  return { count, left, nextDueMs, faults, conservation, conserved, good }
}

/** What keeps a mailbox from being reached and entered; a login proves that it is over. */
const onTheWay =
  /^source\.(unknown-host|unreachable|tls-.*|login-.*|busy)$|^secret\.(missing|unreadable|not-kept)$/

async function endTroubleOnTheWay({ journal, mailbox, clock }: PullPorts): Promise<void> {
  const key = { scope: 'mailbox', name: mailbox.name, subject: '' } as const
  if (onTheWay.test((await journal.troubles.find(key))?.code ?? ''))
    await journal.troubles.closed(key, 'success', clock.nowMs())
}

/** Verification comes after the import and may not hold a pull for long, nor one that is to stop at all. */
async function waitBeside({ beside, clock, signal, stopping }: PullContext): Promise<void> {
  if (beside.size === 0) return
  await waitAtMost(Promise.allSettled(beside), besideMs, clock, AbortSignal.any([signal, stopping]))
}
