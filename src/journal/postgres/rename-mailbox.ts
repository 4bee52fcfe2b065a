/** A mailbox that is called otherwise from now on, in one journal: all that is kept of it moves along. */
import { renameNotes } from '../moving/rename-notes.ts'
import type { Statements } from '../sql.ts'

/** Whether the journal knows anything of a mailbox by this name. */
export async function isMailboxKnown(sql: Statements, mailbox: string): Promise<boolean> {
  const row = await sql.get(
    `SELECT EXISTS (SELECT FROM message WHERE mailbox = ?1) OR EXISTS (SELECT FROM mailbox WHERE name = ?1) AS known`,
    mailbox,
  )
  return row?.known === true
}

/** Nothing is known of `to`. Whoever holds the mailbox loses it in the same transaction, so that nobody writes to both. */
export async function renameMailbox(sql: Statements, from: string, to: string): Promise<void> {
  await sql.run('UPDATE message SET mailbox = ?2 WHERE mailbox = ?1', from, to)
  await sql.run('DELETE FROM tally WHERE mailbox = ? AND count = 0', from)
  await sql.run('UPDATE mailbox SET name = ?2 WHERE name = ?1', from, to)
  await sql.run(
    `UPDATE trouble SET name = ?2 WHERE name = ?1 AND scope IN ('message', 'folder', 'wish', 'mailbox')`,
    from,
    to,
  )
  await renameNotes(sql, from, to)
}
