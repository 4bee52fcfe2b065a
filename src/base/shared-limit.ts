/**
 * A limit that several processes keep together, as whoever is bound by it sees it: a slice of it is this process's now, and
 * is used without asking anybody (fleet/limits.ts). A process that is alone has none, and the whole limit.
 */

export interface SharedLimit {
  /** What is limited: equal in all processes that share the limit. */
  readonly key: string
  /** In all processes together; where they were told differently, the least holds. */
  readonly most: number
  /** The least that is of any use: what one request, login or upload takes. */
  readonly step: number
  /** For how long something counts after its end, ms: 0 where it counts only while it is under way. */
  readonly lastsMs: number
  /** Also: in all processes together from one midnight in California to the next (Google counts its days so). */
  readonly mostOfDay?: number | undefined
}

/** What counts in this process. */
export interface SliceUse {
  /** What counts now: what is under way, and what has ended so lately that it still counts. */
  used(nowMs: number): number
  /** What of that has ended, and will still count at each of these instants. @param atMs ascending */
  endedAt(nowMs: number, atMs: readonly number[]): readonly number[]
}

/** Monotonic times in ms, of the clock that the limits were made with. */
export interface Slice {
  /** Nothing is begun by which more would count here: less than what counts already, where others wait for it. */
  room(nowMs: number): number
  /** Which part of the limit is to be spread over its time here, more than 0 and at most 1. */
  readonly part: number
  /**
   * Is said of all that is begun, and of what has to wait.
   * @param needed what counts here with it
   * @param begun of that, what was begun just now: 0 where it waits
   */
  need(needed: number, begun: number): void
  /** Nothing more is begun; what counts does so until its time is over. */
  close(): void
}

export interface SharedLimits {
  open(limit: SharedLimit, use: SliceUse): Slice
}

/** A slice of places, each of which counts while it is taken and no longer. @param taken how many are now, here */
export function openPlaces(limits: SharedLimits, key: string, most: number, taken: () => number): Slice {
  return limits.open(
    { key, most, step: 1, lastsMs: 0 },
    { used: taken, endedAt: (_, atMs) => atMs.map(() => 0) },
  )
}
