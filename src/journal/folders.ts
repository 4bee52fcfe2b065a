/** What stands in a folder, and what a listing of it changes. Whatever may be long is read and written in pages. */
import { longestWaitMs } from '../base/backoff.ts'
import { endSlice } from '../base/in-slices.ts'
import { readRecord, toSqlValue } from './columns.ts'
import type { Journal } from './journal.ts'
import { moveRow } from './moves.ts'
import { standingColumns } from './records.ts'
import type { DueMessage, FolderRecord, StandingRow } from './row.ts'
import { readRow, readRows } from './rows.ts'
import { carried, compareDue, type DueRow, decideReturn, goneKept, thinAfterMs } from './rules.ts'
import type { Database, Statements } from './sql.ts'
import { closeTrouble, findTrouble } from './troubles.ts'

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

export function makeFolders(database: Database): Folders {
  return {
    async standing(mailbox, folder) {
      const rows: StandingRow[] = []
      for (let after = 0; ; await endSlice()) {
        const page = await database.all(
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
    async foldersOf(mailbox) {
      const rows = await database.all(
        `WITH RECURSIVE standing (folder) AS (
             SELECT min(folder) FROM message WHERE mailbox = ?1 AND present = 1
             UNION ALL
             SELECT (SELECT min(folder) FROM message
                     WHERE mailbox = ?1 AND present = 1 AND folder > standing.folder)
             FROM standing WHERE standing.folder IS NOT NULL)
           SELECT folder FROM standing WHERE folder IS NOT NULL`,
        mailbox,
      )
      return rows.map(row => String(row.folder))
    },
    nameless: (mailbox, folder) =>
      readRows(
        database,
        'mailbox = ? AND folder = ? AND uid IS NULL AND present = 1 ORDER BY id',
        mailbox,
        folder,
      ),
    async due(mailbox, nowMs) {
      const due: (DueRow & DueMessage)[] = []
      for (const stage of carried) {
        for (let after = [0, 0]; ; await endSlice()) {
          const page = await database.all(
            `SELECT id, attempts, generation, coalesce(octets, octets_listed) AS octets,
               CASE WHEN present = 1 AND ${waitIsOver} THEN 1 ELSE 0 END AS due FROM message
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
    async nextDueMs(mailbox, folders, except = []) {
      let earliestMs = Infinity
      for (const folder of folders) {
        const row = await database.get(
          `SELECT coalesce(not_before_ms, 0) AS ms FROM message
           WHERE mailbox = ? AND folder = ? AND present = 1 AND stage IN (${quoteWords(carried)})
             AND id NOT IN (${database.words.numbersIn('?')})
           ORDER BY not_before_ms NULLS FIRST LIMIT 1`,
          mailbox,
          folder,
          JSON.stringify(except),
        )
        if (row !== undefined) earliestMs = Math.min(earliestMs, Number(row.ms))
      }
      return earliestMs === Infinity ? undefined : earliestMs
    },
    recordFolder: record => database.transaction(sql => recordFolder(sql, record)),
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
      database.transaction(async sql => {
        const removed = await sql.run(
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
          await sql.run('UPDATE mailbox SET listed = listed - ? WHERE name = ?', removed, mailbox)
        return removed
      }),
    thinSettled: (mailbox, nowMs, most) =>
      database.run(
        `UPDATE message SET uid = NULL, header_sha256 = NULL, authentication = NULL, copy = NULL, fault = NULL,
           flags = NULL, wish = NULL
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

async function recordFolder(sql: Statements, record: FolderRecord): Promise<readonly number[]> {
  const { mailbox: name, folder, atMs } = record
  for (const id of record.unnamed) {
    await sql.run('UPDATE message SET uid = NULL, present = 0 WHERE id = ?', id)
    await closeTrouble(sql, { scope: 'message', name, subject: String(id) }, 'gone', atMs)
  }
  for (const { id, stage: known, patch } of record.vanished) {
    const stage = known ?? (await readRow(sql, 'id = ?', id))?.stage
    if (stage !== undefined) await moveRow(sql, id, stage, { ...patch, present: false })
  }
  // A listing is what proves that a deletion or a move was done.
  const isProved = record.vanished.some(({ patch: { settledAs = 'left' } }) => settledAs !== 'left')
  if (isProved) await endWish(sql, record)
  // Two steps, since a new name may be another row's old one.
  for (const { id } of record.renamed) await sql.run('UPDATE message SET uid = NULL WHERE id = ?', id)
  for (const renamed of record.renamed)
    await sql.run(
      `UPDATE message SET folder = ?, uid = ?, octets_listed = ?, present = 1, renamed = 1,
         arrived_at_ms = coalesce(?, arrived_at_ms) WHERE id = ?`,
      renamed.folder,
      renamed.uid ?? null,
      toSqlValue('integer', renamed.octetsListed),
      toSqlValue('integer', renamed.arrivedAtMs),
      renamed.id,
    )
  for (const id of record.returned) {
    const row = await readRow(sql, 'id = ?', id)
    if (row === undefined) continue
    const { to, patch } = decideReturn(row.stage)
    await moveRow(sql, id, to, patch)
  }
  const ids: number[] = []
  const inDoubt = record.added.length > 0 && (await isInDoubt(sql, name))
  for (const row of record.added) {
    const added = await sql.get(
      `INSERT INTO message (mailbox, folder, uid, stage, present, generation, octets_listed, arrived_at_ms,
         seen, flags, header_sha256, listed_at_ms, outcome_unknown)
       VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      row.mailbox,
      row.folder,
      row.uid ?? null,
      row.stage,
      record.generation,
      toSqlValue('integer', row.octetsListed),
      toSqlValue('integer', row.arrivedAtMs),
      toSqlValue('boolean', row.seen),
      toSqlValue('json', row.flags),
      row.headerSha256 ?? null,
      atMs,
      inDoubt && row.stage === 'listed' ? 1 : 0,
    )
    ids.push(Number(added?.id))
  }
  if (ids.length > 0) {
    await sql.run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', name)
    await sql.run('UPDATE mailbox SET listed = listed + ? WHERE name = ?', ids.length, name)
  }
  if (record.started) await startFolder(sql, name, folder)
  return ids
}

/** The journal may have lost what it knew of this mailbox, and no pull since then came to a good end. */
async function isInDoubt(sql: Statements, name: string): Promise<boolean> {
  const lost = await sql.get(
    `SELECT value, last_good_pull_at_ms AS good FROM note LEFT JOIN mailbox ON mailbox.name = ?1
     WHERE note.key = 'in-doubt ' || ?1`,
    name,
  )
  return lost !== undefined && String(lost.good ?? '') === lost.value
}

/** The folder's first whole listing is done. */
async function startFolder(sql: Statements, name: string, folder: string): Promise<void> {
  const row = await sql.get('SELECT started_folders AS list FROM mailbox WHERE name = ?', name)
  const started = JSON.parse(String(row?.list ?? '[]')) as readonly string[]
  if (started.includes(folder)) return
  await sql.run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', name)
  const list = JSON.stringify([...started, folder])
  await sql.run('UPDATE mailbox SET started_folders = ? WHERE name = ?', list, name)
}

/** Not while other messages of the folder are in its way: they were refused by themselves, or are left for good. */
async function endWish(sql: Statements, { mailbox: name, folder, atMs }: FolderRecord): Promise<void> {
  const key = { scope: 'wish', name, subject: folder } as const
  if ((await findTrouble(sql, key))?.code === 'source.left-there') return
  const stubborn = await sql.get(
    `SELECT id FROM message WHERE mailbox = ? AND folder = ? AND present = 1 AND settle_asks >= 2
       AND stage IN ('imported', 'merged', 'settled') LIMIT 1`,
    name,
    folder,
  )
  if (stubborn === undefined) await closeTrouble(sql, key, 'success', atMs)
}
