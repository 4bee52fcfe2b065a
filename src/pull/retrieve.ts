/**
 * What is due, from the source into the spool and on to the uploads. Only the way into the spool needs the session.
 *
 * Small messages come before large ones, and within each what is due first. Where the account is in doubt one message
 * goes before all others; those at which the process may have ended before come last, and apart.
 */

import { abortAfter, orAbort, waitAtMost } from '../base/deadline.ts'
import { withHaste } from '../base/engine.ts'
import { Fault } from '../base/fault.ts'
import { smallOctets } from '../base/in-flight.ts'
import { carried, type MessageRow } from '../journal/journal.ts'
import type { RawMessage } from '../message/message.ts'
import type { Spool } from '../message/spool.ts'
import type { Listed } from '../source/source.ts'
import { blamedLast, mustProbe } from './breaker.ts'
import { eventOf, gmailMaxOctets, type PullContext, type PullOptions, type RowPlaces } from './context.ts'
import { isHeldElsewhere } from './elsewhere.ts'
import { keyOfEntry, takeUpSuspects } from './poison.ts'
import type { PullUploads } from './pull-uploads.ts'
import { readFacts } from './read-facts.ts'
import { decideWish, leaveByHeader, leaveByRule, leaveEarly } from './rule-wishes.ts'
import { defer, setAside } from './set-aside.ts'
import { namedAtOnce } from './under-way.ts'
import type { Retrieved } from './upload.ts'
import type { Place } from './upload-queue.ts'

/** Messages of one mailbox that are taken up side by side; each waits for a place in the account's queue. */
const lanes = 6
const never = new AbortController().signal
/** Uploads that take longer are left to themselves, where somebody keeps on after the pull. */
const lingerMs = 30_000
/** Of a backlog each pull takes up so many, however much news come. */
const fewestOfPull = 16
/** So long a small message waits for a place although somebody waits for the end of the pull. */
const placePauseMs = 1000

/** A backlog, and not the mail of a day. */
const isMuch = (messages: readonly DueMessage[]): boolean =>
  messages.length > 50 || messages.reduce((sum, { octets = 0 }) => sum + octets, 0) > 8 * 1024 * 1024

export interface RetrieveResult {
  /** Messages that are due and were not taken up. */
  readonly left: number
  /** Where they wait for uploads that are under way: resolves when there may be room. */
  readonly room: Promise<void> | undefined
  readonly due: number
  /** Rows whose octets were read in this session: their identity is beyond doubt. */
  readonly proved: ReadonlySet<number>
}

/**
 * Takes up what is due and waits for what was begun: to its end, or as long as `options.leave` allows. A wider fault
 * (`uploads.fault`) ends the beginning of new messages. Rejects with an abort only.
 */
export async function retrieveDue(
  context: PullContext,
  at: RowPlaces,
  options: PullOptions,
  uploads: PullUploads,
): Promise<RetrieveResult> {
  return new Retrieval(context, at, options, uploads).run()
}

interface DueMessage {
  readonly id: number
  readonly entry: Listed
  readonly octets: number | undefined
  /** It met trouble before. */
  readonly isAlone: boolean
  /** In under-way.ts. */
  readonly key: string
  readonly isLarge: boolean
}

class Retrieval {
  readonly #context: PullContext
  readonly #at: RowPlaces
  readonly #options: PullOptions
  readonly #uploads: PullUploads
  readonly #proved = new Set<number>()
  /** Aborts when nobody waits any longer for what goes on by itself. */
  readonly #enough: AbortSignal
  #messages: readonly DueMessage[] = []
  #next = 0
  #passedOver = 0
  #largeBegun = 0
  #room: Promise<void> | undefined
  #isOver = false
  #done = 0
  #due = 0

  constructor(context: PullContext, at: RowPlaces, options: PullOptions, uploads: PullUploads) {
    this.#context = context
    this.#at = at
    this.#options = options
    this.#uploads = uploads
    const { leave } = options
    this.#enough = leave === undefined ? never : AbortSignal.any([context.signal, leave.enough])
  }

  async run(): Promise<RetrieveResult> {
    const { signal, stopping, clock } = this.#context
    const { budgetMs, leave } = this.#options
    const stop = AbortSignal.any([signal, stopping])
    const work = (end: AbortSignal): Promise<void> => this.#takeUpAll(end)
    // A timer that never ends is none.
    await (Number.isFinite(budgetMs) ? abortAfter(budgetMs, clock, stop, work) : work(stop))
    if (leave === undefined) await this.#uploads.over(this.#enough)
    else await waitAtMost(this.#uploads.over(this.#enough), lingerMs, clock, this.#enough)
    this.#isOver = true
    signal.throwIfAborted()
    const left = this.#passedOver + this.#messages.length - this.#next + this.#uploads.dropped
    return { left, room: this.#room, due: this.#due, proved: this.#proved }
  }

  async #takeUpAll(end: AbortSignal): Promise<void> {
    const { journal, mailbox, session, underWay, gmail } = this.#context
    const due = await this.#findDue()
    this.#due = due.length
    const suspects = underWay.anySuspects ? due.filter(({ key }) => underWay.ends(key) > 0) : []
    this.#messages = suspects.length === 0 ? due : due.filter(message => !suspects.includes(message))
    const mayBegin = (): boolean =>
      !end.aborted && this.#room === undefined && this.#uploads.fault === undefined
    if (due.length === 0 && !this.#context.uploads.isUsedBy(mailbox.name)) return
    if (await mustProbe(journal, mailbox.account)) await this.#probe(mayBegin, end)
    else if (due.length > 0) gmail.prepareImport()
    session.foresee?.(this.#messages.slice(this.#next))
    const takeUpAll = (): Promise<unknown> =>
      Promise.all(Array.from({ length: lanes }, () => this.#takeUpInTurn(mayBegin, end)))
    await (isMuch(this.#messages) ? withHaste(takeUpAll) : takeUpAll())
    this.#passedOver += await takeUpSuspects(
      this.#context,
      suspects,
      { mayBegin, end },
      async (suspect, ended) => {
        const upload = await this.#takeUp(suspect, end, ended)
        if (upload !== undefined) await this.#wait(upload.over)
        return upload === undefined || !this.#enough.aborted
      },
    )
  }

  /** What is due and stands in the listing, but for what is on its way already. */
  async #findDue(): Promise<readonly DueMessage[]> {
    const { journal, mailbox, clock, uploads: queue } = this.#context
    if (this.#at.size === 0) return []
    const here = (await journal.due(mailbox.name, clock.nowMs())).filter(
      ({ id }) => this.#at.has(id) && !queue.holds(id),
    )
    const leftByRule = await leaveEarly(
      this.#context,
      here.map(({ id }) => id),
    )
    const due = here.flatMap(({ id, octets, attempts }) => {
      const entry = this.#at.get(id)
      if (entry === undefined || leftByRule.has(id)) return []
      const isLarge = (entry.octets ?? octets ?? Number.POSITIVE_INFINITY) > smallOctets
      return [{ id, entry, octets: entry.octets ?? octets, isAlone: attempts > 0, isLarge }]
    })
    const rank = ({ isAlone, isLarge }: (typeof due)[number]): number => 2 * Number(isAlone) + Number(isLarge)
    const inOrder = due.sort((left, right) => rank(left) - rank(right))
    const messages = await blamedLast(journal, mailbox.account, inOrder)
    return messages.map(message => ({ ...message, key: keyOfEntry(this.#context, message.entry) }))
  }

  /** The account is in trouble: one message at a time is tried, until one goes in. */
  async #probe(mayBegin: () => boolean, end: AbortSignal): Promise<void> {
    const { mailbox, uploads: queue } = this.#context
    // One that is under way from an earlier pull is a try, too.
    if (queue.isUsedBy(mailbox.name)) this.#room = queue.nextLeft()
    while (this.#next < this.#messages.length && mayBegin() && this.#uploads.accepted === 0) {
      const upload = await this.#takeUpNext(end)
      if (upload !== undefined) await this.#wait(upload.over)
      if (this.#enough.aborted && this.#uploads.underWay > 0) this.#room = queue.nextLeft()
    }
  }

  async #takeUpInTurn(mayBegin: () => boolean, end: AbortSignal): Promise<void> {
    while (this.#next < this.#messages.length && mayBegin()) {
      // One large message a pull makes its way however much new mail comes.
      const isLarge = this.#messages[this.#next]?.isLarge === true
      if (isLarge && this.#largeBegun > 0 && this.#enough.aborted) return
      if (this.#next >= fewestOfPull && this.#areNewsWaiting) return
      await this.#takeUpNext(end)
    }
  }

  /** Where the next pull costs no login. */
  get #areNewsWaiting(): boolean {
    return this.#options.leave?.news.aborted === true && !this.#context.source.countsLogins
  }

  async #takeUpNext(end: AbortSignal): Promise<{ readonly over: Promise<void> } | undefined> {
    const { underWay } = this.#context
    const message = this.#messages[this.#next]
    this.#next += 1
    if (message === undefined) return undefined
    const { key, isLarge } = message
    if (isLarge) this.#largeBegun += 1
    const following = this.#messages.slice(this.#next, this.#next + namedAtOnce)
    const begin = (): Promise<void> => underWay.begin(key, () => following.map(other => other.key))
    const ended = async (wasBegun: boolean): Promise<void> => {
      if (wasBegun) underWay.end(key)
    }
    return this.#takeUp(message, end, ended, begin)
  }

  /**
   * @param ended is called when nothing more is done about the message: whether it came to an end of its own
   * @returns the upload, where it came to one
   */
  async #takeUp(
    { id, entry, octets, isLarge }: DueMessage,
    end: AbortSignal,
    ended: (isDealtWith: boolean) => Promise<void>,
    begin: () => Promise<void> = async () => {},
  ): Promise<{ readonly over: Promise<void> } | undefined> {
    const { journal, uploads: queue, signal } = this.#context
    const finish = async (): Promise<void> => {
      this.#done += 1
      if (!this.#isOver) this.#options.onProgress({ done: this.#done, due: this.#due })
      await ended(true)
    }
    const place = await this.#enter(id, octets, isLarge, end)
    if (place === undefined) {
      this.#passedOver += 1
      if (!end.aborted) this.#room = queue.nextLeft()
      await ended(false)
      return undefined
    }
    let upload: { readonly over: Promise<void> } | undefined
    try {
      await begin()
      const row = await journal.row(id)
      if (row !== undefined && carried.includes(row.stage) && !(await isHeldElsewhere(this.#context, row)))
        upload = await this.#retrieve(row, entry, place, finish)
    } catch (thrown) {
      this.#uploads.fail(thrown)
    } finally {
      if (upload === undefined) {
        place.leave()
        await finish().catch(thrown => this.#uploads.fail(thrown))
      }
    }
    if (signal.aborted) return undefined
    return upload
  }

  /** Large messages wait for a place until somebody waits for the end of the pull, small ones a moment longer. */
  async #enter(
    id: number,
    octets: number | undefined,
    isLarge: boolean,
    end: AbortSignal,
  ): Promise<Place | undefined> {
    const { mailbox, uploads: queue, clock } = this.#context
    const enter = (signal: AbortSignal): Promise<Place | undefined> =>
      queue.enter(id, mailbox.name, octets, signal)
    if (this.#options.leave === undefined) return enter(end)
    if (isLarge) return enter(AbortSignal.any([end, this.#enough]))
    for (;;) {
      const place = await abortAfter(placePauseMs, clock, end, enter)
      if (place !== undefined || end.aborted || this.#enough.aborted) return place
    }
  }

  async #wait(over: Promise<void>): Promise<void> {
    await orAbort(over, this.#enough).catch(() => {})
  }

  /** From the source into the spool, and on. Throws faults that are wider than the message. */
  async #retrieve(
    row: MessageRow,
    entry: Listed,
    place: Place,
    ended: () => Promise<void>,
  ): Promise<{ readonly over: Promise<void> } | undefined> {
    const { spooler, journal } = this.#context
    const spool = spooler.take(gmailMaxOctets)
    let message: Retrieved | undefined
    try {
      message = await this.#read(row, entry, spool)
    } catch (thrown) {
      await setAside(this.#context, (await journal.row(row.id)) ?? row, thrown, row)
    } finally {
      if (message === undefined) await spool.discard()
    }
    await journal.assertInPlace()
    return message && { over: this.#uploads.begin(place, spool, message, ended) }
  }

  /** Undefined where it is not to be uploaded: the row says why. */
  async #read(row: MessageRow, entry: Listed, spool: Spool): Promise<Retrieved | undefined> {
    const { session, signal, journal, mailbox, clock, count, log } = this.#context
    if (await leaveByHeader(this.#context, row, entry)) return undefined
    let short: Fault | undefined
    try {
      await session.retrieve(entry, spool, signal)
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'message.short') throw error
      short = error
    }
    const raw = await spool.seal()
    if (short !== undefined && !(await this.#isSecondReading(row, raw, short))) return undefined
    const { section, header, bare, facts: read } = await readFacts(raw, mailbox.account, clock.nowMs())
    const facts = { ...read, renamed: false, short: short !== undefined }
    this.#proved.add(row.id)
    log.retrieved({ ...eventOf(row), octets: raw.octets })
    if (header.pseudo && row.stage !== 'importing') {
      await journal.move(row.id, 'ignored', facts)
      count.ignored += 1
      return undefined
    }
    const decision = decideWish(this.#context, row, section, raw.octets)
    const { wish } = decision
    if (decision.isLeft) {
      await leaveByRule(this.#context, row, decision, facts)
      return undefined
    }
    const account = wish?.account ?? mailbox.account
    return { row, raw, bare, facts: { ...facts, account, wish: wish ?? null }, wish }
  }

  /**
   * A reading shorter than announced, though properly ended. It may be a cut message or a server that announces
   * wrong sizes: two equal readings in two sessions decide for the latter. True: go on.
   */
  async #isSecondReading(row: MessageRow, raw: RawMessage, fault: Fault): Promise<boolean> {
    const { clock } = this.#context
    if (row.sha256 === raw.sha256) return true
    const unknown = row.stage === 'importing'
    // What may be in Gmail already is found again by the digest of that time, so it is not replaced.
    const reading = unknown ? {} : { sha256: raw.sha256, octets: raw.octets }
    await defer(this.#context, row, fault, { ...reading, notBeforeMs: clock.nowMs() + 1000 }, unknown)
    return false
  }
}
