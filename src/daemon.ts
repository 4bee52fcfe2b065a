/**
 * When to pull. One loop a mailbox: at the start, at each tick of its schedule, when the source tells of news, when
 * a backlog is left, and when something put off is due; never two pulls of one mailbox at once. One mailbox's
 * trouble stops no other. What the owner has paused is neither pulled nor watched. It knows no protocol.
 */
import { backoffMs } from './base/backoff.ts'
import { asFault, type Fault } from './base/fault.ts'
import { abortOf, makeOccasion, type Occasion } from './base/occasion.ts'
import { startTicking } from './base/schedule.ts'
import { makeWake, type Wake } from './base/wake.ts'
import type { Bridge } from './bridge.ts'
import {
  type Attempt,
  attemptPull,
  recordLateFailure,
  recordLateSuccess,
  watchHeldUntilMs,
} from './pull/attempt.ts'
import type { PullPorts } from './pull/context.ts'
import { noCount } from './pull/count.ts'
import { takeAskedPull } from './pull/owner-acted.ts'
import { makePauseSignals, type PauseSignals } from './pull/paused.ts'
import { makeWatchMemory } from './pull/watch-memory.ts'

export interface DaemonHooks {
  /** A mailbox is about to be tried. Must not throw. */
  readonly beforeAttempt?: (ports: PullPorts) => void
  /** One message more was dealt with. Must not throw. */
  readonly onProgress?: (ports: PullPorts) => void
  /** After each attempt: notices to the owner, the service manager's status. Must not throw. */
  readonly afterAttempt: (ports: PullPorts, attempt: Attempt) => void
}

/** A pull begins nothing new after this long, so that new mail is listed before an old backlog is done. */
const budgetMs = 30_000
/** A watch that lived shorter failed; one that lived longer was a good one that came to its end. */
const watchLivedMs = 60_000
/** First and longest pause between watches, ms; the latter pair where the login was refused. */
const watchPauses = [2000, 5 * 60_000] as const
const refusedPauses = [10 * 60_000, 60 * 60_000] as const
const heldLookMs = 5000
/** A watch that gives no sign of life for so long is dropped, whatever the library believes. */
const watchSilenceMs = 10 * 60_000

/** Of a bridge, or of one mailbox that is opened by itself. */
export interface DaemonPorts extends Pick<Bridge, 'journal' | 'mailboxes'> {
  /** What is on its way outlives the pulls. */
  readonly queues: readonly { idle(): Promise<void> }[]
  /** Why each is pulled first; 'start' (nobody says otherwise) minds no recorded wait, for somebody may have mended it. */
  readonly firstReason?: 'start' | 'taken'
}

/**
 * Runs until `stopping` aborts and what is in flight is finished, or `signal` aborts.
 * Throws only a Fault of scope everything: nothing can go on.
 */
export async function runDaemon(
  bridge: DaemonPorts,
  stopping: AbortSignal,
  signal: AbortSignal,
  hooks: DaemonHooks,
): Promise<void> {
  const broken = new AbortController()
  const stop = AbortSignal.any([stopping, broken.signal])
  let fault: Fault | undefined
  const wakes = new Map(bridge.mailboxes.map(ports => [ports.mailbox.name, makeWake()]))
  const pauses = makePauseSignals(bridge.journal, (name, isPaused) => {
    const log = bridge.mailboxes.find(({ mailbox }) => mailbox.name === name)?.log
    if (isPaused) log?.paused({ mailbox: name })
    else log?.resumed({ mailbox: name })
    wakes.get(name)?.ring('owner')
  })
  // The journal's trouble is told by the pulls.
  await pauses.look().catch(() => {})
  const loops = bridge.mailboxes.map(async ports => {
    const wake = wakes.get(ports.mailbox.name) ?? makeWake()
    const tried = makeOccasion()
    const goodLogin = makeOccasion()
    const watching = AbortSignal.any([stop, signal])
    const firstTry = abortOf(tried.next(), watching)
    const signs = { tried, goodLogin, pauses, newsCall: { isAwaited: false } }
    const fail = (thrown: unknown): void => {
      fault ??= asFault(thrown)
      broken.abort()
    }
    // Whoever fails stops the other, which is waited for: the mailbox may be another's as soon as this returns.
    await Promise.all([
      keepPulling(ports, wake, stop, signal, hooks, { ...signs, fail }, bridge.firstReason).catch(fail),
      // Two logins at once with a wrong password would count twice against us.
      firstTry.then(() => keepWatching(ports, wake, watching, signs)).catch(fail),
    ])
  })
  const stopListening = bridge.journal.watchWrites(async () => {
    await pauses.look()
    if (await takeAskedPull(bridge.journal)) for (const wake of wakes.values()) wake.ring('owner')
  })
  try {
    await Promise.all(loops)
    // What is being uploaded may end within its grace; nothing new is begun.
    await Promise.all(bridge.queues.map(queue => queue.idle()))
  } finally {
    stopListening()
  }
  if (fault !== undefined) throw fault
}

/** What the pulls of a mailbox tell the rest of the daemon. */
interface Signs {
  /** An attempt is over. */
  readonly tried: Occasion
  /** A login that a pull made well: it ends the pause of a watch that was refused. */
  readonly goodLogin: Occasion
  readonly pauses: PauseSignals
  /** Whether news are pulled at once. */
  readonly newsCall: { isAwaited: boolean }
  /** Nothing can go on. */
  fail(fault: Fault): void
}

async function keepPulling(
  ports: PullPorts,
  wake: Wake,
  stopping: AbortSignal,
  signal: AbortSignal,
  hooks: DaemonHooks,
  { tried, goodLogin, pauses, newsCall, fail }: Signs,
  firstReason = 'start',
): Promise<void> {
  const { mailbox, log, clock, source, logins } = ports
  let isLate = false
  const stopTicking = startTicking(mailbox.schedule, mailbox.name, {
    onTick: () => {
      isLate = false
      wake.ring('schedule')
    },
    onLate: () => {
      if (!isLate) log.scheduleLate({ mailbox: mailbox.name })
      isLate = true
      wake.ring('schedule')
    },
  })
  let reason: string = firstReason
  /** From then on, monotonic, ms, something is due that a quick look at news passes by. */
  let dueAtMs = Number.POSITIVE_INFINITY
  /** Until the owner pauses it, or all ends. */
  let going: AbortSignal | undefined
  const beside = new Set<Promise<void>>()
  const lateCount = noCount()
  const onFault = (thrown: Fault): Promise<void> =>
    recordLateFailure(ports, thrown, lateCount).then(failure => hooks.afterAttempt(ports, failure), fail)
  const onSuccess = (): Promise<void> => recordLateSuccess(ports, lateCount)
  const ringAfter = (uploads: Promise<void> | undefined): void =>
    void uploads?.then(() => wake.ring('uploaded'))
  try {
    while (!stopping.aborted && !signal.aborted) {
      const paused = await pauses.look().catch(() => undefined)
      if (going === undefined || going.aborted) {
        going = AbortSignal.any([stopping, pauses.paused(mailbox.name)])
        source.expectWatch?.(AbortSignal.any([going, signal]))
      }
      hooks.beforeAttempt?.(ports)
      const onProgress = (): void => hooks.onProgress?.(ports)
      const leave = { enough: wake.rung(), news: wake.rungBy('news'), count: lateCount, onFault, onSuccess }
      const wishes = { signal, stopping: going, budgetMs, reason, pauses: paused }
      const { accepted } = logins
      // Who starts it or asks has perhaps just mended what was wrong.
      const gate = reason !== 'start' && reason !== 'owner'
      const outcome = await attemptPull(ports, { ...wishes, onProgress, beside, leave }, gate)
      if (logins.accepted > accepted) goodLogin.happened()
      if (outcome.kind === 'stopped') {
        if (stopping.aborted || signal.aborted) return
        reason = 'owner'
        continue
      }
      hooks.afterAttempt(ports, outcome)
      if (outcome.kind === 'paused') {
        reason = (await wake.wait(Number.POSITIVE_INFINITY, stopping)) ?? 'due'
        continue
      }
      tried.happened()
      const pauseMs = pauseAfter(ports, outcome)
      if (outcome.kind === 'pulled') {
        const { room, uploads, settles } = outcome.result
        ringAfter(room)
        // What outlived the pull may be settled now. Where logins are counted it waits for the schedule.
        if (!ports.source.countsLogins) ringAfter(uploads)
        if (settles) wake.ring('settle')
        // What is due is kept waiting by no news, however fast they follow one another.
        if (reason !== 'news') dueAtMs = Number.POSITIVE_INFINITY
        dueAtMs = Math.min(dueAtMs, clock.monotonicMs() + pauseMs)
        newsCall.isAwaited = true
        reason = (await wake.wait(pauseMs, stopping)) ?? 'due'
        newsCall.isAwaited = false
        if (reason === 'news' && clock.monotonicMs() >= dueAtMs) reason = 'due'
      } else {
        log.waiting({ mailbox: mailbox.name, ms: pauseMs, why: outcome.fault?.code ?? 'waiting' })
        // The schedule does not shorten a wait; the owner's word does.
        reason = (await waitFor(wake, pauseMs, clock.monotonicMs, stopping)) ? 'owner' : 'retry'
      }
    }
  } finally {
    stopTicking()
  }
}

/** Waits until the time is over (false) or the owner asks (true). */
async function waitFor(
  wake: Wake,
  ms: number,
  monotonicMs: () => number,
  stopping: AbortSignal,
): Promise<boolean> {
  const endMs = monotonicMs() + ms
  while (!stopping.aborted && monotonicMs() < endMs) {
    if ((await wake.wait(endMs - monotonicMs(), stopping)) === 'owner') return true
  }
  return false
}

/** How long until the next attempt if nothing rings, ms. */
function pauseAfter(ports: PullPorts, outcome: Attempt): number {
  const { clock, source } = ports
  const now = clock.nowMs()
  switch (outcome.kind) {
    case 'failed':
      return outcome.notBeforeMs - now
    case 'waiting':
      return outcome.untilMs - now
    case 'stopped':
    case 'paused':
      return 0
    case 'pulled': {
      if (outcome.result.room !== undefined) return Number.POSITIVE_INFINITY
      if (outcome.result.left > 0) return 0
      // What was put off waits for the schedule.
      if (source.countsLogins) return Number.POSITIVE_INFINITY
      return Math.max(1000, (outcome.result.nextDueMs ?? Number.POSITIVE_INFINITY) - now)
    }
  }
}

/** News without polling, where the source can: a dead watch is begun again, with back-off. */
async function keepWatching(
  ports: PullPorts,
  wake: Wake,
  stopping: AbortSignal,
  { tried, goodLogin, pauses, newsCall }: Omit<Signs, 'fail'>,
): Promise<void> {
  const { source, clock, random, log, mailbox, journal } = ports
  if (source.watch === undefined) return
  const memory = makeWatchMemory(journal, mailbox.name, clock)
  await memory.ended(undefined)
  let failures = 0
  while (!stopping.aborted) {
    const paused = pauses.paused(mailbox.name)
    if (paused.aborted) {
      // As at the start: the pull logs in first.
      const nextTry = tried.next()
      failures = 0
      await memory.ended(undefined)
      await pauses.resumed(mailbox.name, stopping)
      await abortOf(nextTry, stopping)
      continue
    }
    const going = AbortSignal.any([stopping, paused])
    const heldMs = await heldForMs(ports)
    if (heldMs > 0) {
      await clock.sleep(Math.min(heldMs, heldLookMs), going).catch(() => {})
      continue
    }
    const silent = new AbortController()
    let timer: NodeJS.Timeout | undefined
    let waits: readonly [number, number] = watchPauses
    const beganMs = clock.monotonicMs()
    const alive = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(), watchSilenceMs)
    }
    const onAlive = (): void => {
      alive()
      void memory.watched()
    }
    try {
      alive()
      const ring = (): void => wake.ring('news')
      const watching = AbortSignal.any([going, silent.signal])
      await source.watch(ring, onAlive, watching, () => newsCall.isAwaited)
    } catch (error) {
      if (stopping.aborted) return
      if (paused.aborted) continue
      const fault = asFault(error)
      failures = clock.monotonicMs() - beganMs >= watchLivedMs ? 1 : failures + 1
      if (fault.loginRefused) waits = refusedPauses
      // The poll behind it goes on and tells of real trouble; this line is for the curious.
      // The pulls of such a server may go well, and would not tell it.
      if (fault.code === 'source.over-budget') log.fault(fault, { mailbox: mailbox.name })
      if (fault.facts.reason !== 'begun anew') await memory.ended(fault)
      log.say('debug', 'watchEnded', fault.code, { mailbox: mailbox.name, failures })
    } finally {
      clearTimeout(timer)
    }
    // What arrives while nobody watches is looked for as the next watch begins: it rings then.
    const untilLogin = waits === refusedPauses ? AbortSignal.any([going, goodLogin.next()]) : going
    await clock.sleep(backoffMs(failures, ...waits, random()), untilLogin).catch(() => {})
  }
}

/** The journal's trouble is told by the pulls; a watch only waits for its end. */
async function heldForMs(ports: PullPorts): Promise<number> {
  try {
    return ((await watchHeldUntilMs(ports)) ?? 0) - ports.clock.nowMs()
  } catch {
    return heldLookMs
  }
}
