/**
 * The oracle's books, written from the servers' side only: what was put into the source mailboxes, what Gmail took,
 * what left a mailbox and when. Compact, so that a month of mail fits: digests are cut to 64 bits.
 */
import { createHash } from 'node:crypto'
import type { GmailServer } from '../../test/servers/gmail/gmail-server.ts'

export const keyOf = (sha256: string): string => sha256.slice(0, 16)
export const digest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** A message that leaves the source: from where, and its digest. */
export interface Removal {
  readonly sha256: string
}

export class Books {
  /** Key -> serial of the first delivery of these octets. */
  readonly put = new Map<string, number>()
  /** Key -> how many copies Gmail stored. */
  readonly copies = new Map<string, number>()
  /** By serial, virtual monotonic ms: when Gmail took it first. */
  readonly takenAtMs: Float64Array
  /** By serial, real ms: when it was put into the source, 0 where a storm was near. */
  readonly calmSinceMs: Float64Array
  /** Real ms from the source to Gmail, for mail of calm hours. */
  readonly latenciesMs: number[] = []
  readonly complaints: string[] = []
  /** SHA-256 of what Gmail was given and nobody had sent. */
  readonly strange: string[] = []
  deliveries = 0
  uploads = 0
  surplus = 0
  removals = 0
  readonly #nowMs: () => number

  /** @param nowMs virtual monotonic time */
  constructor(messages: number, nowMs: () => number) {
    this.takenAtMs = new Float64Array(messages)
    this.calmSinceMs = new Float64Array(messages)
    this.#nowMs = nowMs
  }

  complain(what: string): void {
    if (this.complaints.length < 20) this.complaints.push(what)
  }

  /** Writes down every upload that Gmail takes, from inside its own book. */
  watchGmail(gmail: GmailServer): void {
    const accepted = gmail.accepted as unknown as { push: (typeof Array.prototype)['push'] }
    accepted.push = (...taken: GmailServer['accepted'][number][]) => {
      for (const one of taken) {
        if (!this.put.has(keyOf(one.sha256))) this.strange.push(one.sha256)
        this.#taken(keyOf(one.sha256), one.merged)
      }
      return 0 // not kept there: a month of it would fill the memory
    }
  }

  #taken(key: string, merged: boolean): void {
    this.uploads += 1
    const serial = this.put.get(key)
    if (serial === undefined) this.complain(`O1: Gmail was given octets that nobody sent (${key})`)
    if (merged) return
    const copies = (this.copies.get(key) ?? 0) + 1
    this.copies.set(key, copies)
    if (copies > 1) this.surplus += 1
    if (serial === undefined || copies > 1) return
    this.takenAtMs[serial] = this.#nowMs()
    const sinceMs = this.calmSinceMs[serial] ?? 0
    if (sinceMs > 0) this.latenciesMs.push(performance.now() - sinceMs)
  }

  /** O2, judged at the moment when something leaves a source by our hand. @param leastMs since Gmail took it */
  watchRemovals(where: string, ledger: readonly Removal[], leastMs: () => number): void {
    const book = ledger as unknown as { push: (typeof Array.prototype)['push'] }
    book.push = (...removed: Removal[]) => {
      for (const one of removed) {
        this.removals += 1
        const key = keyOf(one.sha256)
        if (!this.copies.has(key)) this.complain(`O2: ${where} lost ${key} before Gmail had it`)
        const heldMs = this.#nowMs() - (this.takenAtMs[this.put.get(key) ?? 0] ?? 0)
        if (heldMs < leastMs())
          this.complain(`O2: ${where} lost ${key} after ${Math.round(heldMs / 60_000)} minutes`)
      }
      return 0
    }
  }

  /** O1: everything that was ever put in is in Gmail or still there. @param left keys at the sources */
  judgeNothingLost(left: ReadonlySet<string>): number {
    let waiting = 0
    for (const [key, serial] of this.put) {
      if (this.copies.has(key)) continue
      if (left.has(key)) waiting += 1
      else this.complain(`O1: message ${serial} (${key}) is nowhere`)
    }
    return waiting
  }

  /** O3: no copy too many but those that the program told. */
  judgeNothingTwice(told: number): void {
    if (this.surplus > told) this.complain(`O3: ${this.surplus} copies too many, ${told} told`)
  }
}
