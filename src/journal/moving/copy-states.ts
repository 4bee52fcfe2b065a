/** What is known of mailboxes and accounts, and their troubles, from one journal into another. */
import { columnName, type SqlRow, type SqlValue } from '../columns.ts'
import { accountColumns, mailboxColumns } from '../records.ts'
import type { Statements } from '../sql.ts'
import { insertRows, type MoveOptions, toBound } from './copy-rows.ts'

const namesOf = (columns: object): string[] => Object.keys(columns).map(columnName)

/** What is there already under that name stays as it is. */
async function copyStates(
  from: Statements,
  to: Statements,
  table: 'mailbox' | 'account',
  names: ReadonlySet<string>,
  rename: (name: string) => string,
): Promise<void> {
  const columns = namesOf(table === 'mailbox' ? mailboxColumns : accountColumns)
  const rows = (await from.all(`SELECT * FROM ${table} ORDER BY name`)).filter(row =>
    names.has(String(row.name)),
  )
  const values = rows.map(row =>
    columns.map(column => (column === 'name' ? rename(String(row.name)) : toBound(row[column]))),
  )
  await insertRows(to, table, columns, values, 'ON CONFLICT (name) DO NOTHING')
}

const troubleColumns = [
  'scope',
  'name',
  'subject',
  'code',
  'facts',
  'retry',
  'said',
  'since_ms',
  'last_seen_ms',
  'times',
  'notice_at_ms',
  'notice_code',
  'last_notice_ms',
  'closed_at_ms',
  'closed_by',
  'all_clear_at_ms',
  'about',
]

/** The owner was told of the same troubles: nobody is told of them anew. Those of the machine stay behind. */
async function copyTroubles(from: Statements, to: Statements, options: MoveOptions): Promise<void> {
  const { mailboxes, accounts, ids, renaming } = options
  const renameTrouble = (row: SqlRow): SqlValue[][] => {
    const name = String(row.name)
    const isOfAccount = row.scope === 'account'
    if (row.scope === 'machine' || !(isOfAccount ? accounts : mailboxes).has(name)) return []
    const subject = row.scope === 'message' ? ids.find(Number(row.subject)) : row.subject
    if (subject === undefined) return []
    const renamed: SqlRow = {
      ...row,
      name: isOfAccount ? renaming.account(name) : renaming.mailbox(name),
      subject: String(subject),
    }
    return [troubleColumns.map(column => toBound(renamed[column]))]
  }
  for (let after = 0; ; ) {
    const page = await from.all(`SELECT * FROM trouble WHERE id > ${after} ORDER BY id LIMIT 1000`)
    const rows = page.flatMap(renameTrouble)
    await insertRows(to, 'trouble', troubleColumns, rows, 'ON CONFLICT (scope, name, subject) DO NOTHING')
    if (page.length < 1000) return
    after = Number(page.at(-1)?.id)
  }
}

export async function copyAllStates(from: Statements, to: Statements, options: MoveOptions): Promise<void> {
  const { mailboxes, accounts, renaming } = options
  await copyStates(from, to, 'mailbox', mailboxes, renaming.mailbox)
  await copyStates(from, to, 'account', accounts, renaming.account)
  await copyTroubles(from, to, options)
}
