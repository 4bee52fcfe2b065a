/**
 * The story of one pull over one source mailbox, top to bottom:
 *
 *   open -> list each folder and match it with the journal -> resolve unknown outcomes
 *        -> retrieve what is due, newest listing first, and upload it -> settle -> close -> check that nothing is missing
 *
 * It knows no protocol and does no I/O of its own. A fault of one message sets that message aside; a fault of one
 * folder lets the others go on; a wider one ends the pull, and the row of every message says how far it came. Where
 * the connection was dropped at one message, which is set aside, a new session goes on with the others.
 */
import { waitAtMost } from '../base/deadline.ts'
import { asFault, Fault } from '../base/fault.ts'
import type { AfterImport } from '../config/config.ts'
import { type AccountState, type Conservation, countMissing, type MailboxState } from '../journal/journal.ts'
import type { SourceSession } from '../source/source.ts'
import { readStanding, type Standing } from './breaker.ts'
import {
  asRecord,
  type LostAt,
  type PullContext,
  type PullOptions,
  type PullPorts,
  type RowPlaces,
} from './context.ts'
import { moveCount, noCount, type PullCount, settledAsTold } from './count.ts'
import { describeTroubled } from './describe-trouble.ts'
import { hostLimitOf } from './host-logins.ts'
import { WishesByAccount } from './label-wishes.ts'
import { type ListedFolders, listFolders, listNews } from './list-folders.ts'
import { forgetKnownEnds, setAsidePoison } from './poison.ts'
import { PullUploads } from './pull-uploads.ts'
import { resolveUnknown } from './resolve.ts'
import { retrieveDue } from './retrieve.ts'
import { settleImported, tellWish } from './settle.ts'
import { settleKept } from './settled.ts'

export interface PullResult {
  readonly count: PullCount
  /** Messages that are due and were left for the next pull. */
  readonly left: number
  /** Where those wait for uploads that are under way: resolves when there may be room. */
  readonly room: Promise<void> | undefined
  /** Where uploads outlive the pull: resolves when they are over. */
  readonly uploads: Promise<void> | undefined
  /** What was imported is to be settled in a pull of its own, which may follow at once. */
  readonly settles: boolean
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
const never = new AbortController().signal

/** Mailbox and account as the journal had them just now. */
export interface KnownStates {
  readonly own: MailboxState
  readonly ofAccount: AccountState
}

/** Throws Fault of scope mailbox, account or everything. Everything that is true is in the journal by then. */
export async function pullMailbox(
  ports: PullPorts,
  options: PullOptions,
  known: KnownStates,
): Promise<PullResult> {
  const { journal, mailbox, source, gmail, clock, log } = ports
  await journal.assertInPlace()
  const ending = AbortSignal.any([options.signal, options.stopping])
  const open = (look?: 'news'): Promise<SourceSession> => source.open(ending, look)
  const opening = options.reason === 'news' ? open('news') : undefined
  const begin = async (): Promise<Pick<Pulled, 'generation' | 'standing'>> => {
    const standing = opening && (await readStanding(journal, mailbox.account, known.ofAccount))
    // The way to Gmail is made ready while the mail is fetched, unless the account is in trouble: then one mail tries it.
    if (standing?.mustProbe === false) gmail.prepareImport()
    await forgetWaitsOfAnotherClock(ports, known.own)
    return { generation: await journal.beginPull(mailbox.name, clock.nowMs()), standing }
  }
  opening?.catch(() => {})
  const beganMs = clock.monotonicMs()
  // The journal does its part while the server answers.
  const begun = await begin().catch(error => {
    opening?.then(
      session => session.abandon(),
      () => {},
    )
    throw error
  })
  log.pullStarted({ mailbox: mailbox.name, account: mailbox.account, reason: options.reason })
  const count = options.count ?? noCount()
  if (options.leave !== undefined) moveCount(options.leave.count, count)
  const { startedFolders } = known.own
  const once: Pulled = {
    ...begun,
    startedFolders,
    ending,
    beganMs,
    count,
    lost: { headers: false, messages: new Set() },
  }
  for (let sessions = 1; ; sessions += 1) {
    const ready = makeReady(ports, options, once)
    const session = await (sessions === 1 && opening !== undefined ? opening : open())
    try {
      return await pullWith(session, ready, options, once)
    } catch (error) {
      const stopped = options.signal.aborted || options.stopping.aborted
      const wider = asFault(error).scope !== 'mailbox' && asFault(error).scope !== 'message'
      // A server that asks for pauses between logins gets them, and so does a host that counts them.
      const isPaused = session.abilities.loginDelayMs !== undefined || hostLimitOf(mailbox) !== undefined
      const mayReturn = sessions < mostSessions && !isPaused
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
  /** Aborts with either signal of the options. */
  readonly ending: AbortSignal
  /** Of the account, read while the server was asked for news. */
  readonly standing: Standing | undefined
  readonly startedFolders: readonly string[]
  readonly beganMs: number
  readonly count: PullCount
  readonly lost: LostAt
}

/** A session that was lost at one message is trouble of the mailbox once no further one is opened. */
function ofMailbox(error: unknown): unknown {
  if (!(error instanceof Fault) || error.scope !== 'message') return error
  return new Fault(error.code, { scope: 'mailbox', retry: 'later', facts: error.facts, cause: error })
}

interface Ready {
  readonly ports: Omit<PullContext, 'session'>
  readonly wishes: WishesByAccount
  readonly uploads: PullUploads
}

/** What needs no session is there before its server answers. */
function makeReady(
  ports: PullPorts,
  options: PullOptions,
  { generation, ending, count, lost }: Pulled,
): Ready {
  const { signal, stopping } = options
  const all = { ...ports, generation, lost, count, signal, stopping, ending }
  const wishes = new WishesByAccount(all)
  return { ports: all, wishes, uploads: new PullUploads(all, options, wishes) }
}

async function pullWith(
  session: SourceSession,
  { ports, wishes, uploads }: Ready,
  options: PullOptions,
  { standing, startedFolders, beganMs, count }: Pulled,
): Promise<PullResult> {
  const { journal, mailbox, clock, log } = ports
  // The pull before told both, and the end of this one tells again that the trouble is over.
  if (session.news === undefined) {
    await journal.namedBy(mailbox.name, `${mailbox.user}@${mailbox.server.host.toLowerCase()}`)
    await endTroubleOnTheWay(ports)
  }
  count.listed = 0
  const context: PullContext = { ...ports, session }
  try {
    const news = session.news && (await listNews(context, session.news, startedFolders))
    const { at, faults, inDoubt, listed, doubtful } =
      news === undefined ? await listFolders(context) : onlyNews(session.folders, news)
    await setAsidePoison(context, at)
    if (news === undefined) {
      await forgetKnownEnds(context, at, listed)
      await resolveUnknown({ ...context, wishes }, at)
    }
    const { left, room, due, proved } = await retrieveDue(context, at, options, uploads, news && standing)
    const { fault } = uploads
    for (const ofAccount of wishes.all) {
      if (fault === undefined && !options.stopping.aborted) await ofAccount.tryAgain()
      faults.push(...ofAccount.faults)
    }
    // What is imported may be settled even where the account or the backlog stopped the rest.
    // A session in which anything else went wrong is dropped: it has marked nothing for deletion.
    if (fault !== undefined && fault.scope !== 'account') throw fault
    await describeTroubled(context, at)
    // Nothing is deleted or moved in a folder whose listing is in doubt, also not what was read just now.
    const certain =
      doubtful.size === 0 ? at : new Map([...at].filter(([, { folder }]) => !doubtful.has(folder)))
    try {
      // One that ended at a message says so here: that is the mailbox's trouble.
      if (!session.usable) await session.close()
      // Nothing is taken from the source on a quick look: the listing behind it says what is due.
      if (news === undefined) await settleImported(context, { at: certain, proved, inDoubt }, faults)
      else if (mailbox.afterImport.do === 'keep') await settleKept(context)
      if (session.usable) await close(context, faults)
    } catch (error) {
      const settleFault = asFault(error)
      // The account's trouble is the one to wait for and to be told of.
      if (fault === undefined || settleFault.scope === 'everything') throw error
      log.fault(settleFault, { mailbox: mailbox.name })
    }
    if (fault !== undefined) throw fault
    const nextDueMs = await journal.nextDueMs(mailbox.name, listed, context.uploads.ids(mailbox.name))
    const isGood = due === 0 || uploads.underWay > 0
    const outlive = uploads.underWay > 0 ? uploads.over(never) : undefined
    const ms = clock.monotonicMs() - beganMs
    const settles =
      news !== undefined && isSettledAtOnce(mailbox.afterImport) && count.imported + count.merged > 0
    return await finish(context, { left, room, uploads: outlive, settles, isGood, nextDueMs, faults, ms })
  } finally {
    uploads.leave()
    session.abandon()
    await ports.underWay.rest(mailbox.name)
    if (options.beside === undefined) await waitBeside(context, uploads.beside)
  }
}

/** A pull of nothing but what came. */
const onlyNews = (folders: readonly string[], at: RowPlaces): ListedFolders => ({
  at,
  faults: [],
  inDoubt: false,
  listed: folders,
  doubtful: new Set(),
})

const isSettledAtOnce = (policy: AfterImport): boolean =>
  policy.do === 'move' || (policy.do === 'delete' && policy.afterMs === 0)

/** Set back by less than this, the clock delays a message by less than this. */
const setBackMs = 60_000

/** Times that lie ahead only because the wall clock was set back since: nobody waits for them. */
async function forgetWaitsOfAnotherClock(
  { journal, mailbox, clock }: PullPorts,
  { lastPullAtMs = 0 }: MailboxState,
): Promise<void> {
  const now = clock.nowMs()
  if (lastPullAtMs <= now + setBackMs) return
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

interface Ending extends Pick<PullResult, 'left' | 'room' | 'uploads' | 'settles' | 'nextDueMs' | 'faults'> {
  /** Also where nothing went in. */
  readonly isGood: boolean
  readonly ms: number
}

/** Every message ever listed is somewhere; what cannot be accounted for is an alarm. */
async function finish(
  { journal, mailbox, count, log, clock }: PullContext,
  { isGood, ms, ...ending }: Ending,
): Promise<PullResult> {
  const conservation = await journal.conservation(mailbox.name)
  const { listed, pending } = conservation
  const missing = countMissing(conservation)
  const conserved = missing === 0
  const books = { scope: 'mailbox', name: mailbox.name, subject: 'books' } as const
  const atMs = clock.nowMs()
  if (conserved) await journal.troubles.closed(books, 'success', atMs)
  else
    await journal.troubles.opened(
      books,
      asRecord(new Fault('books.broken', { facts: { listed, missing } }), atMs),
    )
  const good = conserved && (isGood || count.imported + count.merged + count.ignored > 0)
  const settled = settledAsTold(count, mailbox.afterImport)
  log.pullDone({ mailbox: mailbox.name, account: mailbox.account, ...count, settled, pending, ms })
  return { ...ending, count, conservation, conserved, good }
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
async function waitBeside({ clock, ending }: PullContext, beside: ReadonlySet<Promise<void>>): Promise<void> {
  if (beside.size === 0) return
  await waitAtMost(Promise.allSettled(beside), besideMs, clock, ending)
}
