/** What counts as done at the source without asking it: what the owner keeps, and what a listing no longer shows. */
import { endSlice } from '../base/in-slices.ts'
import type { FolderRecord, MessageRow } from '../journal/journal.ts'
import { eventOf, type PullContext } from './context.ts'
import { nameOf } from './wish.ts'

type Needs = Pick<PullContext, 'journal' | 'mailbox' | 'clock' | 'count' | 'log'>

/**
 * The stage of a row that no longer stands at the source. That what was asked for is done is said by nothing else, since
 * a server may answer +OK and delete nothing.
 */
export function leaveSource(
  { count, mailbox, clock, log }: Pick<Needs, 'count' | 'mailbox' | 'clock' | 'log'>,
  row: MessageRow,
): FolderRecord['vanished'][number] {
  const { id, stage } = row
  switch (stage) {
    case 'imported':
    case 'merged': {
      count.settled += 1
      const settledAs = row.settleAsks > 0 ? nameOf(mailbox.afterImport) : 'left'
      log.settled({ ...eventOf(row), as: settledAs })
      return { id, stage: 'settled', patch: { settledAtMs: clock.nowMs(), settledAs } }
    }
    case 'listed':
    case 'deferred':
    case 'refused':
      count.gone += 1
      log.gone(eventOf(row))
      return { id, stage: 'gone', patch: {} }
    case 'settled': {
      if (row.settleAsks === 0) return { id, stage, patch: {} }
      count.settled += 1
      return { id, stage, patch: { settledAtMs: clock.nowMs(), settledAs: nameOf(mailbox.afterImport) } }
    }
    // An unknown outcome is resolved before it can be called gone (resolve.ts).
    case 'importing':
    case 'baseline':
    case 'ignored':
    case 'gone':
      return { id, stage, patch: {} }
  }
}

/** Rows that one commit settles where the owner keeps everything. */
const settledAtOnce = 2000

/** The owner keeps everything at the source. */
export async function settleKept({ journal, mailbox, clock, count }: Omit<Needs, 'log'>): Promise<void> {
  const atMs = clock.nowMs()
  const settledAs = nameOf(mailbox.afterImport)
  for (let settled = -1; settled !== 0; await endSlice()) {
    settled = await journal.settleKept(mailbox.name, settledAs, atMs, settledAtOnce)
    count.settled += settled
  }
}

/** A message that was imported after its pull: where the source is not to be asked for anything it is done. */
export async function settleAlone({ journal, mailbox, clock, count, log }: Needs, id: number): Promise<void> {
  const row = await journal.row(id)
  if (row === undefined || (row.stage !== 'imported' && row.stage !== 'merged')) return
  const isKept = mailbox.afterImport.do === 'keep'
  // It left the source while it was uploaded, and no listing will speak of it again.
  if (!isKept && row.present) return
  const settledAs = isKept ? nameOf(mailbox.afterImport) : 'left'
  const patch = { settledAtMs: clock.nowMs(), settledAs }
  // A pull may have done it just now.
  const moved = await journal.moveAll([{ id, from: row.stage, to: 'settled', patch }])
  count.settled += moved.length
  if (!isKept) log.settled({ ...eventOf(row), as: settledAs })
}
