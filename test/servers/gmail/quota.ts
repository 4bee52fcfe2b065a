/**
 * Gmail's quota: units per user in a sliding minute, and requests at the same time. Off by default, but always
 * measured, so that a test can ask how hard the account was really driven.
 * https://developers.google.com/workspace/gmail/api/reference/quota (as of 2026-05-01)
 */
import type { Clock } from '../../../src/base/clock.ts'
import { type Answer, gmailError, Refusal } from './envelope.ts'
import type { Endpoint } from './ledger.ts'

const units: Partial<Record<Endpoint, number>> = {
  import: 25,
  insert: 25,
  'labels.list': 1,
  'labels.get': 1,
  'labels.create': 5,
  'labels.update': 5,
  'labels.patch': 5,
  'labels.delete': 5,
  'messages.list': 5,
  'messages.get': 20,
  'messages.trash': 5,
  'messages.untrash': 5,
  'messages.delete': 10,
  getProfile: 1,
}

export interface QuotaRules {
  /** Gmail's is 6000 for new projects, 15000 for older ones; default Infinity. */
  unitsPerMinute: number
  /** Requests of one user at the same time; default Infinity. */
  maxConcurrent: number
  /** Status of the refusal; Gmail uses both. Default 403. */
  status: 403 | 429
  /** Whether the text names the instant to try again; default true. */
  retryAfterText: boolean
}

export const defaultQuota: QuotaRules = {
  unitsPerMinute: Number.POSITIVE_INFINITY,
  maxConcurrent: Number.POSITIVE_INFINITY,
  status: 403,
  retryAfterText: true,
}

export interface Usage {
  /** Most units in any 60 s: what was let through, and the one request that came on top. */
  readonly peakUnitsPerMinute: number
  readonly peakConcurrent: number
  readonly refused: number
}

interface Book {
  spent: { atMs: number; units: number }[]
  inWindow: number
  concurrent: number
  peakUnitsPerMinute: number
  peakConcurrent: number
  refused: number
}

const windowMs = 60_000

export class Quota {
  readonly rules: QuotaRules
  readonly #books = new Map<string, Book>()

  constructor(rules: QuotaRules) {
    this.rules = rules
  }

  usage(account: string): Usage {
    const { peakUnitsPerMinute, peakConcurrent, refused } = this.#book(account)
    return { peakUnitsPerMinute, peakConcurrent, refused }
  }

  /** A request has begun; the returned function says that it ended. */
  enter(account: string): () => void {
    const book = this.#book(account)
    book.concurrent += 1
    book.peakConcurrent = Math.max(book.peakConcurrent, book.concurrent)
    let inside = true
    return () => {
      if (inside) book.concurrent -= 1
      inside = false
    }
  }

  /** Charges one request, or throws Gmail's refusal. */
  charge(account: string, endpoint: Endpoint, clock: Clock): void {
    const book = this.#book(account)
    if (book.concurrent > this.rules.maxConcurrent) {
      book.refused += 1
      throw new Refusal(
        gmailError(429, 'rateLimitExceeded', 'Too many concurrent requests for user', {
          domain: 'usageLimits',
        }),
      )
    }
    const cost = units[endpoint] ?? 0
    const monotonicMs = clock.monotonicMs()
    for (;;) {
      const oldest = book.spent[0]
      if (oldest === undefined || oldest.atMs > monotonicMs - windowMs) break
      book.inWindow -= oldest.units
      book.spent.shift()
    }
    book.peakUnitsPerMinute = Math.max(book.peakUnitsPerMinute, book.inWindow + cost)
    if (book.inWindow + cost > this.rules.unitsPerMinute) {
      book.refused += 1
      const waitMs = (book.spent[0]?.atMs ?? monotonicMs) + windowMs - monotonicMs
      throw new Refusal(this.#refusal(clock.nowMs() + waitMs))
    }
    // Only what was let through counts: nothing is known of a punishment for the rest.
    book.inWindow += cost
    book.spent.push({ atMs: monotonicMs, units: cost })
  }

  #refusal(retryAtMs: number): Answer {
    const { status, retryAfterText } = this.rules
    const text = retryAfterText
      ? `User-rate limit exceeded.  Retry after ${new Date(retryAtMs).toISOString()}`
      : "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service 'gmail.googleapis.com' for consumer 'project_number:123456789012'."
    return gmailError(status, status === 403 ? 'userRateLimitExceeded' : 'rateLimitExceeded', text, {
      domain: 'usageLimits',
    })
  }

  #book(account: string): Book {
    let book = this.#books.get(account)
    if (book === undefined) {
      book = { spent: [], inWindow: 0, concurrent: 0, peakUnitsPerMinute: 0, peakConcurrent: 0, refused: 0 }
      this.#books.set(account, book)
    }
    return book
  }
}
