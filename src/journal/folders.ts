/** What stands in a folder, and what a listing of it changes. Whatever may be long is read and written in pages. */
import { longestWaitMs } from '../base/backoff.ts'
import { endSlice } from '../base/in-slices.ts'
import { readRecord, type SqlValue, toSqlValue } from './columns.ts'
import type { Journal } from './journal.ts'
import { moveRow } from './moves.ts'
import { standingColumns } from './records.ts'
import type { DueMessage, FolderRecord, Stage, StandingRow } from './row.ts'
import { readRow, readRows } from './rows.ts'
import { carried, compareDue, type DueRow, decideReturn, goneKept, thinAfterMs } from './rules.ts'
import type { Database, Statements, Transaction } from './sql.ts'
import { closeTroubles, findTrouble } from './troubles.ts'

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
      const places = new Map(carried.map((stage): [Stage, [number, number]] => [stage, [0, 0]]))
      for (; places.size > 0; await endSlice()) {
        const most = Math.floor(pageRows / places.size)
        const rows = await database.all(
          [...places.keys()].map((stage, at) => selectCarried(stage, at, most)).join(' UNION ALL '),
          mailbox,
          nowMs,
          ...[...places.values()].flat(),
        )
        for (const { id, attempts, generation, octets, due: isDue } of rows)
          if (isDue === 1)
            due.push({
              id: Number(id),
              attempts: Number(attempts),
              generation: Number(generation),
              octets: octets === null ? undefined : Number(octets),
            })
        for (const stage of [...places.keys()]) {
          const page = rows.filter(row => row.stage === stage)
          if (page.length < most) places.delete(stage)
          else places.set(stage, [Number(page.at(-1)?.generation), Number(page.at(-1)?.id)])
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
    recordFolder: async (record, lasting = 'now') =>
      lasting === 'now'
        ? ((await database.changeIf(
            sql => isAnythingNew(sql, record),
            sql => recordFolder(sql, record),
          )) ?? [])
        : database.transaction(sql => recordFolder(sql, record), lasting),
    settleKept: (mailbox, settledAs, atMs, most) =>
      changeRows(
        database,
        `SELECT id FROM message WHERE mailbox = ?1 AND stage IN ('imported', 'merged') LIMIT ?2`,
        [mailbox, most],
        (sql, these) =>
          sql.run(
            `UPDATE message SET stage = 'settled', settled_at_ms = ?3, settled_as = ?4 WHERE id IN (${these})`,
            ...[mailbox, most, toSqlValue('integer', atMs), settledAs],
          ),
      ),
    forgetGone: (mailbox, most) =>
      changeRows(
        database,
        `SELECT id FROM message WHERE mailbox = ?1 AND stage = 'gone' AND generation <= (
           SELECT generation FROM message WHERE mailbox = ?1 AND stage = 'gone'
           ORDER BY generation DESC, id DESC LIMIT 1 OFFSET ?2)
         AND present = 0 AND sha256 IS NULL AND outcome_unknown = 0
         ORDER BY generation, id LIMIT ?3`,
        [mailbox, goneKept, most],
        async (sql, these) => {
          const given = [mailbox, goneKept, most]
          const removed = await sql.run(`DELETE FROM message WHERE id IN (${these})`, ...given)
          sql.send('UPDATE mailbox SET listed = listed - ? WHERE name = ?', removed, mailbox)
          return removed
        },
      ),
    thinSettled: (mailbox, nowMs, most) =>
      changeRows(
        database,
        `SELECT id FROM message
         WHERE mailbox = ?1 AND stage = 'settled' AND present = 0 AND header_sha256 IS NOT NULL
           AND settled_at_ms <= ?2 ORDER BY settled_at_ms LIMIT ?3`,
        [mailbox, nowMs - thinAfterMs, most],
        (sql, these) =>
          sql.run(
            `UPDATE message SET uid = NULL, header_sha256 = NULL, authentication = NULL, copy = NULL, fault = NULL,
               flags = NULL, wish = NULL WHERE id IN (${these})`,
            ...[mailbox, nowMs - thinAfterMs, most],
          ),
      ),
  }
}

/**
 * Changes rows that are found by themselves, where there are some.
 * @param these a query of their ids, with numbered places
 * @returns how many were changed
 */
async function changeRows(
  database: Database,
  these: string,
  values: readonly SqlValue[],
  change: (sql: Transaction, these: string) => Promise<number>,
): Promise<number> {
  const isNeeded = async (sql: Statements): Promise<boolean> =>
    (await sql.get(`SELECT 1 AS found FROM (${these}) AS these LIMIT 1`, ...values)) !== undefined
  return (await database.changeIf(isNeeded, sql => change(sql, these))) ?? 0
}

/** ?2 the present instant: the wait is over, or longer than any is meant to be. */
const waitIsOver = `(coalesce(not_before_ms, 0) <= ?2 OR not_before_ms > ?2 + ${longestWaitMs})`

/** Where all stands as it did but for "everything was recorded", which is said once. */
async function isAnythingNew(sql: Statements, record: FolderRecord): Promise<boolean> {
  const { mailbox, folder, started, unnamed, vanished, renamed, returned, added } = record
  if ([unnamed, vanished, renamed, returned, added].some(list => list.length > 0)) return true
  return started && !(await readStarted(sql, mailbox)).includes(folder)
}

/**
 * The next rows of a stage behind a place, by its index.
 * @param at how many other stages have their place in the values before it
 */
const selectCarried = (stage: Stage, at: number, most: number): string =>
  `SELECT * FROM (SELECT id, attempts, generation, stage, coalesce(octets, octets_listed) AS octets,
       CASE WHEN present = 1 AND ${waitIsOver} THEN 1 ELSE 0 END AS due FROM message
     WHERE mailbox = ?1 AND stage = '${stage}' AND (generation, id) > (?${2 * at + 3}, ?${2 * at + 4})
     ORDER BY generation, id LIMIT ${most}) AS ${stage}`

async function recordFolder(sql: Transaction, record: FolderRecord): Promise<readonly number[]> {
  const { mailbox: name, folder, atMs } = record
  for (const id of record.unnamed) {
    sql.send('UPDATE message SET uid = NULL, present = 0 WHERE id = ?', id)
    await closeTroubles(sql, [{ scope: 'message', name, subject: String(id) }], 'gone', atMs)
  }
  for (const { id, stage: known, patch } of record.vanished) {
    const stage = known ?? (await readRow(sql, 'id = ?', id))?.stage
    if (stage !== undefined) await moveRow(sql, id, stage, { ...patch, present: false })
  }
  // A listing is what proves that a deletion or a move was done.
  const isProved = record.vanished.some(({ patch: { settledAs = 'left' } }) => settledAs !== 'left')
  if (isProved) await endWish(sql, record)
  // Two steps, since a new name may be another row's old one.
  for (const { id } of record.renamed) sql.send('UPDATE message SET uid = NULL WHERE id = ?', id)
  for (const renamed of record.renamed)
    sql.send(
      `UPDATE message SET folder = ?, uid = ?, octets_listed = ?, present = 1, renamed = 1,
         arrived_at_ms = coalesce(?, arrived_at_ms) WHERE id = ?`,
      renamed.folder,
      renamed.uid ?? null,
      toSqlValue('integer', renamed.octetsListed),
      toSqlValue('integer', renamed.arrivedAtMs),
      renamed.id,
    )
  for (const id of record.returned) {
    const row = await readRow(sql, `id = ? ${sql.words.toChange}`, id)
    if (row === undefined) continue
    const { to, patch } = decideReturn(row.stage)
    await moveRow(sql, id, to, patch, row)
  }
  const inDoubt = record.added.length > 0 && (await isInDoubt(sql, name))
  // None waits for the answer to the one before.
  const inserts = record.added.map(row =>
    sql.get(
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
    ),
  )
  const added = await Promise.all(inserts)
  if (added.length > 0)
    sql.send(
      `INSERT INTO mailbox (name, listed) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET listed = mailbox.listed + excluded.listed`,
      name,
      added.length,
    )
  if (record.started) await startFolder(sql, name, folder)
  return added.map(row => Number(row?.id))
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
async function startFolder(sql: Transaction, name: string, folder: string): Promise<void> {
  const started = await readStarted(sql, name, sql.words.toChange)
  if (started.includes(folder)) return
  sql.send(
    `INSERT INTO mailbox (name, started_folders) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET started_folders = excluded.started_folders`,
    name,
    JSON.stringify([...started, folder]),
  )
}

async function readStarted(sql: Statements, name: string, toChange = ''): Promise<readonly string[]> {
  const row = await sql.get(`SELECT started_folders AS list FROM mailbox WHERE name = ? ${toChange}`, name)
  return JSON.parse(String(row?.list ?? '[]'))
}

/** Not while other messages of the folder are in its way: they were refused by themselves, or are left for good. */
async function endWish(sql: Transaction, { mailbox: name, folder, atMs }: FolderRecord): Promise<void> {
  const key = { scope: 'wish', name, subject: folder } as const
  if ((await findTrouble(sql, key))?.code === 'source.left-there') return
  const stubborn = await sql.get(
    `SELECT id FROM message WHERE mailbox = ? AND folder = ? AND present = 1 AND settle_asks >= 2
       AND stage IN ('imported', 'merged', 'settled') LIMIT 1`,
    name,
    folder,
  )
  if (stubborn === undefined) await closeTroubles(sql, [key], 'success', atMs)
}
