/**
 * Other Gmail accounts than the mailbox's own, to which rules send some of its mail: each with its own queue, quota, labels
 * and waits. Their trouble stops their own mail and nothing else: it is recorded where it belongs, and what was to go there
 * waits as long as the account does.
 */
import { backoffMs, isWaitOver } from '../base/backoff.ts'
import type { Fault } from '../base/fault.ts'
import type { MessageRow, RowPatch } from '../journal/journal.ts'
import { asRecord, type PullContext } from './context.ts'
import { countDeferred } from './count.ts'
import { withoutTrouble } from './owner-acted.ts'
import { bookOf, isUnderWay } from './rule-wishes.ts'
import { chooseWaits, waitsUntilMs } from './waits.ts'

type Needs = Pick<PullContext, 'journal' | 'mailbox' | 'clock' | 'random' | 'log' | 'count'>

/**
 * The ports of a pull as an account sees them: whatever is recorded is of that account.
 * @returns undefined where the account is in the configuration no more
 */
export function contextOf<C extends Pick<PullContext, 'mailbox' | 'gmail' | 'others'>>(
  context: C,
  account: string,
): (C & { readonly isElsewhere: boolean }) | undefined {
  if (account === context.mailbox.account) return { ...context, isElsewhere: false }
  const destination = context.others.get(account)
  if (destination === undefined) return undefined
  const mailbox = { ...context.mailbox, account }
  return { ...context, gmail: destination.gmail, mailbox, isElsewhere: true }
}

/** Until when the account waits, wall clock, ms; undefined: it does not. */
export async function heldUntilMs(
  { journal, clock }: Pick<Needs, 'journal' | 'clock'>,
  account: string,
): Promise<number | undefined> {
  return waitsUntilMs(await journal.accountState(account), clock.nowMs())
}

/** What is known to go to an account that waits is not retrieved for it; it is due again when the account is. */
export async function isHeldElsewhere(context: Needs, row: MessageRow): Promise<boolean> {
  const { wish } = row
  const isDecided = isUnderWay(row) || wish?.book === bookOf(context.mailbox).print
  if (wish?.account === undefined || wish.account === context.mailbox.account || !isDecided) return false
  const untilMs = await heldUntilMs(context, wish.account)
  if (untilMs === undefined) return false
  await postponeElsewhere(context, row, untilMs)
  return true
}

/** It waits without blame; an unknown outcome stays one. */
export async function postponeElsewhere(
  { journal, count }: Pick<Needs, 'journal' | 'count'>,
  { id, stage }: MessageRow,
  notBeforeMs: number,
  facts: RowPatch = {},
): Promise<void> {
  if (stage === 'importing') await journal.move(id, stage, { notBeforeMs })
  else await journal.move(id, 'deferred', { ...facts, notBeforeMs })
  countDeferred(count, id)
}

/** The account's trouble, with the wait that follows from it. Several uploads that meet it at once are one failure. */
export async function noteFailureElsewhere(context: Needs, account: string, fault: Fault): Promise<void> {
  const { journal, mailbox, clock, random, log } = context
  const nowMs = clock.nowMs()
  const [firstMs, mostMs] = chooseWaits(fault)
  await journal.troubles.opened({ scope: 'account', name: account, subject: '' }, asRecord(fault, nowMs))
  await journal.changeAccount(account, state => {
    const isKnown = !isWaitOver(state.notBeforeMs, nowMs) && state.fault?.code === fault.code
    const failures = isKnown ? state.failures : state.failures + 1
    const untilMs = nowMs + backoffMs(failures, firstMs, mostMs, random())
    return {
      failures,
      failingSinceMs: state.failingSinceMs ?? nowMs,
      notBeforeMs: Math.max(isKnown ? (state.notBeforeMs ?? 0) : untilMs, fault.notBeforeMs ?? 0),
      fault: asRecord(fault, nowMs),
    }
  })
  log.fault(fault, { mailbox: mailbox.name, account })
}

/** A message went in there: the account works. */
export async function noteSuccessElsewhere(
  { journal, clock }: Pick<Needs, 'journal' | 'clock'>,
  account: string,
): Promise<void> {
  const { failures, fault } = await journal.accountState(account)
  if (failures === 0 && fault === undefined) return
  await journal.updateAccount(account, withoutTrouble)
  await journal.troubles.closed({ scope: 'account', name: account, subject: '' }, 'success', clock.nowMs())
}
