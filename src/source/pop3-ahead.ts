/**
 * The one new message, asked for in the packet in which the listing that will name it is asked for. STAT counted one
 * message more than the last listing showed, so it is probably the last one, and its size is the difference. What comes
 * is kept as it came and looked at by nobody until the message is asked for under its number; else it is dropped with
 * the session.
 */
import { orAbort } from '../base/deadline.ts'
import { kib, messageOctets, overBudget } from './budget.ts'
import type { Status } from './pop3-answers.ts'
import type { Body } from './pop3-command.ts'
import type { Pop3Connection } from './pop3-connection.ts'
import type { MaildropSize } from './pop3-memory.ts'

/** Of such messages most mail is, and a thousand mailboxes may hold one each. */
const mostAheadOctets = 64 * kib

/** The number and size of the message that came since, where it is one and small; undefined otherwise. */
export function guessNewest(
  before: MaildropSize | undefined,
  now: MaildropSize | undefined,
): { readonly handle: number; readonly octets: number } | undefined {
  if (before === undefined || now === undefined || now.messages !== before.messages + 1) return undefined
  const octets = now.octets - before.octets
  return octets > 0 && octets <= mostAheadOctets ? { handle: now.messages, octets } : undefined
}

/** What is kept here is bounded, whatever a server sends. */
const mostKeptOctets = 4 * mostAheadOctets

export interface RetrOptions {
  readonly handle: number
  /** Octets, as far as they are known when the answer comes. */
  readonly announced: () => number | undefined
  readonly deadlineMs: number
  readonly body: Body
  readonly signal: AbortSignal
}

/** RFC 1939 section 5. */
export function sendRetr(connection: Pop3Connection, options: RetrOptions): Promise<Status> {
  const { handle, announced, deadlineMs, body, signal } = options
  return connection.send({
    line: `RETR ${handle}`,
    phase: 'retrieve',
    deadlineMs,
    signal,
    progress: true,
    mostOctets: () => messageOctets(announced()),
    get announced() {
      return announced()
    },
    body,
  })
}

export interface AheadOptions extends Omit<RetrOptions, 'body'> {
  /** Of a message that is longer than this nothing is kept. */
  readonly mostKept?: number
  /** The connection broke at it or before it, it was given up, or more came than is kept. */
  readonly onBreak: (error: unknown) => void
}

export class AheadMessage {
  readonly handle: number
  readonly #status: Promise<Status>
  readonly #over = Promise.withResolvers<void>()
  #isTooLong = false
  #isWhole = false
  #pieces: Uint8Array[] = []
  #octets = 0

  constructor(connection: Pop3Connection, { mostKept = mostKeptOctets, onBreak, ...options }: AheadOptions) {
    this.handle = options.handle
    const body: Body = piece => {
      this.#octets += piece.length
      this.#isTooLong = this.#octets > mostKept
      if (this.#isTooLong) throw overBudget({ phase: 'list' }, 'octets', mostKept)
      // Pieces may share memory with the socket's chunk.
      this.#pieces.push(Uint8Array.from(piece))
    }
    this.#status = sendRetr(connection, { ...options, body })
    this.#status.then(
      () => {
        this.#isWhole = true
      },
      (error: unknown) => {
        this.drop()
        onBreak(error)
      },
    )
  }

  /** Whether its answer is there to the end. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Resolves when nothing is kept here any more. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** Hands on what came, as if it came now; resolves and rejects as RETR does. Undefined: it is to be asked for. */
  async replay(body: Body, signal: AbortSignal): Promise<Status | undefined> {
    try {
      const status = await orAbort(this.#status, signal)
      for (const piece of this.#pieces.splice(0)) await body(piece)
      return status
    } catch (error) {
      if (this.#isTooLong && !signal.aborted) return undefined
      throw error
    } finally {
      this.drop()
    }
  }

  /** It will not be asked for. */
  drop(): void {
    this.#pieces = []
    this.#over.resolve()
  }
}
