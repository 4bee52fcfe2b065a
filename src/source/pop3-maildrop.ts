/** What stands in the maildrop of one session: STAT, LIST and UIDL, asked for as shortly as the last listing allows. */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { AheadMessage, guessNewest } from './pop3-ahead.ts'
import { type Status, sessionFault, showStatus } from './pop3-answers.ts'
import type { Capabilities } from './pop3-capabilities.ts'
import type { Body } from './pop3-command.ts'
import type { Pop3Connection } from './pop3-connection.ts'
import type { Pop3Deadlines } from './pop3-deadlines.ts'
import { ListingBuilder, readMaildropSize } from './pop3-listing.ts'
import { isBreak, type MaildropSize, type Pop3Memory } from './pop3-memory.ts'
import { all } from './pop3-queue.ts'
import type { Listing } from './source.ts'

export interface MaildropOptions {
  readonly connection: Pop3Connection
  readonly capabilities: Capabilities
  readonly isPipelined: boolean
  readonly host: string
  readonly port: number
  readonly deadlines: Pop3Deadlines
  readonly clock: Clock
  readonly memory: Pop3Memory
}

export class Maildrop {
  readonly #options: MaildropOptions
  /** STAT's answer, where it was asked for before the listing: the maildrop is locked (RFC 1939 section 3). */
  #stat: Status | undefined
  #ahead: AheadMessage | undefined

  constructor(options: MaildropOptions) {
    this.#options = options
  }

  /** STAT alone, where everything was listed within the last ten minutes. @returns messages, undefined where they changed */
  async countUnchanged(signal: AbortSignal): Promise<number | undefined> {
    const before = this.#options.memory.listed
    if (before === undefined) return undefined
    this.#stat = await this.#ask('STAT', signal)
    const now = readMaildropSize(this.#stat)
    const isSame = now?.messages === before.messages && now.octets === before.octets
    return isSame ? before.messages : undefined
  }

  /**
   * Where the answers contradict each other they are asked for once more: some servers let mail in although the maildrop
   * is locked. Where UIDL is refused no entry has a uid. Faults: source.server-temporary, source.server-permanent,
   * source.busy, and those of the connection.
   */
  async list(signal: AbortSignal): Promise<Listing> {
    const { memory, isPipelined } = this.#options
    try {
      const listing = await this.#list(signal)
      if (isPipelined) memory.pipelining.keep()
      return listing
    } catch (error) {
      if (error instanceof Fault) memory.forgetLogin()
      if (isPipelined && error instanceof Fault && isBreak(error)) memory.pipelining.leaveOut()
      throw error
    }
  }

  async #list(signal: AbortSignal): Promise<Listing> {
    const { memory, clock } = this.#options
    const atMs = clock.monotonicMs()
    const stat = this.#stat
    this.#stat = undefined
    const before = memory.listed
    memory.forgetListed()
    let builder = await this.#askAll(signal, stat, before)
    if (builder.doubt() !== undefined) {
      const again = await this.#askAll(signal)
      if (again.doubt() === undefined || again.size >= builder.size) builder = again
    }
    const listing = await builder.build()
    const doubt = builder.doubt()
    if (doubt !== undefined) {
      const facts = { ...this.#where(), folder: '', ...doubt }
      return { ...listing, doubt: new Fault('source.listing-unclear', { facts }) }
    }
    const { maildrop } = builder
    return maildrop === undefined
      ? listing
      : { ...listing, noteRecorded: () => memory.noteListed(maildrop, atMs) }
  }

  #ask(line: string, signal: AbortSignal, body?: Body, mostOctets?: () => number): Promise<Status> {
    const { connection, deadlines } = this.#options
    return connection.send({
      line,
      ...(mostOctets && { mostOctets }),
      phase: 'list',
      deadlineMs: deadlines.listMs,
      signal,
      ...(body && { body }),
    })
  }

  /**
   * LIST before UIDL: mail that a server lets in between then has an identity and no size.
   * @param known STAT's answer, where it is there already
   * @param before the maildrop as it was listed last
   */
  async #askAll(signal: AbortSignal, known?: Status, before?: MaildropSize): Promise<ListingBuilder> {
    const builder = new ListingBuilder()
    const answers = all([
      known === undefined ? this.#ask('STAT', signal) : Promise.resolve(known),
      this.#ask('LIST', signal, builder.takeSizes(), builder.mostSizes),
      this.#ask('UIDL', signal, builder.takeUids(), builder.mostUids),
    ])
    if (known !== undefined) this.#readAhead(builder, guessNewest(before, readMaildropSize(known)))
    const [stat, sizes, uids] = await answers
    // CAPA is asked again where it promised more.
    const { memory, capabilities } = this.#options
    if (!stat.ok || !sizes.ok || (!uids.ok && capabilities.has('UIDL'))) memory.forgetLogin()
    for (const status of [sizes, uids]) {
      const fault = status.ok ? undefined : sessionFault(status, this.#where())
      if (fault !== undefined) throw fault
    }
    if (!sizes.ok && !uids.ok) {
      // Some servers refuse to list nothing; STAT cannot be refused (RFC 1939 section 5).
      if (!stat.ok || !/^0(\s|$)/.test(stat.words)) {
        throw new Fault('source.server-temporary', {
          facts: { ...this.#where(), words: showStatus(sizes) },
        })
      }
    }
    // Without sizes a message that is cut short and ends properly cannot be told from a whole one. RFC 1939 section 5
    // makes LIST mandatory, so that it fails is this moment's trouble.
    if (builder.lacksSizes) {
      const again = await this.#ask('LIST', signal, builder.takeSizes(), builder.mostSizes)
      if (builder.lacksSizes) {
        throw new Fault('source.server-temporary', {
          facts: { ...this.#where(), words: showStatus(again) },
        })
      }
    }
    if (stat.ok) builder.takeCount(stat)
    return builder
  }

  #readAhead(builder: ListingBuilder, newest: ReturnType<typeof guessNewest>): void {
    const { connection, capabilities, isPipelined, memory, deadlines } = this.#options
    if (newest === undefined || !isPipelined || capabilities.mayGoByReading || !memory.readingAhead.isKept)
      return
    const { handle, octets } = newest
    const announced = (): number => builder.sizeOf(handle) ?? octets
    this.#ahead = new AheadMessage(connection, {
      ...{ handle, announced, deadlineMs: deadlines.commandMs },
      onBreak: () => memory.readingAhead.leaveOut(),
    })
  }

  /** The message of this number where it was asked for ahead, once. */
  takeAhead(handle: number): AheadMessage | undefined {
    if (this.#ahead?.handle !== handle) return undefined
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead
  }

  #where() {
    const { host, port } = this.#options
    return { host, port, phase: 'list' }
  }
}
