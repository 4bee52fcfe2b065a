/**
 * Whose turn it is on one logged-in connection. Sessions ask one command after the other; while nobody asks, a watch
 * has the connection idle, and ends that as soon as somebody does. So one login serves every pull of a mailbox.
 */
import { noLonger } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { ImapConnection } from './imap-connection.ts'
import type { Selected } from './imap-folders.ts'

/** A session that asked nothing for so long, ms, is left to the watch until it asks again. */
const restAfterMs = 300

/** Up to where a folder was looked at on this connection. */
export interface Looked {
  readonly folder: string
  readonly validity: string
  /** A UID that is higher than all that were listed. */
  readonly uidNext: number
  /** How many messages were there. */
  readonly count: number
  /** When the whole of it was listed, monotonic, ms. */
  readonly listedMs: number
  /** Its listing agrees with what the server said of it, and is recorded. */
  readonly isRecorded: boolean
}

export class ImapTurns {
  readonly connection: ImapConnection
  /** The folder that is selected now, as it was shown then; undefined where that is not known. */
  selected: Selected | undefined
  /** What sessions have seen last, by folder; nothing also where the server said something that does not fit. */
  readonly listed = new Map<string, Looked>()
  /** The folder in which the watch idles. */
  watched: string | undefined
  /** How many messages the watched folder has, as told last. */
  exists = 0
  /** When it was made, monotonic, ms. */
  readonly bornMs: number
  /** How long the server took to answer the end of an IDLE last, ms. */
  answeredInMs = 0
  #isWatched = false
  #isKept = false
  #sessions = 0
  #asking = 0
  #turn: Promise<unknown> = Promise.resolve()
  #answered: Promise<unknown> = Promise.resolve()
  #askedMs = Number.NEGATIVE_INFINITY
  #rest: AbortController | undefined
  #wake: () => void = () => {}
  #endIdle: (() => void) | undefined
  #unkeep: () => void = () => {}

  constructor(connection: ImapConnection) {
    this.connection = connection
    this.bornMs = connection.clock.monotonicMs()
  }

  get isWatched(): boolean {
    return this.#isWatched
  }

  /** Whether it stays when its sessions are closed. */
  get stays(): boolean {
    return this.#isWatched || this.#isKept
  }

  /** It stays until `signal` aborts, for a watch that is to come. */
  keep(signal: AbortSignal): void {
    this.#isKept = !signal.aborted
    const letGo = (): void => {
      this.#isKept = false
      if (this.connection.usable) void this.close()
    }
    signal.addEventListener('abort', letGo, { once: true })
    this.#unkeep = () => {
      this.#isKept = false
      signal.removeEventListener('abort', letGo)
    }
  }

  /** It stays for nobody but a watch that has it. */
  release(): void {
    this.#unkeep()
  }

  /** What sessions have seen last of the folder that is watched, or listed where none is. */
  get looked(): Looked | undefined {
    return this.listed.get(this.watched ?? this.selected?.name ?? '')
  }

  /** Until it is listed anew nothing is known of it. */
  forget(folder: string | undefined): void {
    if (folder !== undefined) this.listed.delete(folder)
  }

  /** A session begins. */
  enter(): void {
    this.#sessions += 1
    this.#askedMs = this.connection.clock.monotonicMs()
  }

  /** A session is over. */
  leave(): void {
    this.#sessions -= 1
    this.#wake()
  }

  /** The last session takes leave of the server, unless a watch goes on. */
  async close(): Promise<void> {
    if (this.stays || this.#sessions > 0) return
    await this.connection.logout()
  }

  /** Runs `work` when it is its turn. */
  ask<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#asking += 1
    this.#rest?.abort(noLonger)
    const mine = this.#turn.then(async () => {
      try {
        signal.throwIfAborted()
        return await work()
      } finally {
        this.#asking -= 1
        this.#askedMs = this.connection.clock.monotonicMs()
        this.#wake()
      }
    })
    this.#turn = mine.catch(() => {})
    this.#answered = this.#turn
    return mine
  }

  /**
   * The same for a command that may leave in one packet with the DONE of an IDLE: whoever asks goes on with its answer,
   * and what is asked next waits until the watch has seen the IDLE end.
   * @param command is given whether it is to do so
   */
  async askBehindDone<T>(signal: AbortSignal, command: (behindDone: boolean) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let isAsked = false
    this.#endIdle = () => {
      isAsked = true
      command(true).then(resolve, reject)
    }
    this.ask(signal, () => (isAsked ? promise : command(false))).then(resolve, reject)
    try {
      return await promise
    } finally {
      this.#endIdle = undefined
    }
  }

  /** Ends the IDLE that is under way. */
  endIdle(): void {
    const end = this.#endIdle
    this.#endIdle = undefined
    if (end === undefined) this.connection.client.writeDone()
    else end()
  }

  /** Resolves when all that was asked for until now is answered. */
  get answered(): Promise<unknown> {
    return this.#answered
  }

  /** Whether the server answers still, where it has said nothing for a moment. */
  async prove(signal: AbortSignal): Promise<void> {
    await this.ask(signal, async () => {
      const { connection } = this
      connection.assertOpen()
      if (connection.clock.monotonicMs() - connection.heardMs < 1000) return
      await connection.run('NOOP', false, { phase: 'idle' }, signal)
    })
  }

  /**
   * Keeps the connection for a watch: `work` may run whenever nobody asks.
   * @returns what ends that; the last one takes leave of the server
   */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    this.#isWatched = true
    this.release()
    try {
      return await work()
    } finally {
      this.#isWatched = false
      this.watched = undefined
      if (this.connection.usable) await this.close()
    }
  }

  /** Runs `work` while nobody asks; its signal aborts as soon as somebody does. */
  async rest<T>(work: (asked: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#quiet(signal)
    const rest = new AbortController()
    this.#rest = rest
    const mine = this.#turn.then(() => {
      this.connection.assertOpen()
      return work(rest.signal)
    })
    this.#turn = mine.catch(() => {})
    return mine
  }

  async #quiet(signal: AbortSignal): Promise<void> {
    const { clock } = this.connection
    for (;;) {
      signal.throwIfAborted()
      this.connection.assertOpen()
      const leftMs = this.#sessions === 0 ? 0 : this.#askedMs + restAfterMs - clock.monotonicMs()
      if (this.#asking === 0 && leftMs <= 0) return
      const woken = new AbortController()
      this.#wake = () => woken.abort(noLonger)
      const ms = this.#asking > 0 ? 60_000 : leftMs
      await clock.sleep(ms, AbortSignal.any([signal, woken.signal])).catch(() => {})
    }
  }
}

/** What a session that was given up answers with. */
export const abandonedFault = (connection: ImapConnection): Fault =>
  new Fault('source.connection-lost', { facts: { ...connection.facts, reason: 'abandoned' } })
