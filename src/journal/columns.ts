/** Rows between a database and TypeScript: one table of columns a record, so that neither side is spelled twice. */

export type ColumnKind = 'integer' | 'text' | 'boolean' | 'json'

export type Columns<T> = { readonly [K in keyof T]-?: ColumnKind }

/** What is bound to a statement. */
export type SqlValue = null | number | string

/** What a database gives back; an answer of any other kind is read as text. */
export type SqlRow = Record<string, unknown>

/** `octetsListed` -> `octets_listed`. */
export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** Of each table of columns, made once: a folder may have a hundred thousand rows. */
const namedColumns = new WeakMap<
  object,
  readonly (readonly [field: string, name: string, kind: ColumnKind])[]
>()

function nameColumns<T>(columns: Columns<T>) {
  const known = namedColumns.get(columns)
  if (known !== undefined) return known
  const names = Object.entries<ColumnKind>(columns).map(
    ([field, kind]) => [field, columnName(field), kind] as const,
  )
  namedColumns.set(columns, names)
  return names
}

export function readRecord<T>(columns: Columns<T>, row: SqlRow): T {
  const record: Record<string, unknown> = {}
  for (const [field, name, kind] of nameColumns(columns)) {
    const value = row[name]
    if (value === null || value === undefined) record[field] = undefined
    else if (kind === 'boolean') record[field] = value === 1
    else if (kind === 'json') record[field] = JSON.parse(String(value))
    else record[field] = value
  }
  return record as T
}

export function toSqlValue(kind: ColumnKind, value: unknown): SqlValue {
  if (value === null || value === undefined) return null
  if (kind === 'boolean') return value === true ? 1 : 0
  if (kind === 'json') return JSON.stringify(value)
  if (kind === 'integer') return roundToInteger(Number(value))
  return String(value)
}

/** Nothing but whole numbers is stored as an integer; one that is larger than any of ours, or no number, may come from outside. */
export function roundToInteger(value: number): number | null {
  if (Number.isNaN(value)) return null
  return Math.min(Math.max(Math.round(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

/** The SET list and its values for a patch; fields that are undefined are left as they are. */
export function listAssignments<T>(
  columns: Columns<T>,
  patch: object,
): { set: string[]; values: SqlValue[] } {
  const set: string[] = []
  const values: SqlValue[] = []
  for (const [field, value] of Object.entries(patch)) {
    if (value === undefined) continue
    set.push(`${columnName(field)} = ?`)
    values.push(toSqlValue(columns[field as keyof T], value))
  }
  return { set, values }
}
