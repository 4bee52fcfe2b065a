/**
 * Units in a sliding minute (Gmail API, "Usage limits"; logins at a host), exactly.
 *
 * Invariants: Gmail charges a request at an instant that only Gmail knows, between its leaving and the arrival of its
 * answer. So units count from the leaving until a minute after the end: whatever the network does, no minute of Gmail's
 * holds more than `limit`. A tenth of them may leave at once; what is left of a minute is spread over it, so that a
 * backlog never makes new mail wait for long. Where other processes share the limit, what counts here stays within the
 * room of our slice of it, and what is spread is our part.
 */
import type { SharedLimit, SharedLimits, Slice, SliceUse } from './shared-limit.ts'

const windowMs = 60_000
/** Two clocks differ by less than this in a minute (a thousandth). */
const driftMs = 60
const burstShare = 0.1
/** How long units count after the end, ms. */
export const unitsLastMs = windowMs + driftMs

interface Charge {
  readonly units: number
  readonly countsUntilMs: number
  readonly passed: boolean
}

/** Whom a window shares its limit with. */
export interface WindowSharing {
  readonly limits: SharedLimits
  readonly limit: Pick<SharedLimit, 'key' | 'mostOfDay'>
}

export class QuotaWindow implements SliceUse {
  readonly #least: number
  readonly #slice: Slice | undefined
  /** Of all processes that share it. */
  #limit: number
  /** Units under way, and those that count until a known instant, the earliest first. */
  #running = 0
  #ended: Charge[] = []
  #endedUnits = 0
  #passedUnits = 0
  /** What may leave at once now. */
  #level: number
  #filledAtMs: number

  /**
   * @param nowMs on the clock of all other calls: monotonic
   * @param least what a single one costs: it must always be able to leave
   */
  constructor(unitsPerMinute: number, nowMs: number, least: number, sharing?: WindowSharing) {
    this.#least = least
    this.#limit = Math.max(least, unitsPerMinute)
    const own = { most: this.#limit, step: least, lastsMs: unitsLastMs }
    this.#slice = sharing?.limits.open({ ...own, ...sharing.limit }, this)
    this.#level = this.#burst
    this.#filledAtMs = nowMs
  }

  get limit(): number {
    return this.#limit
  }

  /** Which part of the limit is ours. */
  get part(): number {
    return this.#slice?.part ?? 1
  }

  setLimit(unitsPerMinute: number, nowMs: number): void {
    this.#fill(nowMs)
    this.#limit = Math.max(this.#least, unitsPerMinute)
    this.#level = Math.min(this.#level, this.#burst)
  }

  /** Units that count now, those under way among them. */
  used(nowMs: number): number {
    this.#fill(nowMs)
    return this.#used
  }

  /** What of the units that have ended will still count at these instants. @param atMs ascending */
  endedAt(nowMs: number, atMs: readonly number[]): readonly number[] {
    this.#fill(nowMs)
    const left = atMs.map(() => this.#endedUnits)
    for (const { units, countsUntilMs } of this.#ended)
      for (const [at, ms] of atMs.entries()) if (countsUntilMs <= ms) left[at] = (left[at] ?? 0) - units
    return left
  }

  /** Units that were let through in the last minute; where others share the limit, as many as all of them in proportion. */
  passed(nowMs: number): number {
    this.#fill(nowMs)
    return this.#passedUnits / this.part
  }

  /**
   * @returns after how many ms it should be asked again, 0 where so much may leave now; undefined where that depends on
   * the end of what is under way
   */
  waitMs(units: number, nowMs: number): number | undefined {
    this.#fill(nowMs)
    const used = this.#used
    const isBeyondRoom = this.#slice !== undefined && used + units > this.#slice.room(nowMs)
    const waitMs = isBeyondRoom ? undefined : this.#ownWaitMs(units, used, nowMs)
    if (waitMs !== 0) this.#slice?.need(used + units, 0)
    return waitMs
  }

  /**
   * Units leave now, whether or not they may.
   * @returns to be called once, when the answer is here; `passed`: it was no refusal for the rate
   */
  take(units: number, nowMs: number): (endedAtMs: number, passed: boolean) => void {
    this.#fill(nowMs)
    this.#running += units
    this.#level = Math.max(0, this.#level - units)
    this.#slice?.need(this.#used, units)
    return (endedAtMs, passed) => {
      this.#fill(endedAtMs)
      this.#running -= units
      this.#add(units, endedAtMs, passed)
    }
  }

  /** Requests of so many units each that another process made. @param atMs by the same clock, perhaps before its start */
  addEarlier(units: number, atMs: readonly number[], nowMs: number): void {
    this.#fill(nowMs)
    for (const earlierMs of atMs) {
      this.#add(units, Math.min(earlierMs, nowMs), true)
      this.#level = Math.max(0, this.#level - units)
    }
    this.#ended.sort((left, right) => left.countsUntilMs - right.countsUntilMs)
    this.#fill(nowMs)
    this.#slice?.need(this.#used, 0)
  }

  /** Nothing more is taken. */
  close(): void {
    this.#slice?.close()
  }

  /** Units that count now. */
  get #used(): number {
    return this.#running + this.#endedUnits
  }

  /** The limit, or our part of it. */
  get #own(): number {
    return this.#slice === undefined ? this.#limit : Math.max(this.#least, this.#limit * this.#slice.part)
  }

  #ownWaitMs(units: number, used: number, nowMs: number): number | undefined {
    const limit = this.#own
    if (used > 0 && used + units > limit) {
      let left = used
      for (const { units: freed, countsUntilMs } of this.#ended) {
        left -= freed
        if (left + units <= limit) return countsUntilMs - nowMs
      }
      return undefined
    }
    // A millionth of slack: a fraction lost in the arithmetic must not cost another round of sleep.
    const lacking = units - this.#level
    if (lacking <= 1e-6) return 0
    const untilChangeMs = this.#nextEndMs() - nowMs
    const unitsPerMs = this.#unitsPerMs(nowMs)
    return unitsPerMs > 0 ? Math.min(lacking / unitsPerMs, untilChangeMs) : untilChangeMs
  }

  get #burst(): number {
    return Math.max(this.#least, this.#own * burstShare)
  }

  #add(units: number, endedAtMs: number, passed: boolean): void {
    this.#endedUnits += units
    if (passed) this.#passedUnits += units
    this.#ended.push({ units, countsUntilMs: endedAtMs + unitsLastMs, passed })
  }

  #nextEndMs(): number {
    return this.#ended[0]?.countsUntilMs ?? this.#filledAtMs + windowMs
  }

  /** What is free, and what becomes free next, is spread over the time until then; never faster than the limit's speed. */
  #unitsPerMs(nowMs: number): number {
    const own = this.#own
    const free = Math.max(0, own - this.#used)
    const next = this.#ended[0]?.units ?? this.#running
    return Math.min(own / windowMs, (free + next) / Math.max(1, this.#nextEndMs() - nowMs))
  }

  #fill(nowMs: number): void {
    for (let next = this.#ended[0]; next !== undefined; next = this.#ended[0]) {
      if (next.countsUntilMs > nowMs) break
      this.#fillUntil(next.countsUntilMs)
      this.#ended.shift()
      this.#endedUnits -= next.units
      if (next.passed) this.#passedUnits -= next.units
    }
    this.#fillUntil(nowMs)
  }

  #fillUntil(ms: number): void {
    if (ms <= this.#filledAtMs) return
    const filled = (ms - this.#filledAtMs) * this.#unitsPerMs(this.#filledAtMs)
    this.#level = Math.min(this.#burst, this.#level + filled)
    this.#filledAtMs = ms
  }
}
