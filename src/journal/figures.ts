/** Sums. How many rows are in each stage is counted by the file itself as rows move (schema.ts), never by a scan. */
import type { Answers } from './answers.ts'
import type { Database } from './database.ts'
import type { Journal } from './journal.ts'
import { type Stage, stages } from './row.ts'
import { findPlaceInBooks } from './rules.ts'

type Figures = Pick<
  Journal,
  | 'conservation'
  | 'counts'
  | 'repeatedCount'
  | 'latenciesMs'
  | 'latestImports'
  | 'importsBefore'
  | 'importedSince'
>

/** The latest of one of the two indexes by mailbox and import (schema.ts): neither reads rows of others, nor sorts. */
const latestOf = (half: 'generation > 1' | 'generation <= 1'): string =>
  `SELECT id FROM (SELECT id FROM message WHERE mailbox = ?1 AND imported_at_ms IS NOT NULL AND ${half}
   ORDER BY imported_at_ms DESC, id DESC LIMIT ?2)`

export function makeFigures(database: Database): Answers<Figures> {
  const tallies = (mailbox: string): readonly { stage: Stage; merged: boolean; count: number }[] =>
    database
      .all('SELECT stage, merged, count FROM tally WHERE mailbox = ?', mailbox)
      .map(row => ({ stage: String(row.stage) as Stage, merged: row.merged === 1, count: Number(row.count) }))
  return {
    conservation(mailbox) {
      const listed = database.get('SELECT listed FROM mailbox WHERE name = ?', mailbox)?.listed
      const sums = { imported: 0, merged: 0, refused: 0, pending: 0, ignored: 0, gone: 0 }
      for (const { stage, merged, count } of tallies(mailbox)) sums[findPlaceInBooks(stage, merged)] += count
      return { listed: Number(listed ?? 0), ...sums }
    },
    counts(mailbox) {
      const counts = Object.fromEntries(stages.map(stage => [stage, 0])) as Record<Stage, number>
      for (const { stage, count } of tallies(mailbox)) counts[stage] += count
      return counts
    },
    repeatedCount(mailbox) {
      const row = database.get(
        'SELECT coalesce(sum(repeated), 0) AS n FROM message WHERE mailbox = ? AND repeated > 0',
        mailbox,
      )
      return Number(row?.n ?? 0)
    },
    latenciesMs: (mailbox, limit) =>
      database
        .all(
          `SELECT imported_at_ms - max(coalesce(arrived_at_ms, listed_at_ms), 0) AS ms FROM message
           WHERE mailbox = ? AND imported_at_ms IS NOT NULL AND generation > 1 ORDER BY imported_at_ms DESC LIMIT ?`,
          mailbox,
          limit,
        )
        .map(row => Math.max(0, Number(row.ms))),
    latestImports: (mailbox, limit) =>
      database.rows(
        `id IN (${latestOf('generation > 1')} UNION ALL ${latestOf('generation <= 1')})
         ORDER BY imported_at_ms DESC, id DESC LIMIT ?2`,
        mailbox,
        limit,
      ),
    // By the index alone, however many rows lie behind it.
    importsBefore: (limit, before) =>
      before === undefined
        ? database.rows('imported_at_ms IS NOT NULL ORDER BY imported_at_ms DESC, id DESC LIMIT ?', limit)
        : database.rows(
            'imported_at_ms <= ? AND (imported_at_ms < ? OR id < ?) ORDER BY imported_at_ms DESC, id DESC LIMIT ?',
            before.importedAtMs,
            before.importedAtMs,
            before.id,
            limit,
          ),
    importedSince: atMs => database.rows('imported_at_ms >= ? ORDER BY imported_at_ms', atMs),
  }
}
