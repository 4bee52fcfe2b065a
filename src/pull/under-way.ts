/**
 * What a process that ended without warning had in hand. A message at which the process dies (out of memory, killed
 * by a watchdog, a bug of the runtime) would stop it again after each start, so it is named here, on the disk, before
 * it is touched.
 *
 * A write to the disk for each message would cost too much, so those to come are named many at a time: after an
 * unclean end each of them that was not dealt with is a suspect. Suspects are taken up one at a time, after all
 * others, and each is named alone before it is touched; a second unclean end then names the one. It is set aside for
 * an hour, in case the machine was at fault and not the message; at a third such end it waits for the owner.
 *
 * Invariants: nobody is counted for an end at which it was only named among many after it became a suspect; whatever
 * end a message comes to, success or a fault of its own, clears it.
 */
import { type Journal, readUnderWayNote, type UnderWayNote } from '../journal/journal.ts'

/** The source's name of a message, in words; of one without a name its size has to do. */
export interface Named {
  readonly folder: string
  readonly uid: string | undefined
  readonly octets?: number | undefined
}

export function keyOf(mailbox: string, { folder, uid, octets }: Named): string {
  return JSON.stringify([mailbox, folder, uid ?? `=${octets ?? ''}`])
}

/** So many unclean ends in a row set a message aside for a while; so many, until the owner says otherwise. */
export const endsUntilAside = 2
export const endsUntilOwner = 3
export const asideMs = 3600_000
export const leftMs = 7 * 24 * 3600_000

/** How many are named in one write. */
export const namedAtOnce = 32

const noteKey = 'under-way'

export class UnderWay {
  readonly #journal: Journal
  #many: readonly string[]
  /** Of `#many`, those that came to an end of their own. */
  readonly #done = new Set<string>()
  /** Of `#many`, those that were begun and have not ended, and how often: a pull may end before they do. */
  readonly #inHand = new Map<string, number>()
  readonly #alone = new Set<string>()
  readonly #ends: Map<string, number>
  readonly #condemned: Set<string>
  readonly #leftUntilMs: Map<string, number>

  /** Counts the end of the process before, where it was an unclean one. Throws Fault journal.*. */
  static async open(journal: Journal): Promise<UnderWay> {
    const before = readUnderWayNote(await journal.note(noteKey))
    const underWay = new UnderWay(journal, before)
    if (before.many.length + before.alone.length > 0) await underWay.#write()
    return underWay
  }

  private constructor(journal: Journal, before: UnderWayNote) {
    this.#journal = journal
    const ends = new Map(Object.entries(before.ends))
    const condemned = new Set(before.condemned)
    for (const key of before.many) if (!ends.has(key)) ends.set(key, 1)
    for (const key of before.alone) {
      const count = (ends.get(key) ?? 0) + 1
      ends.set(key, count)
      if (count >= endsUntilAside) condemned.add(key)
    }
    this.#many = []
    this.#ends = ends
    this.#condemned = condemned
    this.#leftUntilMs = new Map(Object.entries(before.leftUntilMs))
  }

  /** How many unclean ends in a row it has seen; 0: no suspect. */
  ends(key: string): number {
    return this.#ends.get(key) ?? 0
  }

  get anySuspects(): boolean {
    return this.#ends.size > 0
  }

  isCondemned(key: string): boolean {
    return this.#condemned.has(key)
  }

  /** It was set aside; an imported one, which has no row of its own for that, until the instant given. */
  async sentenced(key: string, leftUntilMs?: number): Promise<void> {
    this.#condemned.delete(key)
    if (leftUntilMs !== undefined) this.#leftUntilMs.set(key, leftUntilMs)
    await this.#write()
  }

  /** Whether an imported message is left alone for now. */
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
   * Takes up a suspect, alone among all suspects of the process. Undefined where another is in hand.
   * @returns what is to be called when it came to an end of its own; `cleared`: it is no suspect any more
   */
  async beginAlone(key: string): Promise<((cleared: boolean) => Promise<void>) | undefined> {
    if (this.#alone.size > 0) return undefined
    this.#alone.add(key)
    try {
      await this.#write()
    } catch (error) {
      // It was not touched, and must not stand in the way of all others for as long as the process lives.
      this.#alone.delete(key)
      throw error
    }
    return async cleared => {
      this.#alone.delete(key)
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
   * nothing is done, where another suspect is in hand, or the message has seen more unclean ends than `endsAtMost`.
   * It may be the import at which the process ended, so it is cleared only where no import is to come (`clears`).
   */
  async guard<T>(
    key: string,
    next: () => readonly string[],
    touch: () => Promise<T>,
    { endsAtMost = endsUntilAside - 1, clears = false } = {},
  ): Promise<T | undefined> {
    const ends = this.ends(key)
    if (ends > endsAtMost) return undefined
    const endAlone = ends === 0 ? undefined : await this.beginAlone(key)
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
      many: this.#many,
      alone: [...this.#alone],
      ends: Object.fromEntries(this.#ends),
      condemned: [...this.#condemned],
      leftUntilMs: Object.fromEntries(this.#leftUntilMs),
    }
    const text = JSON.stringify(kept)
    this.#written = this.#written.catch(() => {}).then(() => this.#journal.setNote(noteKey, text))
    return this.#written
  }
}

const isOf = (key: string, mailbox: string): boolean =>
  key.startsWith(`${JSON.stringify([mailbox]).slice(0, -1)},`)
