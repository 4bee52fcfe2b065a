/** The workers that a proof has killed, and how soon others had their mailboxes. */
import { computePercentiles } from '../../src/status/mailbox-status.ts'
import { findTakeovers, listTakeoverMs } from './judge.ts'
import type { MailHost } from './mail-host.ts'
import type { Worker } from './workers.ts'

export interface Kill {
  readonly worker: Worker
  readonly atMs: number
  /** Whose mailboxes it was the last to log in to. */
  readonly users: readonly string[]
}

/** A worker that was killed alone, with the database there, is followed within this time, ms. */
export const promisedMs = 15_000

export class Kills {
  readonly #host: MailHost
  readonly #all: Kill[] = []
  /** When something was done to the fleet, wall clock, ms. */
  readonly #blowsAtMs: number[] = []

  constructor(host: MailHost) {
    this.#host = host
  }

  get count(): number {
    return this.#all.length
  }

  /** Whether others have logged in to all that the last one had. */
  get isLastFollowed(): boolean {
    const last = this.#all.at(-1)
    return last === undefined || this.#takeoversOf(last).taken === last.users.length
  }

  add(kill: Kill): void {
    this.#all.push(kill)
  }

  /** Something begins to be done to the fleet, or ends. */
  noteBlow(): void {
    this.#blowsAtMs.push(Date.now())
  }

  complaints(): string[] {
    return this.#all.flatMap(kill => {
      const { taken, mailboxes, percentiles } = this.#takeoversOf(kill)
      const most = percentiles?.most ?? 0
      const { name } = kill.worker
      const isLate = this.#isAlone(kill) && most > promisedMs
      return [
        ...(isLate ? [`${name} was followed after ${Math.round(most)} ms`] : []),
        ...(taken < mailboxes ? [`${mailboxes - taken} mailboxes of ${name} were never taken over`] : []),
      ]
    })
  }

  lines(): string[] {
    const alone = this.#all.filter(kill => this.#isAlone(kill))
    return [
      `takeover after SIGKILL alone: ${this.#tell(alone)}`,
      `takeover after SIGKILL with other blows around it: ${this.#tell(this.#all.filter(kill => !alone.includes(kill)))}`,
    ]
  }

  #tell(kills: readonly Kill[]): string {
    const tookMs = kills.flatMap(({ worker, atMs, users }) => listTakeoverMs(this.#host, worker, atMs, users))
    const { p50 = 0, p95 = 0 } = computePercentiles(tookMs) ?? {}
    const [half, most, worst] = [p50, p95, Math.max(0, ...tookMs)].map(ms => `${(ms / 1000).toFixed(1)} s`)
    return `p50 ${half}, p95 ${most}, at most ${worst} over ${tookMs.length} mailboxes`
  }

  #takeoversOf({ worker, atMs, users }: Kill) {
    return findTakeovers(this.#host, worker, atMs, users)
  }

  /** Nothing else was done within the time that a takeover has. */
  #isAlone({ atMs }: Kill): boolean {
    return this.#blowsAtMs.filter(otherMs => Math.abs(otherMs - atMs) < promisedMs).length === 1
  }
}
