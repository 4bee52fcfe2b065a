/**
 * A mailbox while a worker holds it: opened from the directory, pulled and watched until it is set otherwise, and opened anew
 * then. What cannot be opened is a trouble of its own, and is tried again with growing waits, or when it is changed.
 */
import { backoffMs } from '../base/backoff.ts'
import { asFault, type Fault } from '../base/fault.ts'
import type { Occasion } from '../base/occasion.ts'
import { openHeldMailbox } from '../bridge/held-mailbox.ts'
import { runDaemon } from '../daemon.ts'
import type { Keeping } from '../fleet/keep-holds.ts'
import type { Journal } from '../journal/journal.ts'
import type { Hold } from '../journal/postgres/holds.ts'
import type { WorkerOptions } from './context.ts'

/** First and longest pause before it is opened again, ms. */
const openPauses = [5000, 30 * 60_000] as const
/** The same where it was the database, ms: it is the same for all of them, and back in a moment more often than not. */
const databasePauses = [1000, 30_000] as const
/** What is under way when its settings change may end well for so long, ms. */
const changeGraceMs = 3000

export interface HeldOptions
  extends Pick<WorkerOptions, 'fleet' | 'directory' | 'shared' | 'clock' | 'instance' | 'hooks'> {
  readonly hold: Hold
  readonly keeping: Keeping
  /** It was set otherwise. */
  readonly changed: Occasion
}

/** Runs until `stopping` aborts, or the mailbox is held no more. Rejects never. */
export async function pullHeld(options: HeldOptions, stopping: AbortSignal): Promise<void> {
  const { fleet, shared, clock, hold, keeping, changed } = options
  const journal = fleet.journalOf(hold)
  let failures = 0
  // Another worker had it, and its waits go on. What is set otherwise may be mended.
  let firstReason: 'start' | 'taken' = 'taken'
  while (!stopping.aborted) {
    const change = changed.next()
    const stop = AbortSignal.any([stopping, change])
    try {
      await pullOnce(options, journal, stop, change, firstReason)
      failures = 0
      firstReason = 'start'
    } catch (thrown) {
      const fault = asFault(thrown)
      if (stopping.aborted || keeping.lost.aborted || fault.code === 'journal.not-held') return
      failures += 1
      // It was removed: what is withdrawn is told to stop within a second.
      const isGone = fault.code === 'fleet.unknown' && failures === 1
      const pauses: readonly [number, number] = fault.code.startsWith('journal.')
        ? databasePauses
        : openPauses
      const inMs = backoffMs(failures, ...pauses, Math.random())
      if (!isGone) shared.log.fault(fault, { mailbox: hold.mailbox, inMs, count: failures })
      await noteTrouble(journal, hold.mailbox, fault, shared.clock.nowMs()).catch(() => {})
      await clock.sleep(inMs, stop).catch(() => {})
    }
  }
}

/** Throws what it could not be opened for, or what ended it. */
async function pullOnce(
  { fleet, directory, shared, instance, hooks, hold, keeping }: HeldOptions,
  journal: Journal,
  stop: AbortSignal,
  change: AbortSignal,
  firstReason: 'start' | 'taken',
): Promise<void> {
  const { mailbox, accounts } = await directory.open(hold.mailbox)
  const books = {
    ...{ journal, instance, lost: keeping.lost },
    nowMs: () => fleet.nowMs(),
    isSure: () => keeping.isSure(),
    listAlive: (instances: readonly string[]) => fleet.holds.listThere(instances),
  }
  const opened = await openHeldMailbox(shared, books, mailbox, accounts)
  const tooLong = new AbortController()
  let timer: NodeJS.Timeout | undefined
  change.addEventListener('abort', () => {
    timer = setTimeout(() => tooLong.abort(), changeGraceMs)
  })
  try {
    hooks.onOpened(opened)
    const ports = { journal, mailboxes: [opened.ports], queues: [opened], firstReason }
    await runDaemon(ports, stop, AbortSignal.any([keeping.lost, tooLong.signal]), hooks)
  } finally {
    clearTimeout(timer)
    hooks.onClosed(opened)
    await opened.close()
  }
}

/** The database's own trouble is told by the worker, and what is not in the directory any more is nobody's. */
async function noteTrouble(journal: Journal, mailbox: string, fault: Fault, atMs: number): Promise<void> {
  if (/^(journal|state)\./.test(fault.code) || fault.code === 'fleet.unknown') return
  const { code, retry, facts } = fault
  await journal.troubles.opened(
    { scope: 'mailbox', name: mailbox, subject: '' },
    { code, retry, facts, atMs },
  )
}
