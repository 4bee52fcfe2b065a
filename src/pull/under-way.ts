/**
 * What a process that ended without warning had in hand. A message at which the process dies (out of memory, killed
 * by a watchdog, a bug of the runtime) would stop it again after each start, so it is named here before it is touched:
 * written where no end of a process takes it away, and on the disk, which is at work meanwhile, before its upload leaves.
 *
 * A write to the disk for each message would cost too much, so those to come are named many at a time: after an
 * unclean end each of them that was not dealt with is a suspect. But most processes that die were ended from outside
 * (a kill, a power cut, a machine lost), and one such end meets all that is in hand. So an end is only a reason to look
 * closer: suspects are taken up after all others, at first a few at a time (trials.ts), which clears nearly all of them;
 * those that were in hand at a second end one at a time, each the only suspect of the process. After an end at which it
 * was the only one it waits a while, so that a row of kills is over by then. One that was in hand at a further end, again as
 * the only one, is set aside for an hour; at the next such end it waits for the owner.
 *
 * An end is blamed on a process by its name, and counts only as long as nobody hears of that process any more: one that
 * could not reach the database lost its mailboxes to others, and lives.
 *
 * Invariants: nobody is counted for an end at which it was only named among many after it became a suspect; whatever
 * end a message comes to, success or a fault of its own, clears it.
 */
import { randomUUID } from 'node:crypto'
import { type Journal, readUnderWayNote, type UnderWayNote } from '../journal/journal.ts'
import { makeTrials, type Trials } from './trials.ts'

/** The source's name of a message, in words; of one without a name its size has to do. */
export interface Named {
  readonly folder: string
  readonly uid: string | undefined
  readonly octets?: number | undefined
}

export function keyOf(mailbox: string, { folder, uid, octets }: Named): string {
  return JSON.stringify([mailbox, folder, uid ?? `=${octets ?? ''}`])
}

/**
 * So many unclean ends in a row keep a message back for a moment; so many set it aside for a while; so many, until the
 * owner says otherwise.
 */
export const endsUntilPause = 3
export const endsUntilAside = 4
export const endsUntilOwner = 5
export const pauseMs = 60_000
export const asideMs = 3600_000
export const leftMs = 7 * 24 * 3600_000

/** How many are named in one write. */
export const namedAtOnce = 32

/** While suspects are taken up it is asked so often whether the processes that are blamed live, ms. */
const askAgainMs = 500

const noteKey = 'under-way'

export interface GuardOptions {
  readonly endsAtMost?: number
  readonly clears?: boolean
  /** As of `beginSuspect`. */
  readonly waiting?: AbortSignal
}

/** The process that has messages in hand. */
export interface ProcessAtWork {
  /** No other process has this name, nor had. */
  readonly instance: string
  /** Which of these processes live, where several share the journal. */
  listAlive(instances: readonly string[]): Promise<ReadonlySet<string>>
  /** Of all mailboxes of the process. */
  readonly trials: Trials
}

export class UnderWay {
  readonly #journal: Journal
  readonly #process: ProcessAtWork
  #many: readonly string[]
  /** Of `#many`, those that came to an end of their own. */
  readonly #done = new Set<string>()
  /** Of `#many`, those that were begun and have not ended, and how often: a pull may end before they do. */
  readonly #inHand = new Map<string, number>()
  /** Suspects in hand, each with what gives its place back. */
  readonly #alone = new Map<string, () => void>()
  readonly #ends: Map<string, readonly string[]>
  readonly #condemned: Set<string>
  readonly #leftUntilMs: Map<string, number>

  /**
   * Counts the end of the process before, where it was an unclean one. Throws Fault journal.*.
   * @param process of whom nothing is said it is the only one that the journal has
   */
  static async open(journal: Journal, process: Partial<ProcessAtWork> = {}): Promise<UnderWay> {
    const {
      instance = randomUUID(),
      listAlive = async () => new Set<string>(),
      trials = makeTrials(),
    } = process
    const before = readUnderWayNote(await journal.note(noteKey))
    const underWay = new UnderWay(journal, { instance, listAlive, trials }, before)
    if (before.many.length + before.alone.length === 0) return underWay
    const isAlive = before.by === instance || (await listAlive([before.by])).has(before.by)
    if (!isAlive) underWay.#countEnd(before)
    await underWay.#write()
    return underWay
  }

  private constructor(journal: Journal, process: ProcessAtWork, before: UnderWayNote) {
    this.#journal = journal
    this.#process = process
    this.#many = []
    this.#ends = new Map(Object.entries(before.ends))
    this.#condemned = new Set(before.condemned)
    this.#leftUntilMs = new Map(Object.entries(before.leftUntilMs))
  }

  #countEnd({ by, many, alone }: UnderWayNote): void {
    for (const key of many) if (!this.#ends.has(key)) this.#ends.set(key, [by])
    for (const key of alone) {
      const ends = [...(this.#ends.get(key) ?? []), by]
      this.#ends.set(key, ends)
      if (ends.length >= endsUntilPause) this.#condemned.add(key)
    }
  }

  /** Takes back what was blamed on processes that live: they were only out of reach. Throws Fault journal.*. */
  async reconsider(): Promise<void> {
    const blamed = new Set([...this.#ends.values()].flat().filter(by => by !== ''))
    if (blamed.size === 0 || performance.now() < this.#askAgainAtMs) return
    this.#askAgainAtMs = performance.now() + askAgainMs
    const alive = new Set(await this.#process.listAlive([...blamed]))
    if (blamed.has(this.#process.instance)) alive.add(this.#process.instance)
    if (alive.size === 0) return
    for (const [key, ends] of this.#ends) {
      const counted = ends.filter(by => !alive.has(by))
      if (counted.length === ends.length) continue
      if (counted.length < endsUntilPause) this.#condemned.delete(key)
      if (counted.length === 0) this.#clear(key)
      else this.#ends.set(key, counted)
    }
    await this.#write()
  }

  #askAgainAtMs = 0

  /** How many unclean ends in a row it has seen; 0: no suspect. */
  ends(key: string): number {
    return this.#ends.get(key)?.length ?? 0
  }

  get anySuspects(): boolean {
    return this.#ends.size > 0
  }

  isCondemned(key: string): boolean {
    return this.#condemned.has(key)
  }

  /** It was kept back or set aside; where no row says so, or not for all uses, until the instant given. */
  async sentenced(key: string, leftUntilMs?: number): Promise<void> {
    this.#condemned.delete(key)
    if (leftUntilMs !== undefined) this.#leftUntilMs.set(key, leftUntilMs)
    await this.#write()
  }

  /** Whether it is not to be read again for now. */
  isLeft(key: string, nowMs: number): boolean {
    return (this.#leftUntilMs.get(key) ?? 0) > nowMs
  }

  /** Forgets suspects that nobody will take up again: what became of them is known, or they are gone. */
  async forget(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#clear(key)
    if (keys.length > 0) await this.#write()
  }

  /** Every suspect of a mailbox. */
  suspectsOf(mailbox: string): readonly string[] {
    return [...this.#ends.keys()].filter(key => isOf(key, mailbox))
  }

  /**
   * Before a message is touched that is no suspect.
   * @param next gives those that will follow it, so that they are named in the same write
   */
  async begin(key: string, next: () => readonly string[]): Promise<void> {
    this.#done.delete(key)
    this.#inHand.set(key, (this.#inHand.get(key) ?? 0) + 1)
    // Named a moment ago, it may not be on the disk yet, or the disk may have been full then.
    if (this.#many.includes(key)) return await this.#written.catch(() => this.#write())
    const unfinished = this.#many.filter(named => !this.#done.has(named))
    this.#many = [...new Set([...unfinished, key, ...next().slice(0, namedAtOnce - 1)])]
    this.#done.clear()
    await this.#write()
  }

  /** It came to an end of its own. Is called once for each `begin`. */
  end(key: string): void {
    const times = (this.#inHand.get(key) ?? 1) - 1
    if (times > 0) this.#inHand.set(key, times)
    else {
      this.#inHand.delete(key)
      this.#done.add(key)
    }
  }

  /** A pull has ended: only what it began is still in hand. Where nothing else is named this costs no write. */
  async rest(mailbox: string): Promise<void> {
    const isInHand = (key: string): boolean => !isOf(key, mailbox) || this.#inHand.has(key)
    if (this.#many.every(key => isInHand(key) || this.#done.has(key))) return
    this.#many = this.#many.filter(isInHand)
    await this.#writeIfPossible()
  }

  /**
   * Takes up a suspect. Undefined where it is in hand already, or others are and its turn does not come.
   * @param waiting waits for its turn until this aborts; without it nothing is waited for
   * @returns what is to be called when it came to an end of its own; `cleared`: it is no suspect any more
   */
  async beginSuspect(
    key: string,
    waiting?: AbortSignal,
  ): Promise<((cleared: boolean) => Promise<void>) | undefined> {
    if (this.#alone.has(key)) return undefined
    const leave = await this.#process.trials.enter(this.ends(key) > 1, waiting)
    if (leave === undefined) return undefined
    // Another pull may have taken it up meanwhile.
    if (this.#alone.has(key)) {
      leave()
      return undefined
    }
    this.#alone.set(key, leave)
    const letGo = (): void => {
      if (this.#alone.get(key) === leave) this.#alone.delete(key)
      leave()
    }
    try {
      await this.#write()
    } catch (error) {
      // It was not touched, and must not stand in the way of all others for as long as the process lives.
      letGo()
      throw error
    }
    return async cleared => {
      letGo()
      if (cleared) this.#clear(key)
      await this.#write()
    }
  }

  #clear(key: string): void {
    this.#ends.delete(key)
    this.#condemned.delete(key)
    this.#leftUntilMs.delete(key)
  }

  /**
   * Does what touches a message without importing it: a look at its header section, a second reading. Undefined, and
   * nothing is done, where its turn is not now, or the message has seen more unclean ends than `endsAtMost`.
   * It may be the import at which the process ended, so it is cleared only where no import is to come (`clears`).
   */
  async guard<T>(
    key: string,
    next: () => readonly string[],
    touch: () => Promise<T>,
    { endsAtMost = endsUntilPause - 1, clears = false, waiting }: GuardOptions = {},
  ): Promise<T | undefined> {
    const ends = this.ends(key)
    if (ends > endsAtMost) return undefined
    const endAlone = ends === 0 ? undefined : await this.beginSuspect(key, waiting)
    if (ends > 0 && endAlone === undefined) return undefined
    try {
      if (ends === 0) await this.begin(key, next)
      return await touch()
    } finally {
      if (endAlone === undefined) this.end(key)
      else await endAlone(clears)
    }
  }

  /** Everything ended as it should. Where the disk takes no more the end counts as unclean, which costs little. */
  async close(): Promise<void> {
    if (this.#many.length + this.#alone.size === 0) return
    this.#many = []
    for (const leave of this.#alone.values()) leave()
    this.#alone.clear()
    await this.#writeIfPossible()
  }

  async #writeIfPossible(): Promise<void> {
    try {
      await this.#write()
    } catch {
      // The disk's trouble is told by the pull that met it first.
    }
  }

  /** The write that was begun last: each holds all that is known, and they follow one another. */
  #written: Promise<void> = Promise.resolve()

  #write(): Promise<void> {
    const kept: UnderWayNote = {
      by: this.#process.instance,
      many: this.#many,
      alone: [...this.#alone.keys()],
      ends: Object.fromEntries(this.#ends),
      condemned: [...this.#condemned],
      leftUntilMs: Object.fromEntries(this.#leftUntilMs),
    }
    const text = JSON.stringify(kept)
    this.#written = this.#written.catch(() => {}).then(() => this.#journal.setNote(noteKey, text, 'beside'))
    return this.#written
  }
}

const isOf = (key: string, mailbox: string): boolean =>
  key.startsWith(`${JSON.stringify([mailbox]).slice(0, -1)},`)
