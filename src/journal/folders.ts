/** What stands in a folder, and what a listing of it changes. Whatever may be long is read and written in pages. */
import { longestWaitMs } from '../base/backoff.ts'
import { endSlice } from '../base/in-slices.ts'
import type { Answers } from './answers.ts'
import { readRecord, toSqlValue } from './columns.ts'
import type { Database } from './database.ts'
import type { Journal } from './journal.ts'
import type { MoveRow } from './moves.ts'
import { standingColumns } from './records.ts'
import type { DueMessage, FolderRecord, StandingRow } from './row.ts'
import { carried, compareDue, type DueRow, decideReturn, goneKept, thinAfterMs } from './rules.ts'
import type { SqliteTroubles } from './troubles.ts'

/** Rows that are read in one turn of the event loop: some milliseconds. */
const pageRows = 4000
const quoteWords = (words: readonly string[]): string => words.map(word => `'${word}'`).join(', ')

type Folders = Pick<
  Journal,
  | 'standing'
  | 'foldersOf'
  | 'nameless'
  | 'due'
  | 'nextDueMs'
  | 'recordFolder'
  | 'settleKept'
  | 'forgetGone'
  | 'thinSettled'
>

export function makeFolders(
  database: Database,
  moveRow: MoveRow,
  troubles: SqliteTroubles,
): Answers<Folders> {
  return {
    async standing(mailbox, folder) {
      const rows: StandingRow[] = []
      for (let after = 0; ; await endSlice()) {
        const page = database.all(
          `SELECT id, uid, stage, octets_listed, octets, arrived_at_ms FROM message
           WHERE mailbox = ? AND folder = ? AND present = 1 AND id > ? ORDER BY id LIMIT ${pageRows}`,
          mailbox,
          folder,
          after,
        )
        for (const row of page) rows.push(readRecord(standingColumns, row))
        if (page.length < pageRows) return rows
        after = Number(page.at(-1)?.id)
      }
    },
    // One look into the index for each folder, however many rows stand in it.
    foldersOf: mailbox =>
      database
        .all(
          `WITH RECURSIVE standing (folder) AS (
             SELECT min(folder) FROM message WHERE mailbox = ?1 AND present = 1
             UNION ALL
             SELECT (SELECT min(folder) FROM message
                     WHERE mailbox = ?1 AND present = 1 AND folder > standing.folder)
             FROM standing WHERE standing.folder IS NOT NULL)
           SELECT folder FROM standing WHERE folder IS NOT NULL`,
          mailbox,
        )
        .map(row => String(row.folder)),
    nameless: (mailbox, folder) =>
      database.rows(
        'mailbox = ? AND folder = ? AND uid IS NULL AND present = 1 ORDER BY id',
        mailbox,
        folder,
      ),
    async due(mailbox, nowMs) {
      const due: (DueRow & DueMessage)[] = []
      for (const stage of carried) {
        for (let after = [0, 0]; ; await endSlice()) {
          const page = database.all(
            `SELECT id, attempts, generation, coalesce(octets, octets_listed) AS octets,
               present AND ${waitIsOver} AS due FROM message
             WHERE mailbox = ?1 AND stage = ?3 AND (generation, id) > (?4, ?5)
             ORDER BY generation, id LIMIT ${pageRows}`,
            mailbox,
            nowMs,
            stage,
            ...after,
          )
          for (const { id, attempts, generation, octets, due: isDue } of page)
            if (isDue === 1)
              due.push({
                id: Number(id),
                attempts: Number(attempts),
                generation: Number(generation),
                octets: octets === null ? undefined : Number(octets),
              })
          if (page.length < pageRows) break
          after = [Number(page.at(-1)?.generation), Number(page.at(-1)?.id)]
        }
      }
      return due.sort(compareDue)
    },
    nextDueMs(mailbox, folders, except = []) {
      const times = folders.map(folder => {
        const row = database.get(
          `SELECT coalesce(not_before_ms, 0) AS ms FROM message
           WHERE mailbox = ? AND folder = ? AND present = 1 AND stage IN (${quoteWords(carried)})
             AND id NOT IN (SELECT value FROM json_each(?))
           ORDER BY not_before_ms LIMIT 1`,
          mailbox,
          folder,
          JSON.stringify(except),
        )
        return row === undefined ? Infinity : Number(row.ms)
      })
      const earliestMs = Math.min(...times)
      return earliestMs === Infinity ? undefined : earliestMs
    },
    recordFolder: record => database.transaction(() => recordFolder(database, moveRow, troubles, record)),
    settleKept: (mailbox, settledAs, atMs, most) =>
      database.run(
        `UPDATE message SET stage = 'settled', settled_at_ms = ?2, settled_as = ?3 WHERE id IN (
           SELECT id FROM message WHERE mailbox = ?1 AND stage IN ('imported', 'merged') LIMIT ?4)`,
        mailbox,
        toSqlValue('integer', atMs),
        settledAs,
        most,
      ),
    forgetGone: (mailbox, most) =>
      database.transaction(() => {
        const removed = database.run(
          `DELETE FROM message WHERE id IN (
             SELECT id FROM message WHERE mailbox = ?1 AND stage = 'gone' AND generation <= (
               SELECT generation FROM message WHERE mailbox = ?1 AND stage = 'gone'
               ORDER BY generation DESC, id DESC LIMIT 1 OFFSET ?2)
             AND present = 0 AND sha256 IS NULL AND outcome_unknown = 0
             ORDER BY generation, id LIMIT ?3)`,
          mailbox,
          goneKept,
          most,
        )
        if (removed > 0)
          database.run('UPDATE mailbox SET listed = listed - ? WHERE name = ?', removed, mailbox)
        return removed
      }),
    thinSettled: (mailbox, nowMs, most) =>
      database.run(
        `UPDATE message SET uid = NULL, header_sha256 = NULL, authentication = NULL, copy = NULL, fault = NULL
         WHERE id IN (
           SELECT id FROM message
           WHERE mailbox = ? AND stage = 'settled' AND present = 0 AND header_sha256 IS NOT NULL
             AND settled_at_ms <= ? ORDER BY settled_at_ms LIMIT ?)`,
        mailbox,
        nowMs - thinAfterMs,
        most,
      ),
  }
}

/** ?2 the present instant: the wait is over, or longer than any is meant to be. */
const waitIsOver = `(coalesce(not_before_ms, 0) <= ?2 OR not_before_ms > ?2 + ${longestWaitMs})`

function recordFolder(
  database: Database,
  moveRow: MoveRow,
  troubles: SqliteTroubles,
  record: FolderRecord,
): readonly number[] {
  const { mailbox: name, folder, atMs } = record
  for (const id of record.unnamed) {
    database.run('UPDATE message SET uid = NULL, present = 0 WHERE id = ?', id)
    troubles.closed({ scope: 'message', name, subject: String(id) }, 'gone', atMs)
  }
  for (const { id, stage = database.row(id)?.stage, patch } of record.vanished)
    if (stage !== undefined) moveRow(id, stage, { ...patch, present: false })
  // A listing is what proves that a deletion or a move was done.
  const isProved = record.vanished.some(({ patch: { settledAs = 'left' } }) => settledAs !== 'left')
  if (isProved) endWish(database, troubles, record)
  // Two steps, since a new name may be another row's old one.
  for (const { id } of record.renamed) database.run('UPDATE message SET uid = NULL WHERE id = ?', id)
  for (const renamed of record.renamed)
    database.run(
      `UPDATE message SET folder = ?, uid = ?, octets_listed = ?, present = 1, renamed = 1,
         arrived_at_ms = coalesce(?, arrived_at_ms) WHERE id = ?`,
      renamed.folder,
      renamed.uid ?? null,
      toSqlValue('integer', renamed.octetsListed),
      toSqlValue('integer', renamed.arrivedAtMs),
      renamed.id,
    )
  for (const id of record.returned) {
    const row = database.row(id)
    if (row === undefined) continue
    const { to, patch } = decideReturn(row.stage)
    moveRow(id, to, patch)
  }
  const ids = record.added.map(row => {
    database.run(
      `INSERT INTO message (mailbox, folder, uid, stage, present, generation, octets_listed, arrived_at_ms,
         seen, header_sha256, listed_at_ms) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
      row.mailbox,
      row.folder,
      row.uid ?? null,
      row.stage,
      record.generation,
      toSqlValue('integer', row.octetsListed),
      toSqlValue('integer', row.arrivedAtMs),
      toSqlValue('boolean', row.seen),
      row.headerSha256 ?? null,
      atMs,
    )
    return Number(database.get('SELECT last_insert_rowid() AS id')?.id)
  })
  if (ids.length > 0) {
    database.run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', name)
    database.run('UPDATE mailbox SET listed = listed + ? WHERE name = ?', ids.length, name)
  }
  if (record.started) startFolder(database, name, folder)
  return ids
}

/** The folder's first whole listing is done. */
function startFolder(database: Database, name: string, folder: string): void {
  const text = database.get('SELECT started_folders AS list FROM mailbox WHERE name = ?', name)?.list
  const started = JSON.parse(String(text ?? '[]')) as readonly string[]
  if (started.includes(folder)) return
  database.run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', name)
  const list = JSON.stringify([...started, folder])
  database.run('UPDATE mailbox SET started_folders = ? WHERE name = ?', list, name)
}

/** Not while other messages of the folder are in its way: they were refused by themselves, or are left for good. */
function endWish(
  database: Database,
  troubles: SqliteTroubles,
  { mailbox: name, folder, atMs }: FolderRecord,
): void {
  const key = { scope: 'wish', name, subject: folder } as const
  if (troubles.find(key)?.code === 'source.left-there') return
  const stubborn = database.get(
    `SELECT id FROM message WHERE mailbox = ? AND folder = ? AND present = 1 AND settle_asks >= 2
       AND stage IN ('imported', 'merged', 'settled') LIMIT 1`,
    name,
    folder,
  )
  if (stubborn === undefined) troubles.closed(key, 'success', atMs)
}
