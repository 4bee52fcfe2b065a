/** What is known of mailboxes and accounts between pulls, and the notes. */
import { type Columns, listAssignments, readRecord } from './columns.ts'
import type { Journal } from './journal.ts'
import type { NoteKey } from './notes.ts'
import { accountColumns, mailboxColumns, noAccount, noMailbox } from './records.ts'
import type { AccountState, MailboxState } from './row.ts'
import type { Database, Statements } from './sql.ts'
import { closeTrouble } from './troubles.ts'

type State = Pick<
  Journal,
  | 'beginPull'
  | 'endPull'
  | 'mailbox'
  | 'namedBy'
  | 'updateMailbox'
  | 'changeMailbox'
  | 'accountState'
  | 'updateAccount'
  | 'changeAccount'
  | 'note'
  | 'setNote'
  | 'changeNote'
>

async function readMailbox(sql: Statements, name: string): Promise<MailboxState> {
  const row = await sql.get('SELECT * FROM mailbox WHERE name = ?', name)
  return row === undefined ? { ...noMailbox, name } : readRecord(mailboxColumns, row)
}

async function readAccount(sql: Statements, name: string): Promise<AccountState> {
  const row = await sql.get('SELECT * FROM account WHERE name = ?', name)
  return row === undefined ? { ...noAccount, name } : readRecord(accountColumns, row)
}

export async function readNote(sql: Pick<Statements, 'get'>, key: NoteKey): Promise<string | undefined> {
  const value = (await sql.get('SELECT value FROM note WHERE key = ?', key))?.value
  return value === undefined ? undefined : String(value)
}

/** What stands there already is not written again. */
export async function writeNote(sql: Statements, key: NoteKey, value: string): Promise<void> {
  await sql.run(
    `INSERT INTO note (key, value) VALUES (?1, ?2)
     ON CONFLICT (key) DO UPDATE SET value = ?2 WHERE note.value <> ?2`,
    key,
    value,
  )
}

export function makeState(database: Database): State {
  return {
    beginPull: (name, atMs) =>
      database.transaction(async sql => {
        await sql.run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', name)
        await sql.run(
          `UPDATE mailbox SET generation = generation + 1, last_pull_at_ms = ?1,
             first_pull_at_ms = coalesce(first_pull_at_ms, ?1) WHERE name = ?2`,
          atMs,
          name,
        )
        return (await readMailbox(sql, name)).generation
      }, 'later'),
    endPull: (ofMailbox, ofAccount, end) =>
      database.transaction(async sql => {
        const { mailboxPatch, accountPatch, over, atMs } = end(
          await readMailbox(sql, ofMailbox),
          await readAccount(sql, ofAccount),
        )
        await upsertState(sql, 'mailbox', ofMailbox, mailboxColumns, mailboxPatch)
        await upsertState(sql, 'account', ofAccount, accountColumns, accountPatch)
        for (const key of over) await closeTrouble(sql, key, 'success', atMs)
      }),
    mailbox: name => readMailbox(database, name),
    async namedBy(name, server) {
      const key: NoteKey = `named-by ${name}`
      if ((await readNote(database, key)) === server) return
      await database.transaction(async sql => {
        const before = await readNote(sql, key)
        if (before !== undefined && before !== server)
          await sql.run(
            'UPDATE message SET uid = uid || ? WHERE mailbox = ? AND uid IS NOT NULL',
            ` at ${before}`,
            name,
          )
        await writeNote(sql, key, server)
      })
    },
    updateMailbox: (name, patch, lasting) =>
      database.transaction(sql => upsertState(sql, 'mailbox', name, mailboxColumns, patch), lasting),
    changeMailbox: (name, change) =>
      database.transaction(async sql =>
        upsertState(sql, 'mailbox', name, mailboxColumns, change(await readMailbox(sql, name))),
      ),
    accountState: name => readAccount(database, name),
    updateAccount: (name, patch) =>
      database.transaction(sql => upsertState(sql, 'account', name, accountColumns, patch)),
    changeAccount: (name, change) =>
      database.transaction(async sql =>
        upsertState(sql, 'account', name, accountColumns, change(await readAccount(sql, name))),
      ),
    note: key => readNote(database, key),
    setNote: (key, value, lasting) => database.transaction(sql => writeNote(sql, key, value), lasting),
    changeNote: (key, change) =>
      database.transaction(async sql => {
        const [after, answer] = change(await readNote(sql, key))
        if (after !== undefined) await writeNote(sql, key, after)
        return answer
      }),
  }
}

/** Here a field that is present and undefined is cleared. What stands there already is not written again. */
async function upsertState<T>(
  sql: Statements,
  table: string,
  name: string,
  columns: Columns<T>,
  patch: object,
): Promise<void> {
  const { set, values } = listAssignments(
    columns,
    Object.fromEntries(Object.entries(patch).map(([field, value]) => [field, value ?? null])),
  )
  await sql.run(`INSERT INTO ${table} (name) VALUES (?) ON CONFLICT DO NOTHING`, name)
  if (set.length === 0) return
  const differs = set.map(assignment => assignment.replace(' = ?', ' IS DISTINCT FROM ?')).join(' OR ')
  await sql.run(
    `UPDATE ${table} SET ${set.join(', ')} WHERE name = ? AND (${differs})`,
    ...values,
    name,
    ...values,
  )
}
