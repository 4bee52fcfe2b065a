/**
 * The one new message, asked for in the packet in which the listing that will name it is asked for. STAT counted one
 * message more than the last listing showed, so it is probably the last one, and its size is the difference. What comes
 * is kept as it came and looked at by nobody until the message is asked for under its number; else it is dropped with
 * the session.
 */
import { orAbort } from '../base/deadline.ts'
import { kib, messageOctets, overBudget } from './budget.ts'
import type { Status } from './pop3-answers.ts'
import type { Body, Command } from './pop3-command.ts'
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
}

/** RFC 1939 section 5. */
const retr = ({ handle, announced, deadlineMs, body }: RetrOptions): Omit<Command, 'signal'> => ({
  line: `RETR ${handle}`,
  phase: 'retrieve',
  deadlineMs,
  progress: true,
  mostOctets: () => messageOctets(announced()),
  get announced() {
    return announced()
  },
  body,
})

export function sendRetr(
  connection: Pop3Connection,
  options: RetrOptions,
  signal: AbortSignal,
): Promise<Status> {
  return connection.send({ ...retr(options), signal })
}

export interface AheadOptions extends Omit<RetrOptions, 'body'> {
  /** Of a message that is longer than this nothing is kept. */
  readonly mostKept?: number
  /** The connection broke at it or before it, or more came than is kept. */
  readonly onBreak: (error: unknown) => void
  /** Nothing is kept any more, nor will be. Called once. */
  readonly onOver?: () => void
}

export class AheadMessage {
  readonly handle: number
  readonly #onOver: () => void
  #status: Status | undefined
  #failure: { readonly error: unknown } | undefined
  /** Whoever waits for its end. */
  #waiting: PromiseWithResolvers<void> | undefined
  #isTooLong = false
  #isOver = false
  #pieces: Uint8Array[] = []
  #octets = 0

  constructor(
    connection: Pop3Connection,
    { mostKept = mostKeptOctets, onBreak, onOver = () => {}, ...options }: AheadOptions,
  ) {
    this.handle = options.handle
    this.#onOver = onOver
    const body: Body = piece => {
      if (this.#isOver) return
      this.#octets += piece.length
      this.#isTooLong = this.#octets > mostKept
      if (this.#isTooLong) throw overBudget({ phase: 'list' }, 'octets', mostKept)
      // Pieces may share memory with the socket's chunk.
      this.#pieces.push(new Uint8Array(piece))
    }
    connection.submit(
      retr({ ...options, body }),
      status => {
        this.#status = status
        this.#waiting?.resolve()
      },
      error => {
        this.#failure = { error }
        onBreak(error)
        this.drop()
        this.#waiting?.resolve()
      },
    )
  }

  /** Hands on what came, as if it came now; resolves and rejects as RETR does. Undefined: it is to be asked for. */
  async replay(body: Body, signal: AbortSignal): Promise<Status | undefined> {
    try {
      signal.throwIfAborted()
      if (this.#status === undefined && this.#failure === undefined) {
        this.#waiting = Promise.withResolvers()
        await orAbort(this.#waiting.promise, signal)
      }
      if (this.#isTooLong) return undefined
      if (this.#failure !== undefined) throw this.#failure.error
      for (const piece of this.#pieces.splice(0)) {
        const wait = body(piece)
        if (wait !== undefined) await wait
      }
      return this.#status
    } finally {
      this.drop()
    }
  }

  /** It will not be asked for. */
  drop(): void {
    this.#pieces = []
    if (this.#isOver) return
    this.#isOver = true
    this.#onOver()
  }
}
