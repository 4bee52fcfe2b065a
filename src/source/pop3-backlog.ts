/**
 * The messages that will be asked for next, small ones, each by its RETR, behind one another (RFC 2449 section 6.6): the
 * next ones are asked for while the first ones are taken, so that the wire does not run dry. What comes is read at once
 * and kept as it came until it is asked for. How much adapts to how quickly it is taken (ahead-pace.ts).
 *
 * Invariants: octets that are asked for or kept are never more than announced for `mostAheadOctets` of them, nor than the
 * process has room for, and no message brings more than twice what it announced. We read all the while, whatever is
 * taken, so a server that reads no command while it writes holds up neither itself nor us, and none waits for us with a
 * full socket. Each answer is its own message's: what it refuses, or breaks at, is told at its own `retrieve`.
 */
import { Fault } from '../base/fault.ts'
import { weightOf } from './ahead-pace.ts'
import type { AheadRoom } from './ahead-room.ts'
import { kib } from './budget.ts'
import { AheadMessage } from './pop3-ahead.ts'
import type { Pop3Connection } from './pop3-connection.ts'
import { isBreak, type Pop3Memory } from './pop3-memory.ts'
import type { Foreseen, Listed } from './source.ts'

/** A larger message is worth its own round trip. */
const largest = 256 * kib
/** However slowly they are taken; and not more where many at a time broke a connection. */
const fewest = 8
/** Asked for anew when so little of what may be under way is: many short commands share a packet. */
const refillBelow = 3 / 4

export interface Pop3BacklogOptions {
  readonly connection: Pop3Connection
  readonly memory: Pop3Memory
  readonly room: AheadRoom
  readonly deadlineMs: number
  /** Commands that may be unanswered otherwise. */
  readonly usualWindow: number
}

export class Pop3Backlog {
  readonly #options: Pop3BacklogOptions
  /** In the order in which they will be asked for, with their announced octets. */
  readonly #planned = new Map<Listed, number>()
  /** Asked for, and not taken. */
  readonly #asked = new Map<Listed, { readonly message: AheadMessage; readonly octets: number }>()
  /** What is asked for or kept, by weightOf. */
  #octets = 0
  /** So many are. */
  #underWay = 0
  #isEnded = false

  constructor(options: Pop3BacklogOptions) {
    this.#options = options
  }

  foresee(upcoming: readonly Foreseen[]): void {
    this.#planned.clear()
    for (const { entry, octets, isAlone } of upcoming)
      if (octets !== undefined && octets > 0 && octets <= largest && !isAlone && !this.#asked.has(entry))
        this.#planned.set(entry, octets)
    this.#options.memory.aheadPace.begin()
  }

  /** The message, asked for now or earlier; undefined where it is to be asked for by itself. Once for each. */
  take(entry: Listed): AheadMessage | undefined {
    if (this.#planned.has(entry)) this.#askMore()
    this.#planned.delete(entry)
    const asked = this.#asked.get(entry)
    if (asked === undefined) return undefined
    this.#asked.delete(entry)
    this.#options.memory.aheadPace.note(asked.octets)
    return asked.message
  }

  /** Nothing more is taken. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const { connection, memory, usualWindow } = this.#options
    memory.aheadPace.end()
    this.#planned.clear()
    for (const { message } of this.#asked.values()) message.drop()
    this.#asked.clear()
    connection.window = usualWindow
  }

  #askMore(): void {
    const { connection, memory, room, deadlineMs, usualWindow } = this.#options
    const { aheadPace, manyAhead } = memory
    for (const [entry, octets] of this.#planned) {
      const weight = weightOf(octets)
      const isOneOfFew = this.#asked.size < fewest
      if (!isOneOfFew && (!manyAhead.isKept || this.#octets + weight > aheadPace.most)) break
      if (!connection.usable || !room.take(weight)) break
      this.#octets += weight
      this.#planned.delete(entry)
      this.#underWay += 1
      // Beside them, whatever else is asked.
      connection.window = this.#underWay + usualWindow
      const message = new AheadMessage(connection, {
        handle: entry.handle,
        announced: () => entry.octets ?? octets,
        mostKept: 2 * octets + kib,
        deadlineMs,
        onBreak: error => {
          if (error instanceof Fault && isBreak(error) && !this.#isEnded) manyAhead.leaveOut()
        },
        onOver: () => {
          room.give(weight)
          this.#octets -= weight
          this.#underWay -= 1
          if (this.#isEnded) return
          connection.window = this.#underWay + usualWindow
          const isLittle = this.#octets <= refillBelow * aheadPace.most || this.#asked.size <= fewest / 2
          if (isLittle && this.#planned.size > 0) this.#askMore()
        },
      })
      this.#asked.set(entry, { message, octets })
    }
  }
}
