/**
 * The folders beside the one that idles: IDLE sees one folder (RFC 2177 section 3). NOTIFY (RFC 5465) lets the server
 * tell of the others on the same connection, and STATUS asks behind it. Whether a server tells is seen, not believed:
 * until it was, and after mail was found that it had kept back, STATUS asks every half a minute.
 */
import type { ImapAttribute } from 'imapflow'
import type { CommandWord, Untagged } from './imap-client.ts'
import { isRefused } from './imap-connection.ts'
import { isCalled, sameName } from './imap-folder-name.ts'
import { folderWord, listFolders, writtenWord } from './imap-folders.ts'
import { readNumber32, readText, readValidity } from './imap-parse.ts'
import type { ImapTurns } from './imap-turns.ts'
import { decodePath, encodePath } from './imapflow.ts'
import type { IdleMemory } from './source.ts'

/** A folder as the server showed it last. */
export interface Shown {
  validity: string | undefined
  exists: number
  uidNext: number | undefined
}

export interface OtherCalls {
  readonly onNews: () => void
  readonly onAlive: () => void
}

const atom = (value: string): CommandWord => ({ type: 'ATOM', value })
const messageEvents = [atom('MessageNew'), atom('MessageExpunge')]

export class OtherFolders {
  readonly #turns: ImapTurns
  readonly #folders: readonly string[]
  readonly #calls: OtherCalls
  readonly #memory: IdleMemory
  readonly #shown = new Map<string, Shown>()
  /** How the server spells a name that was refused as we write it; undefined where it does not list it. */
  readonly #spellings = new Map<string, string | undefined>()
  /** Folders that were seen to be told of; nothing else spares them the question. */
  readonly #telling = new Set<string>()
  #isNotifying = false
  #askedMs = Number.NEGATIVE_INFINITY
  /** The folder whose STATUS is on its way. */
  #asking: string | undefined
  /** Nobody else has the connection: what is told now is for the watch. */
  isResting = false

  constructor(turns: ImapTurns, folders: readonly string[], calls: OtherCalls, memory: IdleMemory) {
    this.#turns = turns
    this.#folders = folders
    this.#calls = calls
    this.#memory = memory
  }

  /** Whether sessions have listed each of them on this connection. */
  get areListed(): boolean {
    return this.#folders.every(folder => this.#turns.listed.has(folder))
  }

  /** How long until they are to be asked, ms. */
  get dueInMs(): number {
    if (this.#folders.length === 0) return Number.POSITIVE_INFINITY
    const { clock, deadlines } = this.#turns.connection
    const isTold = this.#isNotifying && this.#folders.every(folder => this.#telling.has(folder))
    const everyMs = Math.max(
      isTold ? deadlines.idle : deadlines.select,
      this.#folders.length * deadlines.eachFolder,
    )
    return this.#askedMs + everyMs - clock.monotonicMs()
  }

  /** Asks to be told, and how they stand. */
  async begin(signal: AbortSignal): Promise<void> {
    if (this.#folders.length === 0) return
    for (const folder of this.#folders)
      if ((await this.#memory.wayOf(folder)) === 'tells') this.#telling.add(folder)
    const { client } = this.#turns.connection
    client.untaggedHandlers.STATUS = response => this.#take(response)
    // RFC 5465 section 5.8: the server had too much to tell, and tells no more.
    client.sectionHandlers.NOTIFICATIONOVERFLOW = () => {
      this.#isNotifying = false
    }
    await this.#notify(signal)
    await this.look(signal)
  }

  /** RFC 5465 section 3.1: what is not asked for of the selected folder would not be told of it either. */
  async #notify(signal: AbortSignal): Promise<void> {
    const { connection } = this.#turns
    if (!connection.has('NOTIFY')) return
    const names = this.#folders.map(folder => folderWord(connection, folder))
    const words: CommandWord[] = [
      atom('SET'),
      [atom('SELECTED-DELAYED'), messageEvents],
      [atom('MAILBOXES'), names, messageEvents],
    ]
    try {
      await connection.run('NOTIFY', words, { phase: 'watch' }, signal)
      this.#isNotifying = true
    } catch (error) {
      if (!isRefused(error)) throw error
    }
  }

  /**
   * STATUS of each (RFC 9051 section 6.3.11).
   * @param isJudged mail that shows now, and was not told of, was kept back
   */
  async look(signal: AbortSignal, isJudged = false): Promise<void> {
    const { connection } = this.#turns
    for (const folder of this.#folders) {
      const before = this.#shown.get(folder)
      await this.#ask(folder, signal)
      this.#calls.onAlive()
      const hasCome = this.#hasCome(folder, before)
      if (hasCome) this.#calls.onNews()
      if (hasCome && isJudged && before !== undefined && this.#isNotifying)
        await this.#learn(folder, 'silent')
    }
    this.#askedMs = connection.clock.monotonicMs()
  }

  async #ask(folder: string, signal: AbortSignal): Promise<void> {
    const { connection } = this.#turns
    const spelling = this.#spellings.get(folder)
    const word = spelling === undefined ? folderWord(connection, folder) : writtenWord(spelling)
    const items = ['MESSAGES', 'UIDNEXT', 'UIDVALIDITY'].map(atom)
    this.#asking = folder
    try {
      await connection.run('STATUS', [word, items], { phase: 'watch', facts: { folder } }, signal)
    } catch (error) {
      // A folder that is missing is told by each pull; it must not keep the others from being watched.
      if (!isRefused(error)) throw error
      if (this.#spellings.has(folder)) return
      const listed = (await listFolders(connection, signal, true)).find(each => isCalled(each, folder))
      this.#spellings.set(folder, listed?.written)
      if (listed !== undefined && listed.written !== encodePath(connection.client, folder))
        await this.#ask(folder, signal)
    } finally {
      this.#asking = undefined
    }
  }

  async #take(response: Parameters<Untagged>[0]): Promise<void> {
    const { connection } = this.#turns
    const [written, items] = response.attributes ?? []
    const name = decodePath(connection.client, readText(written) ?? '')
    const folder = this.#folders.find(candidate =>
      sameName(connection.byUse.get(candidate)?.name ?? candidate, name),
    )
    if (folder === undefined || !Array.isArray(items)) return
    // Whoever has the connection looks by himself, and the watch asks behind him.
    if (!this.isResting && this.#asking !== folder) return
    const before = this.#shown.get(folder)
    const validity = findItem(items, 'UIDVALIDITY')
    this.#shown.set(folder, {
      validity: validity === undefined ? before?.validity : readValidity(readText(validity)),
      exists: readNumber32(findItem(items, 'MESSAGES')) ?? before?.exists ?? 0,
      uidNext: readNumber32(findItem(items, 'UIDNEXT')) || before?.uidNext,
    })
    if (this.#asking === folder || !this.#hasCome(folder, before)) return
    this.#calls.onAlive()
    this.#calls.onNews()
    await this.#learn(folder, 'tells')
  }

  /** Whether mail shows that neither the watch nor a listing has seen. Each is rung for once. */
  #hasCome(folder: string, before: Shown | undefined): boolean {
    const after = this.#shown.get(folder)
    if (after === undefined) return false
    if (before !== undefined && before.validity !== after.validity) return true
    const listed = this.#turns.listed.get(folder)
    const listedNext = listed !== undefined && listed.validity === after.validity ? listed.uidNext : undefined
    if (after.uidNext === undefined) return before !== undefined && after.exists > before.exists
    if (before === undefined && listedNext === undefined) return false
    return after.uidNext > Math.max(before?.uidNext ?? 0, listedNext ?? 0)
  }

  async #learn(folder: string, way: 'tells' | 'silent'): Promise<void> {
    if (way === 'tells') this.#telling.add(folder)
    else this.#telling.delete(folder)
    await this.#memory.noteWay(folder, way)
  }
}

/** The value of one item of STATUS; a server that tells by itself gives only those that changed. */
function findItem(items: readonly ImapAttribute[], name: string): ImapAttribute | undefined {
  const at = items.findIndex((word, place) => place % 2 === 0 && readText(word)?.toUpperCase() === name)
  return at < 0 ? undefined : items[at + 1]
}
