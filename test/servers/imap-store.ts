/** The folders of the IMAP stand-in: exact octets, UIDs, and what was done to them. */
import { createHash } from 'node:crypto'

export interface StoredMessage {
  readonly uid: number
  readonly octets: Buffer
  readonly flags: Set<string>
  readonly internalDate: Date
}

export interface StoredFolder {
  readonly name: string
  /** undefined or 0: announced as such (RFC 9051 section 2.3.1.1 forbids both). */
  uidValidity: number | undefined
  uidNext: number
  selectable: boolean
  /** What it is for, as LIST says it (RFC 6154). */
  uses?: readonly string[]
  messages: StoredMessage[]
}

/** One message that left a folder or came into it, with the digest that a test compares. */
export interface Movement {
  readonly folder: string
  readonly uid: number
  readonly sha256: string
  readonly atMs: number
}

export interface ImapLedger {
  readonly logins: { user: string; atMs: number }[]
  readonly failedLogins: { user: string; atMs: number }[]
  /** From each login to the end of its connection, and the address that it came from. */
  readonly sessions: { user: string; from: string; beganMs: number; endedMs: number | undefined }[]
  /** Every command line without its tag; what LOGIN and AUTHENTICATE carry is left out. */
  readonly commands: { session: number; text: string; atMs: number }[]
  readonly expunged: Movement[]
  readonly moved: (Movement & { to: string })[]
  readonly appended: Movement[]
  /** `folder uid` of every message whose \Seen a client set, by STORE or by fetching without PEEK. */
  readonly madeSeen: string[]
}

export const newLedger = (): ImapLedger => ({
  logins: [],
  failedLogins: [],
  sessions: [],
  commands: [],
  expunged: [],
  moved: [],
  appended: [],
  madeSeen: [],
})

export const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')

export interface DeliverOptions {
  readonly flags?: readonly string[]
  readonly internalDate?: Date
  /** For UID reuse and gaps; the next free UID where not given. */
  readonly uid?: number
}

export class ImapStore {
  readonly folders = new Map<string, StoredFolder>()
  readonly ledger: ImapLedger
  readonly #listeners = new Set<() => void>()

  constructor(ledger: ImapLedger) {
    this.ledger = ledger
  }

  create(name: string, uidValidity: number | undefined = 1_700_000_000 + this.folders.size): StoredFolder {
    const folder: StoredFolder = { name, uidValidity, uidNext: 1, selectable: true, messages: [] }
    this.folders.set(name, folder)
    return folder
  }

  /** INBOX is case-insensitive (RFC 9051 section 5.1), other names are not. */
  find(name: string): StoredFolder | undefined {
    return this.folders.get(name.toUpperCase() === 'INBOX' ? 'INBOX' : name)
  }

  deliver(name: string, octets: Buffer, options: DeliverOptions = {}): number {
    const folder = this.find(name) ?? this.create(name)
    const uid = options.uid ?? folder.uidNext
    folder.uidNext = Math.max(folder.uidNext, uid + 1)
    folder.messages.push({
      uid,
      octets,
      flags: new Set(options.flags),
      internalDate: options.internalDate ?? new Date(),
    })
    this.changed()
    return uid
  }

  remove(folder: StoredFolder, chosen: readonly StoredMessage[]): Movement[] {
    const gone = new Set(chosen)
    folder.messages = folder.messages.filter(message => !gone.has(message))
    return chosen.map(({ uid, octets }) => ({
      folder: folder.name,
      uid,
      sha256: sha256(octets),
      atMs: Date.now(),
    }))
  }

  /** Calls `listener` after every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
