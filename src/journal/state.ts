/** What is known of mailboxes and accounts between pulls, and the notes. */
import type { Answers } from './answers.ts'
import { type Columns, listAssignments, readRecord } from './columns.ts'
import type { Database } from './database.ts'
import type { Journal } from './journal.ts'
import type { NoteKey } from './notes.ts'
import { accountColumns, mailboxColumns, noAccount, noMailbox } from './records.ts'
import type { AccountState, MailboxState } from './row.ts'
import type { SqliteTroubles } from './troubles.ts'

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

export function makeState(database: Database, troubles: SqliteTroubles): Answers<State> {
  const mailbox = (name: string): MailboxState => {
    const row = database.get('SELECT * FROM mailbox WHERE name = ?', name)
    return row === undefined ? { ...noMailbox, name } : readRecord(mailboxColumns, row)
  }
  const account = (name: string): AccountState => {
    const row = database.get('SELECT * FROM account WHERE name = ?', name)
    return row === undefined ? { ...noAccount, name } : readRecord(accountColumns, row)
  }
  const note = (key: NoteKey): string | undefined => {
    const value = database.get('SELECT value FROM note WHERE key = ?', key)?.value
    return value === undefined ? undefined : String(value)
  }
  const setNote = (key: NoteKey, value: string): void => {
    database.run(
      `INSERT INTO note (key, value) VALUES (?1, ?2)
       ON CONFLICT (key) DO UPDATE SET value = ?2 WHERE value <> ?2`,
      key,
      value,
    )
  }
  return {
    beginPull: (name, atMs) =>
      database.transaction(() => {
        database.run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', name)
        database.run(
          `UPDATE mailbox SET generation = generation + 1, last_pull_at_ms = ?1,
             first_pull_at_ms = coalesce(first_pull_at_ms, ?1) WHERE name = ?2`,
          atMs,
          name,
        )
        return mailbox(name).generation
      }, 'later'),
    endPull: (ofMailbox, ofAccount, end) =>
      database.transaction(() => {
        const { mailboxPatch, accountPatch, over, atMs } = end(mailbox(ofMailbox), account(ofAccount))
        upsertState(database, 'mailbox', ofMailbox, mailboxColumns, mailboxPatch)
        upsertState(database, 'account', ofAccount, accountColumns, accountPatch)
        for (const key of over) troubles.closed(key, 'success', atMs)
      }),
    mailbox,
    namedBy(name, server) {
      const key: NoteKey = `named-by ${name}`
      const before = note(key)
      if (before === server) return
      database.transaction(() => {
        if (before !== undefined)
          database.run(
            'UPDATE message SET uid = uid || ? WHERE mailbox = ? AND uid IS NOT NULL',
            ` at ${before}`,
            name,
          )
        setNote(key, server)
      })
    },
    updateMailbox: (name, patch, lasting) =>
      database.transaction(() => upsertState(database, 'mailbox', name, mailboxColumns, patch), lasting),
    changeMailbox: (name, change) =>
      database.transaction(() =>
        upsertState(database, 'mailbox', name, mailboxColumns, change(mailbox(name))),
      ),
    accountState: account,
    updateAccount: (name, patch) =>
      database.transaction(() => upsertState(database, 'account', name, accountColumns, patch)),
    changeAccount: (name, change) =>
      database.transaction(() =>
        upsertState(database, 'account', name, accountColumns, change(account(name))),
      ),
    note,
    setNote: (key, value, lasting) => database.transaction(() => setNote(key, value), lasting),
    changeNote: (key, change) =>
      database.transaction(() => {
        const [after, answer] = change(note(key))
        if (after !== undefined) setNote(key, after)
        return answer
      }),
  }
}

/** Here a field that is present and undefined is cleared. What stands there already is not written again. */
function upsertState<T>(
  database: Database,
  table: string,
  name: string,
  columns: Columns<T>,
  patch: object,
): void {
  const { set, values } = listAssignments(
    columns,
    Object.fromEntries(Object.entries(patch).map(([field, value]) => [field, value ?? null])),
  )
  database.run(`INSERT INTO ${table} (name) VALUES (?) ON CONFLICT DO NOTHING`, name)
  if (set.length === 0) return
  const differs = set.map(assignment => assignment.replace(' = ?', ' IS NOT ?')).join(' OR ')
  database.run(
    `UPDATE ${table} SET ${set.join(', ')} WHERE name = ? AND (${differs})`,
    ...values,
    name,
    ...values,
  )
}
