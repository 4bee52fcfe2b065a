/**
 * Faults on demand. A test queues what the next matching requests meet; the server plays it at the stage named.
 * `after-accept` is the cruel one: the message is stored and the client never learns its id.
 */
import type { Answer } from './envelope.ts'
import type { Endpoint, LedgerEntry } from './ledger.ts'

/**
 * before-body: the headers are read, nothing of the body. mid-body: after `afterOctets` of it (default 1).
 * after-body: all of it is read, nothing is done. after-accept: all is done, only the answer is replaced.
 */
export type Stage = 'before-body' | 'mid-body' | 'after-body' | 'after-accept'

export type Fault =
  /** This answer instead of the true one. Before the body ends, the connection closes after it. */
  | { readonly kind: 'answer'; readonly answer: Answer | ((nowMs: number) => Answer); readonly stage?: Stage }
  /** Nothing more is ever said. */
  | { readonly kind: 'hang'; readonly stage?: Stage; readonly afterOctets?: number }
  /** TCP RST. */
  | { readonly kind: 'reset'; readonly stage?: Stage; readonly afterOctets?: number }
  /** TCP FIN without an answer. */
  | { readonly kind: 'close'; readonly stage?: Stage; readonly afterOctets?: number }
  /** The true answer, with its body changed: only where it was a 200. */
  | { readonly kind: 'mangle'; readonly change: (answer: Answer) => Answer }
  /** The true answer, after so many ms; `drip` sends it octet by octet, that long apart. */
  | { readonly kind: 'slow'; readonly ms: number; readonly drip?: boolean }
  /** The true answer, once the promise resolves; or `answer`, and nothing is done (`after-body`). */
  | {
      readonly kind: 'hold'
      readonly until: Promise<unknown>
      readonly stage?: Stage
      readonly answer?: Answer
    }
  /** The true answer announced in full, cut after so many octets of its body. */
  | { readonly kind: 'cut-answer'; readonly afterOctets: number; readonly reset?: boolean }

export type Matcher = Endpoint | 'any' | ((entry: LedgerEntry) => boolean)

interface Queued {
  readonly matcher: Matcher
  readonly fault: Fault
  left: number
}

export class Faults {
  #queue: Queued[] = []

  /** The next `times` requests that match meet `fault`; faults that match the same request queue up in order. */
  next(matcher: Matcher, fault: Fault, times = 1): void {
    this.#queue.push({ matcher, fault, left: times })
  }

  /** Every matching request from now on, until `clear()`. */
  always(matcher: Matcher, fault: Fault): void {
    this.next(matcher, fault, Number.POSITIVE_INFINITY)
  }

  clear(): void {
    this.#queue = []
  }

  /** How many played faults are still due; `always` counts as Infinity. */
  get pending(): number {
    return this.#queue.reduce((sum, queued) => sum + queued.left, 0)
  }

  take(entry: LedgerEntry): Fault | undefined {
    const found = this.#queue.find(({ matcher }) =>
      typeof matcher === 'function' ? matcher(entry) : matcher === 'any' || matcher === entry.endpoint,
    )
    if (found === undefined) return undefined
    found.left -= 1
    if (found.left <= 0) this.#queue = this.#queue.filter(queued => queued !== found)
    return found.fault
  }
}

export function stageOf(fault: Fault): Stage {
  switch (fault.kind) {
    case 'answer':
    case 'hang':
    case 'reset':
    case 'close':
      return fault.stage ?? 'after-body'
    case 'hold':
      return fault.stage ?? 'after-accept'
    case 'mangle':
    case 'slow':
    case 'cut-answer':
      return 'after-accept'
  }
}
