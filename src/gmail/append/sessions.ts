/**
 * The IMAP sessions of one account. One is kept warm; more are opened while that one is busy, so that a message waits
 * for no large one beside it, and closed soon after. Gmail allows fifteen at once, of all programs together.
 */
import type { Clock } from '../../base/clock.ts'
import { abortAfter, orAbort } from '../../base/deadline.ts'
import { type ImapStore, openStore } from '../../source/imap-store.ts'
import { type AppendOptions, storeOptions } from './settings.ts'

/** The one that is kept: Gmail ends a session that is silent for half an hour. */
const warmMs = 10 * 60_000
const othersMs = 30_000
/** A session that was not heard for so long proves that it lives, and is given so long for it. */
const quietMs = 30_000
const proofMs = 10_000

export interface Borrowed {
  readonly store: ImapStore
  /** Logged in just now: what it meets is no old connection's end. */
  readonly isFresh: boolean
}

export class Sessions {
  readonly #options: AppendOptions
  readonly #memory = {}
  readonly #most: number
  readonly #closing = new AbortController()
  #idle: ImapStore[] = []
  #busy = 0
  #busyLarge = 0
  #opening = 0
  #waiting: (() => void)[] = []
  #rest = new AbortController()

  constructor(options: AppendOptions) {
    this.#options = options
    this.#most = options.account.importsInFlight + 1
  }

  get closing(): AbortSignal {
    return this.#closing.signal
  }
  get #clock(): Clock {
    return this.#options.clock
  }

  /** Runs work on a session of its own. One is always left to those that are not large. */
  async use<T>(isLarge: boolean, signal: AbortSignal, work: (session: Borrowed) => Promise<T>): Promise<T> {
    const over = AbortSignal.any([signal, this.closing])
    while (this.#busy >= this.#most || (isLarge && this.#busyLarge >= this.#most - 1)) {
      const turn = Promise.withResolvers<void>()
      this.#waiting.push(turn.resolve)
      await orAbort(turn.promise, over)
    }
    this.#busy += 1
    if (isLarge) this.#busyLarge += 1
    let session: Borrowed | undefined
    try {
      session = await this.#take(over)
      return await work(session)
    } finally {
      this.#busy -= 1
      if (isLarge) this.#busyLarge -= 1
      if (session?.store.usable === true && !this.closing.aborted) this.#keep(session.store)
      else session?.store.abandon()
      for (const wake of this.#waiting.splice(0)) wake()
    }
  }

  /** Opens one beside, where none is there. */
  async warm(): Promise<void> {
    if (this.closing.aborted || this.#idle.some(({ usable }) => usable) || this.#busy + this.#opening > 0)
      return
    this.#opening += 1
    try {
      this.#keep(await this.#open(this.closing))
    } finally {
      this.#opening -= 1
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the account is closed', 'AbortError'))
    this.#rest.abort()
    await Promise.all(this.#idle.splice(0).map(store => store.logout()))
  }

  async #take(signal: AbortSignal): Promise<Borrowed> {
    for (let store = this.#idle.pop(); store !== undefined; store = this.#idle.pop())
      if (await this.#lives(store, signal)) return { store, isFresh: false }
    return { store: await this.#open(signal), isFresh: true }
  }

  async #lives(store: ImapStore, signal: AbortSignal): Promise<boolean> {
    if (!store.usable) return false
    if (this.#clock.monotonicMs() - store.heardMs < quietMs) return true
    try {
      await abortAfter(proofMs, this.#clock, signal, over => store.noop(over))
      return true
    } catch {
      store.abandon()
      signal.throwIfAborted()
      return false
    }
  }

  #open(signal: AbortSignal): Promise<ImapStore> {
    return openStore(storeOptions(this.#options, this.#memory), signal)
  }

  #keep(store: ImapStore): void {
    this.#idle.push(store)
    this.#rest.abort()
    this.#rest = new AbortController()
    void this.#closeInTime(this.#rest.signal)
  }

  /** While nobody needs them: first all but one, then the last. */
  async #closeInTime(signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(othersMs, signal, 'beside')
      await Promise.all(this.#idle.splice(1).map(store => store.logout()))
      await this.#clock.sleep(warmMs - othersMs, signal, 'beside')
      await Promise.all(this.#idle.splice(0).map(store => store.logout()))
    } catch {
      // Somebody needed one, or all are closed.
    }
  }
}
