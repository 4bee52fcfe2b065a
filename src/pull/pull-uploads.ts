/**
 * The uploads that one pull began. The pull may end before they do: then what comes of them is counted for the next one,
 * and trouble that is wider than one message is told at once.
 */

import { abortAfter, orAbort } from '../base/deadline.ts'
import { asFault, Fault } from '../base/fault.ts'
import { carried } from '../journal/journal.ts'
import type { Spool } from '../message/spool.ts'
import type { PullContext, PullOptions } from './context.ts'
import type { PullCount } from './count.ts'
import {
  contextOf,
  heldUntilMs,
  noteFailureElsewhere,
  noteSuccessElsewhere,
  postponeElsewhere,
} from './elsewhere.ts'
import type { WishesByAccount } from './label-wishes.ts'
import { setAside } from './set-aside.ts'
import { settleAlone } from './settled.ts'
import { type Retrieved, type UploadContext, uploadMessage, verifyMessage } from './upload.ts'
import type { Place } from './upload-queue.ts'

/** So long a message that goes to another account waits for a place there, and holds one here. */
const roomPauseMs = 10_000
/** It is retrieved again after so long. */
const laterMs = 5000

type Needs = Pick<
  PullContext,
  | 'journal'
  | 'mailbox'
  | 'gmail'
  | 'others'
  | 'clock'
  | 'steady'
  | 'log'
  | 'random'
  | 'authenticate'
  | 'showPassed'
  | 'count'
  | 'signal'
  | 'stopping'
>

export class PullUploads {
  readonly #context: Needs
  readonly #options: Pick<PullOptions, 'beside' | 'leave'>
  readonly #wishes: WishesByAccount
  readonly #underWay = new Set<Promise<void>>()
  readonly #beside: Set<Promise<void>>
  #count: PullCount
  #isLeft = false
  #fault: Fault | undefined
  readonly #end = new AbortController()
  /** Aborts when nothing more is to be begun. */
  readonly #stopping: AbortSignal
  #accepted = 0
  #dropped = 0

  constructor(context: Needs, options: Pick<PullOptions, 'beside' | 'leave'>, wishes: WishesByAccount) {
    this.#context = context
    this.#options = options
    this.#wishes = wishes
    this.#beside = options.beside ?? new Set()
    this.#count = context.count
    this.#stopping = AbortSignal.any([context.stopping, this.#end.signal])
  }

  /** The first trouble that was wider than its message: nothing more is to be begun. */
  get fault(): Fault | undefined {
    return this.#fault
  }

  /** How many Gmail answered with an id. */
  get accepted(): number {
    return this.#accepted
  }

  /** How many were not begun, since a stop came first. */
  get dropped(): number {
    return this.#dropped
  }

  /** How many are not over. */
  get underWay(): number {
    return this.#underWay.size
  }

  /** Verifications that go on beside. */
  get beside(): ReadonlySet<Promise<void>> {
    return this.#beside
  }

  /** Trouble of the retrieval that is wider than its message. */
  fail(thrown: unknown): void {
    const fault = asFault(thrown)
    this.#fault ??= fault
    // What is read already goes on where only the source is in trouble.
    if (fault.scope !== 'mailbox') this.#end.abort()
  }

  /**
   * Uploads as soon as it is its turn, then lets go of the octets. Resolves when that is over; never rejects.
   * @param ended is called then, in any case
   */
  begin(place: Place, spool: Spool, message: Retrieved, ended: () => Promise<void>): Promise<void> {
    const work = this.#upload(place, spool, message, ended)
      .catch((thrown: unknown) => this.#failWith(thrown))
      .finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
    return work
  }

  /** Resolves when all are over, or `enough` aborts. */
  async over(enough: AbortSignal): Promise<void> {
    while (this.#underWay.size > 0 && !enough.aborted)
      await orAbort(Promise.all(this.#underWay), enough).catch(() => {})
  }

  /** The pull has ended: from here on the counts are those of the next one. */
  leave(): void {
    this.#isLeft = true
    this.#count = this.#options.leave?.count ?? this.#count
  }

  async #upload(place: Place, spool: Spool, message: Retrieved, ended: () => Promise<void>): Promise<void> {
    const { mailbox, journal, signal } = this.#context
    const { row, raw, bare, facts } = message
    const account = message.wish?.account ?? mailbox.account
    const beside: Promise<void>[] = []
    const run = async (closing: AbortSignal): Promise<void> => {
      const context = this.#contextWith(account, AbortSignal.any([signal, closing]))
      try {
        if (context === undefined) throw new Fault('gmail.ask-owner', { facts: { id: row.id } })
        if (await uploadMessage(context, message)) {
          if (context.isElsewhere) await noteSuccessElsewhere(this.#context, account)
          else this.#accepted += 1
          const verified = (await verifyMessage(context, message))?.done
          const passed = this.#context.showPassed?.(row.id, raw, mailbox, verified ?? Promise.resolve())
          beside.push(...[verified, passed].filter(work => work !== undefined))
        }
        if (this.#isLeft) {
          await settleAlone(this.#counting(), row.id)
          await this.#options.leave?.onSuccess()
        }
      } catch (thrown) {
        const now = (await journal.row(row.id)) ?? row
        const counting = { ...this.#counting(), mailbox: { ...mailbox, account } }
        await setAside(counting, now, thrown, row).catch(wider => this.#failOf(account, wider, message))
      }
    }
    try {
      const key = JSON.stringify([account, facts.messageId ?? bare.sha256])
      const job = { key, octets: raw.octets, stopping: this.#stopping, run }
      const used = account === mailbox.account ? place : await this.#enterElsewhere(account, place, message)
      if (used !== undefined && !(await used.upload(job))) this.#dropped += 1
    } finally {
      // These go on reading the octets for a bounded time; nothing waits for them.
      if (beside.length === 0) await spool.discard()
      else this.#runBeside(Promise.all(beside).then(() => spool.discard()))
      await ended()
    }
    await journal.assertInPlace()
  }

  /** Undefined where the account is in the configuration no more. */
  #contextWith(account: string, signal: AbortSignal): UploadContext | undefined {
    const context = contextOf(this.#context, account)
    const wishes = this.#wishes.of(account)
    if (context === undefined || wishes === undefined) return undefined
    const count = (): PullCount => this.#count
    return {
      ...{ ...context, signal, wishes },
      get count() {
        return count()
      },
    }
  }

  /** What records what became of a message; its counts are those of this pull, or of the next one. */
  #counting(): Pick<UploadContext, 'journal' | 'mailbox' | 'clock' | 'log' | 'random' | 'count'> {
    const { journal, mailbox, clock, log, random } = this.#context
    const count = (): PullCount => this.#count
    return {
      ...{ journal, mailbox, clock, log, random },
      get count() {
        return count()
      },
    }
  }

  /** A place in the queue of another account. Where that waits, or is full, the message does so without a place here. */
  async #enterElsewhere(
    account: string,
    place: Place,
    { row, raw, facts }: Retrieved,
  ): Promise<Place | undefined> {
    const { mailbox, others, clock } = this.#context
    const queue = others.get(account)?.uploads
    // Nobody can say where it is: that is told by its upload, from here.
    if (queue === undefined) return place
    const heldMs = await heldUntilMs(this.#context, account)
    const enter = (signal: AbortSignal): Promise<Place | undefined> =>
      queue.enter(row.id, mailbox.name, raw.octets, signal)
    const { enough } = this.#options.leave ?? {}
    const end = enough === undefined ? this.#stopping : AbortSignal.any([this.#stopping, enough])
    const there = heldMs === undefined ? await abortAfter(roomPauseMs, clock, end, enter) : undefined
    place.leave()
    if (there === undefined)
      await postponeElsewhere(this.#counting(), row, heldMs ?? clock.nowMs() + laterMs, facts)
    return there
  }

  /** Another account's trouble stops its own mail, which waits as long as it does. */
  async #failOf(account: string, thrown: unknown, { row, wish }: Retrieved): Promise<void> {
    const { mailbox, journal } = this.#context
    if (account === mailbox.account || !(thrown instanceof Fault) || thrown.scope !== 'account')
      return this.#failWith(thrown)
    await noteFailureElsewhere({ ...this.#context, count: this.#count }, account, thrown)
    const now = await journal.row(row.id)
    const untilMs = await heldUntilMs(this.#context, account)
    if (now !== undefined && untilMs !== undefined && carried.includes(now.stage))
      await postponeElsewhere(this.#counting(), now, untilMs, { wish: wish ?? null })
  }

  async #failWith(thrown: unknown): Promise<void> {
    if (!this.#isLeft) this.fail(thrown)
    // An abort is no trouble of anybody's: what it means for the message is in its row.
    else if (thrown instanceof Fault || !(thrown instanceof Error && thrown.name === 'AbortError')) {
      this.#end.abort()
      await this.#options.leave?.onFault(asFault(thrown))
    }
  }

  #runBeside(work: Promise<void>): void {
    const guarded = work.finally(() => this.#beside.delete(guarded))
    this.#beside.add(guarded)
  }
}
