/**
 * START_FROM moved back: what was left at the source as older than the owner's start, and is not older than the present
 * one, goes the way of any other mail. It is found anew at each listing, so nothing is remembered that an end in between
 * could belie: a row is either still left or listed, and what is in Gmail is neither. The time that had to be
 * asked for stays with the row, so that it is asked for once.
 */
import type { Move, StandingRow } from '../journal/journal.ts'
import type { Listed, Listing } from '../source/source.ts'
import type { PullContext, RowPlaces } from './context.ts'
import { EntryEvidence } from './entry-evidence.ts'

/** Rows that one transaction moves. */
const rowsAtOnce = 500

/**
 * @param standing the rows that stood in the folder's latest listing
 * @param at where the rows of this listing stand
 */
export async function takeBack(
  context: PullContext,
  listing: Listing,
  standing: readonly StandingRow[],
  at: RowPlaces,
): Promise<void> {
  const { journal, mailbox, count, log, lost } = context
  const { startFrom } = mailbox
  if (startFrom.from === 'new') return
  const startMs = startFrom.from === 'all' ? Number.NEGATIVE_INFINITY : startFrom.atMs
  const left = standing.filter(
    ({ id, stage, arrivedAtMs }) =>
      stage === 'baseline' && at.has(id) && (arrivedAtMs === undefined || arrivedAtMs >= startMs),
  )
  if (left.length === 0) return
  const evidence = new EntryEvidence(context, listing)
  /** What is to be recorded of a row that was left; undefined: nothing. */
  const judge = async ({ id, arrivedAtMs }: StandingRow, entry: Listed): Promise<Move | undefined> => {
    const from = 'baseline'
    if (startFrom.from === 'all' || arrivedAtMs !== undefined) return { id, from, to: 'listed' }
    const foundAtMs = await evidence.arrivedAtMs(entry)
    // Nothing is concluded from what could not be asked.
    if (foundAtMs === undefined && lost.headers) return undefined
    const isBefore = foundAtMs !== undefined && foundAtMs < startMs
    const patch = foundAtMs === undefined ? {} : { arrivedAtMs: foundAtMs }
    return { id, from, to: isBefore ? 'baseline' : 'listed', patch }
  }
  let moves: Move[] = []
  let total = 0
  const record = async (): Promise<void> => {
    const moved = new Set(await journal.moveAll(moves))
    total += moves.filter(({ id, to }) => to === 'listed' && moved.has(id)).length
    moves = []
  }
  try {
    for (const row of left) {
      const entry = at.get(row.id)
      const move = entry === undefined ? undefined : await judge(row, entry)
      if (move !== undefined) moves.push(move)
      if (moves.length >= rowsAtOnce) await record()
    }
  } finally {
    // Where the connection ends, what was asked for until then is known.
    await record()
    count.fresh += total
    if (total > 0) log.takenBack({ mailbox: mailbox.name, folder: listing.folder, total })
  }
}
