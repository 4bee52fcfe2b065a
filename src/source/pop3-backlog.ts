/**
 * The messages that will be asked for next, small ones, each by its RETR, many of them behind one another (RFC 2449
 * section 6.6): a round trip brings as many as are under way. What comes is kept as it came until it is asked for. How
 * many adapts to how quickly they are taken: at the pace of a line by the hundred, at Gmail's pace a few, so that little
 * is brought in vain where a pull ends before it takes them.
 *
 * Invariants: octets that are asked for or kept are never more than announced for `mostOctets` of them, nor than the
 * process has room for, and no message brings more than twice what it announced. The lines that are unanswered are
 * shorter together than any server's socket buffer, and we read all the while, so neither side waits for the other. Each
 * answer is its own message's: what it refuses, or breaks at, is told at its own `retrieve`.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { AheadRoom } from './ahead-room.ts'
import { kib, mib } from './budget.ts'
import { AheadMessage } from './pop3-ahead.ts'
import type { Pop3Connection } from './pop3-connection.ts'
import { isBreak, type Pop3Memory } from './pop3-memory.ts'
import type { Foreseen, Listed } from './source.ts'

/** One mailbox's, announced. */
const mostOctets = 2 * mib
/** A larger message is worth its own round trip. */
const largest = 256 * kib
/** RETR and a number of up to seven digits take 14 octets: 3.5 KiB of them. */
const mostUnderWay = 256
const fewest = 8
/** Asked for at a time, so that they share a packet. */
const refilled = 16
/** Half a window that lasted so long, ms, is long enough; of one that lasted longer than this, half is. */
const longEnoughMs = 500
const tooLongMs = 1000

export interface Pop3BacklogOptions {
  readonly connection: Pop3Connection
  readonly clock: Clock
  readonly memory: Pop3Memory
  readonly room: AheadRoom
  readonly deadlineMs: number
  /** Commands that may be unanswered otherwise. */
  readonly usualWindow: number
}

export class Pop3Backlog {
  readonly #options: Pop3BacklogOptions
  readonly #ended = new AbortController()
  /** In the order in which they will be asked for, with their announced octets. */
  readonly #planned = new Map<Listed, number>()
  /** Asked for, and not taken. */
  readonly #asked = new Map<Listed, AheadMessage>()
  #octets = 0
  #taken = 0
  #sinceMs = 0
  #wasWaitedFor = false

  constructor(options: Pop3BacklogOptions) {
    this.#options = options
  }

  foresee(upcoming: readonly Foreseen[]): void {
    this.#planned.clear()
    for (const { entry, octets, isAlone } of upcoming)
      if (octets !== undefined && octets > 0 && octets <= largest && !isAlone && !this.#asked.has(entry))
        this.#planned.set(entry, octets)
    this.#sinceMs = this.#options.clock.monotonicMs()
  }

  /** The message, asked for now or earlier; undefined where it is to be asked for by itself. Once for each. */
  take(entry: Listed): AheadMessage | undefined {
    if (this.#planned.has(entry)) this.#askMore()
    const message = this.#asked.get(entry)
    this.#planned.delete(entry)
    if (message === undefined) return undefined
    this.#asked.delete(entry)
    this.#wasWaitedFor ||= !message.isWhole
    this.#taken += 1
    this.#adapt()
    if (this.#asked.size <= this.#window - Math.min(refilled, this.#window / 2)) this.#askMore()
    return message
  }

  /** Nothing more is taken. */
  end(): void {
    this.#planned.clear()
    this.#ended.abort()
    for (const message of this.#asked.values()) message.drop()
    this.#asked.clear()
    this.#options.connection.window = this.#options.usualWindow
  }

  get #window(): number {
    const { memory } = this.#options
    return memory.manyAhead.isKept ? memory.aheadWindow : fewest
  }

  #adapt(): void {
    const { clock, memory } = this.#options
    const now = clock.monotonicMs()
    const lastedMs = now - this.#sinceMs
    if (lastedMs > tooLongMs) memory.aheadWindow = Math.max(fewest, memory.aheadWindow / 2)
    else if (this.#taken < this.#window / 2) return
    else if (lastedMs < longEnoughMs && this.#wasWaitedFor)
      memory.aheadWindow = Math.min(mostUnderWay, memory.aheadWindow * 2)
    this.#taken = 0
    this.#sinceMs = now
    this.#wasWaitedFor = false
  }

  #askMore(): void {
    const { connection, memory, room, deadlineMs, usualWindow } = this.#options
    const { signal } = this.#ended
    const window = this.#window
    // Beside them, whatever else is asked.
    connection.window = window + usualWindow
    for (const [entry, octets] of this.#planned) {
      if (this.#asked.size >= window || this.#octets + octets > mostOctets || !room.take(octets)) return
      this.#octets += octets
      this.#planned.delete(entry)
      const message = new AheadMessage(connection, {
        handle: entry.handle,
        announced: () => entry.octets ?? octets,
        mostKept: 2 * octets + kib,
        deadlineMs,
        signal,
        onBreak: error => {
          if (error instanceof Fault && isBreak(error) && !signal.aborted) memory.manyAhead.leaveOut()
        },
      })
      this.#asked.set(entry, message)
      // Whoever takes it holds it for a moment longer than it is counted.
      void message.over.then(() => {
        this.#octets -= octets
        room.give(octets)
      })
    }
  }
}
