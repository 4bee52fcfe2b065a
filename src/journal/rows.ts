/** Rows by what they hold, each found by an index. */
import type { Answers } from './answers.ts'
import type { Database } from './database.ts'
import type { Journal } from './journal.ts'
import type { MessageRow } from './row.ts'

/** ?2 the digest, ?3 that of the bare message: a row without a bare one of its own is bare itself. */
export const hasDigest = '(sha256 = ?2 OR sha256 = ?3 OR bare_sha256 = ?3)'

/** As the index `message_unsettled` has it (schema.ts), word for word, or it is not used. */
const reachedGmail = 'coalesce(imported_at_ms, retrieved_at_ms, 0)'
const inGmail = "mailbox = ?1 AND present = 1 AND stage IN ('imported', 'merged', 'settled')"

/** The oldest row of the account whose import put these very octets into Gmail, or else the same bare ones. */
export function findImported(
  database: Database,
  account: string,
  sha256: string,
  bareSha256: string,
): MessageRow | undefined {
  return database.rows(
    `account = ?1 AND ${hasDigest} AND gmail_id IS NOT NULL AND merged_into IS NULL
       AND stage IN ('imported', 'settled')
     ORDER BY sha256 <> ?2, id LIMIT 1`,
    account,
    sha256,
    bareSha256,
  )[0]
}

export function makeRows(
  database: Database,
): Answers<
  Pick<Journal, 'row' | 'byUid' | 'importedWith' | 'byEvidence' | 'byMessageId' | 'inStages' | 'unsettled'>
> {
  return {
    row: id => database.row(id),
    byUid: (mailbox, folder, uid) =>
      database.rows('mailbox = ? AND folder = ? AND uid = ?', mailbox, folder, uid)[0],
    importedWith: (account, sha256, bareSha256 = sha256) =>
      findImported(database, account, sha256, bareSha256),
    byEvidence: (mailbox, headerSha256, wholeSha256 = headerSha256) =>
      database.rows(
        'mailbox = ? AND header_sha256 IN (?, ?) ORDER BY id',
        mailbox,
        headerSha256,
        wholeSha256,
      ),
    byMessageId: messageId => database.rows('message_id = ? ORDER BY id', messageId),
    inStages: (mailbox, wanted) =>
      database.rows(
        `mailbox = ? AND stage IN (${wanted.map(() => '?').join(', ')}) ORDER BY generation DESC, id`,
        mailbox,
        ...wanted,
      ),
    unsettled: (mailbox, settledAs, importedByMs, nowMs = Number.MAX_SAFE_INTEGER) =>
      database.rows(
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
