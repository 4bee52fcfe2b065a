/** What is known of mailboxes and accounts between pulls, and the notes. */
import { type Columns, listAssignments, readRecord, toSqlValue } from './columns.ts'
import type { Journal } from './journal.ts'
import type { NoteKey } from './notes.ts'
import { accountColumns, mailboxColumns, noAccount, noMailbox } from './records.ts'
import type { AccountState, MailboxState } from './row.ts'
import type { Database, Statements, Transaction } from './sql.ts'
import { closeTroubles } from './troubles.ts'

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

/** @param toChange what is said where the transaction changes it by what it reads */
async function readMailbox(sql: Statements, name: string, toChange = ''): Promise<MailboxState> {
  const row = await sql.get(`SELECT * FROM mailbox WHERE name = ? ${toChange}`, name)
  return row === undefined ? { ...noMailbox, name } : readRecord(mailboxColumns, row)
}

async function readAccount(sql: Statements, name: string, toChange = ''): Promise<AccountState> {
  const row = await sql.get(`SELECT * FROM account WHERE name = ? ${toChange}`, name)
  return row === undefined ? { ...noAccount, name } : readRecord(accountColumns, row)
}

export async function readNote(sql: Pick<Statements, 'get'>, key: NoteKey): Promise<string | undefined> {
  const value = (await sql.get('SELECT value FROM note WHERE key = ?', key))?.value
  return value === undefined ? undefined : String(value)
}

/** What stands there already is not written again. */
export async function writeNote(sql: Statements, key: NoteKey, value: string): Promise<void> {
  await sql.run(noteWritten, key, value)
}
const noteWritten = `INSERT INTO note (key, value) VALUES (?1, ?2)
  ON CONFLICT (key) DO UPDATE SET value = ?2 WHERE note.value <> ?2`

export function makeState(database: Database): State {
  return {
    async beginPull(name, atMs) {
      const generation = await database.transaction(async sql => {
        const begun = await sql.get(
          `INSERT INTO mailbox (name, generation, first_pull_at_ms, last_pull_at_ms) VALUES (?1, 1, ?2, ?2)
           ON CONFLICT (name) DO UPDATE SET generation = mailbox.generation + 1, last_pull_at_ms = ?2,
             first_pull_at_ms = coalesce(mailbox.first_pull_at_ms, ?2)
           RETURNING generation`,
          name,
          toSqlValue('integer', atMs),
        )
        return Number(begun?.generation)
      }, 'later')
      // START_FROM=new draws its line by this moment: a power cut in the first pull must not move it.
      if (generation === 1)
        await database.transaction(sql =>
          sql.run('UPDATE mailbox SET first_pull_at_ms = first_pull_at_ms WHERE name = ?', name),
        )
      return generation
    },
    endPull: (ofMailbox, ofAccount, end, lasting) =>
      database.transaction(async sql => {
        sql.lock(`account ${ofAccount}`)
        const { toChange } = sql.words
        const mailbox = readMailbox(sql, ofMailbox, toChange)
        const account = readAccount(sql, ofAccount, toChange)
        account.catch(() => {})
        const { mailboxPatch, accountPatch, over, atMs } = end(await mailbox, await account)
        upsertState(sql, 'mailbox', ofMailbox, mailboxColumns, mailboxPatch)
        upsertState(sql, 'account', ofAccount, accountColumns, accountPatch)
        await closeTroubles(sql, over, 'success', atMs)
      }, lasting),
    mailbox: name => readMailbox(database, name),
    async namedBy(name, server) {
      const key: NoteKey = `named-by ${name}`
      if ((await readNote(database, key)) === server) return
      await database.transaction(async sql => {
        const before = await readNote(sql, key)
        if (before !== undefined && before !== server)
          sql.send(
            'UPDATE message SET uid = uid || ? WHERE mailbox = ? AND uid IS NOT NULL',
            ` at ${before}`,
            name,
          )
        sql.send(noteWritten, key, server)
      })
    },
    updateMailbox: (name, patch, lasting) =>
      database.transaction(async sql => upsertState(sql, 'mailbox', name, mailboxColumns, patch), lasting),
    changeMailbox: (name, change) =>
      database.transaction(async sql => {
        sql.lock(`mailbox ${name}`)
        const state = await readMailbox(sql, name, sql.words.toChange)
        upsertState(sql, 'mailbox', name, mailboxColumns, change(state))
      }),
    accountState: name => readAccount(database, name),
    updateAccount: (name, patch) =>
      database.transaction(async sql => upsertState(sql, 'account', name, accountColumns, patch)),
    changeAccount: (name, change) =>
      database.transaction(async sql => {
        sql.lock(`account ${name}`)
        const state = await readAccount(sql, name, sql.words.toChange)
        upsertState(sql, 'account', name, accountColumns, change(state))
      }),
    note: key => readNote(database, key),
    setNote: (key, value, lasting) =>
      database.transaction(async sql => sql.send(noteWritten, key, value), lasting),
    changeNote: (key, change) =>
      database.transaction(async sql => {
        // Several workers write the notes of hosts and accounts, and the first of them finds no row to lock.
        sql.lock(`note ${key}`)
        const [after, answer] = change(await readNote(sql, key))
        if (after !== undefined) sql.send(noteWritten, key, after)
        return answer
      }),
  }
}

/** Here a field that is present and undefined is cleared. What stands there already is not written again. */
function upsertState<T>(
  sql: Transaction,
  table: string,
  name: string,
  columns: Columns<T>,
  patch: object,
): void {
  const { set, values } = listAssignments(
    columns,
    Object.fromEntries(Object.entries(patch).map(([field, value]) => [field, value ?? null])),
  )
  const names = set.map(assignment => assignment.replace(' = ?', ''))
  const places = names.map(() => ', ?').join('')
  const differs = names.map(column => `${table}.${column} IS DISTINCT FROM excluded.${column}`).join(' OR ')
  const change = `DO UPDATE SET ${names.map(column => `${column} = excluded.${column}`).join(', ')} WHERE ${differs}`
  sql.send(
    `INSERT INTO ${table} (${['name', ...names].join(', ')}) VALUES (?${places})
     ON CONFLICT (name) ${names.length === 0 ? 'DO NOTHING' : change}`,
    name,
    ...values,
  )
}
