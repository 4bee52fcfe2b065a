/** What of a listing is due, and in which order: small messages first, and before those that met trouble all others. */
import { smallOctets } from '../base/in-flight.ts'
import { carried, type MessageRow } from '../journal/journal.ts'
import type { Listed } from '../source/source.ts'
import type { PullContext, RowPlaces } from './context.ts'
import { keyOfEntry } from './poison.ts'
import { leaveEarly } from './rule-wishes.ts'

export interface DueMessage {
  readonly id: number
  readonly entry: Listed
  readonly octets: number | undefined
  /** It met trouble before. */
  readonly isAlone: boolean
  /** In under-way.ts. */
  readonly key: string
  readonly isLarge: boolean
}

/** A backlog, and not the mail of a day. */
export const isMuch = (messages: readonly DueMessage[]): boolean =>
  messages.length > 50 || messages.reduce((sum, { octets = 0 }) => sum + octets, 0) > 8 * 1024 * 1024

type Carried = Pick<MessageRow, 'id' | 'attempts' | 'octets'>

/**
 * What is due and stands in the listing, but for what is on its way already.
 * @param newRows where all rows in `at` were recorded just now: takes those that are due, as they are in this turn of the
 *   event loop
 */
export async function findDue(
  context: PullContext,
  at: RowPlaces,
  newRows: Map<number, MessageRow> | undefined,
): Promise<readonly DueMessage[]> {
  if (at.size === 0) return []
  const { uploads: queue, journal, mailbox, clock } = context
  const carriedRows =
    newRows === undefined
      ? await journal.due(mailbox.name, clock.nowMs())
      : await findNew(context, at, newRows)
  const here = carriedRows.filter(({ id }) => at.has(id) && !queue.holds(id))
  const leftByRule = await leaveEarly(
    context,
    here.map(({ id }) => id),
  )
  const due = here.flatMap(({ id, octets, attempts }) => {
    const entry = at.get(id)
    if (entry === undefined || leftByRule.has(id)) return []
    const isLarge = (entry.octets ?? octets ?? Number.POSITIVE_INFINITY) > smallOctets
    return [{ id, entry, octets: entry.octets ?? octets, isAlone: attempts > 0, isLarge }]
  })
  const rank = ({ isAlone, isLarge }: (typeof due)[number]): number => 2 * Number(isAlone) + Number(isLarge)
  const inOrder = due.sort((left, right) => rank(left) - rank(right))
  return inOrder.map(message => ({ ...message, key: keyOfEntry(context, message.entry) }))
}

async function findNew(
  { journal, clock }: PullContext,
  at: RowPlaces,
  newRows: Map<number, MessageRow>,
): Promise<readonly Carried[]> {
  // What was recorded just now is looked at itself, and need not be looked at again.
  const nowMs = clock.nowMs()
  const rows = await Promise.all([...at.keys()].map(id => journal.row(id)))
  const due = rows.flatMap(row => {
    const isDue = row !== undefined && carried.includes(row.stage) && (row.notBeforeMs ?? 0) <= nowMs
    return isDue ? [row] : []
  })
  for (const row of due) newRows.set(row.id, row)
  setImmediate(() => newRows.clear())
  return due.map(({ id, attempts, octetsListed: octets }) => ({ id, attempts, octets }))
}
