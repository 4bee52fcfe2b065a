/**
 * A worker's slices of the limits that the fleet shares: used without asking, and asked for ahead of the need, all of them in
 * one question, at most once a second while nothing waits. What is not needed is given back.
 *
 * Invariants: what counts here never exceeds what the database has down for this process (journal/postgres/budget.ts), so a
 * slice is smaller here before the database hears of it, and larger only afterwards. Where the database is away each
 * keeps to what it had, and begins nothing once it may be taken for dead.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { asFault, type Fault } from '../base/fault.ts'
import type { SharedLimit, SharedLimits } from '../base/shared-limit.ts'
import type { Budget, SliceAnswer } from '../journal/postgres/budget.ts'
import { type DayNews, LocalSlice } from './local-slice.ts'

export type { DayNews } from './local-slice.ts'

export interface LimitKeeperOptions {
  readonly budget: Budget
  /** The worker's name, which no other of the fleet has. */
  readonly worker: string
  readonly clock: Clock
  /** The database did not answer. */
  onFault(fault: Fault): void
  /** What may be used in a day comes to its end: said once for each step. */
  onDay(news: DayNews): void
}

export interface LimitKeeper extends SharedLimits {
  readonly stats: LimitStats
  /** Gives everything back; what counts does so until its time is over. */
  close(): Promise<void>
}

export interface LimitStats {
  /** Round trips. */
  readonly questions: number
  /** Slices that were asked for in them. */
  readonly asked: number
  /** How often something had to wait for a larger slice. */
  readonly waits: number
}

/** Heard of again within this, ms, as holds are; nothing is begun any more once it is over. */
const leaseMs = 7000
/** Between two questions: at least; where something is to be told; where nothing is. */
const pauses = { urgentMs: 100, usualMs: 1000, idleMs: 3000 }

export function keepLimits({ budget, worker, clock, onFault, onDay }: LimitKeeperOptions): LimitKeeper {
  const slices = new Map<string, LocalSlice>()
  const active = new Set<LocalSlice>()
  const stats = { questions: 0, asked: 0, waits: 0 }
  let holder = `${worker} ${randomUUID()}`
  let number = 0
  let sureUntilMs = Number.NEGATIVE_INFINITY
  let askedAtMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined
  let nap = new AbortController()
  let isClosed = false

  const takeAnswers = (answers: readonly SliceAnswer[], nowMs: number): void => {
    for (const answer of answers) {
      const slice = slices.get(answer.key)
      if (slice === undefined) continue
      slice.take(answer, nowMs)
      const news = slice.dayNews()
      if (news !== undefined) onDay(news)
      if (slice.isOver) slices.delete(answer.key)
      if (slice.isOver || slice.isAtRest(clock.monotonicMs())) active.delete(slice)
      else active.add(slice)
    }
  }
  /** Whoever was not heard of in time begins with nothing, under a new name: what it had counts beside it for a while. */
  const beginAnew = (): void => {
    holder = `${worker} ${randomUUID()}`
    number = 0
    sureUntilMs = Number.NEGATIVE_INFINITY
    for (const slice of slices.values()) {
      slice.lose()
      active.add(slice)
    }
  }
  const ask = async (): Promise<void> => {
    const nowMs = clock.monotonicMs()
    if (number > 0 && nowMs >= sureUntilMs) beginAnew()
    const asks = [...active].flatMap(slice => slice.ask(nowMs) ?? [])
    askedAtMs = nowMs
    if (asks.length === 0 && number > 0 && nowMs < sureUntilMs - leaseMs + pauses.idleMs) return
    number += 1
    stats.questions += 1
    stats.asked += asks.length
    const answers = await budget.ask({ holder, worker, number, leaseMs }, asks)
    if (answers === undefined) {
      beginAnew()
      wake(pauses.urgentMs)
      return
    }
    sureUntilMs = nowMs + leaseMs
    takeAnswers(answers, nowMs)
    for (const slice of active) if (slice.isAtRest(clock.monotonicMs())) active.delete(slice)
  }
  const askOnce = (): Promise<void> => {
    asking ??= ask()
      .catch(thrown => onFault(asFault(thrown)))
      .finally(() => {
        asking = undefined
      })
    return asking
  }
  /** Asks again after so long, or sooner where it was so arranged. */
  let dueAtMs = Number.POSITIVE_INFINITY
  const wake = (inMs: number): void => {
    const atMs = clock.monotonicMs() + inMs
    if (isClosed || atMs >= dueAtMs) return
    dueAtMs = atMs
    nap.abort()
    nap = new AbortController()
    clock.sleep(Math.ceil(inMs), nap.signal, 'beside').then(
      () => {
        dueAtMs = Number.POSITIVE_INFINITY
        void (asking ?? Promise.resolve()).then(askOnce).then(() => wake(pauses.usualMs))
      },
      () => {},
    )
  }
  const hurry = (): void => wake(Math.max(0, askedAtMs + pauses.urgentMs - clock.monotonicMs()))

  wake(0)
  return {
    open(limit: SharedLimit, use) {
      const known = slices.get(limit.key)
      const slice = new LocalSlice(limit, use, {
        isSure: nowMs => nowMs < sureUntilMs,
        changed: (own, isUrgent, isWait) => {
          if (slices.get(own.key) !== own) return
          active.add(own)
          if (isWait) stats.waits += 1
          if (isUrgent) hurry()
        },
      })
      // Opened again before the one before was over: what is still counted there counts here.
      if (known !== undefined) slice.follow(known)
      if (known !== undefined) active.delete(known)
      slices.set(limit.key, slice)
      active.add(slice)
      hurry()
      return slice
    },
    stats,
    async close() {
      isClosed = true
      nap.abort()
      await asking
      for (const slice of slices.values()) {
        slice.close()
        active.add(slice)
      }
      await askOnce()
      await budget.leave(holder).catch(thrown => onFault(asFault(thrown)))
    },
  }
}
