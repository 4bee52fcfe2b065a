/**
 * Logins at one host, of all workers of a fleet that reach it from one address: so many at once, and so many a minute. A
 * fleet that is started anew would else log in to all its mailboxes in the same moment. Whoever comes first is first; one
 * machine needs none of this, since it has few mailboxes at a host.
 */
import type { Clock } from '../base/clock.ts'
import { QuotaWindow } from '../base/quota-window.ts'
import { openPlaces, type SharedLimits, type Slice } from '../base/shared-limit.ts'

export interface HostTurnsOptions {
  readonly limits: SharedLimits
  readonly clock: Clock
  readonly atOnce: number
  readonly perMinute: number
  /** The address from which this worker is seen, by a name; workers that share one have the same. */
  readonly address: string
}

/** It waits for longer than a pull may. */
export interface LongQueue {
  /** Expected, ms from now. */
  readonly waitMs: number
}

export interface HostTurns {
  readonly perMinute: number
  /**
   * Waits until a login at the host may begin. Rejects with the signal's reason.
   * @returns to be called once when the login is over, whatever came of it; or how long the queue is
   */
  enter(host: string, signal: AbortSignal): Promise<(() => void) | LongQueue>
  close(): void
}

interface Waiting {
  grant(): void
}

interface Lane {
  readonly window: QuotaWindow
  readonly places: Slice
  underWay: number
  readonly queue: Waiting[]
  nap: AbortController
}

/** The longest queue that is waited in: beyond it the pull ends, and is tried again. */
const longestWaitMs = 5 * 60_000
/** Where it depends on other workers, it is looked at again after this. */
const lookAgainMs = 100

export function makeHostTurns({ limits, clock, atOnce, perMinute, address }: HostTurnsOptions): HostTurns {
  const lanes = new Map<string, Lane>()

  const open = (host: string): Lane => {
    const key = `${host} from ${address}`
    const sharing = { limits, limit: { key: `logins ${key}` } }
    const places = openPlaces(limits, `logins at once ${key}`, atOnce, () => lane.underWay)
    const window = new QuotaWindow(perMinute, clock.monotonicMs(), 1, sharing)
    const lane: Lane = { window, places, underWay: 0, queue: [], nap: new AbortController() }
    return lane
  }
  const isIdle = ({ window, underWay, queue }: Lane): boolean =>
    underWay === 0 && queue.length === 0 && window.used(clock.monotonicMs()) === 0
  const laneOf = (host: string): Lane => {
    const known = lanes.get(host)
    if (known !== undefined) return known
    for (const [other, lane] of lanes) {
      if (!isIdle(lane)) continue
      lane.window.close()
      lane.places.close()
      lanes.delete(other)
    }
    const lane = open(host)
    lanes.set(host, lane)
    return lane
  }
  const pump = (lane: Lane): void => {
    lane.nap.abort()
    for (let next = lane.queue[0]; next !== undefined; next = lane.queue[0]) {
      const nowMs = clock.monotonicMs()
      const hasPlace = lane.underWay < lane.places.room(nowMs)
      if (!hasPlace) lane.places.need(lane.underWay + 1, 0)
      const waitMs = lane.window.waitMs(1, nowMs) ?? lookAgainMs
      if (!hasPlace || waitMs > 0) {
        lane.nap = new AbortController()
        const inMs = hasPlace ? waitMs : Math.max(waitMs, lookAgainMs)
        clock.sleep(Math.ceil(inMs), lane.nap.signal).then(
          () => pump(lane),
          () => {},
        )
        return
      }
      lane.queue.shift()
      lane.underWay += 1
      lane.places.need(lane.underWay, 1)
      next.grant()
    }
  }
  const begin = (lane: Lane): (() => void) => {
    const endCharge = lane.window.take(1, clock.monotonicMs())
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      lane.underWay -= 1
      endCharge(clock.monotonicMs(), true)
      pump(lane)
    }
  }

  return {
    perMinute,
    enter(host, signal) {
      const lane = laneOf(host.toLowerCase())
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason)
          return
        }
        const waitMs = (lane.queue.length * 60_000) / Math.max(1, perMinute * lane.window.part)
        if (waitMs > longestWaitMs) {
          resolve({ waitMs })
          return
        }
        const giveUp = (): void => {
          lane.queue.splice(lane.queue.indexOf(waiting), 1)
          reject(signal.reason)
          pump(lane)
        }
        const waiting: Waiting = {
          grant() {
            signal.removeEventListener('abort', giveUp)
            resolve(begin(lane))
          },
        }
        signal.addEventListener('abort', giveUp, { once: true })
        lane.queue.push(waiting)
        pump(lane)
      })
    },
    close() {
      for (const lane of lanes.values()) {
        lane.nap.abort()
        lane.window.close()
        lane.places.close()
      }
    },
  }
}
