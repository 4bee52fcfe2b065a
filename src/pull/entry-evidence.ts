/**
 * Evidence of what a listed message is, asked for at the source: its header section, or where that is not enough its
 * octets. Undefined where it cannot be had, or where it would cost the session again or the process: no evidence is no
 * fault.
 */
import { plausibleArrivalMs } from '../base/arrival.ts'
import { Fault } from '../base/fault.ts'
import { bareOf } from '../message/evidence.ts'
import { type HeaderFacts, readHeader } from '../message/header.ts'
import type { Listed, Listing } from '../source/source.ts'
import { gmailMaxOctets, nameAt, type PullContext } from './context.ts'
import { keyOfEntry } from './poison.ts'
import { namedAtOnce } from './under-way.ts'

type Needs = Pick<
  PullContext,
  'mailbox' | 'session' | 'spooler' | 'lost' | 'underWay' | 'clock' | 'signal' | 'stopping'
>

export interface WholeEvidence {
  readonly bareSha256: string
  readonly header: HeaderFacts
}

/** After so many messages at which a session was lost in this pull no more are read for evidence. */
const mostLost = 3

export class EntryEvidence {
  readonly #context: Needs
  readonly #listing: Listing
  readonly #atMs: number
  /** Aborts as soon as nothing new should be begun: evidence can be asked for again. */
  readonly #signal: AbortSignal
  readonly #headers = new Map<Listed, Buffer | undefined>()

  constructor(context: Needs, listing: Listing) {
    this.#context = context
    this.#listing = listing
    this.#atMs = context.clock.nowMs()
    this.#signal = AbortSignal.any([context.signal, context.stopping])
  }

  /** When it reached the source, by the listing or else by its header section; undefined where neither says it. */
  async arrivedAtMs(entry: Listed): Promise<number | undefined> {
    if (entry.arrivedAtMs !== undefined) return entry.arrivedAtMs
    const header = await this.#header(entry)
    const { arrivals } = header === undefined ? { arrivals: [] } : readHeader(header)
    return arrivals.find(ms => plausibleArrivalMs(ms, this.#atMs) !== undefined)
  }

  /** What its header section says. */
  async peek(entry: Listed): Promise<HeaderFacts | undefined> {
    const header = await this.#header(entry)
    return header === undefined ? undefined : readHeader(header)
  }

  async #header(entry: Listed): Promise<Buffer | undefined> {
    if (this.#headers.has(entry)) return this.#headers.get(entry)
    const { session, lost } = this.#context
    let header: Buffer | undefined
    try {
      if (!lost.headers) header = await this.#guard(entry, () => session.peekHeader(entry, this.#signal))
    } catch (error) {
      // A message that went away meanwhile is no evidence of anything; trouble of the connection ends the pull.
      if (!(error instanceof Fault) || error.scope !== 'message') throw error
      if (!session.usable) {
        lost.headers = true
        throw error
      }
    }
    this.#headers.clear() // only the latest is ever asked for again; a backlog must not fill the memory
    this.#headers.set(entry, header)
    return header
  }

  /** The process may have ended at this very message before (under-way.ts): then it gives no evidence. */
  #guard<T>(entry: Listed, touch: () => Promise<T>): Promise<T | undefined> {
    const { entries } = this.#listing
    const next = (): string[] => {
      const at = entries.indexOf(entry)
      return entries.slice(at + 1, at + namedAtOnce).map(other => keyOfEntry(this.#context, other))
    }
    // Without evidence it counts as new, so it waits for its turn.
    const waiting = this.#signal
    return this.#context.underWay.guard(keyOfEntry(this.#context, entry), next, touch, { waiting })
  }

  /** No name and no TOP: the message itself must be read to be recognised. */
  async read(entry: Listed): Promise<WholeEvidence | undefined> {
    const { session, spooler, lost } = this.#context
    // Without this evidence it counts as new, and its digest decides when it is carried.
    if (lost.messages.has(nameAt(entry)) || lost.messages.size >= mostLost) return undefined
    const spool = spooler.take(gmailMaxOctets)
    try {
      return await this.#guard(entry, async () => {
        await session.retrieve(entry, spool, this.#signal)
        const raw = await spool.seal()
        return { bareSha256: (await bareOf(raw)).sha256, header: readHeader(await raw.header()) }
      })
    } catch (error) {
      if (!(error instanceof Fault) || error.scope !== 'message') throw error
      if (!session.usable) {
        lost.messages.add(nameAt(entry))
        throw error
      }
      return undefined
    } finally {
      await spool.discard()
    }
  }
}
