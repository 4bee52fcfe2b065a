/** A path as one word of a POSIX shell, for commands that we show. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_/.:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
