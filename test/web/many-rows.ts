/** A journal of so many messages that reached Gmail. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { mail } from '../faults/harness.ts'
import type { World } from '../servers/world.ts'

const mailbox = 'owner@127.0.0.1'

/** Before the daemon starts: one that came by itself, and `count` beside it. */
export async function fillJournal({ source, run, stateDir }: World, count: number): Promise<void> {
  await source.deliver(mail('one'))
  assert.equal((await run(['pull'])).code, 0)
  const database = new DatabaseSync(join(stateDir, 'journal.sqlite'))
  // Seven of each instant, so that pages end within one.
  database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO message (mailbox, folder, stage, present, generation, octets, listed_at_ms, imported_at_ms, account, gmail_id)
    SELECT '${mailbox}', 'INBOX', 'settled', 0, 2, 5000, 1700000000000 + i / 7 - 900, 1700000000000 + i / 7,
      'owner@example.test', printf('18c%013x', i) FROM n`)
  database.exec(`UPDATE mailbox SET listed = listed + ${count}`)
  database.close()
}
