/**
 * What is due, from the source into the spool and on to the uploads. Only the way into the spool needs the session.
 *
 * Small messages come before large ones, and within each what is due first. Where the account is in doubt one message
 * goes before all others; those at which the process may have ended before come last, and apart.
 */

import { abortAfter, orAbort, waitAtMost } from '../base/deadline.ts'
import { withHaste } from '../base/engine.ts'
import { Fault } from '../base/fault.ts'
import { carried, type MessageRow } from '../journal/journal.ts'
import type { RawMessage } from '../message/message.ts'
import type { Spool } from '../message/spool.ts'
import type { Listed } from '../source/source.ts'
import { blamedLast, readStanding, type Standing } from './breaker.ts'
import { eventOf, gmailMaxOctets, type PullContext, type PullOptions, type RowPlaces } from './context.ts'
import { isHeldElsewhere } from './elsewhere.ts'
import { type DueMessage, findDue, isMuch } from './find-due.ts'
import { takeUpSuspects } from './poison.ts'
import type { PullUploads } from './pull-uploads.ts'
import { readFacts } from './read-facts.ts'
import { decideWish, leaveByHeader, leaveByRule } from './rule-wishes.ts'
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
 * @param standing of the account, read while the server answered: all rows in `at` were recorded just now
 */
export async function retrieveDue(
  context: PullContext,
  at: RowPlaces,
  options: PullOptions,
  uploads: PullUploads,
  standing?: Standing,
): Promise<RetrieveResult> {
  return new Retrieval(context, at, options, uploads, standing).run()
}

class Retrieval {
  readonly #context: PullContext
  readonly #at: RowPlaces
  readonly #options: PullOptions
  readonly #uploads: PullUploads
  readonly #proved = new Set<number>()
  readonly #ofNews: Standing | undefined
  /** As they were read in this turn of the event loop. */
  readonly #rows = new Map<number, MessageRow>()
  #messages: readonly DueMessage[] = []
  #next = 0
  #passedOver = 0
  #largeBegun = 0
  #room: Promise<void> | undefined
  #isOver = false
  #done = 0
  #due = 0

  constructor(
    context: PullContext,
    at: RowPlaces,
    options: PullOptions,
    uploads: PullUploads,
    ofNews: Standing | undefined,
  ) {
    this.#context = context
    this.#at = at
    this.#options = options
    this.#uploads = uploads
    this.#ofNews = ofNews
  }

  /** Aborts when nobody waits any longer for what goes on by itself. */
  get #enough(): AbortSignal {
    const { leave } = this.#options
    this.#enoughMade ??= leave === undefined ? never : AbortSignal.any([this.#context.signal, leave.enough])
    return this.#enoughMade
  }

  /** Made when it is waited for: small messages do without it until they have left. */
  #enoughMade: AbortSignal | undefined

  async run(): Promise<RetrieveResult> {
    const { signal, ending: stop, clock } = this.#context
    const { budgetMs, leave } = this.#options
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
    const found = await findDue(this.#context, this.#at, this.#ofNews && this.#rows)
    if (found.length === 0 && !this.#context.uploads.isUsedBy(mailbox.name)) return
    const standing = this.#ofNews ?? (await readStanding(journal, mailbox.account))
    const due = blamedLast(standing, found)
    this.#due = due.length
    const suspects = underWay.anySuspects ? due.filter(({ key }) => underWay.ends(key) > 0) : []
    this.#messages = suspects.length === 0 ? due : due.filter(message => !suspects.includes(message))
    const mayBegin = (): boolean =>
      !end.aborted && this.#room === undefined && this.#uploads.fault === undefined
    // For news the way was made ready as the server was asked.
    if (standing.mustProbe) await this.#probe(mayBegin, end)
    else if (due.length > 0 && this.#ofNews === undefined) gmail.prepareImport()
    session.foresee?.(this.#messages.slice(this.#next))
    const left = this.#messages.length - this.#next
    const takeUpAll = (): Promise<unknown> =>
      Promise.all(Array.from({ length: Math.min(lanes, left) }, () => this.#takeUpInTurn(mayBegin, end)))
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
      const row = this.#rows.get(id) ?? (await journal.row(id))
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
    if (!end.aborted && !(isLarge && this.#enough.aborted)) {
      const place = queue.enterAtOnce(id, mailbox.name, octets)
      if (place !== undefined) return place
    }
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
