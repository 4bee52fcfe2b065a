/** One logged-in IMAP session: one folder at a time, one command at a time. */
import { waitAtMost } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { OctetSink } from '../message/message.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { type Selected, selectFolder } from './imap-folders.ts'
import { listMessages } from './imap-listing.ts'
import { peekMessageHeader, retrieveMessage } from './imap-retrieve.ts'
import { canExpungeByUid, Settling } from './imap-settle.ts'
import type { Listed, Listing, RefusedEntry, SettleAction, SourceAbilities, SourceSession } from './source.ts'

export class ImapSession implements SourceSession {
  readonly abilities: SourceAbilities
  readonly folders: readonly string[]
  readonly #connection: ImapConnection
  #selected: Selected | undefined
  #droppedAtMessage = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(connection: ImapConnection, folders: readonly string[]) {
    this.#connection = connection
    this.folders = folders
    this.abilities = {
      protocol: 'imap',
      namesLast: true,
      capabilities: connection.capabilities,
      tls: connection.tls,
      canDelete: canExpungeByUid(connection),
      loginDelayMs: undefined,
    }
  }

  get usable(): boolean {
    return this.#connection.usable
  }

  get droppedAtMessage(): boolean {
    return this.#droppedAtMessage
  }

  /** IMAP answers commands in order on a selected folder: whatever is asked meanwhile waits for its turn. */
  #queue<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        const isOfMessage = error instanceof Fault && error.scope === 'message'
        if (isOfMessage && this.#connection.isOverBudget) this.#droppedAtMessage = true
        // A refusal that nobody expected (LIST, CAPABILITY): the server's trouble, not a bug of ours.
        throw isRefused(error) ? this.#connection.refusal(error, { phase: 'command' }) : error
      }
    })
    this.#turn = mine.catch(() => {})
    return mine
  }

  async #select(folder: string, how: 'SELECT' | 'EXAMINE', signal: AbortSignal): Promise<Selected> {
    this.#selected = undefined
    this.#selected = await selectFolder(this.#connection, folder, how, signal)
    return this.#selected
  }

  /** The folder of these entries, selected, and still the one that they were listed in. */
  async #reach(entry: Listed, signal: AbortSignal): Promise<Selected> {
    const selected =
      this.#selected?.name === entry.folder
        ? this.#selected
        : await this.#select(entry.folder, 'EXAMINE', signal)
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
      // EXAMINE anew for each listing: a selected folder need not show new mail, nor a new UIDVALIDITY.
      const list = async () =>
        listMessages(this.#connection, await this.#select(folder, 'EXAMINE', signal), known, signal)
      let { entries, doubt } = await list()
      // Others may have been at work meanwhile.
      if (doubt !== undefined) ({ entries, doubt } = await list())
      if (doubt === undefined) return { folder, entries }
      const facts = { ...this.#connection.facts, phase: 'list', folder, ...doubt }
      return { folder, entries, doubt: new Fault('source.listing-unclear', { facts }) }
    })
  }

  retrieve(entry: Listed, sink: OctetSink, signal: AbortSignal): Promise<number> {
    return this.#queue(signal, async () => {
      await this.#reach(entry, signal)
      return retrieveMessage(this.#connection, entry, sink, signal)
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
    const facts = { ...this.#connection.facts, folder }
    if (action.do === 'delete' && !canExpungeByUid(this.#connection)) {
      throw new Fault('source.cannot-settle', { facts: { ...facts, reason: 'no UIDPLUS' } })
    }
    const select = async (): Promise<void> => {
      if (this.#selected?.name !== folder || this.#selected.readOnly)
        await this.#select(folder, 'SELECT', signal)
      const selected = this.#selected
      if (selected === undefined || selected.readOnly) throw new Fault('source.read-only', { facts })
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
    const { clock, deadlines } = this.#connection
    // LOGOUT waits for its turn like every command, but not for a retrieval that takes minutes.
    if (await waitAtMost(this.#turn, deadlines.logout, clock)) await this.#connection.logout()
    else this.#connection.abandon()
  }

  abandon(): void {
    this.#connection.abandon()
  }
}
