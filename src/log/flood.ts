/**
 * How many lines of one kind are written about one mailbox. A source can name a million messages and withdraw them
 * again, at each pull: a line for each would fill the disk that the log is on. The journal has every one of them.
 */

/** Lines of one kind about one mailbox, a minute. */
export const perMinute = 200
const minuteMs = 60_000

export interface Gate {
  readonly passes: boolean
  /** Lines of this kind that were held back in the minute before; told once. */
  readonly held: number
}

export function makeFloodGate(nowMs: () => number): (kind: string) => Gate {
  const kinds = new Map<string, { sinceMs: number; lines: number }>()
  return kind => {
    const now = nowMs()
    const known = kinds.get(kind)
    // A clock that was set back begins a new minute, too.
    if (known === undefined || now - known.sinceMs >= minuteMs || now < known.sinceMs) {
      kinds.set(kind, { sinceMs: now, lines: 1 })
      return { passes: true, held: Math.max(0, (known?.lines ?? 0) - perMinute) }
    }
    known.lines += 1
    return { passes: known.lines <= perMinute, held: 0 }
  }
}
