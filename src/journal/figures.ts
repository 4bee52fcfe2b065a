/** Sums. How many rows are in each stage is counted by the file itself as rows move (schema.ts), never by a scan. */
import type { Journal } from './journal.ts'
import { type Stage, stages } from './row.ts'
import { hasImport, readRows, selectBehind } from './rows.ts'
import { findPlaceInBooks } from './rules.ts'
import type { Statements } from './sql.ts'

type Figures = Pick<
  Journal,
  | 'conservation'
  | 'counts'
  | 'repeatedCount'
  | 'latenciesMs'
  | 'latestImports'
  | 'importsBefore'
  | 'asideBefore'
  | 'importedBetween'
>

/** The latest of one of the two indexes by mailbox and import (schema.ts): neither reads rows of others, nor sorts. */
const latestOf = (half: 'generation > 1' | 'generation <= 1'): string =>
  `SELECT id FROM (SELECT id FROM message WHERE mailbox = ?1 AND ${hasImport} AND ${half}
   ORDER BY imported_at_ms DESC, id DESC LIMIT ?2) AS latest`

const aside = ["stage = 'refused'", "stage = 'deferred'"]

export function makeFigures(sql: Statements): Figures {
  const readTally = async (
    mailbox: string,
  ): Promise<readonly { stage: Stage; merged: boolean; count: number }[]> => {
    const rows = await sql.all('SELECT stage, merged, count FROM tally WHERE mailbox = ?', mailbox)
    return rows.map(row => ({
      stage: String(row.stage) as Stage,
      merged: row.merged === 1,
      count: Number(row.count),
    }))
  }
  return {
    async conservation(mailbox) {
      const [row, tally] = await Promise.all([
        sql.get('SELECT listed FROM mailbox WHERE name = ?', mailbox),
        readTally(mailbox),
      ])
      const sums = { imported: 0, merged: 0, refused: 0, pending: 0, ignored: 0, gone: 0 }
      for (const { stage, merged, count } of tally) sums[findPlaceInBooks(stage, merged)] += count
      return { listed: Number(row?.listed ?? 0), ...sums }
    },
    async counts(mailbox) {
      const counts = Object.fromEntries(stages.map(stage => [stage, 0])) as Record<Stage, number>
      for (const { stage, count } of await readTally(mailbox)) counts[stage] += count
      return counts
    },
    async repeatedCount(mailbox) {
      const row = await sql.get(
        'SELECT coalesce(sum(repeated), 0) AS n FROM message WHERE mailbox = ? AND repeated > 0',
        mailbox,
      )
      return Number(row?.n ?? 0)
    },
    async latenciesMs(mailbox, limit) {
      const rows = await sql.all(
        `SELECT imported_at_ms AS imported, coalesce(arrived_at_ms, listed_at_ms) AS arrived FROM message
         WHERE mailbox = ? AND ${hasImport} AND generation > 1 ORDER BY imported_at_ms DESC LIMIT ?`,
        mailbox,
        limit,
      )
      return rows.map(({ imported, arrived }) => Math.max(0, Number(imported) - Math.max(0, Number(arrived))))
    },
    latestImports: (mailbox, limit) =>
      readRows(
        sql,
        `id IN (${latestOf('generation > 1')} UNION ALL ${latestOf('generation <= 1')})
         ORDER BY imported_at_ms DESC, id DESC LIMIT ?2`,
        mailbox,
        limit,
      ),
    // By the index alone, however many rows lie behind it.
    importsBefore: (limit, before) =>
      before === undefined
        ? readRows(sql, `${hasImport} ORDER BY imported_at_ms DESC, id DESC LIMIT ?`, limit)
        : readRows(
            sql,
            'imported_at_ms <= ? AND (imported_at_ms < ? OR id < ?) ORDER BY imported_at_ms DESC, id DESC LIMIT ?',
            before.importedAtMs,
            before.importedAtMs,
            before.id,
            limit,
          ),
    asideBefore: (mailbox, limit, { generation, id } = { generation: 2 ** 52, id: 2 ** 52 }) =>
      readRows(
        sql,
        `id IN (${selectBehind('id', aside)})
         ORDER BY generation DESC, id DESC LIMIT ?4`,
        mailbox,
        generation,
        id,
        limit,
      ),
    importedBetween: (fromMs, lastMs) =>
      readRows(sql, 'imported_at_ms BETWEEN ? AND ? ORDER BY imported_at_ms', fromMs, lastMs),
  }
}
