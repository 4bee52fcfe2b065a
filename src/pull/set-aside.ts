/**
 * What becomes of a message that could not be carried: put off, set aside for the owner, or left without blame where
 * the trouble is wider than the message. Whatever it is, the message stays at the source.
 */
import { backoffMs } from '../base/backoff.ts'
import { Fault } from '../base/fault.ts'
import type { MessageRow, Move, RowPatch } from '../journal/journal.ts'
import { forgetBlame, judgeUpload, type Verdict } from './breaker.ts'
import { asRecord, eventOf, type PullContext } from './context.ts'
import { countDeferred } from './count.ts'

type Needs = Pick<PullContext, 'journal' | 'mailbox' | 'clock' | 'count' | 'log' | 'random'>

/** Bare refusals without a known reason are tried for hours before the owner is asked. */
const unexplainedTries = 6
const unexplainedMs = 6 * 3600_000
/** A message that is listed and not there is tried for so long. */
const listedOnlyMs = 24 * 3600_000
const retryFirstMs = 60_000
const retryMostMs = 4 * 3600_000
/** As long as it may be the account after all, no message waits longer. */
const unprovedMostMs = 3600_000
const outcomePauseMs = 15_000
/** Whatever says of less than this that it is too large may speak of something else. */
const surelyNotTooLarge = 1024 * 1024

/**
 * Puts a message aside after a fault of its own; rethrows what is wider.
 * @param before the row as it was: where an earlier upload had an unknown outcome it stays so, whatever failed now
 */
export async function setAside(
  context: Needs,
  row: MessageRow,
  thrown: unknown,
  before: MessageRow,
): Promise<void> {
  const unknown = before.stage === 'importing'
  if (!(thrown instanceof Fault)) {
    // An abort: an upload that has begun ends well or by a fault (gmail.ts), so nothing has left. Of anything
    // else nobody knows what it left behind.
    const isAbort = thrown instanceof Error && thrown.name === 'AbortError'
    await release(context, row, before, unknown || !isAbort)
    throw thrown
  }
  const { journal, mailbox } = context
  const isTooLarge =
    thrown.code === 'message.too-large' && (row.octets ?? surelyNotTooLarge) >= surelyNotTooLarge
  const verdict =
    row.stage === 'importing' && !isTooLarge
      ? await judgeUpload(journal, mailbox.account, row.id, thrown)
      : undefined
  const fault = verdict?.fault ?? thrown
  await clearBlame(context, verdict?.released ?? [])
  if (thrown.code === 'gmail.outcome-unknown') {
    await keepUnknown(context, row, fault)
    if (fault.scope !== 'message') throw fault
    return
  }
  if (fault.scope !== 'message') {
    // Trouble of this machine may have come after Gmail's answer: then the outcome stays unknown.
    await release(context, row, before, unknown || fault.scope === 'everything')
    if (fault !== thrown) await clearBlame(context, [row.id])
    throw fault
  }
  if (fault.code === 'message.gone') {
    // The next listing records that it is gone, if it really is.
    await deferGone(context, row, fault, before)
    return
  }
  const { outcomeUnknown } = before
  if (fault.retry === 'owner' || isHopeless(context, row, fault, verdict)) {
    await refuse(context, row, fault, outcomeUnknown)
    return
  }
  const most = verdict === undefined || verdict.isProved ? retryMostMs : unprovedMostMs
  await defer(context, row, fault, { outcomeUnknown }, unknown, most)
}

/**
 * The source says that it has no such message. One that is listed again and again all the same is no message, or the
 * source's index is damaged: after a day of tries it is the owner's, and waits for nobody.
 */
async function deferGone(context: Needs, row: MessageRow, gone: Fault, before: MessageRow): Promise<void> {
  const { outcomeUnknown } = before
  const unknown = before.stage === 'importing'
  const wasListedSince = row.fault?.code === 'message.gone' || row.fault?.code === 'message.listed-only'
  if (!wasListedSince) {
    await defer(context, row, gone, { outcomeUnknown }, unknown)
    return
  }
  const atMs = context.clock.nowMs()
  const sinceMs = atMs - (row.firstFailedAtMs ?? atMs)
  const isLasting = !unknown && row.attempts + 1 >= unexplainedTries && sinceMs >= listedOnlyMs
  const options = { retry: isLasting ? 'owner' : 'later', facts: gone.facts, cause: gone } as const
  const fault = new Fault('message.listed-only', options)
  if (isLasting) await refuse(context, row, fault, outcomeUnknown)
  else await defer(context, row, fault, { outcomeUnknown }, unknown)
}

/** Turned down without a reason again and again, while the account took another message. */
function isHopeless({ clock }: Needs, row: MessageRow, fault: Fault, verdict: Verdict | undefined): boolean {
  if (fault.code !== 'gmail.message-unexplained' || verdict?.isProved !== true) return false
  const atMs = clock.nowMs()
  const tries = row.attempts + 1
  return tries >= unexplainedTries && atMs - (row.firstFailedAtMs ?? atMs) >= unexplainedMs
}

async function refuse(context: Needs, row: MessageRow, fault: Fault, outcomeUnknown: boolean): Promise<void> {
  const { journal, mailbox, clock, count, log } = context
  await journal.move(row.id, 'refused', {
    attempts: row.attempts + 1,
    fault: asRecord(fault, clock.nowMs()),
    notBeforeMs: null,
    outcomeUnknown,
  })
  if (fault.code === 'message.too-large') count.doubtfulIds.add(row.id)
  else await forgetBlame(journal, mailbox.account, row.id)
  count.refused += 1
  log.refused({ ...eventOf(row), fault })
}

/** Nobody knows whether Gmail has it. Where the account is to blame no try is counted against the message. */
async function keepUnknown(context: Needs, row: MessageRow, fault: Fault): Promise<void> {
  const { journal, clock, count, log, random } = context
  const atMs = clock.nowMs()
  const attempts = row.attempts + 1
  await journal.move(
    row.id,
    'importing',
    fault.scope === 'message'
      ? {
          attempts,
          firstFailedAtMs: row.firstFailedAtMs ?? atMs,
          notBeforeMs: atMs + backoffMs(attempts, outcomePauseMs, retryMostMs, random()),
          fault: asRecord(fault, atMs),
        }
      : { notBeforeMs: atMs + outcomePauseMs },
  )
  countDeferred(count, row.id)
  log.deferred({ ...eventOf(row), fault })
}

export async function defer(
  context: Needs,
  row: MessageRow,
  fault: Fault,
  patch: RowPatch,
  unknown: boolean,
  mostMs = retryMostMs,
): Promise<void> {
  const { journal, clock, count, log, random } = context
  const atMs = clock.nowMs()
  const attempts = row.attempts + 1
  const notBeforeMs = fault.notBeforeMs ?? atMs + backoffMs(attempts, retryFirstMs, mostMs, random())
  await journal.move(row.id, unknown ? 'importing' : 'deferred', {
    attempts,
    firstFailedAtMs: row.firstFailedAtMs ?? atMs,
    notBeforeMs,
    fault: asRecord(fault, atMs),
    ...patch,
  })
  countDeferred(count, row.id)
  log.deferred({ ...eventOf(row), fault, inMs: notBeforeMs - atMs })
}

/** Wider trouble than this message: it waits without blame. Nothing reached Gmail, or the fault would say so. */
async function release(context: Needs, row: MessageRow, before: MessageRow, unknown: boolean): Promise<void> {
  if (row.stage !== 'importing' || unknown) return
  const { outcomeUnknown } = before
  await context.journal.move(row.id, 'deferred', { notBeforeMs: null, outcomeUnknown })
}

/** It was the account: what was counted against these messages is forgotten, and their trouble is the account's. */
async function clearBlame({ journal, clock, count }: Needs, ids: readonly number[]): Promise<void> {
  const rows = (await Promise.all(ids.map(id => journal.row(id)))).filter(row => row !== undefined)
  const isTooLarge = ({ stage, fault }: MessageRow): boolean =>
    stage === 'refused' && fault?.code === 'message.too-large'
  const waiting = rows.filter(row => row.stage === 'deferred' || row.stage === 'importing' || isTooLarge(row))
  const patch = { attempts: 0, firstFailedAtMs: null, notBeforeMs: null, fault: null }
  const moves = waiting.map(
    ({ id, stage }): Move => ({ id, to: stage === 'refused' ? 'listed' : stage, from: stage, patch }),
  )
  await journal.moveAll(moves)
  for (const { id } of waiting) if (count.doubtfulIds.delete(id)) count.refused -= 1
  for (const { id, mailbox: name } of waiting)
    await journal.troubles.closed({ scope: 'message', name, subject: String(id) }, 'account', clock.nowMs())
}
