/**
 * The commands of one POP3 connection: those that wait for their turn, and those that are sent and unanswered, in the
 * order in which their answers come (RFC 2449 section 6.6).
 */
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
   * @returns its lines, none of them for the greeting; undefined where nothing leaves
   */
  takeSendable(): (Buffer | string)[] | undefined {
    // Once it is full it is refilled by some at a time, so that many short commands share a packet.
    const some = Math.min(mostRefilled, this.window / 2)
    if (this.#isFull && this.#sent.length > this.window - some) return undefined
    this.#isFull = false
    if (this.#unsent.length === 0 || this.#sent.length >= this.window) return undefined
    const lines: (Buffer | string)[] = []
    for (const pending of this.#unsent.splice(0, this.window - this.#sent.length)) {
      this.#sent.push(pending)
      const { line } = pending.command
      if (line !== undefined) lines.push(line)
    }
    this.#isFull = this.#sent.length >= this.window
    return lines
  }

  /** Empties it: all that waited, the head first where one was sent. */
  clear(): Pending[] {
    return [...this.#sent.splice(0), ...this.#unsent.splice(0)]
  }
}

/** Lines that are sent in one turn of the event loop leave in one packet. */
export class Outbox {
  #lines: (Buffer | string)[] = []

  /** @param write takes the octets of all, each line with its CRLF, at the end of the turn */
  add(lines: readonly (Buffer | string)[], write: (octets: Buffer) => void): void {
    const isFirst = this.#lines.length === 0
    this.#lines.push(...lines)
    if (isFirst && lines.length > 0) process.nextTick(() => write(joinLines(this.#lines.splice(0))))
  }
}

function joinLines(lines: readonly (Buffer | string)[]): Buffer {
  const isText = (line: Buffer | string): line is string => typeof line === 'string'
  if (lines.every(isText)) return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
  const end = Buffer.from('\r\n')
  return Buffer.concat(lines.flatMap(line => [isText(line) ? Buffer.from(line, 'latin1') : line, end]))
}

/** Waits for all, also when one fails, and throws the first failure: no rejection is left without an ear. */
export async function all<T extends readonly Promise<unknown>[]>(
  works: [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(works)
  return Promise.all(works) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>
}
