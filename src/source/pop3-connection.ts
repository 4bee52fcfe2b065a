/**
 * One POP3 connection: commands go out, answers come back in the same order (RFC 2449 section 6.6), octets go to
 * whoever asked for them.
 *
 * Invariants: an answer counts as complete only by its own end (status line, or terminator); when the connection
 * ends first, every command that waits is rejected, and only the first of them may blame its message. Octets that
 * nothing asked for end the session, and so do more than a command may bring (budget.ts). At most one chunk is held
 * in memory while a taker asks us to wait.
 */
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asFault, Fault } from '../base/fault.ts'
import { networkFault, type Where } from './network-fault.ts'
import { BodyPace } from './pace.ts'
import type { Status } from './pop3-answers.ts'
import {
  blameMessage,
  type Failure,
  failureOfBreach,
  failureOfExcess,
  failureOfLineEnd,
  isExcess,
} from './pop3-blame.ts'
import { type Command, endsSoon, makePending, mostOctets, type Pending, statusFor } from './pop3-command.ts'
import type { Pop3Deadlines } from './pop3-deadlines.ts'
import { CommandQueue, Outbox } from './pop3-queue.ts'
import { BodyReader, LineReader, ProtocolBreach } from './pop3-reader.ts'
import { secureSocket } from './secure.ts'
import type { ServerSettings } from './settings.ts'
import { Watchdog } from './watchdog.ts'

const longestStatusLine = 8192
/** How long after what looks like the end by another line end, ms. */
const lineEndMs = 5000

export class Pop3Connection {
  readonly #server: ServerSettings
  readonly #clock: Clock
  readonly #deadlines: Pop3Deadlines
  readonly #watchdog: Watchdog
  #socket: Socket
  readonly #queue = new CommandQueue()
  readonly #outbox = new Outbox()
  #lines = new LineReader(longestStatusLine)
  #reader = new BodyReader()
  /** Resumes reading; defined while a taker asks us to wait. */
  #goOn: (() => void) | undefined
  #failure: Failure | undefined
  #droppedAtMessage = false
  /** How the lines that were read so far ended: status lines, and the last ones of listings. */
  #ends = { crlf: 0, lf: 0 }

  readonly #listeners = [
    ['data', (chunk: Buffer): void => this.#guard(() => this.#read(chunk))],
    ['error', (error: Error): void => this.#fail(where => networkFault(error, where))],
    ['end', (): void => this.drop()],
    ['close', (): void => this.drop()],
  ] as const

  constructor(socket: Socket, server: ServerSettings, clock: Clock, deadlines: Pop3Deadlines) {
    this.#socket = socket
    this.#server = server
    this.#clock = clock
    this.#deadlines = deadlines
    this.#watchdog = new Watchdog(clock, () => this.#late())
    this.#listen()
  }

  /** Commands that may be unanswered at a time: more than 1 after PIPELINING was announced. */
  set window(most: number) {
    this.#queue.window = most
  }

  /** How the lines of a message end. Only a server that never sent CRLF is read by LF. */
  get lineEnd(): 'crlf' | 'lf' {
    return this.#ends.crlf === 0 && this.#ends.lf > 0 ? 'lf' : 'crlf'
  }

  /** TLS version, undefined in clear text. */
  get tls(): string | undefined {
    return 'getProtocol' in this.#socket && typeof this.#socket.getProtocol === 'function'
      ? String(this.#socket.getProtocol())
      : undefined
  }

  get usable(): boolean {
    return this.#failure === undefined
  }

  /** See SourceSession. */
  get droppedAtMessage(): boolean {
    return this.#droppedAtMessage
  }

  /**
   * Sends a command as soon as the window allows and resolves with its status when the whole answer is there;
   * -ERR resolves as well. Rejects with a Fault of the connection, with what `body` threw, or with the signal's
   * reason; in the latter two cases the rest of the answer is read and thrown away where that is little, and other
   * commands go on. Else the connection is dropped.
   */
  send(command: Command): Promise<Status> {
    return new Promise((resolve, reject) => this.submit(command, resolve, reject))
  }

  /** The same, with functions that are called at once: one command of thousands makes no promise that nobody awaits. */
  submit(command: Command, resolve: (status: Status) => void, reject: (error: unknown) => void): void {
    const { signal } = command
    if (signal?.aborted === true || this.#failure !== undefined) {
      reject(signal?.aborted === true ? signal.reason : this.#failureOf(command.phase))
      return
    }
    const pending = makePending(command, resolve, reject, () => {
      this.#queue.withdraw(pending)
      pending.reject(signal?.reason)
      // Its taker may never answer; nobody needs the octets now.
      if (this.#queue.head === pending) this.#goOn?.()
    })
    this.#queue.add(pending)
    this.#pump()
  }

  /** TLS from here on, after STLS was answered with +OK (RFC 2595 section 4). */
  async startTls(signal: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) throw this.#failureOf('tls')
    const plain = this.#socket
    plain.pause()
    this.#unlisten()
    const options = { clock: this.#clock, tlsMs: this.#deadlines.tlsMs, signal, afterClearText: true }
    try {
      this.#socket = await secureSocket(plain, this.#server, options)
    } catch (error) {
      this.#failure = () => error
      throw error
    }
    // What was said in clear text is forgotten.
    this.#ends = { crlf: 0, lf: 0 }
    this.#listen()
  }

  /** Ends the connection; what still waits is rejected by `reason`, or as a lost connection. */
  drop(reason?: unknown): void {
    this.#fail(facts => reason ?? new Fault('source.connection-lost', { facts }))
  }

  /** Ends the connection well after QUIT was answered. */
  end(): void {
    this.#failure ??= facts => new Fault('source.connection-lost', { facts })
    this.#watchdog.stop()
    this.#socket.destroySoon()
  }

  #where(phase: string): Where {
    return { host: this.#server.host, port: this.#server.port, phase }
  }

  /** Why this connection has ended, for a command that the server was not at. */
  #failureOf(phase: string): unknown {
    return this.#failure?.(this.#where(phase), false)
  }

  #listen(): void {
    for (const [event, listener] of this.#listeners) this.#socket.on(event, listener)
    this.#socket.resume()
  }

  #unlisten(): void {
    for (const [event, listener] of this.#listeners) this.#socket.removeListener(event, listener)
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof ProtocolBreach) this.#fail(failureOfBreach(error, this.#queue.head))
      else this.drop(asFault(error))
    }
  }

  #fail(failure: Failure): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#watchdog.stop()
    this.#socket.destroy()
    for (const [at, { command, reject }] of this.#queue.clear().entries()) {
      const fault = failure(this.#where(command.phase), at === 0)
      const blamed = at === 0 ? blameMessage(command, fault) : fault
      if (at === 0 && isExcess(blamed)) this.#droppedAtMessage = true
      reject(blamed)
    }
  }

  #pump(): void {
    if (this.#failure !== undefined) return
    const wasIdle = this.#queue.head === undefined
    const lines = this.#queue.takeSendable()
    if (lines === undefined) return
    this.#outbox.add(lines, octets => void this.#socket.write(octets))
    if (wasIdle) this.#startDeadline()
  }

  #startDeadline(): void {
    const head = this.#queue.head
    this.#watchdog.set(head && this.#clock.monotonicMs() + head.command.deadlineMs)
  }

  #late(): void {
    const head = this.#queue.head
    if (head === undefined) return
    if (head.status !== undefined && head.pace !== undefined && this.#reader.looksEnded) {
      this.#fail(failureOfLineEnd(this.#ends.lf === 0))
      return
    }
    const { progressMs } = this.#deadlines
    const seconds = (head.pace === undefined ? head.command.deadlineMs : progressMs) / 1000
    this.#fail(where => new Fault('source.timeout', { facts: { ...where, seconds } }))
  }

  #read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && this.#failure === undefined) {
      const head = this.#queue.head
      if (head === undefined) throw new ProtocolBreach('octets that nothing asked for')
      if (head.status === undefined) {
        const { line, used, cut, bare } = this.#lines.feed(chunk, at)
        at += used
        head.octets += used
        if (cut) throw new ProtocolBreach('a status line that does not end')
        if (line === undefined) return
        const status = statusFor(head.command, line)
        this.#ends[bare === true ? 'lf' : 'crlf'] += 1
        if (status.ok && head.command.body !== undefined) {
          head.status = status
          this.#reader = new BodyReader(head.command.progress === true ? this.lineEnd : 'either')
          if (head.command.progress === true) {
            const now = this.#clock.monotonicMs()
            head.pace = new BodyPace(this.#deadlines, now)
            this.#watchdog.set(head.pace.note(0, now))
          }
        } else this.#finish(head, status, chunk.length - at)
        continue
      }
      const { octets, used, done } = this.#reader.feed(at === 0 ? chunk : chunk.subarray(at))
      at += used
      head.octets += used
      if (this.#isOverBudget(head)) return
      if (head.pace !== undefined) {
        const now = this.#clock.monotonicMs()
        const nextMs = head.pace.note(used, now)
        if (nextMs < now && !done) {
          this.#late()
          return
        }
        this.#watchdog.set(nextMs)
      }
      const wait = octets === undefined ? undefined : this.#hand(head, octets)
      if (this.#failure !== undefined) return
      if (wait !== undefined) {
        this.#hold(head, wait, chunk.subarray(at), done)
        return
      }
      if (done) this.#endBody(head, head.status, chunk.length - at)
      else if (head.pace !== undefined && this.#reader.looksEnded) {
        // Nothing more may come: then it is told in seconds, and never taken for the end.
        this.#watchdog.set(this.#clock.monotonicMs() + Math.min(lineEndMs, this.#deadlines.progressMs))
      }
    }
  }

  /** A lone dot between bare LFs ends a listing; messages of such a server are read only if all its lines end so. */
  #endBody(head: Pending, status: Status, left: number): void {
    const { terminator } = this.#reader
    if (head.command.phase === 'list' && terminator !== undefined) {
      this.#ends[terminator] += 1
      if (terminator === 'lf' && this.lineEnd !== 'lf') {
        this.#fail(failureOfLineEnd(false))
        return
      }
    }
    this.#finish(head, status, left)
  }

  /** Drops the connection where the server sent more than this command may bring. */
  #isOverBudget(head: Pending): boolean {
    const most = mostOctets(head)
    if (head.octets <= most) return false
    this.#fail(failureOfExcess(head, most))
    return true
  }

  #hand(head: Pending, octets: Uint8Array): Promise<void> | undefined {
    if (head.settled) return undefined
    try {
      return head.command.body?.(octets) ?? undefined
    } catch (error) {
      this.#giveUp(head, error)
      return undefined
    }
  }

  /** The taker wants no more. Nobody reads on to an end that may never come. */
  #giveUp(head: Pending, error: unknown): void {
    if (endsSoon(head)) {
      head.reject(asFault(error))
      return
    }
    const reason = `left at ${head.command.phase}`
    this.#fail((where, isFirst) => {
      return isFirst ? asFault(error) : new Fault('source.connection-lost', { facts: { ...where, reason } })
    })
  }

  /** Back-pressure: nothing is read until the taker is ready, and the server's time does not run meanwhile. */
  #hold(head: Pending, wait: Promise<void>, rest: Buffer, done: boolean): void {
    this.#socket.pause()
    this.#watchdog.set(undefined)
    head.pace?.hold(this.#clock.monotonicMs())
    const goOn = (): void => {
      if (this.#goOn !== goOn) return
      this.#goOn = undefined
      if (this.#failure !== undefined) return
      if (head.pace !== undefined) {
        const now = this.#clock.monotonicMs()
        head.pace.goOn(now)
        this.#watchdog.set(head.pace.note(0, now))
      } else this.#startDeadline()
      this.#guard(() => {
        if (done && head.status !== undefined) this.#endBody(head, head.status, rest.length)
        this.#read(rest)
      })
      if (this.#goOn === undefined) this.#socket.resume()
    }
    this.#goOn = goOn
    wait.then(goOn, error => {
      if (!head.settled) this.#giveUp(head, error)
      goOn()
    })
    // Aborted by the taker itself, before there was anything to wait for.
    if (head.settled) goOn()
  }

  /** @param left octets that came behind this answer: they must belong to a command that was sent already */
  #finish(head: Pending, status: Status, left: number): void {
    // A message cut at a dot that was not stuffed goes on here.
    if (left > 0 && !this.#queue.isPipelined) throw new ProtocolBreach('octets behind the end of the answer')
    this.#queue.removeHead()
    head.resolve(status)
    this.#startDeadline()
    this.#pump()
  }
}
