/** Rows of messages from one journal into another, whichever databases they are in: as they are, with names and ids mapped. */
import { columnName, type SqlRow, type SqlValue } from '../columns.ts'
import { messageColumns } from '../records.ts'
import type { Statements } from '../sql.ts'

/** How the names of one journal are told in another. */
export interface Renaming {
  mailbox(name: string): string
  account(name: string): string
}

/** What is moved of a journal, beside rows, and how it is told in the other. */
export interface MoveOptions {
  readonly mailboxes: ReadonlySet<string>
  readonly accounts: ReadonlySet<string>
  readonly ids: RowIds
  readonly renaming: Renaming
}

/** What numbers rows have in the other journal, in the order of those that they have here. */
export interface RowIds {
  find(id: number): number | undefined
}

/** @param here ascending, each with its number in the other journal at the same place of `there` */
export function makeRowIds(here: Float64Array, there: Float64Array): RowIds {
  return {
    find(id) {
      let from = 0
      let to = here.length
      while (from < to) {
        const middle = (from + to) >>> 1
        if ((here[middle] ?? 0) < id) from = middle + 1
        else to = middle
      }
      return here[from] === id ? there[from] : undefined
    },
  }
}

/** So many are read and written at once: SQLite binds 32,766 values at most (sqlite.org/limits.html). */
const pageRows = 500
const columns = Object.keys(messageColumns).map(columnName)
/** The number of no row: what a row was merged into and is not there any more. */
const noRow = 0

/** @param tail what stands behind the values */
export async function insertRows(
  to: Statements,
  table: string,
  names: readonly string[],
  rows: readonly (readonly SqlValue[])[],
  tail = '',
): Promise<void> {
  for (let from = 0; from < rows.length; from += pageRows) {
    const page = rows.slice(from, from + pageRows)
    const places = `(${names.map(() => '?').join(', ')})`
    const way = names.includes('id') ? to.words.withOwnIds : ''
    await to.run(
      `INSERT INTO ${table} (${names.join(', ')}) ${way} VALUES ${page.map(() => places).join(', ')} ${tail}`,
      ...page.flat(),
    )
  }
}

/** A value as it is bound again. */
export const toBound = (value: unknown): SqlValue =>
  value === null || value === undefined ? null : typeof value === 'number' ? value : String(value)

/** The numbers of rows, ascending. @param where what follows WHERE and AND */
export async function readIds(from: Statements, where: string, ...values: SqlValue[]): Promise<Float64Array> {
  const ids: number[] = []
  for (;;) {
    const page = await from.all(
      `SELECT id FROM message WHERE id > ${ids.at(-1) ?? 0} AND ${where} ORDER BY id LIMIT 20000`,
      ...values,
    )
    for (const { id } of page) ids.push(Number(id))
    if (page.length < 20_000) return Float64Array.from(ids)
  }
}

export interface CopyOptions {
  /** What follows WHERE and AND in the journal that is read, and its values. */
  readonly where: string
  readonly values: readonly SqlValue[]
  readonly ids: RowIds
  readonly renaming: Renaming
  /** What else is to be changed in a row, by the name of its column. */
  readonly change?: (row: SqlRow) => SqlRow
}

/** @returns how many were copied */
export async function copyRows(from: Statements, to: Statements, options: CopyOptions): Promise<number> {
  const { where, values, ids, renaming, change = row => row } = options
  let count = 0
  for (let after = 0; ; ) {
    const page = await from.all(
      `SELECT * FROM message WHERE id > ${after} AND ${where} ORDER BY id LIMIT ${pageRows}`,
      ...values,
    )
    const copied = page.map(row => {
      const renamed = change(renameRow(row, ids, renaming))
      return columns.map(name => toBound(renamed[name]))
    })
    await insertRows(to, 'message', columns, copied)
    count += page.length
    if (page.length < pageRows) return count
    after = Number(page.at(-1)?.id)
  }
}

function renameRow(row: SqlRow, ids: RowIds, { mailbox, account }: Renaming): SqlRow {
  const { id, merged_into: mergedInto, account: ofAccount, wish } = row
  const own = ids.find(Number(id))
  if (own === undefined) throw new Error(`no number for row ${id}`)
  return {
    ...row,
    id: own,
    mailbox: mailbox(String(row.mailbox)),
    account: ofAccount === null ? null : account(String(ofAccount)),
    merged_into: mergedInto === null ? null : (ids.find(Number(mergedInto)) ?? noRow),
    wish: typeof wish === 'string' ? renameWish(wish, account) : null,
  }
}

/** A rule's wish names the account that the mail goes to (base/rule-wish.ts). */
function renameWish(wish: string, account: Renaming['account']): string {
  const parts = JSON.parse(wish) as { readonly account?: unknown }
  return typeof parts.account === 'string'
    ? JSON.stringify({ ...parts, account: account(parts.account) })
    : wish
}
