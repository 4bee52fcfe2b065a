/**
 * An IMAP server as a place to put mail into: one connection, logged in, that appends, finds and reads back. What Gmail
 * adds (X-GM-EXT-1, developers.google.com/workspace/gmail/imap/imap-extensions) is used where it is announced.
 *
 * Every method rejects with Refused for a tagged NO or BAD, and with the faults of the connection.
 */
import type { ImapResponse } from 'imapflow'
import type { Clock } from '../base/clock.ts'
import { imapAllowance, kib } from './budget.ts'
import type { DialMemory } from './dial.ts'
import { type Appended, type AppendProgress, type AppendRequest, appendMessage } from './imap-append.ts'
import type { CommandWord, Untagged } from './imap-client.ts'
import { connectImap, type ImapConnection, isRefused } from './imap-connection.ts'
import { type ImapDeadlines, usualImapDeadlines } from './imap-deadlines.ts'
import { type FolderName, folderWord, listFolders, selectFolder } from './imap-folders.ts'
import { readFetchRow, readNumber32, readText } from './imap-parse.ts'
import { retrieveMessage } from './imap-retrieve.ts'
import { encodePath } from './imapflow.ts'
import type { MailboxSettings } from './settings.ts'

export type { Appended, AppendProgress } from './imap-append.ts'
export { isRefused } from './imap-connection.ts'
export type { ImapDeadlines } from './imap-deadlines.ts'
export type { Refused } from './imap-faults.ts'
export type { FolderName } from './imap-folders.ts'

export interface StoreOptions {
  readonly server: MailboxSettings['server']
  readonly user: string
  readonly password: { reveal(): Promise<string> }
  readonly clock: Clock
  readonly memory: DialMemory
  /** In ms; what is not given is as usual. */
  readonly deadlines?: Partial<ImapDeadlines> | undefined
}

/** What a FETCH said of one message. */
export interface StoredRow {
  readonly uid: number
  /** X-GM-MSGID in hexadecimal, as Gmail's API and its web pages name the message. */
  readonly gmailId: string | undefined
  /** X-GM-LABELS as they are written: modified UTF-7, system labels with a backslash. */
  readonly labels: readonly string[] | undefined
  readonly flags: readonly string[]
  readonly octets: number | undefined
}

export interface StorageQuota {
  readonly usedOctets: number
  readonly limitOctets: number
}

/** A message of 150 MiB at 2 kB/s; what a command without a message may take is said with each. */
const longestMs = 24 * 3600_000
const usualCommandMs = 600_000
/** More UIDs than this answer no question of ours. */
const mostFound = 1000

/** Connects and logs in; nothing is selected. Faults: those of connectImap. */
export async function openStore(options: StoreOptions, signal: AbortSignal): Promise<ImapStore> {
  const { server, user, password, clock, memory, deadlines } = options
  const connection = await connectImap(
    {
      mailbox: { protocol: 'imap', server, user, credential: { kind: 'password', password }, folders: [] },
      clock,
      memory,
      deadlines: { ...usualImapDeadlines, ...deadlines, command: longestMs },
      // While a message leaves, the server has nothing to say (imap-append.ts watches it).
      patience: phase => (phase === 'append' ? longestMs : undefined),
      // Gmail's labels are in modified UTF-7 as long as nobody asks for anything else.
      acceptsUtf8: false,
    },
    signal,
  )
  return new ImapStore(connection)
}

export class ImapStore {
  readonly #connection: ImapConnection
  #selected: { readonly folder: string; readonly validity: string | undefined } | undefined

  constructor(connection: ImapConnection) {
    this.#connection = connection
  }

  get usable(): boolean {
    return this.#connection.usable
  }
  /** When the server said something last, monotonic, ms. */
  get heardMs(): number {
    return this.#connection.heardMs
  }
  get tls(): string | undefined {
    return this.#connection.tls
  }
  /** Whether it knows Gmail's message ids, labels and search. */
  get isGmail(): boolean {
    return this.#connection.has('X-GM-EXT-1')
  }

  /** What one message may have (RFC 7889 section 4), octets; undefined where the server does not say. */
  get appendLimit(): number | undefined {
    // imapflow parts name and value at the sign between them.
    const limit: unknown = this.#connection.client.capabilities.get('APPENDLIMIT')
    return typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0 ? limit : undefined
  }

  listFolders(signal: AbortSignal): Promise<readonly FolderName[]> {
    return listFolders(this.#connection, signal, true)
  }

  async createFolder(name: string, signal: AbortSignal): Promise<void> {
    await this.#run('CREATE', [folderWord(this.#connection, name)], 'labels', signal)
  }

  /** @returns UIDVALIDITY; undefined where the server gave none */
  async select(folder: string, signal: AbortSignal, isNew = false): Promise<string | undefined> {
    if (this.#selected?.folder === folder && !isNew) return this.#selected.validity
    this.#selected = undefined
    const { validity } = await selectFolder(this.#connection, folder, signal)
    this.#selected = { folder, validity }
    return validity
  }

  /** See appendMessage. */
  append(
    request: AppendRequest,
    progress: AppendProgress,
    mayPush: boolean,
    signal: AbortSignal,
  ): Promise<Appended> {
    return appendMessage(this.#connection, request, progress, mayPush, signal)
  }

  async noop(signal: AbortSignal): Promise<void> {
    await this.#run('NOOP', false, 'append', signal)
  }

  /** UIDs in the selected folder, the highest first. */
  async search(words: readonly CommandWord[], signal: AbortSignal): Promise<readonly number[]> {
    const uids = new Set<number>()
    await this.#run('UID SEARCH', words, 'search', signal, {
      allowance: imapAllowance.search(50_000, this.#connection.exists),
      untagged: {
        SEARCH: async ({ numbers, attributes }) => {
          for (const uid of numbers ?? []) uids.add(uid)
          for (const node of attributes ?? []) {
            const uid = readNumber32(node)
            if (uid !== undefined) uids.add(uid)
          }
        },
      },
    })
    return [...uids].sort((a, b) => b - a).slice(0, mostFound)
  }

  /** What is known of one message of the selected folder; undefined where it is not there. */
  async look(uid: number, signal: AbortSignal): Promise<StoredRow | undefined> {
    let row: StoredRow | undefined
    const items = ['UID', 'FLAGS', 'RFC822.SIZE', ...(this.isGmail ? ['X-GM-MSGID', 'X-GM-LABELS'] : [])]
    await this.#run('UID FETCH', [sequence(uid), items.map(atom)], 'look', signal, {
      allowance: { ...imapAllowance.rows(100, this.#connection.exists), literal: 64 * kib },
      untagged: {
        FETCH: async response => {
          const read = readRow(response)
          if (read?.uid === uid && (row === undefined || read.gmailId !== undefined)) row = read
        },
      },
    })
    return row
  }

  /** @param labels as they are to be shown; system labels with a backslash */
  async addLabels(uid: number, labels: readonly string[], signal: AbortSignal): Promise<void> {
    const words = labels.map(label =>
      /^\\[A-Z][a-z]+$/.test(label)
        ? atom(label)
        : ({ type: 'STRING', value: encodePath(this.#connection.client, label) } as const),
    )
    await this.#run('UID STORE', [sequence(uid), atom('+X-GM-LABELS'), words], 'labels', signal)
  }

  /** The exact octets of a message of the selected folder. Faults: message.gone and its kin. */
  async read(uid: number, octets: number | undefined, signal: AbortSignal): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    const entry = {
      folder: '',
      uid: String(uid),
      octets,
      arrivedAtMs: undefined,
      seen: undefined,
      handle: uid,
    }
    await retrieveMessage(this.#connection, entry, { write: chunk => void chunks.push(chunk) }, signal)
    return Buffer.concat(chunks)
  }

  /** STORAGE of the folder's quota root (RFC 9208 section 4); undefined where the server does not say. */
  async readQuota(folder: string, signal: AbortSignal): Promise<StorageQuota | undefined> {
    if (!this.#connection.has('QUOTA')) return undefined
    let quota: StorageQuota | undefined
    try {
      await this.#run('GETQUOTAROOT', [folderWord(this.#connection, folder)], 'quota', signal, {
        untagged: {
          QUOTA: async ({ attributes }) => {
            const resources = Array.isArray(attributes?.[1])
              ? attributes[1].map(node => readText(node) ?? '')
              : []
            const at = resources.findIndex(word => word.toUpperCase() === 'STORAGE')
            const [used, limit] = at < 0 ? [] : resources.slice(at + 1, at + 3).map(Number)
            if (Number.isSafeInteger(used) && Number.isSafeInteger(limit))
              quota ??= { usedOctets: (used ?? 0) * 1024, limitOctets: (limit ?? 0) * 1024 }
          },
        },
      })
    } catch (error) {
      if (!isRefused(error)) throw error
    }
    return quota
  }

  logout(): Promise<void> {
    return this.#connection.logout()
  }

  abandon(): void {
    this.#connection.abandon()
  }

  async #run(
    verb: string,
    words: readonly CommandWord[] | false,
    phase: string,
    signal: AbortSignal,
    more: {
      readonly untagged?: Readonly<Record<string, Untagged>>
      readonly allowance?: ReturnType<typeof imapAllowance.short>
    } = {},
  ): Promise<void> {
    const untilMs = this.#connection.clock.monotonicMs() + usualCommandMs
    await this.#connection.run(verb, words, { phase, untilMs, ...more }, signal)
  }
}

const atom = (value: string) => ({ type: 'ATOM', value }) as const
const sequence = (uid: number) => ({ type: 'SEQUENCE', value: String(uid) }) as const

/** X-GM-MSGID is a decimal number of 64 bits; the API and the web pages write it in hexadecimal. */
function readRow(response: ImapResponse): StoredRow | undefined {
  const { uid, flags = [], size: octets } = readFetchRow(response)
  const list = response.attributes?.[1]
  if (uid === undefined || !Array.isArray(list)) return undefined
  let gmailId: string | undefined
  let labels: readonly string[] | undefined
  for (let at = 0; at + 1 < list.length; at += 2) {
    const value = list[at + 1]
    const name = readText(list[at])?.toUpperCase()
    if (name === 'X-GM-LABELS')
      labels = Array.isArray(value) ? value.flatMap(node => readText(node) ?? []) : []
    if (name !== 'X-GM-MSGID') continue
    const digits = readText(value) ?? ''
    gmailId = /^[1-9]\d{0,19}$/.test(digits) ? BigInt(digits).toString(16) : undefined
  }
  return { uid, gmailId, labels, flags, octets }
}
