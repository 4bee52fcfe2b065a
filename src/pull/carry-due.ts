/** Carries what is due in one pull: several messages at once, or one before the others where the account is in doubt. */

import { asFault, type Fault } from '../base/fault.ts'
import type { ImportRequest } from '../gmail/gmail.ts'
import { carried, type MessageRow } from '../journal/journal.ts'
import type { Listed } from '../source/source.ts'
import { blamedLast, mustProbe } from './breaker.ts'
import { Carrier } from './carry.ts'
import type { PullContext } from './context.ts'
import { LabelWishes } from './label-wishes.ts'
import { carrySuspects, keyOfEntry } from './poison.ts'
import type { PullOptions } from './pull.ts'
import { namedAtOnce } from './under-way.ts'

/** How many messages are on their way at once; imports in flight are bounded by the account's pace. */
const carriers = 6

/** Carries what is due. A wider fault ends the beginning of new messages and is given back once all is quiet. */
export async function carryDue(
  context: PullContext,
  options: Pick<PullOptions, 'budgetMs' | 'onProgress'>,
): Promise<{ left: number; due: number; fault: Fault | undefined; labelFaults: readonly Fault[] }> {
  const { journal, mailbox, clock, at, stopping, signal, underWay } = context
  const wishes = new LabelWishes(context)
  const carrier = new Carrier(context, row => requestFor(context, wishes, row), wishes)
  const keyOfId = (id: number): string => {
    const entry = at.get(id)
    return entry === undefined ? '' : keyOfEntry(context, entry)
  }
  const all = (
    await blamedLast(journal, mailbox.account, await journal.dueIds(mailbox.name, clock.nowMs()))
  ).filter(id => at.has(id))
  // Nothing else waits for a message at which the process may have ended before.
  const suspects = underWay.anySuspects ? all.filter(id => underWay.ends(keyOfId(id)) > 0) : []
  const due = suspects.length === 0 ? all : all.filter(id => !suspects.includes(id))
  const endMs = clock.monotonicMs() + options.budgetMs
  let next = 0
  let done = 0
  let fault: Fault | undefined
  const goesOn = (): boolean =>
    fault === undefined && clock.monotonicMs() < endMs && !stopping.aborted && !signal.aborted
  const carry = async (id: number, entry: Listed): Promise<void> => {
    const row = await journal.row(id)
    if (row === undefined || !carried.includes(row.stage)) return
    try {
      await carrier.carry(row, entry)
    } catch (error) {
      fault ??= asFault(error)
      if (signal.aborted) throw error
    }
    done += 1
    options.onProgress({ done, due: all.length })
  }
  const work = async (isEnough = () => false): Promise<void> => {
    while (next < due.length && goesOn() && !isEnough()) {
      const id = due[next++] ?? 0
      const entry = at.get(id)
      if (entry === undefined) continue
      const key = keyOfEntry(context, entry)
      try {
        await underWay.begin(key, () => due.slice(next, next + namedAtOnce).map(keyOfId))
        await carry(id, entry)
      } catch (error) {
        fault ??= asFault(error)
        if (signal.aborted) throw error
      } finally {
        underWay.end(key)
      }
    }
  }
  // Where the account is in trouble one message at a time is tried, until one goes in.
  if (await mustProbe(journal, mailbox.account)) await work(() => carrier.accepted > 0)
  const results = await Promise.allSettled(Array.from({ length: carriers }, () => work()))
  for (const result of results) if (result.status === 'rejected') throw result.reason
  const left = await carrySuspects(context, suspects, goesOn, carry)
  if (goesOn()) await wishes.tryAgain()
  return { left: due.length - next + left, due: all.length, fault, labelFaults: wishes.faults }
}

/** The labels of a message in Gmail, and whether it counts as read. */
async function requestFor(
  context: PullContext,
  wishes: LabelWishes,
  row: MessageRow,
): Promise<ImportRequest> {
  const { mailbox, gmail, signal, session } = context
  // POP3 has one nameless folder, which is the mailbox's first.
  const folder =
    session.abilities.protocol === 'pop3'
      ? mailbox.folders[0]
      : mailbox.folders.find(one => one.name === row.folder)
  const names: string[] = []
  if (folder?.to === 'spam') names.push('SPAM')
  else if (folder?.to !== 'label' && !mailbox.archive) names.push('INBOX')
  if (row.seen !== true) names.push('UNREAD')
  const wished = await wishes.idsFor([...new Set([...mailbox.labels, ...(folder?.labels ?? [])])])
  const own = await gmail.labelIds(names, signal)
  return {
    labelIds: [...new Set([...wished, ...own])],
    internalDateSource: mailbox.internalDateSource,
    neverMarkSpam: mailbox.neverMarkSpam,
    processForCalendar: mailbox.processForCalendar,
    method: 'import',
  }
}
