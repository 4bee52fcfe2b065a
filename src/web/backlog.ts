/**
 * What waits of a mailbox and how long that will take: only from what was seen, and said to be unknown where nothing
 * was. It looks at a bounded number of rows, and at none while nothing waits.
 */
import type { Journal } from '../journal/journal.ts'
import type { MailboxStatus } from '../status/mailbox-status.ts'

/** Quota units of an account's minute. */
export interface Quota {
  readonly used: number
  readonly perMinute: number
  /** What an import costs. */
  readonly perImport: number
}

export type TimeLeft =
  /** From what went in lately: so many within so many ms. */
  | { readonly basis: 'pace'; readonly ms: number; readonly imports: number; readonly withinMs: number }
  /** Nothing went in lately: what Gmail's quota allows at best. */
  | { readonly basis: 'quota'; readonly ms: number; readonly perMinute: number }
  /** Nothing goes in now: paused, in trouble, or kept by a wait. */
  | { readonly basis: 'unknown' }

export interface Backlog {
  /** Messages that are still to be imported; `later`: those of them that wait for another try. */
  readonly waiting: number
  readonly later: number
  /** undefined: nothing waits but what has its time. */
  readonly left: TimeLeft | undefined
}

const rowsLooked = 200
/** What is older says nothing of the present pace, ms. */
const latelyMs = 5 * 60_000
/** So few say nothing of a pace. */
const leastImports = 5

export async function readBacklog(
  journal: Pick<Journal, 'latestImports'>,
  status: MailboxStatus,
  quota: Quota | undefined,
  nowMs: number,
): Promise<Backlog> {
  const waiting = status.conservation.pending
  const later = Math.min(waiting, status.counts.deferred)
  const due = waiting - later
  if (due === 0) return { waiting, later, left: undefined }
  const { state, accountState, outage, pausedSinceMs } = status
  const heldMs = Math.max(state.notBeforeMs ?? 0, accountState.notBeforeMs ?? 0)
  if (pausedSinceMs !== undefined || outage !== undefined || heldMs > nowMs)
    return { waiting, later, left: { basis: 'unknown' } }
  const lately = (await journal.latestImports(status.mailbox, rowsLooked)).flatMap(({ importedAtMs }) =>
    importedAtMs !== undefined && importedAtMs <= nowMs && nowMs - importedAtMs <= latelyMs
      ? [importedAtMs]
      : [],
  )
  return { waiting, later, left: estimate(due, lately, quota, nowMs) }
}

/** @param lately instants of imports, the newest first */
export function estimate(
  due: number,
  lately: readonly number[],
  quota: Quota | undefined,
  nowMs: number,
): TimeLeft {
  const oldest = lately.at(-1)
  if (lately.length >= leastImports && oldest !== undefined) {
    // To this moment: where nothing has gone in since, it is slower.
    const withinMs = Math.max(1000, nowMs - oldest)
    return { basis: 'pace', ms: (due * withinMs) / lately.length, imports: lately.length, withinMs }
  }
  if (quota === undefined || quota.perMinute <= 0) return { basis: 'unknown' }
  return {
    basis: 'quota',
    ms: ((due * quota.perImport) / quota.perMinute) * 60_000,
    perMinute: quota.perMinute,
  }
}
