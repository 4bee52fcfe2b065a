/**
 * When a request may leave: quota units (Gmail API, "Usage limits": units a minute, of the user and of the project),
 * imports in flight, and the pauses that Gmail asked for. One queue, first come first served, so new mail keeps its
 * order. How units are counted stands in base/quota-window.ts, how a limit that is lower than configured is found in
 * learned-limit.ts. Where other processes import into the same account, each keeps to its slice of both limits.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { beginsInMs, mostRunning, type Running } from '../base/in-flight.ts'
import { QuotaWindow } from '../base/quota-window.ts'
import { openPlaces, type SharedLimits } from '../base/shared-limit.ts'
import { LearnedLimit } from './learned-limit.ts'
import { units } from './units.ts'

/** Longer pauses are not waited out in the queue, where a source connection may stand open behind the caller. */
const longestWaitMs = 30_000
/** Successes in a row after which one more import may be in flight. */
const successesPerStep = 20
const firstPauseMs = 1_000
const longestPauseMs = 64_000
/** A longer pause is not for the units of a minute: a day's allowance, or the octets of a day. */
const longestMinuteMs = 120_000
/** Where it depends on what others have under way, of the project or in other processes, it is looked at again after this. */
const lookAgainMs = 250

export interface Turn {
  /** Gmail refused it for the rate. */
  refused(): void
  /** Must be called once the request is over, whatever came of it. Calling it again does nothing. */
  end(): void
}

/** `import` and `large-import` take a place among the imports in flight, too (base/in-flight.ts). */
export type Lane = 'import' | 'large-import' | 'call'

export interface Pace {
  /**
   * Waits for a turn: first come, first served, but nobody waits for a large import.
   * @param cost quota units
   * @throws Fault gmail.rate-limited where Gmail asked for a pause of more than 30 s; the signal's reason
   */
  turn(lane: Lane, cost: number, signal: AbortSignal): Promise<Turn>
  /** A request went well: pauses begin small again, and slowly more imports may run at once. */
  succeeded(): void
  /**
   * Gmail limited the rate: nothing leaves before `notBeforeMs`, or where no instant was named before a pause that
   * doubles from 1 s to 64 s, with jitter. Returns the instant, ms since 1970.
   */
  limited(notBeforeMs: number | undefined, tooManyAtOnce: boolean): number
  /** Imports that may be in flight now. */
  readonly inFlightLimit: number
  /** Gmail asked for a pause that is not over. */
  readonly isHeld: boolean
  /** Units a minute that are used now: those configured, or fewer where Gmail let fewer through. */
  readonly unitsPerMinute: number
  /** Units that count towards the minute now. */
  readonly unitsUsed: number
  /** Requests of this cost that an earlier process made. @param agoMs how long ago each was */
  addEarlier(cost: number, agoMs: readonly number[]): void
  /** Nothing more leaves. */
  close(): void
}

/** Limits that other processes share, and what of theirs is meant. */
export interface AccountSharing {
  readonly limits: SharedLimits
  /** The account, as all of them call it. */
  readonly account: string
}

interface Waiting {
  readonly lane: Lane
  readonly cost: number
  /** @param over gives back what the turn took */
  grant(over: (passed: boolean) => void): void
  refuse(reason: unknown): void
}

export interface PaceOptions {
  readonly unitsPerMinute: number
  readonly importsInFlight: number
  /** Of all accounts of one project together. */
  readonly project?: QuotaWindow | undefined
  readonly sharing?: AccountSharing | undefined
  readonly clock: Clock
  /** 0 to 1; for tests. */
  readonly random?: () => number
}

export function makePace(options: PaceOptions): Pace {
  const { clock, unitsPerMinute, sharing, random = Math.random } = options
  const most = Math.max(1, Math.trunc(options.importsInFlight))
  const learned = new LearnedLimit(unitsPerMinute)
  const own = new QuotaWindow(
    unitsPerMinute,
    clock.monotonicMs(),
    units.import,
    sharing && { limits: sharing.limits, limit: { key: `account units ${sharing.account}` } },
  )
  const windows = options.project === undefined ? [own] : [own, options.project]
  const queue: Waiting[] = []
  let heldUntilMs = Number.NEGATIVE_INFINITY
  let pauseMs = firstPauseMs
  const inFlight = new Set<Running>()
  const places =
    sharing &&
    openPlaces(sharing.limits, `account imports ${sharing.account}`, mostRunning(most), () => inFlight.size)
  let limit = most
  let successes = 0
  let sleeping: AbortController | undefined

  const unitsWaitMs = (cost: number, nowMs: number): number => {
    const limit = learned.at(nowMs)
    if (limit !== own.limit) own.setLimit(limit, nowMs)
    return Math.max(...windows.map(window => window.waitMs(cost, nowMs) ?? lookAgainMs))
  }
  const heldForMs = (): number => Math.max(0, heldUntilMs - clock.monotonicMs())

  const wakeAfter = (ms: number): void => {
    const nap = new AbortController()
    sleeping = nap
    clock.sleep(Math.ceil(ms), nap.signal).then(pump, () => {})
  }

  /** As beginsInMs says it, within our slice; 'no room' where that has no place for any more. */
  const placeInMs = (lane: Lane, nowMs: number): number | 'no room' | undefined => {
    if (lane === 'call') return 0
    const isLarge = lane === 'large-import'
    if (places === undefined) return beginsInMs(isLarge, inFlight, limit, nowMs, limit === most)
    const room = places.room(nowMs)
    if (inFlight.size >= room) {
      places.need(inFlight.size + 1, 0)
      return 'no room'
    }
    const ofRoom = Math.max(1, Math.ceil((most * room) / mostRunning(most)))
    return beginsInMs(isLarge, inFlight, Math.min(limit, ofRoom), nowMs, limit === most)
  }

  function pump(): void {
    sleeping?.abort()
    sleeping = undefined
    let isShort = false
    for (let at = 0; at < queue.length; ) {
      const next = queue[at]
      if (next === undefined) return
      const isLarge = next.lane === 'large-import'
      const now = clock.monotonicMs()
      const inMs = placeInMs(next.lane, now)
      isShort ||= inMs === 'no room'
      if (isLarge && typeof inMs !== 'number') {
        at += 1
        continue
      }
      if (typeof inMs !== 'number') break
      const waitMs = Math.max(heldForMs(), unitsWaitMs(next.cost, now), inMs)
      if (waitMs > 0) {
        wakeAfter(waitMs)
        return
      }
      queue.splice(at, 1)
      const charges = windows.map(window => window.take(next.cost, now))
      const place = next.lane === 'call' ? undefined : { isLarge, beganMs: now }
      if (place !== undefined) inFlight.add(place)
      places?.need(inFlight.size, place === undefined ? 0 : 1)
      next.grant(passed => {
        if (place !== undefined) inFlight.delete(place)
        for (const endCharge of charges) endCharge(clock.monotonicMs(), passed)
      })
    }
    if (isShort) wakeAfter(lookAgainMs)
  }

  const heldFault = (): Fault =>
    new Fault('gmail.rate-limited', {
      notBeforeMs: clock.nowMs() + heldForMs(),
      facts: { seconds: Math.ceil(heldForMs() / 1000) },
    })

  return {
    turn(lane, cost, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason)
          return
        }
        if (heldForMs() > longestWaitMs) {
          reject(heldFault())
          return
        }
        let isGranted = false
        const onAbort = (): void => {
          queue.splice(queue.indexOf(waiting), 1)
          reject(signal.reason)
          pump()
        }
        const waiting: Waiting = {
          lane,
          cost,
          grant: over => {
            isGranted = true
            signal.removeEventListener('abort', onAbort)
            let ended = false
            let passed = true
            const end = (): void => {
              if (ended) return
              ended = true
              over(passed)
              pump()
            }
            const refused = (): void => {
              passed = false
            }
            resolve({ refused, end })
          },
          refuse: reason => {
            signal.removeEventListener('abort', onAbort)
            reject(reason)
          },
        }
        queue.push(waiting)
        pump()
        // Most often its turn has come: nothing is to be listened to.
        if (!isGranted) signal.addEventListener('abort', onAbort, { once: true })
      })
    },
    succeeded() {
      pauseMs = firstPauseMs
      if (limit < most && ++successes >= successesPerStep) {
        limit += 1
        successes = 0
        pump()
      }
    },
    limited(notBeforeMs, tooManyAtOnce) {
      if (tooManyAtOnce) limit = 1
      successes = 0
      const nowMs = clock.monotonicMs()
      const isOfMinute = notBeforeMs === undefined || notBeforeMs - clock.nowMs() <= longestMinuteMs
      if (!tooManyAtOnce && isOfMinute && heldForMs() === 0) learned.limited(own.passed(nowMs), nowMs)
      // Imports that were in flight together meet one limit together: that is one pause, not three.
      if (notBeforeMs === undefined && heldForMs() > 0) return clock.nowMs() + heldForMs()
      // Jitter, so that several programs under one quota do not come back at the same moment.
      const forMs =
        notBeforeMs === undefined
          ? pauseMs * (1 + random() / 2)
          : Math.max(0, notBeforeMs - clock.nowMs()) + random() * 1_000
      if (notBeforeMs === undefined) pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      heldUntilMs = Math.max(heldUntilMs, clock.monotonicMs() + forMs)
      if (heldForMs() > longestWaitMs) for (const waiting of queue.splice(0)) waiting.refuse(heldFault())
      return clock.nowMs() + heldForMs()
    },
    get unitsPerMinute() {
      return learned.at(clock.monotonicMs())
    },
    get unitsUsed() {
      return own.used(clock.monotonicMs())
    },
    addEarlier(cost, agoMs) {
      const nowMs = clock.monotonicMs()
      const atMs = agoMs.map(ms => nowMs - ms)
      for (const window of windows) window.addEarlier(cost, atMs, nowMs)
    },
    close() {
      own.close()
      places?.close()
    },
    get isHeld() {
      return heldForMs() > 0
    },
    get inFlightLimit() {
      return limit
    },
  }
}
