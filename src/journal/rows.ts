/** Rows by what they hold, each found by an index. */
import { readRecord, type SqlValue } from './columns.ts'
import type { Journal } from './journal.ts'
import { messageColumns } from './records.ts'
import type { ImportPlace, MessageRow } from './row.ts'
import type { Statements } from './sql.ts'

/** @param where what follows WHERE */
export async function readRows(sql: Statements, where: string, ...values: SqlValue[]): Promise<MessageRow[]> {
  const rows = await sql.all(`SELECT * FROM message WHERE ${where}`, ...values)
  return rows.map(row => readRecord(messageColumns, row))
}

/** The first of them. */
export async function readRow(
  sql: Statements,
  where: string,
  ...values: SqlValue[]
): Promise<MessageRow | undefined> {
  return (await readRows(sql, where, ...values))[0]
}

export const hasImport = 'imported_at_ms IS NOT NULL'

/** The place of one of those that reached Gmail. @param where what follows it and AND */
export async function findImportPlace(
  sql: Statements,
  where: string,
  ...values: SqlValue[]
): Promise<ImportPlace | undefined> {
  const entry = await sql.get(
    `SELECT imported_at_ms, id FROM message WHERE ${hasImport} AND ${where}`,
    ...values,
  )
  return entry === undefined
    ? undefined
    : { importedAtMs: Number(entry.imported_at_ms), id: Number(entry.id) }
}

/**
 * The next ?4 of mailbox ?1 behind the place (?2, ?3), the latest listed first, each kind by its index: no more rows are
 * read than are asked for.
 * @param kinds conditions, no two of which one row meets
 */
export const selectBehind = (columns: string, kinds: readonly string[]): string =>
  kinds
    .map(
      kind =>
        `SELECT ${columns} FROM (SELECT ${columns} FROM message
           WHERE mailbox = ?1 AND ${kind} AND (generation, id) < (?2, ?3)
           ORDER BY generation DESC, id DESC LIMIT ?4) AS of_kind`,
    )
    .join(' UNION ALL ')

/** ?2 the digest, ?3 that of the bare message: a row without a bare one of its own is bare itself. */
export const hasDigest = '(sha256 = ?2 OR sha256 = ?3 OR bare_sha256 = ?3)'

/** As the index `message_unsettled` has it (schema.ts), word for word, or it is not used. */
const reachedGmail = 'coalesce(imported_at_ms, retrieved_at_ms, 0)'
const inGmail = "mailbox = ?1 AND present = 1 AND stage IN ('imported', 'merged', 'settled')"

/** As the index `message_left` has it (schema.ts). */
const isLeft = "stage = 'ignored' AND wish IS NOT NULL"

/** A journal that its daemon has not migrated yet has no such column: then it is that of `lack`. */
async function countLeft(sql: Statements, mailbox: string): Promise<number> {
  const row = await sql.get(
    `SELECT (SELECT count(*) FROM message WHERE mailbox = ? AND ${isLeft}) AS n
     FROM (SELECT NULL AS wish) AS lack`,
    mailbox,
  )
  return Number(row?.n ?? 0)
}

/** The row itself whose import put the octets into Gmail, the very octets before the same bare ones, the oldest first. */
export const isImported = `account = ?1 AND ${hasDigest} AND gmail_id IS NOT NULL AND merged_into IS NULL
  AND stage IN ('imported', 'settled') ORDER BY sha256 <> ?2, id`

/** The oldest row of the account whose import put these very octets into Gmail, or else the same bare ones. */
function findImported(
  sql: Statements,
  account: string,
  sha256: string,
  bareSha256: string,
): Promise<MessageRow | undefined> {
  return readRow(sql, `${isImported} LIMIT 1`, account, sha256, bareSha256)
}

export function makeRows(
  sql: Statements,
): Pick<
  Journal,
  | 'row'
  | 'byUid'
  | 'importedWith'
  | 'byEvidence'
  | 'byMessageId'
  | 'inStages'
  | 'leftByRule'
  | 'countLeftByRule'
  | 'unsettled'
> {
  return {
    row: id => readRow(sql, 'id = ?', id),
    byUid: (mailbox, folder, uid) =>
      readRow(sql, 'mailbox = ? AND folder = ? AND uid = ?', mailbox, folder, uid),
    importedWith: (account, sha256, bareSha256 = sha256) => findImported(sql, account, sha256, bareSha256),
    byEvidence: (mailbox, headerSha256, wholeSha256 = headerSha256) =>
      readRows(
        sql,
        'mailbox = ? AND header_sha256 IN (?, ?) ORDER BY id',
        mailbox,
        headerSha256,
        wholeSha256,
      ),
    byMessageId: messageId => readRows(sql, 'message_id = ? ORDER BY id', messageId),
    inStages: (mailbox, wanted) =>
      readRows(
        sql,
        `mailbox = ? AND stage IN (${wanted.map(() => '?').join(', ')}) ORDER BY generation DESC, id`,
        mailbox,
        ...wanted,
      ),
    leftByRule: async (mailbox, most, after = 0) =>
      (await countLeft(sql, mailbox)) === 0
        ? []
        : readRows(sql, `mailbox = ? AND id > ? AND ${isLeft} ORDER BY id LIMIT ?`, mailbox, after, most),
    countLeftByRule: mailbox => countLeft(sql, mailbox),
    unsettled: (mailbox, settledAs, importedByMs, nowMs = Number.MAX_SAFE_INTEGER) =>
      readRows(
        sql,
        `id IN (
           SELECT id FROM message WHERE ${inGmail} AND settled_as IS NULL AND stage <> 'settled' AND ${reachedGmail} <= ?3
           UNION ALL
           SELECT id FROM message WHERE ${inGmail} AND settled_as IS NULL AND stage <> 'settled' AND ${reachedGmail} > ?4
           UNION ALL
           SELECT id FROM message WHERE ${inGmail} AND settled_as < ?2 AND (${reachedGmail} <= ?3 OR ${reachedGmail} > ?4)
           UNION ALL
           SELECT id FROM message WHERE ${inGmail} AND settled_as > ?2 AND (${reachedGmail} <= ?3 OR ${reachedGmail} > ?4))
         ORDER BY id`,
        mailbox,
        settledAs,
        importedByMs,
        nowMs,
      ),
  }
}
