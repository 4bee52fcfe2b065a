/** One logged-in IMAP session: one folder at a time, one command at a time, on a connection that a watch may share. */
import { waitAtMost } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { OctetSink } from '../message/message.ts'
import { type AheadMemory, ImapAhead } from './imap-ahead.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { type Selected, selectFolder } from './imap-folders.ts'
import { listMessages } from './imap-listing.ts'
import { lookForNews } from './imap-news.ts'
import { peekMessageHeader, retrieveMessage } from './imap-retrieve.ts'
import { canExpungeByUid, Settling } from './imap-settle.ts'
import { abandonedFault, type ImapTurns, type Looked } from './imap-turns.ts'
import {
  type Foreseen,
  type Listed,
  type Listing,
  listingLastsMs,
  type RefusedEntry,
  type SettleAction,
  type SourceAbilities,
  type SourceSession,
} from './source.ts'

export class ImapSession implements SourceSession {
  readonly abilities: SourceAbilities
  readonly folders: readonly string[]
  readonly #turns: ImapTurns
  readonly #connection: ImapConnection
  readonly #ahead: ImapAhead
  news: Listing | undefined
  /** Whole messages that came with the news, by UID. */
  readonly #bodies = new Map<number, Buffer>()
  #droppedAtMessage = false
  #isOver = false

  constructor(turns: ImapTurns, folders: readonly string[], aheadMemory: AheadMemory) {
    const { connection } = turns
    turns.enter()
    this.#ahead = new ImapAhead(
      {
        connection,
        queue: (signal, work) => this.#queue(signal, work),
        reach: (entry, signal) => this.#reach(entry, signal),
      },
      aheadMemory,
    )
    this.#turns = turns
    this.#connection = connection
    this.folders = folders
    this.abilities = {
      protocol: 'imap',
      namesLast: true,
      capabilities: connection.capabilities,
      tls: connection.tls,
      mechanism: connection.client.tokenMechanism,
      canDelete: canExpungeByUid(connection),
      loginDelayMs: undefined,
    }
  }

  get usable(): boolean {
    return !this.#isOver && this.#connection.usable
  }

  get droppedAtMessage(): boolean {
    return this.#droppedAtMessage || this.#ahead.isBroken
  }

  /** IMAP answers commands in order on a selected folder: whatever is asked meanwhile waits for its turn. */
  #queue<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#turns.ask(signal, async () => {
      if (this.#isOver) throw abandonedFault(this.#connection)
      try {
        return await work()
      } catch (error) {
        const isOfMessage = error instanceof Fault && error.scope === 'message'
        if (isOfMessage && this.#connection.isOverBudget) this.#droppedAtMessage = true
        // A refusal that nobody expected (LIST, CAPABILITY): the server's trouble, not a bug of ours.
        throw isRefused(error) ? this.#connection.refusal(error, { phase: 'command' }) : error
      }
    })
  }

  get #selected(): Selected | undefined {
    return this.#turns.selected
  }

  set #selected(selected: Selected | undefined) {
    this.#turns.selected = selected
  }

  async #select(folder: string, signal: AbortSignal): Promise<Selected> {
    this.#selected = undefined
    this.#selected = await selectFolder(this.#connection, folder, signal)
    return this.#selected
  }

  /** As it was selected, where it was the last. */
  async #keepSelected(folder: string, signal: AbortSignal): Promise<Selected> {
    const current = this.#selected
    return current?.name === folder ? current : await this.#select(folder, signal)
  }

  /** The folder of these entries, selected, and still the one that they were listed in. */
  async #reach(entry: Listed, signal: AbortSignal): Promise<Selected> {
    const selected = await this.#keepSelected(entry.folder, signal)
    // RFC 9051 section 2.3.1.1: with another UIDVALIDITY this UID names another message, or none.
    if (entry.uid !== undefined && entry.uid !== `${selected.validity}.${entry.handle}`) {
      throw new Fault('message.gone', {
        facts: { folder: entry.folder, uid: entry.uid, reason: 'UIDVALIDITY' },
      })
    }
    return selected
  }

  list(folder: string, known: (uid: string) => boolean, signal: AbortSignal): Promise<Listing> {
    return this.#queue(signal, async () => {
      // SELECT anew for each listing: a selected folder need not show new mail, nor a new UIDVALIDITY.
      const list = async () => {
        const selected = await this.#select(folder, signal)
        return { selected, ...(await listMessages(this.#connection, selected, known, signal)) }
      }
      let { selected, entries, doubt } = await list()
      // Others may have been at work meanwhile.
      if (doubt !== undefined) ({ selected, entries, doubt } = await list())
      if (doubt === undefined) {
        const noteRecorded = this.#noteListed(selected, entries)
        return { folder, entries, ...(noteRecorded && { noteRecorded }) }
      }
      const facts = { ...this.#connection.facts, phase: 'list', folder, ...doubt }
      return { folder, entries, doubt: new Fault('source.listing-unclear', { facts }) }
    })
  }

  /** @returns to be called once it is recorded, where the server's own words agree with it */
  #noteListed(selected: Selected, entries: readonly Listed[]): (() => void) | undefined {
    const { name: folder, validity, uidNext = 0, exists } = selected
    const { listed } = this.#turns
    if (validity === undefined) {
      this.#turns.forget(folder)
      return undefined
    }
    const behind = (entries.at(-1)?.handle ?? 0) + 1
    const looked: Looked = {
      folder,
      validity,
      uidNext: Math.max(uidNext, behind),
      count: entries.length,
      listedMs: this.#connection.clock.monotonicMs(),
      isRecorded: false,
    }
    listed.set(folder, looked)
    if (uidNext < behind || exists !== entries.length) return undefined
    return () => {
      if (listed.get(folder) === looked) listed.set(folder, { ...looked, isRecorded: true })
    }
  }

  /** RFC 9051 section 2.3.1.1: no message was added where UIDNEXT is the same, so none is gone where the count is. */
  async standsUnchanged(folder: string, signal: AbortSignal): Promise<number | undefined> {
    return await this.#queue(signal, async () => {
      const looked = this.#turns.listed.get(folder)
      const ageMs = this.#connection.clock.monotonicMs() - (looked?.listedMs ?? 0)
      if (looked === undefined || !looked.isRecorded || ageMs >= listingLastsMs) return undefined
      const { validity, uidNext, exists } = await this.#select(folder, signal)
      const isSame = validity === looked.validity && uidNext === looked.uidNext && exists === looked.count
      return isSame ? looked.count : undefined
    })
  }

  /** Ends the IDLE that is under way, which proves that the server is there, and takes what was told of with it. */
  async begin(look: 'news' | undefined, signal: AbortSignal, onAsked?: () => void): Promise<void> {
    if (look === undefined) return await this.#turns.prove(signal)
    const news = await lookForNews(this.#turns, signal, onAsked)
    if (news === undefined) return
    this.news = news.listing
    for (const [handle, octets] of news.bodies) this.#bodies.set(handle, octets)
  }

  /** Nobody has taken up its news. */
  disownNews(): void {
    this.#turns.forget(this.news?.folder)
  }

  foresee(upcoming: readonly Foreseen[]): void {
    this.#ahead.foresee(upcoming.filter(({ entry }) => !this.#cameAlong(entry)))
  }

  /** Whether its octets came with the news. */
  #cameAlong(entry: Listed): boolean {
    return this.#bodies.has(entry.handle) && this.news?.entries.includes(entry) === true
  }

  async retrieve(entry: Listed, sink: OctetSink, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted()
    const cameAlong = this.#cameAlong(entry)
    const octets = cameAlong ? this.#bodies.get(entry.handle) : await this.#ahead.take(entry, signal)
    if (octets !== undefined) {
      if (cameAlong) this.#bodies.delete(entry.handle)
      const { length } = octets
      await sink.write(octets)
      return length
    }
    return await this.#queue(signal, async () => {
      await this.#reach(entry, signal)
      const announced = { ...entry, octets: this.#ahead.announced(entry) }
      return retrieveMessage(this.#connection, announced, sink, signal)
    })
  }

  peekHeader(entry: Listed, signal: AbortSignal): Promise<Buffer | undefined> {
    return this.#queue(signal, async () => {
      await this.#reach(entry, signal)
      return peekMessageHeader(this.#connection, entry, signal)
    })
  }

  settle(
    entries: readonly Listed[],
    action: SettleAction,
    signal: AbortSignal,
  ): Promise<readonly RefusedEntry[]> {
    return this.#queue(signal, async () => {
      const refused: RefusedEntry[] = []
      for (const folder of new Set(entries.map(entry => entry.folder))) {
        const own = entries.filter(entry => entry.folder === folder)
        refused.push(...(await this.#settleIn(folder, own, action, signal)))
      }
      return refused
    })
  }

  async #settleIn(
    folder: string,
    entries: readonly Listed[],
    action: SettleAction,
    signal: AbortSignal,
  ): Promise<readonly RefusedEntry[]> {
    // Of a server that says OK and takes nothing away only a listing shows it.
    const looked = this.#turns.listed.get(folder)
    if (looked !== undefined) this.#turns.listed.set(folder, { ...looked, isRecorded: false })
    const facts = { ...this.#connection.facts, folder }
    if (action.do === 'delete' && !canExpungeByUid(this.#connection)) {
      throw new Fault('source.cannot-settle', { facts: { ...facts, reason: 'no UIDPLUS' } })
    }
    const select = async (): Promise<void> => {
      const selected = await this.#keepSelected(folder, signal)
      if (selected.readOnly !== undefined) throw selected.readOnly
      // Nothing is taken away under a name that may mean another message by now.
      const isSure = (entry: Listed): boolean =>
        entry.uid !== undefined && entry.uid === `${selected.validity}.${entry.handle}`
      if (!entries.every(isSure))
        throw new Fault('source.identity-unsafe', { facts: { ...facts, reason: 'UIDVALIDITY' } })
    }
    await select()
    const reselect = (): Promise<void> => {
      this.#selected = undefined
      return select()
    }
    const settling = new Settling(this.#connection, folder, reselect, signal)
    try {
      if (action.do === 'delete') await settling.delete(entries)
      else await settling.move(entries, action.folder, action.copies)
    } finally {
      // A move looks at its target: whatever ended it, what is selected now is not known.
      if (action.do === 'move') this.#selected = undefined
    }
    return settling.refused
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    const { clock, deadlines } = this.#connection
    // LOGOUT waits for its turn like every command, but not for a retrieval that takes minutes.
    const isAnswered = await waitAtMost(this.#turns.answered, deadlines.logout, clock)
    if (!this.#leave()) return
    if (isAnswered) await this.#turns.close()
    else this.#connection.abandon()
  }

  abandon(): void {
    if (this.#leave()) this.#connection.abandon()
  }

  /** False where it is over already. */
  #leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#ahead.end()
    this.#turns.leave()
    return true
  }
}
