/** An instant for programs, in both of the forms that they like: `sinceMs` (since 1970) and `since` (ISO 8601, UTC). */
export function timeJson(name: string, ms: number | undefined): object {
  const isDate = ms !== undefined && Math.abs(ms) <= 8.64e15 // ECMA-262, time values
  return { [`${name}Ms`]: ms ?? null, [name]: isDate ? new Date(ms).toISOString() : null }
}
