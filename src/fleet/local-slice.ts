/** One slice of a limit, as its worker has it: what it asks for, and what it makes of the answer. */
import type { SharedLimit, Slice, SliceUse } from '../base/shared-limit.ts'
import { drainingParts, type SliceAnswer, type SliceAsk } from '../journal/postgres/budget.ts'

/**
 * Of a fair share, what is had beyond what counts, so that it can begin without a question: as much as may leave at once, or
 * where work waits, which leaves at its pace, that of two seconds.
 */
const aheadParts = { idle: 0.1, busy: 1 / 30 }
/** How often the database hears of a slice that is used, ms: what a dead worker had drains by what it said last. */
const tellMs = 5000
/** Who had to wait is taken to have more work for so long, ms. */
const hungryMs = 3000
/** From which part of a day's units on it is told, and from which on the rest is spread over the rest of the day. */
const dayParts = { told: 0.6, spread: 0.75 }
/** Kept back of a day, so that it never comes to a halt. */
const dayReserve = 0.01

export interface DayNews {
  readonly key: string
  readonly taken: number
  readonly mostOfDay: number
  /** In a minute, for all workers, from now on. */
  readonly perMinute: number
  readonly dayLeftMs: number
}

export interface SliceKeeper {
  /** Whether the database has down what we have. */
  isSure(nowMs: number): boolean
  /** There is something to ask. @param isWait something begins to wait for it */
  changed(slice: LocalSlice, isUrgent: boolean, isWait: boolean): void
}

export class LocalSlice implements Slice {
  readonly #limit: SharedLimit
  readonly #use: SliceUse
  /** What counted in a slice of the same limit before this one. */
  #earlier: SliceUse | undefined
  #earlierUnits = 0
  readonly #keeper: SliceKeeper
  #units = 0
  #fair: number
  #giveBack: number | undefined
  /** What counts, with what waits, since the last question. */
  #needed = 0
  #begun = 0
  #said: { readonly need: number; readonly most: number; readonly atMs: number } | undefined
  /** What was begun, by a question that was not answered yet. */
  #unheard: number | undefined
  /** Less was granted than asked for: nothing comes of asking at once. */
  #isShort = false
  #wanted = 0
  #isWaiting = false
  /** Something had to wait since the last question, and so lately that more of it may be expected. */
  #isHungry = false
  #wasHungry = false
  #hungryUntilMs = Number.NEGATIVE_INFINITY
  #isClosed = false
  #isGone = false
  #day: { taken: number; leftMs: number } | undefined
  #dayTold = 0

  constructor(limit: SharedLimit, use: SliceUse, keeper: SliceKeeper) {
    this.#limit = limit
    this.#use = use
    this.#keeper = keeper
    this.#fair = limit.most
  }

  room(nowMs: number): number {
    if (this.#isClosed || !this.#keeper.isSure(nowMs)) return 0
    // What is to be given back is not used again as it drains.
    return Math.min(this.#units, this.#giveBack ?? this.#units) - this.#usedEarlier(nowMs)
  }

  get key(): string {
    return this.#limit.key
  }

  get part(): number {
    const { most, step } = this.#limit
    return Math.min(1, Math.max(this.#fair, step) / most)
  }

  need(ownNeeded: number, begun: number): void {
    const needed = ownNeeded + this.#earlierUnits
    this.#needed = Math.max(this.#needed, needed)
    this.#begun += begun
    const isWait = begun === 0 && needed > this.#units
    this.#isHungry ||= begun === 0
    const isLow = isWait || this.#units - needed < this.#ahead / 2
    this.#keeper.changed(this, isLow && !this.#isShort, isWait && !this.#isWaiting)
    this.#isWaiting ||= isWait
  }

  close(): void {
    this.#isClosed = true
    this.#keeper.changed(this, false, false)
  }

  /** Takes the place of another slice of the same limit: what counts there counts here. */
  follow(other: LocalSlice): void {
    this.#earlier = {
      used: nowMs => other.#used(nowMs),
      endedAt: (nowMs, atMs) => other.#endedAt(nowMs, atMs),
    }
    this.#units = other.#units
    this.#fair = other.#fair
    this.#giveBack = other.#giveBack
    this.#begun = other.#begun
    this.#unheard = other.#unheard
    this.#said = other.#said
    this.#day = other.#day
    this.#dayTold = other.#dayTold
  }

  /** The database has nothing down for us any more. */
  lose(): void {
    this.#units = 0
    this.#giveBack = undefined
    this.#said = undefined
  }

  /** Nothing is had, nothing counts, and nothing will. */
  get isOver(): boolean {
    return this.#isClosed && this.#isGone
  }

  /** Nothing is to be said before something else is begun. */
  isAtRest(nowMs: number): boolean {
    if (this.#isClosed || this.#said === undefined || this.#unheard !== undefined) return false
    if (this.#giveBack !== undefined || this.#needed > 0 || this.#begun > 0) return false
    return this.#said.need === 0 && this.#used(nowMs) === 0
  }

  /** @returns undefined where there is nothing to say. What it asks less for is given up at once. */
  ask(nowMs: number): SliceAsk | undefined {
    const { key, step, lastsMs } = this.#limit
    const used = this.#used(nowMs)
    const needed = Math.max(used, this.#needed)
    const begun = this.#begun + (this.#unheard ?? 0)
    const most = this.#most()
    if (this.#isHungry) this.#hungryUntilMs = nowMs + hungryMs
    this.#isHungry = false
    this.#wasHungry = nowMs < this.#hungryUntilMs
    const need = this.#needOf(used, needed, begun)
    const wanted = this.#isClosed ? used : needed + this.#ahead
    const want = this.#wantOf(wanted, used)
    const isWorthSaying = this.#isWorthSaying(need, want, most, nowMs)
    this.#needed = 0
    if (!isWorthSaying) return undefined
    this.#begun = 0
    this.#unheard = begun
    this.#units = Math.min(this.#units, want)
    this.#said = { need, most, atMs: nowMs }
    this.#wanted = want
    const partMs = lastsMs / drainingParts
    const atMs = Array.from({ length: drainingParts + 1 }, (_, part) => nowMs + part * partMs)
    const draining = lastsMs === 0 ? [] : this.#endedAt(nowMs, atMs)
    const last = this.#isClosed && used === 0
    return { key, most, step, lasts: Math.ceil(lastsMs), want, need, draining, begun, last }
  }

  take({ granted, giveBack }: SliceAnswer, nowMs: number): void {
    this.#giveBack = giveBack
    if (granted === undefined) return
    this.#unheard = undefined
    this.#isShort = granted.units < this.#wanted
    this.#isWaiting &&= this.#isShort
    this.#units = granted.units
    this.#fair = granted.fair
    this.#day = { taken: granted.dayTaken, leftMs: granted.dayLeftMs }
    this.#isGone = this.#isClosed && granted.units === 0 && this.#used(nowMs) === 0
  }

  /** Once for each step that the day comes nearer to its end. */
  dayNews(): DayNews | undefined {
    const { key, mostOfDay } = this.#limit
    if (mostOfDay === undefined || this.#day === undefined) return undefined
    const { taken, leftMs } = this.#day
    const part = taken / mostOfDay
    const step = [dayParts.told, dayParts.spread, 0.9, 0.98].filter(from => part >= from).length
    const isNews = step > this.#dayTold
    this.#dayTold = step
    if (!isNews) return undefined
    return { key, taken, mostOfDay, perMinute: this.#most(), dayLeftMs: leftMs }
  }

  #usedEarlier(nowMs: number): number {
    this.#earlierUnits = this.#earlier?.used(nowMs) ?? 0
    if (this.#earlierUnits === 0) this.#earlier = undefined
    return this.#earlierUnits
  }

  #used(nowMs: number): number {
    return this.#use.used(nowMs) + this.#usedEarlier(nowMs)
  }

  #endedAt(nowMs: number, atMs: readonly number[]): readonly number[] {
    const earlier = this.#earlier?.endedAt(nowMs, atMs)
    return this.#use.endedAt(nowMs, atMs).map((units, at) => units + (earlier?.[at] ?? 0))
  }

  get #ahead(): number {
    const { step, lastsMs, most } = this.#limit
    if (lastsMs === 0) return Math.max(step, Math.floor(most / 8))
    const isBusy = this.#isHungry || this.#wasHungry
    return Math.max(step, Math.ceil(this.#fair * (isBusy ? aheadParts.busy : aheadParts.idle)))
  }

  /** The limit as it is now: the rest of a day's units is spread over the rest of the day. */
  #most(): number {
    const { most, mostOfDay, step } = this.#limit
    if (mostOfDay === undefined || this.#day === undefined) return most
    const { taken, leftMs } = this.#day
    if (taken < mostOfDay * dayParts.spread) return most
    const minutesLeft = Math.max(1, leftMs / 60_000)
    const left = mostOfDay * (1 - dayReserve) - taken
    const trickle = Math.max(step, (mostOfDay * dayReserve) / (24 * 60))
    return Math.floor(Math.min(most, Math.max(trickle, left / minutesLeft)))
  }

  /** What one cannot do without: all there is, where work waits whose end is not known. */
  #needOf(used: number, needed: number, begun: number): number {
    const { most, lastsMs } = this.#limit
    if (this.#isClosed) return used
    if (lastsMs === 0) return needed
    if (this.#wasHungry) return most
    return begun > 0 ? needed + this.#ahead : needed
  }

  #wantOf(wanted: number, used: number): number {
    if (this.#giveBack !== undefined) return Math.max(used, Math.min(wanted, this.#giveBack))
    // A little more than is needed is kept, so that it is not asked for again and again.
    const kept = this.#limit.lastsMs === 0 ? 0 : 2 * this.#ahead
    return wanted < this.#units && wanted >= this.#units - kept ? this.#units : wanted
  }

  #isWorthSaying(need: number, want: number, most: number, nowMs: number): boolean {
    const said = this.#said
    if (said === undefined || this.#unheard !== undefined || this.#giveBack !== undefined || this.#isClosed)
      return true
    if (want < this.#units || (want > this.#units && want - this.#units >= this.#ahead / 2)) return true
    if (Math.abs(most - said.most) > said.most / 100) return true
    if (Math.abs(need - said.need) > this.#ahead || (need === 0) !== (said.need === 0)) return true
    return this.#begun > 0 && nowMs - said.atMs >= tellMs
  }
}
