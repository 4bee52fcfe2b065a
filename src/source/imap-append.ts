/**
 * APPEND (RFC 9051 section 6.3.12) with the message streamed: imapflow frames the command, the octets of the literal go
 * to its socket as they are read, so that memory does not grow with the message and nobody decodes it.
 *
 * Invariant: the last octets of the literal, and with them the command, leave only once all octets were held against the
 * digest of what was retrieved. A literal that is not complete was never a message to the server.
 */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { orAbort } from '../base/deadline.ts'
import { Fault, type FaultFacts } from '../base/fault.ts'
import type { RawMessage } from '../message/message.ts'
import type { CommandWord } from './imap-client.ts'
import type { ImapConnection } from './imap-connection.ts'
import { folderWord } from './imap-folders.ts'
import { readText, readValidity } from './imap-parse.ts'
import { wholeMs } from './pace.ts'

export interface AppendRequest {
  readonly folder: string
  readonly raw: RawMessage
  /** `\Seen`, `\Flagged`. */
  readonly flags: readonly string[]
  /** INTERNALDATE, ms since 1970; undefined: the server takes its own clock. */
  readonly dateMs: number | undefined
}

export interface Appended {
  /** Where it stands now, by APPENDUID (RFC 4315 section 3); undefined where the server does not say. */
  readonly at: { readonly validity: string; readonly uid: number } | undefined
  /** SHA-256 of the octets that left, lower-case hexadecimal. */
  readonly sentSha256: string
}

/** How far a message has got. */
export interface AppendProgress {
  /** Octets of the literal that were handed to the connection. */
  octetsLeft: number
  /** All of them, and the end of the command. */
  isWhole: boolean
}

/** LITERAL- (RFC 7888 section 4) lets go up to so much without being asked to. */
const literalMinusOctets = 4096

/**
 * Appends one message.
 * @param progress says, also where this rejects, whether anything of the message has left
 * @param mayPush the octets may leave with the command where the server allows it: the connection was heard just now
 * Rejects with Refused for a tagged NO or BAD, with the connection's faults, and with Fault state.io (scope message) where
 * the octets kept here are not those that were retrieved: then the literal was never completed.
 */
export async function appendMessage(
  connection: ImapConnection,
  { folder, raw, flags, dateMs }: AppendRequest,
  progress: AppendProgress,
  mayPush: boolean,
  signal: AbortSignal,
): Promise<Appended> {
  const { clock, deadlines } = connection
  const isPushed =
    mayPush &&
    (connection.has('LITERAL+') || (connection.has('LITERAL-') && raw.octets <= literalMinusOctets))
  const stop = new AbortController()
  const over = AbortSignal.any([signal, stop.signal])
  const literal = new OutgoingLiteral(raw, connection.client.writeSocket, progress)
  let writing: Promise<void> | undefined
  const begin = (): void => {
    if (writing !== undefined) return
    writing = literal.write(over)
    // Half a literal is on its way: there is no way back but to end the connection.
    // Where it has ended by itself, the command says why.
    writing.catch(thrown => {
      if (thrown !== closed) stop.abort(thrown)
    })
    void watchProgress(literal, connection, { ...connection.facts, phase: 'append' }, stop, over)
  }
  const words: CommandWord[] = [folderWord(connection, folder)]
  if (flags.length > 0) words.push(flags.map(value => ({ type: 'ATOM', value }) as const))
  if (dateMs !== undefined) words.push({ type: 'STRING', value: writeDateTime(dateMs) })
  words.push({ type: 'TEXT', value: `{${raw.octets}${isPushed ? '+' : ''}}` })
  try {
    const response = await connection.run(
      'APPEND',
      words,
      {
        phase: 'append',
        facts: { folder },
        untilMs: clock.monotonicMs() + wholeMs(raw.octets, deadlines) + deadlines.command,
        // Called outside of the reader, which goes on: a refusal may come amid the octets.
        onPlusTag: async () => begin(),
        ...(isPushed ? { onSend: begin } : {}),
      },
      over,
    )
    const sentSha256 = literal.sha256
    if (sentSha256 === undefined) throw answeredTooSoon(connection)
    const section = response.attributes?.[0]?.section ?? []
    return { at: readAppendUid(section.map(word => readText(word) ?? '')), sentSha256 }
  } catch (thrown) {
    const reason = stop.signal.aborted && !signal.aborted ? stop.signal.reason : thrown
    if (progress.octetsLeft > 0 && !progress.isWhole) connection.abandon()
    throw reason
  } finally {
    stop.abort()
  }
}

/** An OK to a message of which the server cannot have all. */
function answeredTooSoon(connection: ImapConnection): Fault {
  const reason = 'an OK before the end of the message'
  return connection.end(
    new Fault('source.protocol', { facts: { ...connection.facts, phase: 'append', reason } }),
  )
}

/** `APPENDUID validity uid`, as section 3 of RFC 4315 has it. */
function readAppendUid([code, validityText, uidText = '']: readonly string[]): Appended['at'] {
  const validity = readValidity(validityText)
  if (code?.toUpperCase() !== 'APPENDUID' || validity === undefined || !/^[1-9]\d{0,9}$/.test(uidText))
    return undefined
  return { validity, uid: Number(uidText) }
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `date-time` (RFC 9051 section 9), in UTC. */
function writeDateTime(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${String(date.getUTCDate()).padStart(2, ' ')}-${monthNames[date.getUTCMonth()]}-${date.getUTCFullYear()}`
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}

/** Ends it where the connection takes no octet for as long as a server may be silent, or no answer comes behind them. */
async function watchProgress(
  literal: OutgoingLiteral,
  {
    clock,
    deadlines: { silence },
  }: { readonly clock: Clock; readonly deadlines: { readonly silence: number } },
  facts: FaultFacts,
  stop: AbortController,
  over: AbortSignal,
): Promise<void> {
  for (let before = -1; before !== literal.moved; ) {
    before = literal.moved
    try {
      await clock.sleep(literal.isOut ? 2 * silence : silence, over)
    } catch {
      return
    }
  }
  stop.abort(new Fault('source.timeout', { facts: { ...facts, seconds: silence / 1000 } }))
}

const closed = new Error('the connection has ended')

/** One message on its way out, with back-pressure. */
class OutgoingLiteral {
  readonly #raw: RawMessage
  readonly #socket: Socket
  readonly #progress: AppendProgress
  /** SHA-256 of what left, once all of it has. */
  sha256: string | undefined
  /** Changes while it goes on. */
  moved = 0

  constructor(raw: RawMessage, socket: Socket, progress: AppendProgress) {
    this.#raw = raw
    this.#socket = socket
    this.#progress = progress
  }

  /** Nothing more is to leave. */
  get isOut(): boolean {
    return this.sha256 !== undefined
  }

  async write(signal: AbortSignal): Promise<void> {
    const digest = createHash('sha256')
    let octets = 0
    // One behind: it leaves when it is known not to be the last, or to end the very message.
    let held: Uint8Array | undefined
    for await (const chunk of this.#raw.chunks()) {
      octets += chunk.length
      if (octets > this.#raw.octets) throw changed(`more than ${this.#raw.octets} octets`)
      digest.update(chunk)
      if (held !== undefined) await this.#send(held, signal)
      held = chunk
    }
    if (octets !== this.#raw.octets) throw changed(`${octets} octets, not ${this.#raw.octets}`)
    const sha256 = digest.digest('hex')
    if (sha256 !== this.#raw.sha256) throw changed('other octets')
    if (held !== undefined) await this.#send(held, signal)
    // The end of the command; it is no octet of the message.
    this.#socket.write('\r\n')
    this.#progress.isWhole = true
    this.sha256 = sha256
    this.moved += 1
  }

  async #send(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#socket.destroyed) throw closed
    this.#progress.octetsLeft += chunk.length
    this.moved += 1
    if (this.#socket.write(chunk)) return
    const room = Promise.withResolvers<void>()
    const onClose = (): void => room.reject(closed)
    this.#socket.once('drain', room.resolve)
    this.#socket.once('close', onClose)
    try {
      await orAbort(room.promise, signal)
    } finally {
      this.#socket.removeListener('drain', room.resolve)
      this.#socket.removeListener('close', onClose)
    }
  }
}

const changed = (what: string): Fault =>
  new Fault('state.io', {
    scope: 'message',
    facts: { what: `the message kept here is not what was retrieved: ${what}`, phase: 'upload' },
  })
