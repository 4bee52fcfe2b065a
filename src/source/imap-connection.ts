/** One IMAP connection, logged in: every command has a deadline, obeys the signal, and fails as a Fault or a refusal. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ImapResponse } from 'imapflow'
import type { Clock } from '../base/clock.ts'
import { waitAtMost, within } from '../base/deadline.ts'
import { Fault, type FaultFacts } from '../base/fault.ts'
import { withoutPassword } from '../base/mask.ts'
import { type Allowance, imapAllowance, overBudget } from './budget.ts'
import { readPassword } from './credential.ts'
import { type DialMemory, dialServer } from './dial.ts'
import {
  type CommandWord,
  type ExecError,
  type ExecOptions,
  type ImapClient,
  makeImapClient,
} from './imap-client.ts'
import { type ImapDeadlines, lengthenImapDeadlines } from './imap-deadlines.ts'
import { lostFault, type Refused, refusalFault, refusalIn } from './imap-faults.ts'
import type { FolderName } from './imap-folder-name.ts'
import { type Greeting, readGreeting, startTls } from './imap-greeting.ts'
import { ImapInlet, type RowQuestion } from './imap-inlet.ts'
import { loginFailure } from './imap-login-failure.ts'
import { Meter } from './imap-meter.ts'
import { awaitAnswer } from './imap-progress.ts'
import type { OpenSockets } from './open-sockets.ts'
import { lookAgain } from './other-service.ts'
import type { LoginSecret } from './sasl-token.ts'
import { secureSocket } from './secure.ts'
import type { MailboxSettings } from './settings.ts'
import type { Patience } from './source.ts'

export interface ConnectOptions {
  readonly mailbox: MailboxSettings
  readonly clock: Clock
  readonly deadlines: ImapDeadlines
  readonly memory: DialMemory
  /** Longer deadlines where a phase needed them. */
  readonly patience?: Patience | undefined
  /** What to log in with where it is no password. */
  readonly token?: string | undefined
  /** Where the sockets of the mailbox are known. */
  readonly sockets?: OpenSockets | undefined
  /** False: UTF8=ACCEPT is not asked for. */
  readonly acceptsUtf8?: boolean
}

export interface AskOptions {
  /** For the facts of a fault. */
  readonly phase: string
  readonly facts?: FaultFacts | undefined
  /** What the answer may bring; default: the answer to a command that asks for no data. */
  readonly allowance?: Allowance | undefined
  /** The instant (monotonic, ms) until which it must be whole, where that is before the deadline of a command. */
  readonly untilMs?: number | undefined
}

export interface RunOptions extends ExecOptions, AskOptions {}

export interface RowOptions extends AskOptions {
  /** They end the IDLE that is under way, in one packet with it. */
  readonly behindDone?: boolean
}

/**
 * Connects, secures, logs in.
 * Faults: those of dial.ts, secure.ts, imap-greeting.ts and imapLoginFault; source.timeout with the phase.
 */
export async function connectImap(options: ConnectOptions, signal: AbortSignal): Promise<ImapConnection> {
  const { mailbox, clock, memory, patience, sockets } = options
  const deadlines = lengthenImapDeadlines(options.deadlines, patience)
  const { server, user } = mailbox
  const facts = { host: server.host, port: server.port }
  const secret: LoginSecret =
    options.token === undefined
      ? { kind: 'password', value: await readPassword(mailbox) }
      : { kind: 'token', value: options.token }
  const { connect: connectMs } = deadlines
  let socket: Socket = await dialServer(server, { clock, connectMs, signal, memory, sockets })
  const ignore = (): void => {}
  socket.on('error', ignore)
  const timed = <T>(work: Promise<T>, ms: number, phase: string): Promise<T> =>
    within(
      work,
      ms,
      clock,
      signal,
      () => new Fault('source.timeout', { facts: { ...facts, phase, seconds: ms / 1000 } }),
    )
  try {
    let greeting: Greeting | undefined
    if (server.security === 'starttls')
      greeting = await timed(startTls(socket, facts), deadlines.greeting, 'greeting')
    if (server.security !== 'none') {
      const afterClearText = server.security === 'starttls'
      socket = await secureSocket(socket, server, { clock, tlsMs: deadlines.tls, signal, afterClearText })
      socket.on('error', ignore)
    }
    // After STARTTLS no second greeting comes (RFC 9051 section 6.2.1); imapflow is given one to begin with.
    if (greeting === undefined)
      greeting = await timed(readGreeting(socket, facts), deadlines.greeting, 'greeting')
    else socket.unshift(Buffer.from('* OK secured\r\n'))
    const client = makeImapClient(socket, { ...facts, user, secret })
    const connection = new ImapConnection(client, socket, greeting, options)
    await timed(connection.login(), deadlines.login, 'login')
    await connection.enableUtf8(signal)
    return connection
  } catch (error) {
    socket.destroy()
    throw withoutPassword(await lookAgain(error, server, clock, signal), user, secret.value)
  }
}

export class ImapConnection {
  readonly client: ImapClient
  readonly greeting: Greeting
  readonly #socket: Socket
  readonly #options: ConnectOptions
  readonly #meter = new Meter(imapAllowance.login)
  readonly #inlet = new ImapInlet(() => this.#ended === undefined)
  /** The folders that are named by what they are for (imap-folders.ts). */
  readonly byUse = new Map<string, FolderName>()
  /** Messages in the selected folder, as announced. */
  exists = 0
  /** When the server said something last, monotonic, ms. */
  heardMs = 0
  #phase = 'login'
  #ended: Fault | undefined
  #lastError: ExecError | undefined

  constructor(client: ImapClient, socket: Socket, greeting: Greeting, options: ConnectOptions) {
    this.client = client
    this.greeting = greeting
    this.#socket = socket
    this.#options = options
    // Without a listener an 'error' event would end the process; what it says comes with the failed command.
    client.on('error', error => {
      this.#lastError ??= error as ExecError
    })
    // Before imapflow takes from the socket: this listener sees each chunk first. A paused socket is not set flowing
    // by it, so nothing is lost until imapflow's pipe is there.
    socket.pause()
    socket.on('data', (chunk: Buffer) => {
      this.heardMs = this.clock.monotonicMs()
      const breach = this.#ended === undefined ? this.#meter.take(chunk) : undefined
      if (breach === undefined) return
      const facts = { ...this.facts, phase: this.#phase }
      this.end(overBudget(facts, breach, this.#meter.allowance[breach]))
    })
  }

  get facts(): FaultFacts {
    const { host, port } = this.#options.mailbox.server
    const isByToken = this.#options.token !== undefined
    return { host, port, user: this.#options.mailbox.user, ...(isByToken && { oauth: 'OAuth 2.0' }) }
  }

  get clock(): Clock {
    return this.#options.clock
  }
  get deadlines(): ImapDeadlines {
    return this.#options.deadlines
  }

  get tls(): string | undefined {
    return 'encrypted' in this.#socket ? ((this.#socket as TLSSocket).getProtocol() ?? undefined) : undefined
  }

  /** Whether the server announced this (upper case) after login; capability names are case-insensitive. */
  has(capability: string): boolean {
    return this.capabilities.includes(capability)
  }

  get capabilities(): readonly string[] {
    return [...this.client.capabilities.keys()].map(name => name.toUpperCase())
  }

  async login(): Promise<void> {
    const facts = { ...this.facts, phase: 'login' }
    try {
      await this.client.connect()
      this.#inlet.join(this.#socket, this.client.streamer)
    } catch (thrown) {
      this.assertOpen()
      const { client, clock } = this
      throw loginFailure(thrown as ExecError, {
        ...{ client, nowMs: clock.nowMs(), isByToken: this.#options.token !== undefined },
        facts: { ...facts, ...this.#tlsFact() },
        lost: error => this.#lost(error, facts),
      })
    }
  }

  /**
   * RFC 6855 section 3: a server may show a client that did not ask for UTF-8 a stand-in for a message with
   * UTF-8 headers (Courier does); the octets of the message itself are what we are here for.
   */
  async enableUtf8(signal: AbortSignal): Promise<void> {
    if (this.#options.acceptsUtf8 === false || !this.has('ENABLE')) return
    if (!this.has('UTF8=ACCEPT') && !this.has('UTF8=ONLY')) return
    try {
      await this.run('ENABLE', [{ type: 'ATOM', value: 'UTF8=ACCEPT' }], { phase: 'login' }, signal)
      this.client.enabled.add('UTF8=ACCEPT')
    } catch (error) {
      if (!isRefused(error)) throw error
    }
  }

  /**
   * Runs one command and returns its tagged OK. Throws Refused for a tagged NO or BAD; after any other failure,
   * and after an abort, the connection is gone: half an answer may be on its way.
   * Faults: source.timeout, source.connection-lost and its kin (BYE), source.protocol.
   */
  async run(
    verb: string,
    words: readonly CommandWord[] | false,
    { phase, facts, allowance, untilMs, ...exec }: RunOptions,
    signal: AbortSignal,
  ): Promise<ImapResponse> {
    const work = async (): Promise<ImapResponse> => {
      const executed = await this.client.exec(verb, words, exec)
      executed.next()
      return executed.response
    }
    return await this.#ask(work, { phase, facts, allowance, untilMs }, signal)
  }

  /**
   * Asks several FETCH commands at once. Resolves to the refusal of each that was refused; everything else is as with
   * `run`. Rows come in any order.
   */
  fetchRows(
    question: RowQuestion,
    { behindDone, ...options }: RowOptions,
    signal: AbortSignal,
  ): Promise<readonly (Refused | undefined)[]> {
    const { client } = this
    const write = (lines: string): void => (behindDone ? client.writeBehindDone(lines) : client.write(lines))
    return this.#ask(() => this.#inlet.ask(question, write), options, signal)
  }

  async #ask<T>(
    work: () => Promise<T>,
    { phase, facts: more, allowance, untilMs }: AskOptions,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted()
    this.assertOpen()
    const facts = { ...this.facts, ...more, phase }
    this.allow(phase, allowance)
    const { command: whole, silence: usual } = this.deadlines
    const silence = Math.max(usual, this.#options.patience?.(phase) ?? 0)
    const limits = { facts, octets: () => this.#meter.octets, silence, whole, untilMs }
    try {
      return await awaitAnswer(work(), limits, this.clock, signal)
    } catch (thrown) {
      if (signal.aborted && thrown === signal.reason) {
        this.end(new Fault('source.connection-lost', { facts: { ...facts, reason: 'aborted' } }))
        throw thrown
      }
      if (thrown instanceof Fault) throw this.end(thrown)
      throw this.failure(thrown as ExecError, facts)
    }
  }

  /** What the server may send from now on; more ends the connection with source.over-budget. */
  allow(phase: string, allowance: Allowance = imapAllowance.short(this.exists)): void {
    this.#phase = phase
    this.#meter.begin(allowance)
  }

  /** Whether we ended it because the server sent too much. */
  get isOverBudget(): boolean {
    return this.#ended?.code === 'source.over-budget'
  }

  get usable(): boolean {
    return this.#ended === undefined && this.client.usable
  }

  /** Throws the fault that ended this connection, if one did. */
  assertOpen(): void {
    if (this.#ended !== undefined) throw this.#ended
  }

  /** What `exec` rejected with: a refusal, or the fault that ended this connection. */
  failure(error: ExecError, facts: FaultFacts): Refused | Fault {
    return refusalIn(error) ?? this.#ended ?? this.end(this.#lost(error, facts))
  }

  /** A refusal as a fault, with this connection's facts. */
  refusal(refused: Refused, facts: FaultFacts): Fault {
    return refusalFault(refused, { ...this.facts, ...facts }, this.clock.nowMs())
  }

  /** RFC 9051 section 6.2.3: servers take logins only once the connection is under TLS. */
  #tlsFact(): { readonly starttls?: string } {
    const { security } = this.#options.mailbox.server
    return security === 'none' && this.has('STARTTLS') ? { starttls: 'STARTTLS' } : {}
  }

  #lost(error: ExecError, facts: FaultFacts): Fault {
    const why = this.#lastError ?? error
    const reason = why.code ?? why.message
    // imapflow's own codes are in words: the server broke the grammar, or a bound that keeps us in memory.
    if (/^(Parser|Literal|Line|Response|TooMany|Unexpected|MissingTag|Invalid)/.test(reason)) {
      return new Fault('source.protocol', { facts: { ...facts, reason }, cause: why })
    }
    return lostFault(error.reason ?? this.client.byeWords, { ...facts, reason }, why)
  }

  /** Marks the connection as ended by `fault` and frees it; returns the fault that ended it first. */
  end(fault: Fault): Fault {
    this.#ended ??= fault
    this.#drop()
    return this.#ended
  }

  abandon(): void {
    this.#ended ??= new Fault('source.connection-lost', { facts: { ...this.facts, reason: 'abandoned' } })
    this.#drop()
  }

  #drop(): void {
    this.client.close()
    this.#socket.destroy()
  }

  /** LOGOUT, as long as the deadline allows; the connection is gone afterwards in any case. */
  async logout(): Promise<void> {
    if (this.#ended === undefined) {
      const { clock, deadlines } = this
      this.allow('logout')
      await waitAtMost(this.client.logout(), deadlines.logout, clock)
    }
    this.abandon()
  }
}

export const isRefused = (error: unknown): error is Refused =>
  error instanceof Error && error.name === 'Refused'
