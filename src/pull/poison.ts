/** The messages that processes had in hand as they died, as a pull deals with them; under-way.ts says how they are known. */
import { abortAfter } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { MessageRow, Move } from '../journal/journal.ts'
import { carried } from '../journal/journal.ts'
import type { Listed } from '../source/source.ts'
import { asRecord, eventOf, type PullContext, type RowPlaces } from './context.ts'
import { countDeferred } from './count.ts'
import { suspectsAtOnce } from './trials.ts'
import { asideMs, endsUntilAside, endsUntilOwner, keyOf, leftMs, pauseMs } from './under-way.ts'

type Needs = Pick<PullContext, 'underWay' | 'mailbox' | 'journal' | 'clock' | 'count' | 'log'>

/** A suspect waits so long for its turn, ms, and then is out of the way of new mail for so long. */
export const suspectPauseMs = 5000

export const keyOfEntry = ({ mailbox }: Pick<PullContext, 'mailbox'>, entry: Listed): string =>
  keyOf(mailbox.name, entry)

/**
 * Keeps back or sets aside what was in hand at several unclean ends in a row: for a minute, then for an hour, then until
 * the owner asks for another try. What is known of its outcome stays as it is, so that nothing is imported twice.
 */
export async function setAsidePoison(context: Needs, at: RowPlaces): Promise<void> {
  const { underWay, mailbox, journal } = context
  await underWay.reconsider()
  if (!underWay.suspectsOf(mailbox.name).some(key => underWay.isCondemned(key))) return
  for (const [id, entry] of at) {
    const key = keyOf(mailbox.name, entry)
    if (!underWay.isCondemned(key)) continue
    const row = await journal.row(id)
    await underWay.sentenced(key, row && (await setAside(context, row, underWay.ends(key))))
  }
}

/** @returns until when it is not to be read again, where its row does not say so */
async function setAside(context: Needs, row: MessageRow, ends: number): Promise<number | undefined> {
  const { journal, clock, count, log, mailbox } = context
  if (ends < endsUntilAside) {
    await postpone(context, [row.id], pauseMs)
    return clock.nowMs() + pauseMs
  }
  const forOwner = ends >= endsUntilOwner
  const facts = { id: row.id, ends }
  const fault = new Fault('message.poison', { facts })
  const atMs = clock.nowMs()
  if (!carried.includes(row.stage)) {
    // It is imported, so it is only left at the source (settle.ts), for the owner or for a later look.
    log.fault(fault, { mailbox: mailbox.name })
    return atMs + (forOwner ? leftMs : asideMs)
  }
  const patch = {
    attempts: row.attempts + 1,
    firstFailedAtMs: row.firstFailedAtMs ?? atMs,
    fault: asRecord(fault, atMs),
  }
  if (forOwner) {
    await journal.move(row.id, 'refused', { ...patch, notBeforeMs: null })
    count.refused += 1
    log.refused({ ...eventOf(row), fault })
    return undefined
  }
  const stage = row.stage === 'importing' ? 'importing' : 'deferred'
  await journal.move(row.id, stage, { ...patch, notBeforeMs: atMs + asideMs })
  countDeferred(count, row.id)
  log.deferred({ ...eventOf(row), fault, inMs: asideMs })
  return undefined
}

/** Forgets suspects of listed folders that are no longer there, or were dealt with after all. */
export async function forgetKnownEnds(
  { underWay, mailbox, journal }: Needs,
  at: RowPlaces,
  folders: readonly string[],
): Promise<void> {
  const suspects = new Set(underWay.suspectsOf(mailbox.name))
  if (suspects.size === 0) return
  const waiting = new Set<string>()
  for (const [id, entry] of at) {
    const key = keyOf(mailbox.name, entry)
    if (!suspects.has(key)) continue
    const stage = (await journal.row(id))?.stage
    // What is imported may be read once more before it is deleted (settle.ts): it may be that at which the end came.
    const isTouchedAgain =
      mailbox.afterImport.do !== 'keep' || (stage !== undefined && carried.includes(stage))
    if (underWay.ends(key) > 1 || isTouchedAgain) waiting.add(key)
  }
  const inFolders = (key: string): boolean => folders.some(folder => isIn(key, mailbox.name, folder))
  await underWay.forget([...suspects].filter(key => !waiting.has(key) && inFolders(key)))
}

const isIn = (key: string, mailbox: string, folder: string): boolean =>
  key.startsWith(`${JSON.stringify([mailbox, folder]).slice(0, -1)},`)

/**
 * Takes up suspects, those of the fewest ends first. Those whose turn does not come, or where one is not over in time, wait
 * a little.
 * @param mayBegin false as soon as nothing new should be begun
 * @param end aborts then
 * @param takeUp resolves to false where it is not over yet; calls `ended` when it is, and says whether it came to an
 *   end of its own
 * @returns how many were left
 */
export async function takeUpSuspects<S extends { readonly id: number; readonly key: string }>(
  context: Pick<PullContext, 'underWay' | 'journal' | 'clock'>,
  suspects: readonly S[],
  { mayBegin, end }: { mayBegin(): boolean; readonly end: AbortSignal },
  takeUp: (suspect: S, ended: (isDealtWith: boolean) => Promise<void>) => Promise<boolean>,
): Promise<number> {
  const { underWay, clock } = context
  const waiting = suspects.toSorted((left, right) => underWay.ends(left.key) - underWay.ends(right.key))
  let isHeldUp = false
  const takeUpInTurn = async (): Promise<void> => {
    while (!isHeldUp && mayBegin()) {
      const suspect = waiting.shift()
      if (suspect === undefined) return
      await underWay.reconsider()
      const begin = (turn: AbortSignal) => underWay.beginSuspect(suspect.key, turn)
      const ended = await abortAfter(suspectPauseMs, clock, end, begin)
      if (ended === undefined) {
        waiting.unshift(suspect)
        isHeldUp = true
      } else if (!(await takeUp(suspect, ended).catch(error => endFirst(ended, error)))) isHeldUp = true
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: suspectsAtOnce }, takeUpInTurn))
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
  if (!isHeldUp || !mayBegin()) return waiting.length
  await postpone(
    context,
    waiting.map(({ id }) => id),
  )
  return 0
}

/** What could not even be begun is not in hand. */
async function endFirst(end: (isDealtWith: boolean) => Promise<void>, error: unknown): Promise<never> {
  await end(false).catch(() => {})
  throw error
}

/** Nothing is blamed for it: it only comes later. */
export async function postpone(
  { journal, clock }: Pick<PullContext, 'journal' | 'clock'>,
  ids: readonly number[],
  forMs = suspectPauseMs,
): Promise<void> {
  const notBeforeMs = clock.nowMs() + forMs
  const moves: Move[] = []
  for (const id of ids) {
    const row = await journal.row(id)
    if (row === undefined || !carried.includes(row.stage)) continue
    moves.push({ id, to: row.stage === 'importing' ? 'importing' : 'deferred', patch: { notBeforeMs } })
  }
  await journal.moveAll(moves)
}
