/** The words that somebody may have meant who wrote another: for "did you mean". */

/** A word is not compared beyond this: it is no slip of the hand then. */
const longest = 64

/**
 * How many insertions, deletions, exchanges and swaps of neighbours lie between two words (optimal string alignment).
 * In time and space of the product of their lengths, each at most `longest`.
 */
function countSlips(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= one.length; i += 1) {
    const above = rows[i - 1] ?? []
    const row = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1]
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      row.push(
        Math.min(
          (above[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (above[j - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    rows.push(row)
  }
  return rows.at(-1)?.at(-1) ?? 0
}

/**
 * The known words nearest to a written one, nearest first: at most a third of its characters are slips, or the one
 * begins with the other (three characters or more).
 * @param most how many at most
 */
export function findNearest(written: string, known: readonly string[], most = 3): readonly string[] {
  const word = written.normalize('NFKC').toLowerCase().trim().slice(0, longest)
  if (word === '') return []
  return known
    .map(name => {
      const other = name.normalize('NFKC').toLowerCase().slice(0, longest)
      const isBegun =
        Math.min(word.length, other.length) >= 3 && (other.startsWith(word) || word.startsWith(other))
      return { name, isBegun, slips: countSlips(word, other) }
    })
    .filter(({ slips, isBegun }) => isBegun || slips <= Math.max(1, Math.floor(word.length / 3)))
    .sort((one, other) => Number(other.isBegun) - Number(one.isBegun) || one.slips - other.slips)
    .slice(0, most)
    .map(({ name }) => name)
}
