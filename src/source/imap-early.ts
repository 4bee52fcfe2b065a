/**
 * A session that is opened at the server's word of new mail, before the pull that the word calls asks for one: its question
 * leaves at once, and the journal is read while the server answers. Whoever opens the next session is given it.
 */
import { orAbort } from '../base/deadline.ts'
import type { ImapSession } from './imap-session.ts'

/** A pull that is called and comes comes within milliseconds; one that finds out that it is to wait does not come at all. */
const keptMs = 5000

export class EarlySession {
  #opening: Promise<ImapSession | undefined> | undefined
  #timer: NodeJS.Timeout | undefined

  get isThere(): boolean {
    return this.#opening !== undefined
  }

  /** @param opening undefined where the connection proves dead */
  keep(opening: Promise<ImapSession | undefined>): void {
    opening.catch(() => {})
    this.#opening = opening
    this.#timer = setTimeout(() => void this.drop(), keptMs).unref()
  }

  /** @returns undefined where there is none, or its connection has ended. Rejects when `signal` aborts, and never else. */
  async take(signal: AbortSignal): Promise<ImapSession | undefined> {
    const opening = this.#forget()
    if (opening === undefined) return undefined
    try {
      return await orAbort(opening, signal)
    } catch {
      opening.then(session => session?.abandon()).catch(() => {})
      signal.throwIfAborted()
      return undefined
    }
  }

  /** Nobody wants what it found: the next listing is of the whole folder. */
  async drop(): Promise<void> {
    const session = await this.#forget()?.catch(() => undefined)
    session?.disownNews()
    await session?.close()
  }

  #forget(): Promise<ImapSession | undefined> | undefined {
    clearTimeout(this.#timer)
    const opening = this.#opening
    this.#opening = undefined
    return opening
  }
}
