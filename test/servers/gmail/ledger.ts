/**
 * The stand-in's own book of what came in. Tests believe this book, never the program under test.
 * Everything is noted from the socket's side: octets as they arrived, on the monotonic and the wall clock.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What a request was for. `unknown` is a path that Gmail does not have. */
export type Endpoint =
  | 'import'
  | 'insert'
  | 'upload-session'
  | 'labels.list'
  | 'labels.get'
  | 'labels.create'
  | 'labels.update'
  | 'labels.patch'
  | 'labels.delete'
  | 'messages.list'
  | 'messages.get'
  | 'messages.trash'
  | 'messages.untrash'
  | 'messages.delete'
  | 'getProfile'
  | 'token'
  | 'consent'
  | 'revoke'
  | 'unknown'

export interface LedgerEntry {
  readonly seq: number
  /** Ordinal of the TCP connection that carried it, from 1: keep-alive shows here. */
  readonly connection: number
  readonly atMs: number
  readonly startedMonotonicMs: number
  endedMonotonicMs: number | undefined
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly endpoint: Endpoint
  /** Names in lower case; the raw list keeps spelling and repetition. */
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  account: string | undefined
  /** Octets of the body that arrived, and their SHA-256 once it ended (also where it was cut short). */
  bodyOctets: number
  bodySha256: string | undefined
  /** The body itself while it is small (option `keepBodyOctets`): the first so many octets of a larger one. */
  body: Buffer
  /** Of an upload: the message part alone, where it was read to its end. */
  message: { readonly octets: number; readonly sha256: string } | undefined
  /** The status sent; undefined where none was. */
  status: number | undefined
  /** `open`; `answered`; `client-gone` (the other side left first); `cut` (by a fault); `hung` (by a fault). */
  outcome: 'open' | 'answered' | 'client-gone' | 'cut' | 'hung'
  /** What in the request was not as Google's discovery document describes it, in Google's words. */
  readonly violations: string[]
  /** Kind of the fault that was played. */
  fault: string | undefined
}

/** Takes down one request's body: all of it hashed and counted, its beginning kept. */
export class BodyNote {
  readonly #entry: LedgerEntry
  readonly #keepOctets: number
  readonly #hash = createHash('sha256')
  readonly #kept: Buffer[] = []
  #keptOctets = 0

  constructor(entry: LedgerEntry, keepOctets: number) {
    this.#entry = entry
    this.#keepOctets = keepOctets
  }

  add(chunk: Buffer): void {
    this.#entry.bodyOctets += chunk.length
    this.#hash.update(chunk)
    const room = this.#keepOctets - this.#keptOctets
    if (room <= 0) return
    this.#kept.push(Buffer.from(chunk.subarray(0, room)))
    this.#keptOctets += Math.min(room, chunk.length)
  }

  /** No more of it will come. */
  end(): void {
    if (this.#entry.bodySha256 !== undefined) return
    this.#entry.bodySha256 = this.#hash.digest('hex')
    this.#entry.body = Buffer.concat(this.#kept)
  }
}

interface Waiter {
  readonly matches: (entry: LedgerEntry) => boolean
  readonly count: number
  /** What matches so far, by seq: each change looks at one entry only, since the book may be long. */
  readonly found: Map<number, LedgerEntry>
  readonly done: (entries: LedgerEntry[]) => void
}

export class Ledger {
  readonly entries: LedgerEntry[] = []
  readonly #waiters = new Set<Waiter>()
  readonly #mostEntries: number
  readonly #keepOctets: number
  #keptLeftOctets: number
  #dropped = 0

  /** @param keepOctets kept of each body @param keepAllOctets most that all kept beginnings may take together */
  constructor(mostEntries: number, keepOctets: number, keepAllOctets: number) {
    this.#mostEntries = mostEntries
    this.#keepOctets = keepOctets
    this.#keptLeftOctets = keepAllOctets
  }

  /** A note for the body of an entry; once the budget is spent, later bodies are only hashed. */
  noteBody(entry: LedgerEntry, announcedOctets: number): BodyNote {
    const keep = Math.min(this.#keepOctets, this.#keptLeftOctets, announcedOctets)
    this.#keptLeftOctets -= keep
    return new BodyNote(entry, keep)
  }

  add(entry: LedgerEntry): LedgerEntry {
    this.entries.push(entry)
    if (this.entries.length > this.#mostEntries) {
      this.entries.shift()
      this.#dropped += 1
    }
    this.changed(entry)
    return entry
  }

  /** Entries that fell out of the book because of its limit. */
  get dropped(): number {
    return this.#dropped
  }

  of(endpoint: Endpoint): LedgerEntry[] {
    return this.entries.filter(entry => entry.endpoint === endpoint)
  }

  /** Resolves when `count` entries match; rejects after `timeoutMs`, saying what the book holds. */
  waitFor(matches: (entry: LedgerEntry) => boolean, count = 1, timeoutMs = 10_000): Promise<LedgerEntry[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        const seen = this.entries
          .map(e => `${e.seq} ${e.endpoint} ${e.status ?? '-'} ${e.outcome}`)
          .join('\n')
        reject(
          new Error(`${count} matching requests did not come in ${timeoutMs} ms; the ledger holds:\n${seen}`),
        )
      }, timeoutMs)
      const waiter: Waiter = {
        matches,
        count,
        found: new Map(this.entries.filter(matches).map(entry => [entry.seq, entry])),
        done: entries => {
          clearTimeout(timer)
          resolve(entries)
        },
      }
      this.#waiters.add(waiter)
      this.#look(waiter)
    })
  }

  /** The entry changed: looks whether somebody waits for it. */
  changed(entry: LedgerEntry): void {
    for (const waiter of this.#waiters) {
      if (waiter.matches(entry)) waiter.found.set(entry.seq, entry)
      else waiter.found.delete(entry.seq)
      this.#look(waiter)
    }
  }

  #look(waiter: Waiter): void {
    if (waiter.found.size < waiter.count) return
    this.#waiters.delete(waiter)
    waiter.done([...waiter.found.values()])
  }
}
