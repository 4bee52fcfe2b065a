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

/** The records of these messages, each durable when its method returns. */
export function makeCopyBook(context: PullContext, rows: ReadonlyMap<Listed, MessageRow>): CopyBook {
  const { journal, clock } = context
  const rowOf = (entry: Listed): MessageRow | undefined => {
    const row = rows.get(entry)
    return row === undefined ? undefined : journal.row(row.id)
  }
  const write = (
    entries: readonly Listed[],
    recordOf: (entry: Listed) => Omit<CopyRecord, 'atMs'> | null,
  ): void => {
    const atMs = clock.nowMs()
    journal.moveAll(
      entries.flatMap(entry => {
        const row = rowOf(entry)
        if (row === undefined) return []
        const copy = recordOf(entry)
        return [{ id: row.id, to: row.stage, patch: { copy: copy === null ? null : { ...copy, atMs } } }]
      }),
    )
  }
  return {
    find: entry => rowOf(entry)?.copy,
    messageId: entry => rowOf(entry)?.messageId,
    isCopy(entry, header, octets) {
      const row = rowOf(entry)
      if (row === undefined) return false
      const facts = readHeader(header)
      return isSameHeader(row, facts) && sizeFits(row, octets, facts)
    },
    asked: (entries, folder) => write(entries, () => ({ folder, uid: undefined, state: 'asked' })),
    made: (entries, folder, uidOf) => write(entries, entry => ({ folder, uid: uidOf(entry), state: 'made' })),
    refused: entries => write(entries, () => null),
  }
}
