/**
 * Small messages by the hundred in one round trip: FETCH of the sets of UIDs that will be asked for next, kept in memory
 * until they are. How many adapts to how quickly they are taken: a backlog that goes at the pace of a line is fetched in
 * windows of a second or so, one that goes at Gmail's pace in a few messages, so that whatever else is asked of the
 * session meanwhile is soon answered.
 *
 * Invariants: what came is believed only where UID, announced size and length of the literal are those of one message
 * that was asked for, and only once its command is answered; of any other message nothing follows, and it is asked for
 * by itself. Kept and asked for are never more octets than `mostAheadOctets`, nor than the process has room for.
 */
import { orAbort } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { AheadRoom } from './ahead-room.ts'
import { imapAllowance, mostAheadOctets } from './budget.ts'
import type { ImapConnection } from './imap-connection.ts'
import type { Selected } from './imap-folders.ts'
import { type FetchRow, makeUidSets } from './imap-parse.ts'
import { blamable } from './imap-retrieve.ts'
import type { Foreseen, Listed } from './source.ts'

/** Larger ones are not worth the memory. */
const mostOctets = 256 * 1024
/** Messages of one window. */
const fewest = 8
const usual = 256
const most = 2048
/** A window has so many octets for each of its messages. */
const octetsEach = 16 * 1024
/** So many commands bring a window, each of whose messages are believed with its answer. */
const commandsOfWindow = 4
/** A window is to last so long, ms. */
const lastsMs = 2000
/** A window must be there in this time, ms, however slowly it comes: by themselves its messages have longer. */
const wholeMs = 300_000
/** Where most of a window did not fit, none is asked for so long, ms. */
const offMs = 3600_000
/** Mail that came meanwhile goes before those among which a connection broke. */
const alsoAlone = 16

/** What one source remembers from session to session. */
export interface AheadMemory {
  readonly room: AheadRoom
  /** Messages of the next window. */
  window: number
  /** So many messages are asked for one by one: among them is the one at which a connection broke. */
  alone: number
  /** A server whose answers do not fit is asked for single messages until then, monotonic, ms. */
  offUntilMs: number
}

export const makeAheadMemory = (room: AheadRoom): AheadMemory => ({
  room,
  window: usual,
  alone: 0,
  offUntilMs: Number.NEGATIVE_INFINITY,
})

/** What it needs of its session. */
export interface AheadSession {
  readonly connection: ImapConnection
  /** Runs it when it is its turn. */
  readonly queue: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>
  /** Selects the folder of this entry. */
  readonly reach: (entry: Listed, signal: AbortSignal) => Promise<Selected>
}

/** The messages of one command. */
interface Part {
  readonly set: string
  readonly entries: readonly Listed[]
  /** By UID; undefined for one that does not fit. */
  readonly bodies: Map<number, Buffer | undefined>
}

export class ImapAhead {
  readonly #session: AheadSession
  readonly #memory: AheadMemory
  /** In the order in which they will be asked for, with their octets. */
  readonly #planned = new Map<Listed, number>()
  readonly #announced = new Map<Listed, number>()
  /** Octets of what is asked for or kept. */
  readonly #reserved = new Map<Listed, number>()
  readonly #asked = new Map<Listed, PromiseWithResolvers<void>>()
  readonly #kept = new Map<Listed, Buffer>()
  #held = 0
  #isOver = false
  #isBroken = false
  #askedMs: number | undefined
  /** How many were taken since, and whether somebody had to wait for one. */
  #taken = 0
  #wasWaitedFor = false

  constructor(session: AheadSession, memory: AheadMemory) {
    this.#session = session
    this.#memory = memory
  }

  /** The connection broke at a window: nobody knows at which message. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  foresee(upcoming: readonly Foreseen[]): void {
    this.#planned.clear()
    this.#announced.clear()
    for (const { entry, octets, isAlone } of upcoming) {
      if (octets === undefined) continue
      this.#announced.set(entry, octets)
      const mayCome = entry.uid !== undefined && octets > 0 && octets <= mostOctets
      if (mayCome && !isAlone && !this.#reserved.has(entry)) this.#planned.set(entry, octets)
    }
  }

  /** Octets of what was foreseen: a listing need not tell of messages that are known. */
  announced(entry: Listed): number | undefined {
    return entry.octets ?? this.#announced.get(entry)
  }

  /** The message, where it came ahead; undefined: it is to be asked for by itself. Rejects with an abort only. */
  async take(entry: Listed, signal: AbortSignal): Promise<Buffer | undefined> {
    signal.throwIfAborted()
    if (this.#planned.has(entry)) this.#ask(entry, signal)
    const asked = this.#asked.get(entry)
    if (asked !== undefined) {
      this.#wasWaitedFor = true
      await orAbort(asked.promise, signal)
    }
    const octets = this.#kept.get(entry)
    if (octets === undefined) {
      if (this.#planned.delete(entry) && !this.#isBroken)
        this.#memory.alone = Math.max(0, this.#memory.alone - 1)
      return undefined
    }
    this.#drop(entry)
    this.#taken += 1
    const [next] = this.#planned.keys()
    if (next !== undefined && this.#reserved.size <= this.#memory.window / 2) this.#ask(next, signal)
    return octets
  }

  /** Nothing more will be taken. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#shrink(this.#session.connection.clock.monotonicMs())
    this.#planned.clear()
    this.#announced.clear()
    for (const entry of [...this.#kept.keys()]) this.#drop(entry)
  }

  #drop(entry: Listed): void {
    const octets = this.#reserved.get(entry) ?? 0
    this.#kept.delete(entry)
    this.#reserved.delete(entry)
    this.#held -= octets
    this.#memory.room.give(octets)
  }

  #ask(first: Listed, signal: AbortSignal): void {
    const { alone, offUntilMs } = this.#memory
    const nowMs = this.#session.connection.clock.monotonicMs()
    if (this.#isOver || this.#isBroken || this.#asked.size > 0 || alone > 0 || nowMs < offUntilMs) return
    this.#adapt(nowMs)
    const chosen = this.#choose(first)
    if (chosen.length === 0) return
    for (const entry of chosen) {
      this.#planned.delete(entry)
      this.#asked.set(entry, Promise.withResolvers())
    }
    this.#session
      .queue(signal, () => this.#fetchWindow(chosen, signal))
      .catch((error: unknown) => this.#noteBreak(error))
      .finally(() => this.#conclude(chosen, []))
  }

  /** A window is to hold what is taken in `lastsMs`. False where it is too early to say. */
  #shrink(nowMs: number): boolean {
    const memory = this.#memory
    const lastedMs = nowMs - (this.#askedMs ?? nowMs)
    if (lastedMs < lastsMs / 4) return false
    const fit = Math.ceil((this.#taken * lastsMs) / lastedMs)
    memory.window = Math.max(fewest, Math.min(memory.window, fit))
    return true
  }

  #adapt(nowMs: number): void {
    const memory = this.#memory
    // It grows only where the last one was gone at once, and waited for.
    const mayGrow = !this.#shrink(nowMs) && this.#askedMs !== undefined && this.#wasWaitedFor
    if (mayGrow) memory.window = Math.min(most, 4 * memory.window)
    this.#askedMs = nowMs
    this.#taken = 0
    this.#wasWaitedFor = false
  }

  /** The next messages of the folder, `first` before all others, as far as there is room; none where it is one only. */
  #choose(first: Listed): readonly Listed[] {
    const { window, room } = this.#memory
    const mostHeld = Math.min(mostAheadOctets, window * octetsEach)
    const chosen: Listed[] = []
    const add = (entry: Listed, octets: number): boolean => {
      if (this.#reserved.size >= window || this.#held + octets > mostHeld || !room.take(octets)) return false
      this.#held += octets
      this.#reserved.set(entry, octets)
      chosen.push(entry)
      return true
    }
    if (add(first, this.#planned.get(first) ?? 0))
      for (const [entry, octets] of this.#planned)
        if (entry !== first && (entry.folder !== first.folder || !add(entry, octets))) break
    if (chosen.length > 1) return chosen
    for (const entry of chosen) this.#drop(entry)
    return []
  }

  async #fetchWindow(chosen: readonly Listed[], signal: AbortSignal): Promise<void> {
    const [first] = chosen
    if (first === undefined) return
    const { connection, reach } = this.#session
    const { validity } = await reach(first, signal)
    const parts = partsOf(chosen.filter(({ uid, handle }) => uid === `${validity}.${handle}`))
    const places = new Map<number, { readonly part: Part; readonly octets: number }>()
    for (const part of parts)
      for (const entry of part.entries)
        places.set(entry.handle, { part, octets: this.#reserved.get(entry) ?? 0 })
    const sizes = [...places.values()].map(({ octets }) => octets)
    const largest = Math.max(...sizes)
    const sum = sizes.reduce((before, octets) => before + octets, 0)
    let fitting = 0
    await connection.fetchRows(
      {
        // One octet more than the largest: a longer one is seen to be.
        commands: parts.map(({ set }) => `UID FETCH ${set} (UID RFC822.SIZE BODY.PEEK[]<0.${largest + 1}>)`),
        onRow: row => {
          const place = places.get(row.uid ?? 0)
          if (place === undefined || row.body === undefined) return
          const { bodies } = place.part
          bodies.set(row.uid ?? 0, bodies.has(row.uid ?? 0) ? undefined : bodyOf(row, place.octets))
        },
        onAnswered: (at, refused) => {
          const part = parts[at]
          if (part === undefined) return
          // Of a command that the server does not understand nothing is believed.
          if (refused?.status === 'BAD') part.bodies.clear()
          fitting += this.#conclude(part.entries, part.bodies)
        },
      },
      {
        phase: 'retrieve',
        facts: { folder: first.folder },
        allowance: imapAllowance.ahead(sum, sizes.length, largest, connection.exists),
        untilMs: connection.clock.monotonicMs() + wholeMs,
      },
      signal,
    )
    if (fitting < sizes.length / 2) this.#memory.offUntilMs = connection.clock.monotonicMs() + offMs
  }

  /** What came of messages that were asked for. Returns how many are kept. */
  #conclude(entries: readonly Listed[], bodies: Iterable<readonly [number, Buffer | undefined]>): number {
    const octetsOf = new Map(bodies)
    let kept = 0
    for (const entry of entries) {
      const asked = this.#asked.get(entry)
      if (asked === undefined) continue
      this.#asked.delete(entry)
      const octets = octetsOf.get(entry.handle)
      if (octets === undefined || this.#isOver) this.#drop(entry)
      else {
        this.#kept.set(entry, octets)
        kept += 1
      }
      asked.resolve()
    }
    return kept
  }

  /** By themselves the messages show which of them it is, if it is one. */
  #noteBreak(error: unknown): void {
    this.#memory.window = fewest
    const isOfConnection = error instanceof Fault && blamable.includes(error.code)
    if (!isOfConnection || this.#session.connection.usable) {
      this.#memory.offUntilMs = this.#session.connection.clock.monotonicMs() + offMs
      return
    }
    this.#isBroken = true
    this.#memory.alone = this.#asked.size + alsoAlone
  }
}

/** The octets of a row that is what was announced. */
function bodyOf({ size, body }: FetchRow, octets: number): Buffer | undefined {
  const fits = size === octets && body?.octets?.length === octets && (body.origin ?? 0) === 0
  return fits ? body.octets : undefined
}

function partsOf(entries: readonly Listed[]): readonly Part[] {
  const each = Math.max(fewest, Math.ceil(entries.length / commandsOfWindow))
  const byUid = new Map(entries.map(entry => [entry.handle, entry]))
  const parts: Part[] = []
  for (let from = 0; from < entries.length; from += each) {
    const uids = entries.slice(from, from + each).map(({ handle }) => handle)
    for (const { set, uids: some } of makeUidSets(uids))
      parts.push({ set, entries: some.flatMap(uid => byUid.get(uid) ?? []), bodies: new Map() })
  }
  return parts
}
