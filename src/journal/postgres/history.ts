/**
 * A database that may have lost its last commits: a standby that was behind when it was promoted, a copy that was put back.
 * Its history says so: each promotion and each recovery to a point in time begins a timeline
 * (postgresql.org/docs/15/continuous-archiving.html#BACKUP-TIMELINES), and a new cluster has a number of its own.
 *
 * What was lost may be an intent, or Gmail's answer: a message that stands here as never sent may be in Gmail. So from then
 * on each message that waits, and each that a mailbox shows up to the end of its next good pull, is looked for in Gmail
 * before it is sent (rules.ts: `decideImport`), workers lose what they hold and begin anew, and numbers of rows that were
 * lost are not given again.
 */
import type { Database, Statements } from '../sql.ts'
import { readNote, writeNote } from '../state.ts'
import type { History } from './connect.ts'

const key = 'database-history'
/** So many numbers of rows may have been given and lost. */
const skippedNumbers = 1_000_000

/** Whether the journal was written under this history so far; where it knows of none yet, by nobody else's. */
export async function isSameHistory(sql: Pick<Statements, 'get'>, history: History): Promise<boolean> {
  return (await readNote(sql, key)) === write(history)
}

/** Whether who is logged in may take it up; who only looks leaves that to those who write. */
export async function mayTakeUpHistory(sql: Pick<Statements, 'get'>): Promise<boolean> {
  const row = await sql.get("SELECT has_table_privilege('note', 'UPDATE') AS may")
  return row?.may === true
}

/**
 * Takes the database's history as the journal's own, and whatever the one before may have known as unknown.
 * @returns whether there was another one before
 */
export async function takeUpHistory(
  database: Pick<Database, 'transaction'>,
  history: History,
): Promise<boolean> {
  return database.transaction(async sql => {
    // Whoever comes meanwhile waits, and finds it done.
    await sql.run('LOCK TABLE note IN SHARE ROW EXCLUSIVE MODE')
    const known = await readNote(sql, key)
    const now = write(history)
    if (known === now) return false
    await writeNote(sql, key, now)
    if (known === undefined) return false
    await doubt(sql)
    return true
  })
}

async function doubt(sql: Statements): Promise<void> {
  await sql.run('UPDATE hold SET worker = NULL, held_until = NULL, fence = fence + 1')
  // What was read once can be looked for at once.
  await sql.run(
    `UPDATE message SET stage = 'importing', outcome_unknown = 1, look_ups = 0, not_before_ms = NULL
     WHERE stage IN ('listed', 'deferred') AND sha256 IS NOT NULL AND account IS NOT NULL`,
  )
  await sql.run(
    `UPDATE message SET outcome_unknown = 1 WHERE stage IN ('listed', 'deferred') AND outcome_unknown = 0`,
  )
  await sql.run(
    `INSERT INTO note (key, value)
       SELECT 'in-doubt ' || known.name, coalesce(last_good_pull_at_ms::text, '') FROM (
         SELECT name FROM mailbox UNION SELECT mailbox FROM hold) AS known
       LEFT JOIN mailbox ON mailbox.name = known.name
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  )
  for (const table of ['message', 'trouble'])
    await sql.run(
      `SELECT setval(pg_get_serial_sequence('${table}', 'id'),
         greatest((SELECT max(id) FROM ${table}), nextval(pg_get_serial_sequence('${table}', 'id'))) + ${skippedNumbers})`,
    )
}

const write = ({ system, timeline }: History): string => `${system}/${timeline}`
