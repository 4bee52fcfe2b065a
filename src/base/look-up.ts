/** The entry of a table of words under a key that comes from elsewhere; undefined where there is none. */
export function lookUp<Table extends object>(table: Table, key: string): Table[keyof Table] | undefined {
  return Object.hasOwn(table, key) ? table[key as keyof Table] : undefined
}
