/**
 * The uploads that one pull began. The pull may end before they do: then what comes of them is counted for the next one,
 * and trouble that is wider than one message is told at once.
 */

import { orAbort } from '../base/deadline.ts'
import { asFault, Fault } from '../base/fault.ts'
import type { Spool } from '../message/spool.ts'
import type { PullContext, PullOptions } from './context.ts'
import type { PullCount } from './count.ts'
import type { LabelWishes } from './label-wishes.ts'
import { setAside } from './set-aside.ts'
import { settleAlone } from './settled.ts'
import { type Retrieved, type UploadContext, uploadMessage, verifyMessage } from './upload.ts'
import type { Place } from './upload-queue.ts'

type Needs = Pick<
  PullContext,
  | 'journal'
  | 'mailbox'
  | 'gmail'
  | 'clock'
  | 'steady'
  | 'log'
  | 'random'
  | 'authenticate'
  | 'count'
  | 'signal'
  | 'stopping'
>

export class PullUploads {
  readonly #context: Needs
  readonly #options: Pick<PullOptions, 'beside' | 'leave'>
  readonly #wishes: LabelWishes
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

  constructor(context: Needs, options: Pick<PullOptions, 'beside' | 'leave'>, wishes: LabelWishes) {
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
    let verification: { readonly done: Promise<void> } | undefined
    const run = async (closing: AbortSignal): Promise<void> => {
      const context = this.#contextWith(AbortSignal.any([signal, closing]))
      try {
        if (await uploadMessage(context, message)) {
          this.#accepted += 1
          verification = await verifyMessage(context, message)
        }
        if (this.#isLeft) {
          await settleAlone(context, row.id)
          await this.#options.leave?.onSuccess()
        }
      } catch (thrown) {
        const now = (await context.journal.row(row.id)) ?? row
        await setAside(context, now, thrown, row).catch(wider => this.#failWith(wider))
      }
    }
    try {
      const key = JSON.stringify([mailbox.account, facts.messageId ?? bare.sha256])
      if (!(await place.upload({ key, octets: raw.octets, stopping: this.#stopping, run })))
        this.#dropped += 1
    } finally {
      // A verification goes on reading the octets for a bounded time; nothing waits for it.
      if (verification === undefined) await spool.discard()
      else this.#runBeside(verification.done.finally(() => spool.discard()))
      await ended()
    }
    await journal.assertInPlace()
  }

  #contextWith(signal: AbortSignal): UploadContext {
    const { journal, mailbox, gmail, clock, steady, log, random, authenticate } = this.#context
    const count = (): PullCount => this.#count
    return {
      ...{ journal, mailbox, gmail, clock, steady, log, random, authenticate, signal },
      wishes: this.#wishes,
      get count() {
        return count()
      },
    }
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
