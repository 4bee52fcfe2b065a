/**
 * The commands of one POP3 connection: those that wait for their turn, and those that are sent and unanswered, in the
 * order in which their answers come (RFC 2449 section 6.6).
 */
import type { Socket } from 'node:net'
import type { Pending } from './pop3-command.ts'

/** Of a wide window the rest is kept full meanwhile. */
const mostRefilled = 16

export class CommandQueue {
  /** Commands that may be unanswered at a time: 1, or more after PIPELINING was announced. */
  window = 1
  readonly #unsent: Pending[] = []
  readonly #sent: Pending[] = []
  #isFull = false

  /** The command whose answer comes next. */
  get head(): Pending | undefined {
    return this.#sent[0]
  }

  /** Whether an answer may come behind that of the head. */
  get isPipelined(): boolean {
    return this.#sent.length > 1
  }

  add(pending: Pending): void {
    this.#unsent.push(pending)
  }

  /** Takes back what was not sent yet; what was sent is answered in any case. */
  withdraw(pending: Pending): void {
    const at = this.#unsent.indexOf(pending)
    if (at >= 0) this.#unsent.splice(at, 1)
  }

  /** The head was answered. */
  removeHead(): void {
    this.#sent.shift()
  }

  /**
   * Counts as sent what may leave now, as far as the window allows.
   * @returns its octets, '' of them for the greeting; undefined where nothing leaves
   */
  takeSendable(): Buffer | undefined {
    // Once it is full it is refilled by some at a time, so that many short commands share a packet.
    const some = Math.min(mostRefilled, this.window / 2)
    if (this.#isFull && this.#sent.length > this.window - some) return undefined
    this.#isFull = false
    if (this.#unsent.length === 0 || this.#sent.length >= this.window) return undefined
    const lines: Buffer[] = []
    for (const pending of this.#unsent.splice(0, this.window - this.#sent.length)) {
      this.#sent.push(pending)
      const { line } = pending.command
      if (line === undefined) continue
      lines.push(typeof line === 'string' ? Buffer.from(line, 'latin1') : line, Buffer.from('\r\n'))
    }
    this.#isFull = this.#sent.length >= this.window
    return Buffer.concat(lines)
  }

  /** Empties it: all that waited, the head first where one was sent. */
  clear(): Pending[] {
    return [...this.#sent.splice(0), ...this.#unsent.splice(0)]
  }
}

/** Writes so that what is written in one turn of the event loop leaves in one packet. */
export function writeTogether(socket: Socket, octets: Buffer): void {
  if (socket.writableCorked === 0) {
    socket.cork()
    process.nextTick(() => socket.uncork())
  }
  socket.write(octets)
}

/** Waits for all, also when one fails, and throws the first failure: no rejection is left without an ear. */
export async function all<T extends readonly Promise<unknown>[]>(
  works: [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(works)
  return Promise.all(works) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>
}
