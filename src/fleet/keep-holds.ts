/**
 * What a worker holds, kept up: it takes its share of the mailboxes, a few at a time, renews its holds well before they end,
 * gives back what is more than its share, and stops a mailbox at once where it cannot be sure any more that it holds it.
 *
 * Invariant: whatever `work` does is told to stop (`signal`) before another worker could take the mailbox, as long as this
 * process runs; one that is stopped by the system finds its writes refused (journal/postgres/holds.ts).
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { asFault, type Fault } from '../base/fault.ts'
import { type Hold, type Holds, holdMs } from '../journal/postgres/holds.ts'

/** How sure a worker may be of a mailbox while it ends, or wakes up late. */
export interface Keeping {
  /** Aborts when everything has to end now: its grace is over, or another may have taken the mailbox. */
  readonly lost: AbortSignal
  /** Whether nobody else can have taken it up to now. Asked before what cannot be taken back. */
  isSure(): boolean
}

export interface HoldKeeperOptions {
  readonly holds: Holds
  /** Its name, which no other worker of the fleet has. */
  readonly worker: string
  /** Of this process, which no other has, nor had. */
  readonly instance?: string
  readonly clock: Clock
  /** So many mailboxes at most. */
  readonly capacity: number
  /** So many more at each look, a second apart: a fleet that starts anew does not log in everywhere at once. */
  readonly mostAtOnce: number
  /**
   * Pulls the mailbox until `stopping` aborts, which is to end it soon; what it throws is its own to tell.
   * @param keeping whether it still holds the mailbox
   */
  work(hold: Hold, stopping: AbortSignal, keeping: Keeping): Promise<void>
  /** The journal did not answer: it is asked again, and nothing is held for longer than is sure. */
  onFault(fault: Fault): void
}

/** How often it looks what there is to take, and renews what it has, ms. */
const lookMs = 1000
/** Who looks as another's word ends finds it ended, and does not look all the time, ms. */
const [justAfterMs, leastPauseMs] = [20, 100]
/** What cannot be renewed is left so long before its time is over, ms: stopping takes a while. */
const marginMs = 3000

/** What is given back may end well for so long, and is renewed meanwhile, ms. */
const graceMs = 3000
/** Mailboxes that end together are given back together, ms. */
const nudgeMs = 50

interface Held {
  readonly hold: Hold
  readonly stop: AbortController
  readonly lost: AbortController
  readonly ended: Promise<void>
}

/** Takes and renews until `stopping` aborts, then ends what is held and releases it. Rejects never. */
export async function keepHolds(options: HoldKeeperOptions, stopping: AbortSignal): Promise<void> {
  const { holds, worker, instance = randomUUID(), clock, capacity, mostAtOnce, work, onFault } = options
  const held = new Map<string, Held>()
  let expiry: NodeJS.Timeout | undefined
  let nudge = new AbortController()
  let pauseMs = lookMs
  let sureUntil = { monotonicMs: 0, wallMs: 0 }
  // A machine that slept counts that time on its wall clock alone.
  const isTimeLeft = (): boolean =>
    clock.monotonicMs() < sureUntil.monotonicMs && clock.nowMs() < sureUntil.wallMs

  const begin = (hold: Hold): void => {
    const [stop, lost] = [new AbortController(), new AbortController()]
    const isSure = (): boolean => !lost.signal.aborted && isTimeLeft()
    const ended = work(hold, stop.signal, { lost: lost.signal, isSure })
      .catch(() => {})
      .finally(() => {
        if (held.get(hold.mailbox)?.hold === hold) held.delete(hold.mailbox)
        if (stop.signal.aborted) nudge.abort()
      })
    held.set(hold.mailbox, { hold, stop, lost, ended })
  }
  /** It goes to another worker, and may end well before. */
  const giveBack = (some: readonly Held[]): void => {
    for (const { stop, lost, ended } of some) {
      if (stop.signal.aborted) continue
      stop.abort()
      const timer = setTimeout(() => lost.abort(), graceMs)
      void ended.then(() => clearTimeout(timer))
    }
  }
  /** Another may have it. */
  const drop = (some: readonly Held[]): void => {
    for (const { stop, lost } of some) {
      stop.abort()
      lost.abort()
    }
  }
  /** @param askedAtMs when what was just renewed was asked for, by either clock */
  const noteSure = (askedAtMs: number, askedWallMs: number): void => {
    clearTimeout(expiry)
    sureUntil = { monotonicMs: askedAtMs + holdMs - marginMs, wallMs: askedWallMs + holdMs - marginMs }
    const leftMs = sureUntil.monotonicMs - clock.monotonicMs()
    expiry = setTimeout(() => drop([...held.values()]), Math.max(0, leftMs))
  }
  const look = async (): Promise<void> => {
    const [askedAtMs, askedWallMs] = [clock.monotonicMs(), clock.nowMs()]
    pauseMs = lookMs
    const renewed = await holds.renew(worker, capacity, instance)
    // Who is dead is followed as soon as its time is over, and not at the next look behind that.
    pauseMs = Math.min(lookMs, Math.max(leastPauseMs, renewed.wordEndsInMs + justAfterMs))
    noteSure(askedAtMs, askedWallMs)
    const fences = new Map(renewed.holds.map(({ mailbox, fence }) => [mailbox, fence]))
    const mine = [...held.values()]
    drop(mine.filter(({ hold }) => fences.get(hold.mailbox) !== hold.fence))
    // What has ended, or was begun under this name by a process before, is given back.
    const idle = renewed.holds.filter(({ mailbox }) => !held.has(mailbox)).map(({ mailbox }) => mailbox)
    if (idle.length > 0) await holds.release(worker, idle)
    if (stopping.aborted) return giveBack([...held.values()])
    giveBack(mine.filter(({ hold }) => renewed.withdrawn.includes(hold.mailbox)))
    const kept = mine.filter(({ stop }) => !stop.signal.aborted)
    // The youngest connections are given back first, and a few at a time: their new worker has to log in.
    giveBack(kept.slice(renewed.share).slice(-mostAtOnce))
    const wanted = Math.min(renewed.share - kept.length, mostAtOnce)
    if (wanted > 0) for (const hold of await holds.take(worker, wanted)) begin(hold)
  }

  while (!stopping.aborted || held.size > 0) {
    if (stopping.aborted) giveBack([...held.values()])
    nudge = new AbortController()
    await look().catch(thrown => onFault(asFault(thrown)))
    const woken = stopping.aborted ? nudge.signal : AbortSignal.any([stopping, nudge.signal])
    if (!stopping.aborted || held.size > 0) await clock.sleep(pauseMs, woken).catch(() => {})
    if (nudge.signal.aborted) await clock.sleep(nudgeMs)
  }
  clearTimeout(expiry)
  await holds.leave(worker, instance).catch(thrown => onFault(asFault(thrown)))
}
