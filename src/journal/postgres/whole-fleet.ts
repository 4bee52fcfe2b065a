/**
 * What a worker asks about all mailboxes of the fleet each second. With many of them, and so many workers, that is the
 * dearest of all: it is asked more seldom where all workers together would keep the database busy with it.
 */
import type { Statements } from '../sql.ts'

/** Of the database's time, for one such question of all workers. */
const mostShare = 0.1
/** A smaller fleet is asked about each second, and what is put off waits no longer than this, ms. */
const leastMailboxes = 10_000
const longestMs = 3000

export interface Share {
  readonly share: number
  /** So long from now the word of a worker lasts that said so first, ms: where it is dead its mailboxes are free then. */
  readonly wordEndsInMs: number
}

export interface WholeFleet {
  /** How many of all mailboxes are the share of a worker with room for so many. */
  shareOf(capacity: number): Promise<Share>
  /** Asks, unless the last answer was `nothing` a short while ago: short beside how long that took. */
  unlessNothing<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]>
}

/** @param isThere of a row of `worker` */
export function watchWholeFleet(sql: Statements, isThere: string): WholeFleet {
  let workers = 1
  let mailboxes = 0
  let countAgainAtMs = Number.NEGATIVE_INFINITY
  let askAgainAtMs = Number.NEGATIVE_INFINITY
  /** When it may be asked again, where it took so long since then. */
  const againAtMs = (beganMs: number): number => {
    if (mailboxes < leastMailboxes) return Number.NEGATIVE_INFINITY
    const nowMs = performance.now()
    return nowMs + Math.min(((nowMs - beganMs) * workers) / mostShare, longestMs)
  }
  return {
    async shareOf(capacity) {
      const room = sql.get(
        `SELECT sum(capacity) AS capacity, count(*) AS workers,
           extract(epoch FROM min(there_until) - clock_timestamp()) * 1000 AS ends_in FROM worker WHERE ${isThere}`,
      )
      room.catch(() => {})
      const beganMs = performance.now()
      if (beganMs >= countAgainAtMs) {
        const counted = await sql.get('SELECT count(*) AS count FROM hold WHERE withdrawn = 0')
        mailboxes = Number(counted?.count ?? 0)
        countAgainAtMs = againAtMs(beganMs)
      }
      const there = await room
      workers = Math.max(1, Number(there?.workers ?? 1))
      const all = Number(there?.capacity ?? 0)
      return {
        share: all === 0 ? 0 : Math.ceil((mailboxes * capacity) / all),
        wordEndsInMs: Number(there?.ends_in ?? Number.POSITIVE_INFINITY),
      }
    },
    async unlessNothing(ask) {
      const beganMs = performance.now()
      if (beganMs < askAgainAtMs) return []
      const answer = await ask()
      askAgainAtMs = answer.length > 0 ? Number.NEGATIVE_INFINITY : againAtMs(beganMs)
      return answer
    },
  }
}
