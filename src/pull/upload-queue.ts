/**
 * What is on its way into one Gmail account. A message has a place here from before it is retrieved until its upload is
 * over, so that memory and disk are bounded. The queue belongs to the process and outlives the pulls that fill it: a
 * pull may end while an upload goes on.
 *
 * Invariants: of messages that Gmail may take for one (`key`) one is uploaded at a time; mailboxes take turns; nothing is begun once `stopping` or `close` says so.
 */
import type { Clock } from '../base/clock.ts'
import { noLonger } from '../base/deadline.ts'
import { beginsInMs, smallOctets } from '../base/in-flight.ts'

/** Places of one mailbox, and how many of them large messages may have: each of those is a temporary file. */
const ofMailbox = { places: 6, large: 3 }
/** Places of the account, beyond which each mailbox has one for a small and one for a large message. */
const ofAccount = { places: 24, large: 6, octets: 256 * 1024 * 1024 }

export interface Upload {
  /** Equal for messages that Gmail may take for one. */
  readonly key: string
  /** Octets as they were retrieved. */
  readonly octets: number
  /** Once it aborts this is not begun. */
  readonly stopping: AbortSignal
  /**
   * Uploads, and records what came of it.
   * @param closing aborts when the queue is closed
   */
  run(closing: AbortSignal): Promise<void>
}

export interface Place {
  /**
   * Waits for its turn and uploads. Resolves to false where it was not begun; rejects with what `run` rejects with.
   * The place is left either way.
   */
  upload(upload: Upload): Promise<boolean>
  /** Where nothing is to be uploaded. Calling it again does nothing. */
  leave(): void
}

export interface Held {
  readonly id: number
  readonly mailbox: string
  octets: number
}

interface Waiting {
  readonly mailbox: string
  readonly octets: number
  enter(): void
}

interface Job {
  readonly held: Held
  readonly upload: Upload
  begin(): void
  drop(): void
}

interface Run {
  readonly held: Held
  readonly key: string
  readonly isLarge: boolean
  readonly beganMs: number
}

const isLarge = ({ octets }: { readonly octets: number }): boolean => octets > smallOctets

export class UploadQueue {
  readonly #inFlight: number
  readonly #clock: Clock
  readonly #held = new Set<Held>()
  #waiting: readonly Waiting[] = []
  #jobs: readonly Job[] = []
  readonly #running = new Set<Run>()
  /** Mailbox -> when it last had its turn, as a serial number. */
  readonly #lastTurn = new Map<string, number>()
  #turns = 0
  #nextLeft = Promise.withResolvers<void>()
  readonly #closing = new AbortController()
  /** Of each mailbox: one may be closed by itself. */
  readonly #closingOf = new Map<string, AbortController>()
  #nap: AbortController | undefined

  /** What has a place in any queue that shares it. */
  readonly #onTheWay: Set<Held>

  /**
   * @param inFlight uploads at once; base/in-flight.ts says when there are more
   * @param onTheWay shared by the queues of accounts into which one mailbox's mail goes
   */
  constructor(inFlight: number, clock: Clock, onTheWay = new Set<Held>()) {
    this.#inFlight = inFlight
    this.#clock = clock
    this.#onTheWay = onTheWay
  }

  /** Whether the message of this row has a place: then nobody else may decide anything about it. */
  holds(id: number): boolean {
    return [...this.#onTheWay].some(held => held.id === id)
  }

  /** Rows of a mailbox whose messages have a place. */
  ids(mailbox: string): readonly number[] {
    return [...this.#onTheWay].flatMap(held => (held.mailbox === mailbox ? held.id : []))
  }

  /** Whether a message of the mailbox has a place here. */
  isUsedBy(mailbox: string): boolean {
    return this.#of(mailbox).length > 0
  }

  /** Resolves when the next message has left its place. */
  nextLeft(): Promise<void> {
    return this.#nextLeft.promise
  }

  /** A place for a message that is about to be retrieved, where there is room at this moment. As `enter`. */
  enterAtOnce(id: number, mailbox: string, octets = smallOctets + 1): Place | undefined {
    return this.#hasRoom(mailbox, octets) ? this.#hold({ id, mailbox, octets }) : undefined
  }

  /**
   * Waits for a place for a message that is about to be retrieved.
   * @param octets as announced; unknown counts as large
   * @returns undefined where `signal` aborts first
   */
  enter(
    id: number,
    mailbox: string,
    octets: number | undefined,
    signal: AbortSignal,
  ): Promise<Place | undefined> {
    return new Promise(resolve => {
      const enter = (): void => resolve(this.#hold({ id, mailbox, octets: announced }))
      const announced = octets ?? smallOctets + 1
      if (signal.aborted) resolve(undefined)
      else if (this.#hasRoom(mailbox, announced)) enter()
      else {
        const wait = { mailbox, octets: announced, enter: () => end(enter) }
        const end = (then: () => void): void => {
          signal.removeEventListener('abort', giveUp)
          this.#waiting = this.#waiting.filter(other => other !== wait)
          then()
        }
        const giveUp = (): void => end(() => resolve(undefined))
        signal.addEventListener('abort', giveUp, { once: true })
        this.#waiting = [...this.#waiting, wait]
      }
    })
  }

  /** Lets what runs end within its grace, and drops what waits. Resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the uploads are to end', 'AbortError'))
    for (const ofMailbox of this.#closingOf.values()) ofMailbox.abort(this.#closing.signal.reason)
    this.#beginJobs()
    while (this.#running.size > 0) await this.nextLeft()
  }

  /** The same for what one mailbox has here; others go on, and so may this one afterwards. */
  async closeFor(mailbox: string): Promise<void> {
    const closing = this.#closingFor(mailbox)
    closing.abort(new DOMException('the uploads of the mailbox are to end', 'AbortError'))
    this.#beginJobs()
    while ([...this.#running].some(({ held }) => held.mailbox === mailbox)) await this.nextLeft()
    if (this.#closingOf.get(mailbox) === closing) this.#closingOf.delete(mailbox)
  }

  /** Resolves when no message, or none of the mailbox, has a place any more. */
  async idle(mailbox?: string): Promise<void> {
    while (this.#of(mailbox).length > 0) await this.nextLeft()
  }

  #closingFor(mailbox: string): AbortController {
    const known = this.#closingOf.get(mailbox)
    if (known !== undefined) return known
    const closing = new AbortController()
    if (this.#closing.signal.aborted) closing.abort(this.#closing.signal.reason)
    this.#closingOf.set(mailbox, closing)
    return closing
  }

  #of(mailbox: string | undefined): readonly Held[] {
    return [...this.#held].filter(held => mailbox === undefined || held.mailbox === mailbox)
  }

  #hasRoom(mailbox: string, octets: number): boolean {
    const all = this.#of(undefined)
    const own = this.#of(mailbox)
    if (own.length >= ofMailbox.places) return false
    if (!isLarge({ octets })) return all.length < ofAccount.places || own.every(isLarge)
    const ownLarge = own.filter(isLarge)
    const large = all.filter(isLarge)
    const sum = large.reduce((octetsBefore, held) => octetsBefore + held.octets, octets)
    const isWithin = large.length < ofAccount.large && sum <= ofAccount.octets
    return ownLarge.length === 0 || (ownLarge.length < ofMailbox.large && isWithin)
  }

  #hold(held: Held): Place {
    this.#held.add(held)
    this.#onTheWay.add(held)
    const leave = (): void => {
      if (!this.#held.delete(held)) return
      this.#onTheWay.delete(held)
      this.#giveRoom()
      this.#nextLeft.resolve()
      this.#nextLeft = Promise.withResolvers()
    }
    const upload = async (job: Upload): Promise<boolean> => {
      held.octets = job.octets
      try {
        const run = await this.#turn(held, job)
        if (run === undefined) return false
        try {
          await job.run(this.#closingFor(held.mailbox).signal)
          return true
        } finally {
          this.#running.delete(run)
          this.#beginJobs()
        }
      } finally {
        leave()
      }
    }
    return { upload, leave }
  }

  /** Places go to the mailbox that has the fewest. */
  #giveRoom(): void {
    const held = (wait: Waiting): number => this.#of(wait.mailbox).length
    for (;;) {
      const next = [...this.#waiting]
        .sort((left, right) => held(left) - held(right))
        .find(({ mailbox, octets }) => this.#hasRoom(mailbox, octets))
      if (next === undefined) return
      next.enter()
    }
  }

  /** Undefined where it is not to be begun any more. */
  #turn(held: Held, upload: Upload): Promise<Run | undefined> {
    return new Promise(resolve => {
      const end = (run: Run | undefined): void => {
        upload.stopping.removeEventListener('abort', drop)
        this.#jobs = this.#jobs.filter(other => other !== job)
        resolve(run)
      }
      const drop = (): void => end(undefined)
      const begin = (): void => {
        const { key } = upload
        const run = { held, key, isLarge: isLarge(held), beganMs: this.#clock.monotonicMs() }
        this.#running.add(run)
        this.#turns += 1
        this.#lastTurn.set(held.mailbox, this.#turns)
        end(run)
      }
      const job: Job = { held, upload, begin, drop }
      this.#jobs = [...this.#jobs, job]
      upload.stopping.addEventListener('abort', drop, { once: true })
      if (upload.stopping.aborted) drop()
      else this.#beginJobs()
    })
  }

  #beginJobs(): void {
    this.#nap?.abort(noLonger)
    this.#nap = undefined
    for (const { drop, held } of this.#jobs)
      if (this.#closing.signal.aborted || this.#closingOf.get(held.mailbox)?.signal.aborted) drop()
    let soonestMs = Number.POSITIVE_INFINITY
    for (let begun = true; begun; ) {
      begun = false
      for (const { held, upload, begin } of this.#inTurn()) {
        if ([...this.#running].some(({ key }) => key === upload.key)) continue
        const nowMs = this.#clock.monotonicMs()
        const inMs = beginsInMs(isLarge(held), this.#running, this.#inFlight, nowMs)
        if (inMs === 0) {
          begin()
          begun = true
          break
        }
        soonestMs = Math.min(soonestMs, inMs ?? soonestMs)
      }
    }
    if (!Number.isFinite(soonestMs)) return
    this.#nap = new AbortController()
    this.#clock.sleep(Math.ceil(soonestMs), this.#nap.signal).then(
      () => this.#beginJobs(),
      () => {},
    )
  }

  /** The mailbox with the fewest uploads under way first, or else the one whose turn is longest ago. */
  #inTurn(): readonly Job[] {
    const underWay = ({ held: { mailbox } }: Job): number =>
      [...this.#running].filter(({ held }) => held.mailbox === mailbox).length
    const lastTurn = ({ held: { mailbox } }: Job): number => this.#lastTurn.get(mailbox) ?? 0
    return [...this.#jobs].sort(
      (left, right) => underWay(left) - underWay(right) || lastTurn(left) - lastTurn(right),
    )
  }
}
