/**
 * What one POP3 source learns from session to session, so that a poll takes few trips. Nothing of it is needed for
 * correctness: what is forgotten is asked for again.
 */
import type { Clock } from '../base/clock.ts'
import type { Fault, FaultCode } from '../base/fault.ts'
import { AheadPace } from './ahead-pace.ts'
import type { DialMemory } from './dial.ts'
import type { Capabilities } from './pop3-capabilities.ts'
import { listingLastsMs } from './source.ts'

export const dayMs = 24 * 3_600_000
/** How long a habit is left out that may have broken a connection; a day where it broke the next one, too. */
const doubtedMs = 10 * 60_000

/** A login that the server accepted, and what CAPA said around it. */
export interface AcceptedLogin {
  /** As announced where the login was done: behind TLS, where there is TLS (RFC 2595 section 4). */
  readonly before: Capabilities
  readonly after: Capabilities
  /** USER was answered +OK and PASS let us in. */
  readonly byUser: boolean
}

/** What STAT answers (RFC 1939 section 5). */
export interface MaildropSize {
  readonly messages: number
  readonly octets: number
}

/** A way to talk that some servers cannot bear. */
export class Habit {
  readonly #clock: Clock
  #leftOutUntilMs = -1
  #breaks = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isKept(): boolean {
    return this.#clock.monotonicMs() >= this.#leftOutUntilMs
  }

  /** It broke a connection, as far as can be seen. @param forMs how long it is left out */
  leaveOut(forMs = this.#breaks === 0 ? doubtedMs : dayMs): void {
    this.#breaks += 1
    this.#leftOutUntilMs = this.#clock.monotonicMs() + forMs
  }

  /** It works, or was not to blame. */
  keep(): void {
    this.#breaks = 0
    this.#leftOutUntilMs = -1
  }
}

const breaks: readonly FaultCode[] = [
  'source.timeout',
  'source.connection-lost',
  'source.protocol',
  'source.over-budget',
]

/** Whether how we talked may be to blame: the server fell silent, hung up, or said what answers nothing. */
export const isBreak = ({ code }: Fault): boolean => breaks.includes(code)

export class Pop3Memory implements DialMemory {
  family?: number
  /** CAPA. Left out for a day, for without it there is no UTF8 either. */
  readonly capa: Habit
  /** USER and PASS in one packet. */
  readonly quickLogin: Habit
  /** Commands behind one another after the login. */
  readonly pipelining: Habit
  /** A message asked for before the listing that names it is read. */
  readonly readingAhead: Habit
  /** More than a few messages under way at a time. */
  readonly manyAhead: Habit
  /** How quickly they were taken lately. */
  readonly aheadPace: AheadPace
  readonly #clock: Clock
  #login: { readonly accepted: AcceptedLogin; readonly untilMs: number } | undefined
  #listing: { readonly size: MaildropSize; readonly untilMs: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.capa = new Habit(clock)
    this.quickLogin = new Habit(clock)
    this.pipelining = new Habit(clock)
    this.readingAhead = new Habit(clock)
    this.manyAhead = new Habit(clock)
    this.aheadPace = new AheadPace(clock)
  }

  /** The login that was accepted last, for a day. */
  get login(): AcceptedLogin | undefined {
    return this.#login && this.#clock.monotonicMs() < this.#login.untilMs ? this.#login.accepted : undefined
  }

  noteLogin(accepted: AcceptedLogin): void {
    // One that was made by what is remembered shows nothing new of CAPA.
    if (this.login === undefined) this.#login = { accepted, untilMs: this.#clock.monotonicMs() + dayMs }
  }

  /** Something was refused or failed: CAPA is asked again, and the next login is done step by step. */
  forgetLogin(): void {
    this.#login = undefined
  }

  /** The maildrop as the last whole listing showed it, where whoever listed it has recorded that; for ten minutes. */
  get listed(): MaildropSize | undefined {
    return this.#listing && this.#clock.monotonicMs() < this.#listing.untilMs ? this.#listing.size : undefined
  }

  /** @param atMs when it was listed, monotonic */
  noteListed(size: MaildropSize, atMs: number): void {
    this.#listing = { size, untilMs: atMs + listingLastsMs }
  }

  forgetListed(): void {
    this.#listing = undefined
  }
}
