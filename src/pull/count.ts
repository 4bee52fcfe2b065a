/** What pulls count. */
import type { AfterImport } from '../config/config.ts'

/** What one pull did; the sums that `pull --json` prints. */
export interface PullCount extends PullNumbers {
  /** Which messages `deferred` counts: one that is put off several times is one message. */
  readonly deferredIds: Set<number>
  /** Those among `refused` that may yet turn out to be the account's trouble. */
  readonly doubtfulIds: Set<number>
  /** When the latest of `imported` went in, ms since 1970: trouble of the account that came later is not over by it. */
  lastImportedAtMs: number | undefined
}

export interface PullNumbers {
  /** Messages that stood at the source. */
  listed: number
  /** Of these, seen for the first time. */
  fresh: number
  imported: number
  merged: number
  refused: number
  deferred: number
  settled: number
  settleAsked: number
  gone: number
  ignored: number
  /** Of `ignored`, those that a rule of the owner's leaves at the source. */
  leftByRule: number
  repeated: number
  octets: number
}

/** Of an owner who keeps everything nothing is done at the source, and nothing is said of it. */
export const settledAsTold = ({ settled }: PullNumbers, { do: action }: AfterImport): number =>
  action === 'keep' ? 0 : settled

export const noNumbers = (): PullNumbers => ({
  listed: 0,
  fresh: 0,
  imported: 0,
  merged: 0,
  refused: 0,
  deferred: 0,
  settled: 0,
  settleAsked: 0,
  gone: 0,
  ignored: 0,
  leftByRule: 0,
  repeated: 0,
  octets: 0,
})

const deeds = Object.keys(noNumbers()).filter(name => name !== 'listed') as (keyof PullNumbers)[]

/** Nobody would miss that the pull was. */
export const foundNothing = (count: PullNumbers): boolean => deeds.every(deed => count[deed] === 0)

export const noCount = (): PullCount => ({
  ...noNumbers(),
  deferredIds: new Set(),
  doubtfulIds: new Set(),
  lastImportedAtMs: undefined,
})

/** A message is to be tried again. */
export function countDeferred(count: PullCount, id: number): void {
  count.deferredIds.add(id)
  count.deferred = count.deferredIds.size
}

/** One message more went in. */
export function countImported(count: PullCount, atMs: number): void {
  count.imported += 1
  count.lastImportedAtMs = Math.max(atMs, count.lastImportedAtMs ?? 0)
}

/** One message more went into another account: of the mailbox's own account that says nothing. */
export function countImportedElsewhere(count: PullCount): void {
  count.imported += 1
}

/** Adds what `from` counted to `count`. */
export function addCount(count: PullCount, from: PullCount): void {
  for (const key of Object.keys(noNumbers()) as (keyof PullNumbers)[]) {
    if (key !== 'deferred') count[key] += from[key]
  }
  for (const id of from.deferredIds) countDeferred(count, id)
  for (const id of from.doubtfulIds) count.doubtfulIds.add(id)
  if (from.lastImportedAtMs !== undefined)
    count.lastImportedAtMs = Math.max(from.lastImportedAtMs, count.lastImportedAtMs ?? 0)
}

/** The same, and lets `from` begin anew. */
export function moveCount(from: PullCount, count: PullCount): void {
  addCount(count, from)
  from.deferredIds.clear()
  from.doubtfulIds.clear()
  from.lastImportedAtMs = undefined
  Object.assign(from, noNumbers())
}
