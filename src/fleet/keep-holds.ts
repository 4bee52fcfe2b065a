/**
 * What a worker holds, kept up: it takes its share of the mailboxes, a few at a time, renews its holds well before they end,
 * gives back what is more than its share, and stops a mailbox at once where it cannot be sure any more that it holds it.
 *
 * Invariant: whatever `work` does is told to stop (`signal`) before another worker could take the mailbox, as long as this
 * process runs; one that is stopped by the system finds its writes refused (journal/postgres/holds.ts).
 */
import type { Clock } from '../base/clock.ts'
import { asFault, type Fault } from '../base/fault.ts'
import { type Hold, type Holds, holdMs } from '../journal/postgres/holds.ts'

export interface HoldKeeperOptions {
  readonly holds: Holds
  /** Its name, which no other worker of the fleet has. */
  readonly worker: string
  readonly clock: Clock
  /** So many mailboxes at most. */
  readonly capacity: number
  /** So many more at each look, a second apart: a fleet that starts anew does not log in everywhere at once. */
  readonly mostAtOnce: number
  /** Pulls the mailbox until `signal` aborts, which is to end it soon; what it throws is its own to tell. */
  work(hold: Hold, signal: AbortSignal): Promise<void>
  /** The journal did not answer: it is asked again, and nothing is held for longer than is sure. */
  onFault(fault: Fault): void
}

/** How often it looks what there is to take, and renews what it has, ms. */
const lookMs = 1000
/** What cannot be renewed is left so long before its time is over, ms: stopping takes a while. */
const marginMs = 3000

interface Held {
  readonly hold: Hold
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** Takes and renews until `stopping` aborts, then ends what is held and releases it. Rejects never. */
export async function keepHolds(options: HoldKeeperOptions, stopping: AbortSignal): Promise<void> {
  const { holds, worker, clock, capacity, mostAtOnce, work, onFault } = options
  const held = new Map<string, Held>()
  let expiry: NodeJS.Timeout | undefined

  const begin = (hold: Hold): void => {
    const stop = new AbortController()
    const ended = work(hold, stop.signal)
      .catch(() => {})
      .finally(() => {
        if (held.get(hold.mailbox)?.hold === hold) held.delete(hold.mailbox)
      })
    held.set(hold.mailbox, { hold, stop, ended })
  }
  const end = async (some: readonly Held[]): Promise<void> => {
    for (const { stop } of some) stop.abort()
    await Promise.all(some.map(({ ended }) => ended))
  }
  const endAll = (): Promise<void> => end([...held.values()])
  /** @param askedAtMs when what was just renewed was asked for */
  const noteSure = (askedAtMs: number): void => {
    clearTimeout(expiry)
    const leftMs = askedAtMs + holdMs - marginMs - clock.monotonicMs()
    expiry = setTimeout(() => void endAll(), Math.max(0, leftMs))
  }
  const look = async (): Promise<void> => {
    const askedAtMs = clock.monotonicMs()
    const renewed = await holds.renew(worker, capacity)
    noteSure(askedAtMs)
    const fences = new Map(renewed.holds.map(({ mailbox, fence }) => [mailbox, fence]))
    const mine = [...held.values()]
    void end(mine.filter(({ hold }) => fences.get(hold.mailbox) !== hold.fence))
    // What has ended, or was begun under this name by a process before, is given back.
    const idle = renewed.holds.filter(({ mailbox }) => !held.has(mailbox)).map(({ mailbox }) => mailbox)
    if (idle.length > 0) await holds.release(worker, idle)
    const isKept = ({ hold, stop }: Held): boolean =>
      fences.get(hold.mailbox) === hold.fence && !stop.signal.aborted
    const kept = mine.filter(isKept)
    // The youngest connections are given back first, and a few at a time: their new worker has to log in.
    void end(kept.slice(renewed.share).slice(-mostAtOnce))
    const wanted = Math.min(renewed.share - kept.length, mostAtOnce)
    if (wanted > 0 && !stopping.aborted) for (const hold of await holds.take(worker, wanted)) begin(hold)
  }

  while (!stopping.aborted) {
    await look().catch(thrown => onFault(asFault(thrown)))
    await clock.sleep(lookMs, stopping).catch(() => {})
  }
  clearTimeout(expiry)
  await endAll()
  await holds.leave(worker).catch(thrown => onFault(asFault(thrown)))
}
