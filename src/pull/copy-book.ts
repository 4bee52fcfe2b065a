/**
 * Copies at the source. A move without MOVE is COPY and then a deletion; where the second is refused, or the process
 * ends in between, the copy is there and would be made again in every pull. So it is recorded before and after.
 */

import type { MessageRow } from '../journal/journal.ts'
import type { CopyRecord } from '../message/copy-record.ts'
import { isSameHeader, sizeFits } from '../message/evidence.ts'
import { readHeader } from '../message/header.ts'
import type { CopyBook, Listed } from '../source/source.ts'
import type { PullContext } from './context.ts'

/** The records of these messages, each durable when its promise is kept. */
export function makeCopyBook(context: PullContext, rows: ReadonlyMap<Listed, MessageRow>): CopyBook {
  const { journal, clock } = context
  const copies = new Map([...rows].map(([entry, { copy }]) => [entry, copy]))
  const write = async (
    entries: readonly Listed[],
    recordOf: (entry: Listed) => Omit<CopyRecord, 'atMs'> | undefined,
  ): Promise<void> => {
    const atMs = clock.nowMs()
    const written = entries.flatMap(entry => {
      const row = rows.get(entry)
      const copy = recordOf(entry)
      return row === undefined ? [] : [{ row, entry, copy: copy && { ...copy, atMs } }]
    })
    await journal.moveAll(
      written.map(({ row, copy }) => ({ id: row.id, to: row.stage, patch: { copy: copy ?? null } })),
    )
    for (const { entry, copy } of written) copies.set(entry, copy)
  }
  return {
    find: entry => copies.get(entry),
    messageId: entry => rows.get(entry)?.messageId,
    isCopy(entry, header, octets) {
      const row = rows.get(entry)
      if (row === undefined) return false
      const facts = readHeader(header)
      return isSameHeader(row, facts) && sizeFits(row, octets, facts)
    },
    noteAsked: (entries, folder) => write(entries, () => ({ folder, uid: undefined, state: 'asked' })),
    noteMade: (entries, folder, uidOf) =>
      write(entries, entry => ({ folder, uid: uidOf(entry), state: 'made' })),
    noteRefused: entries => write(entries, () => undefined),
  }
}
