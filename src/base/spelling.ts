/** Which known name a misspelt one means. */

/** The known name that a misspelt one most likely means: at most two slips, fewer for short names. */
export function findNearestName(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  let best: string | undefined
  let least = Math.min(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const away = measureDistance(lower, candidate.toLowerCase(), least)
    if (away < least) {
      least = away
      best = candidate
    }
  }
  return best
}

/** Nobody's slip of the hand is longer. */
const longestName = 64

/**
 * The known names that somebody may have meant, nearest first: those that begin with what was written, or it with them
 * (three characters or more), then those that are as near as findNearestName wants. Full-width letters are letters.
 */
export function findNearestNames(written: string, known: readonly string[], most = 3): readonly string[] {
  const plain = (text: string): string => text.slice(0, longestName).normalize('NFKC').toLowerCase().trim()
  const name = plain(written)
  const limit = Math.min(2, Math.floor(name.length / 3)) + 1
  return known
    .map(candidate => {
      const other = plain(candidate)
      const isBegun =
        Math.min(name.length, other.length) >= 3 && (other.startsWith(name) || name.startsWith(other))
      return { candidate, away: isBegun ? 0 : measureDistance(name, other, limit) }
    })
    .filter(({ away }) => away < limit)
    .sort((one, other) => one.away - other.away)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** Damerau's distance (insertion, deletion, substitution, swap of neighbours), or `limit` where it is no less. */
function measureDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (before[j - 2] ?? 0) + 1)
      }
      row.push(value)
    }
    before = last
    last = row
  }
  return Math.min(limit, last[b.length] ?? limit)
}
