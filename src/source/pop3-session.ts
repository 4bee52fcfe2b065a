/** One logged-in POP3 session: the TRANSACTION state, and QUIT into the UPDATE state (RFC 1939 sections 5 and 6). */

import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { inSlices } from '../base/in-slices.ts'
import type { OctetSink } from '../message/message.ts'
import type { AheadRoom } from './ahead-room.ts'
import { messageOctets } from './budget.ts'
import { sendRetr } from './pop3-ahead.ts'
import { retrieveFault, type Status, saysGone, showStatus } from './pop3-answers.ts'
import { Pop3Backlog } from './pop3-backlog.ts'
import type { Capabilities } from './pop3-capabilities.ts'
import type { Body } from './pop3-command.ts'
import type { Pop3Connection } from './pop3-connection.ts'
import type { Pop3Deadlines } from './pop3-deadlines.ts'
import { sizeSlack } from './pop3-listing.ts'
import { Maildrop } from './pop3-maildrop.ts'
import type { Pop3Memory } from './pop3-memory.ts'
import { all } from './pop3-queue.ts'
import type {
  Foreseen,
  Listed,
  Listing,
  RefusedEntry,
  SettleAction,
  SourceAbilities,
  SourceSession,
} from './source.ts'

/** RFC 2449 section 6.6 sets no number; what is sent cannot be called back. A backlog is another matter. */
const pipelineWindow = 8
const longestHeader = 256 * 1024
const idleQuitMs = 5000
const never = new AbortController().signal

export interface Pop3SessionOptions {
  readonly connection: Pop3Connection
  readonly capabilities: Capabilities
  readonly mechanism: string | undefined
  readonly host: string
  readonly port: number
  readonly deadlines: Pop3Deadlines
  readonly clock: Clock
  readonly memory: Pop3Memory
  readonly room: AheadRoom
}

export class Pop3Session implements SourceSession {
  readonly folders = ['']
  readonly abilities: SourceAbilities
  readonly #connection: Pop3Connection
  readonly #capabilities: Capabilities
  readonly #deadlines: Pop3Deadlines
  readonly #server: { readonly host: string; readonly port: number }
  /** Handle to UIDL of the last listing: nothing else may be deleted (numbers move between sessions). */
  #listed = new Map<number, string | undefined>()
  /** What RETR refused. Asked again, Dovecot ends the session. */
  readonly #refused = new Map<number, Fault>()
  #slack = 0
  #deletions = 0
  #closed = false
  readonly #maildrop: Maildrop
  readonly #memory: Pop3Memory
  readonly #backlog: Pop3Backlog | undefined

  constructor(options: Pop3SessionOptions) {
    const { connection, capabilities, mechanism, host, port, deadlines, memory } = options
    this.#memory = memory
    const isPipelined = capabilities.has('PIPELINING') && memory.pipelining.isKept
    this.#maildrop = new Maildrop({ ...options, isPipelined })
    this.#connection = connection
    this.#capabilities = capabilities
    this.#deadlines = deadlines
    this.#server = { host, port }
    connection.window = isPipelined ? pipelineWindow : 1
    if (isPipelined && !capabilities.mayGoByReading)
      this.#backlog = new Pop3Backlog({
        ...options,
        deadlineMs: deadlines.commandMs,
        usualWindow: pipelineWindow,
      })
    this.abilities = {
      protocol: 'pop3',
      namesLast: false,
      capabilities: capabilities.lines,
      tls: connection.tls,
      mechanism,
      canDelete: true,
      loginDelayMs: capabilities.loginDelayMs,
    }
  }

  standsUnchanged(_folder: string, signal: AbortSignal): Promise<number | undefined> {
    return this.#maildrop.countUnchanged(signal)
  }

  /** See Maildrop.list. */
  async list(_folder: string, _known: (uid: string) => boolean, signal: AbortSignal): Promise<Listing> {
    const listing = await this.#maildrop.list(signal)
    const { entries } = listing
    this.#listed = new Map()
    await inSlices(entries.length, (from, to) => {
      for (const entry of entries.slice(from, to)) this.#listed.set(entry.handle, entry.uid)
    })
    this.#slack = sizeSlack(listing)
    return listing
  }

  get droppedAtMessage(): boolean {
    return this.#connection.droppedAtMessage
  }

  get usable(): boolean {
    return !this.#closed && this.#connection.usable
  }

  foresee(upcoming: readonly Foreseen[]): void {
    this.#backlog?.foresee(upcoming.filter(({ entry }) => !this.#refused.has(entry.handle)))
  }

  async retrieve(entry: Listed, sink: OctetSink, signal: AbortSignal): Promise<number> {
    const before = this.#refused.get(entry.handle)
    if (before !== undefined) throw before
    let octets = 0
    let bareLines = 0
    const byLf = this.#connection.lineEnd === 'lf'
    const body: Body = piece => {
      octets += piece.length
      if (byLf) for (const octet of piece) if (octet === 0x0a) bareLines += 1
      return sink.write(piece)
    }
    const ahead = this.#maildrop.takeAhead(number(entry)) ?? this.#backlog?.take(entry)
    const status =
      (await ahead?.replay(body, signal)) ??
      (await sendRetr(
        this.#connection,
        {
          handle: number(entry),
          announced: () => entry.octets,
          deadlineMs: this.#deadlines.commandMs,
          body,
        },
        signal,
      ))
    if (!status.ok) throw this.#refuse(entry, status)
    if (octets === 0) throw new Fault('message.empty', { facts: this.#where('retrieve') })
    const announced = leastAnnounced(entry, status)
    // Dovecot ends a truncated message properly. Longer is harmless: the final CRLF was added, or the
    // server counts a line end as one octet.
    // Where lines end in LF some servers announce what they would be with CRLF.
    const asCrlf = byLf && octets + bareLines === announced
    if (announced !== undefined && octets < announced - this.#slack && !asCrlf) {
      throw new Fault('message.short', { facts: { ...this.#where('retrieve'), octets, announced } })
    }
    return octets
  }

  /** RFC 1939 section 7. Undefined also where the answer is evidently nonsense. */
  async peekHeader(entry: Listed, signal: AbortSignal): Promise<Buffer | undefined> {
    if (this.#refused.has(entry.handle)) return undefined
    if (this.#capabilities.known && !this.#capabilities.has('TOP')) return undefined
    const pieces: Uint8Array[] = []
    let octets = 0
    const status = await this.#connection.send({
      line: `TOP ${number(entry)} 0`,
      phase: 'peek',
      deadlineMs: this.#deadlines.commandMs,
      signal,
      progress: true,
      mostOctets: () => messageOctets(entry.octets),
      announced: entry.octets,
      body: piece => {
        if (octets < longestHeader) pieces.push(piece.subarray(0, longestHeader - octets))
        octets += piece.length
      },
    })
    if (!status.ok) {
      if (saysGone(status)) this.#refuse(entry, status)
      return undefined
    }
    const all = Buffer.concat(pieces)
    // FTGate answers +OK twice.
    if (all.length === 0 || all.subarray(0, 3).toString('latin1') === '+OK') return undefined
    const lineEnd = this.#connection.lineEnd === 'lf' ? '\n' : '\r\n'
    if (all.subarray(0, lineEnd.length).equals(Buffer.from(lineEnd))) return all.subarray(0, lineEnd.length)
    const end = all.indexOf(lineEnd + lineEnd)
    return end < 0 ? all : all.subarray(0, end + 2 * lineEnd.length)
  }

  /**
   * DELE for each; close() commits. All are tried; where none was taken the refusal is thrown: source.cannot-settle.
   * What the server says is gone counts as settled.
   */
  async settle(
    entries: readonly Listed[],
    action: SettleAction,
    signal: AbortSignal,
  ): Promise<readonly RefusedEntry[]> {
    if (action.do === 'move') {
      throw new Fault('source.cannot-settle', { facts: { ...this.#where('settle'), what: 'move' } })
    }
    for (const entry of entries) {
      if (!this.#listed.has(entry.handle) || this.#listed.get(entry.handle) !== entry.uid) {
        throw new Fault('bug', { facts: { what: 'DELE for a message that this session did not list' } })
      }
    }
    const refused: RefusedEntry[] = []
    const dele = async (entry: Listed): Promise<void> => {
      if (this.#refused.get(entry.handle)?.code === 'message.gone') return
      const status = await this.#connection.send({
        line: `DELE ${number(entry)}`,
        phase: 'settle',
        deadlineMs: this.#deadlines.commandMs,
        signal,
      })
      if (status.ok) {
        this.#deletions += 1
        this.#memory.forgetListed()
      }
      if (!status.ok && !saysGone(status)) {
        const facts = { ...this.#where('settle'), words: showStatus(status) }
        refused.push({ entry, fault: new Fault('source.cannot-settle', { retry: 'later', facts }) })
      }
    }
    for (let at = 0; at < entries.length; at += 1000) await all(entries.slice(at, at + 1000).map(dele))
    const [first] = refused
    if (first !== undefined && refused.length === entries.length) {
      const facts = { ...first.fault.facts, messages: refused.length }
      throw new Fault('source.cannot-settle', { retry: 'later', facts, cause: first.fault })
    }
    return refused
  }

  /**
   * QUIT with its answer read. Faults: source.cannot-settle for -ERR (some messages may be deleted all the same,
   * RFC 1939 section 6), those of the connection where no answer came; facts.deletions counts what was marked.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#backlog?.end()
    try {
      // Nothing hangs on the answer where nothing was marked for deletion.
      const quitMs = Math.min(this.#deadlines.quitMs, this.#deletions === 0 ? idleQuitMs : Infinity)
      const status = await this.#connection.send({
        line: 'QUIT',
        phase: 'quit',
        deadlineMs: quitMs,
        signal: never,
      })
      if (status.ok) return this.#connection.end()
      const facts = { ...this.#where('quit'), words: showStatus(status), deletions: this.#deletions }
      throw new Fault('source.cannot-settle', { retry: 'later', facts })
    } catch (error) {
      this.#connection.drop()
      throw error
    }
  }

  abandon(): void {
    this.#closed = true
    this.#backlog?.end()
    this.#connection.drop()
  }

  #where(phase: string) {
    return { ...this.#server, phase }
  }

  #refuse(entry: Listed, status: Status): Fault {
    const fault = retrieveFault(status, this.#where('retrieve'))
    this.#refused.set(entry.handle, fault)
    return fault
  }
}

function number(entry: Listed): number {
  if (Number.isSafeInteger(entry.handle) && entry.handle > 0) return entry.handle
  throw new Fault('bug', { facts: { what: 'a message number that is none' } })
}

/** The smaller of LIST's size and `+OK n octets`: where the two differ, one of them counts otherwise. */
function leastAnnounced(entry: Listed, status: Status): number | undefined {
  const [, octets] = /^([0-9]{1,15}) octets\b/i.exec(status.words) ?? []
  const sizes = [entry.octets, octets === undefined ? undefined : Number(octets)].filter(
    size => size !== undefined,
  )
  return sizes.length === 0 ? undefined : Math.min(...sizes)
}
