/**
 * One worker of a fleet: it holds its share of the mailboxes, and runs for each the same daemon that one machine runs for all.
 * What it learns of a mailbox stands in the fleet's journal, so that any other worker goes on from there.
 *
 * Invariants: a mailbox is logged in to only while it is held; an upload begins only while nobody else can have taken the
 * mailbox; the trouble of one mailbox stops no other.
 */
import { makeOccasion, type Occasion } from '../base/occasion.ts'
import { keepHolds } from '../fleet/keep-holds.ts'
import type { WorkerOptions } from './context.ts'
import { pullHeld } from './pull-held.ts'

/** So many more mailboxes a second: their hosts and Gmail see no herd after a start, nor after a change of many. */
const mostAtOnce = 50

/** Runs until `stopping` aborts and all that is held has ended and is released. Rejects never. */
export async function runWorker(options: WorkerOptions, stopping: AbortSignal): Promise<void> {
  const { fleet, directory, clock, name, instance, capacity, hooks } = options
  const changes = new Map<string, Occasion>()
  const timers = new Set<NodeJS.Timeout>()
  const stopWatching = directory.watch(
    keys => {
      for (const key of keys) {
        // Of what is not held, or is taken only now, what it is set to is read as it is taken up.
        const changed = changes.get(key)
        if (changed === undefined) continue
        const spreadMs = (keys.length / mostAtOnce) * 1000 * Math.random()
        const timer = setTimeout(() => {
          timers.delete(timer)
          changed.happened()
        }, spreadMs)
        timers.add(timer)
      }
    },
    () => {}, // The holds tell that the database is away.
  )
  try {
    await keepHolds(
      {
        ...{ holds: fleet.holds, worker: name, instance, clock, capacity, mostAtOnce },
        async work(hold, stoppingIt, keeping) {
          const changed = makeOccasion()
          changes.set(hold.mailbox, changed)
          try {
            await pullHeld({ ...options, hold, keeping, changed }, stoppingIt)
          } finally {
            if (changes.get(hold.mailbox) === changed) changes.delete(hold.mailbox)
          }
        },
        onFault: hooks.onFault,
      },
      stopping,
    )
  } finally {
    for (const timer of timers) clearTimeout(timer)
    await stopWatching()
  }
}
