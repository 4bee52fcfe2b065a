/**
 * The sockets of one mailbox, for whoever has to know that none is left: from then on another worker may log in there. A
 * session that takes leave counts until its socket is closed, and so does a connection that nobody waits for any more.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { waitAtMost } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'

/** A server that does not answer LOGOUT or QUIT in this time, ms, loses the connection: it has all it needs. */
const leaveMs = 1000

export class OpenSockets {
  readonly #open = new Set<Socket>()
  #isCut = false
  #onNone: () => void = () => {}
  readonly #lost: AbortSignal | undefined
  readonly #onLost = (): void => this.cut()

  /** @param lost cuts them as it aborts */
  constructor(lost?: AbortSignal) {
    this.#lost = lost
    lost?.addEventListener('abort', this.#onLost, { once: true })
    if (lost?.aborted) this.cut()
  }

  /** @throws Fault source.connection-lost where nothing is opened any more */
  assertMayOpen(facts: Readonly<Record<string, string | number>>): void {
    if (this.#isCut) throw new Fault('source.connection-lost', { facts: { ...facts, reason: 'aborted' } })
  }

  /** From before it connects until its file descriptor is closed. */
  add(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      if (this.#open.size === 0) this.#onNone()
    })
    if (this.#isCut) socket.destroy()
  }

  /** Closes all of them at once, whoever waits for an answer, and opens none any more. The system knows it on return. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#open) socket.destroy()
  }

  /** Resolves when the last one is closed: those that take leave of the server may do so for a moment. */
  async close(clock: Clock): Promise<void> {
    const none = Promise.withResolvers<void>()
    this.#onNone = none.resolve
    if (this.#open.size === 0) none.resolve()
    await waitAtMost(none.promise, leaveMs, clock)
    this.cut()
    await none.promise
    this.#lost?.removeEventListener('abort', this.#onLost)
  }
}
