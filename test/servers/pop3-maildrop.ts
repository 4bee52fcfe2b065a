/** The maildrop, the ledger and the faults of the POP3 stand-in: what tests look at and turn. */
import { createHash } from 'node:crypto'

export interface StoredMessage {
  readonly octets: Buffer
  /** Of what goes over the wire once un-stuffed: `octets`, with a final CRLF added where it has none. */
  readonly sha256: string
  uidl: string
}

/** What the server itself saw and did; times in ms since 1970. */
export interface Pop3Ledger {
  connections: number
  readonly logins: { readonly user: string; readonly at: number }[]
  readonly failedLogins: { readonly user: string; readonly at: number }[]
  /** RETR answered in full. */
  readonly retrieved: { readonly uidl: string; readonly sha256: string; readonly at: number }[]
  /** Committed by QUIT. */
  readonly deleted: { readonly uidl: string; readonly sha256: string; readonly at: number }[]
  /** Every command line as received, in order; what follows PASS and AUTH PLAIN is masked. */
  readonly commands: string[]
}

export type Cut = 'rst' | 'fin' | 'silence'

/**
 * What becomes of one protocol line: nothing special (undefined), the line is cut off before it is answered, it
 * gets these octets as its answer (and is cut behind them, where `after` says so), or it is answered as usual and the
 * connection is cut behind it.
 */
export type Fate =
  | undefined
  | Cut
  | { readonly answer: string | Buffer; readonly after?: Cut }
  | { readonly after: Cut }

export interface LineEvent {
  /** CONNECT for the greeting, else the command word in upper case. */
  readonly verb: string
  readonly line: string
  /** 1 for the server's first connection. */
  readonly connection: number
  /** 0 for the greeting, then counting the lines of this connection. */
  readonly index: number
}

/** Faults on demand: a plain object that may be changed while the server runs. */
export interface Pop3Faults {
  /** Asked before each line is answered. */
  line?: (event: LineEvent) => Fate
  /** Answer to the last step of a login instead of +OK, such as `-ERR [IN-USE] locked`. Counts as a failed login. */
  login?: string
  /** Greeting instead of the usual one. */
  greeting?: string
  /** CAPA refused, never answered, answered by hanging up, or answered with nonsense. */
  capa?: 'none' | 'hang' | 'hang-up' | 'garbage'
  /** Most octets for each write to the socket. */
  chunk?: number
  /** Pause between chunks, ms: a trickle. */
  chunkDelayMs?: number
  /** Cut in a RETR's body (status line not counted) after so many octets on the wire. */
  retrCut?: { readonly at: number; readonly how: Cut }
  /** RETR gives only so many octets and still ends properly. */
  truncate?: (message: StoredMessage) => number | undefined
  /** The whole answer to RETR, instead of the right one. */
  retr?: (message: StoredMessage, right: Buffer) => Buffer
  /** The whole answer to TOP, instead of the right one. */
  top?: (message: StoredMessage, right: Buffer) => Buffer
  /** The UIDL line's second part; undefined leaves the line out. */
  uidl?: (message: StoredMessage) => string | Buffer | undefined
  /** UIDL answers -ERR. */
  noUidl?: boolean
  /** The LIST line's second part; undefined leaves the line out. */
  size?: (message: StoredMessage) => string | undefined
  /** DELE and QUIT say +OK and nothing is deleted. */
  readOnly?: boolean
  /** Answer to QUIT instead of +OK; nothing is committed. */
  quit?: string
  /** Lines that arrived together with an earlier one are thrown away (solid-pop3d). */
  dropsPipelined?: boolean
  /** One session at a time: others get `-ERR [IN-USE]`. */
  lock?: boolean
  /** Octets written together with the +OK of STLS. */
  stlsInjection?: string
  /** Courier's way: a message with 8-bit octets in its header is replaced by a notice unless UTF8 was sent. */
  needsUtf8?: boolean
}

export const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** What a client must hand on for `message`: it, and a final CRLF where it has none, as real servers add it. */
export function servedOctets(message: Buffer): Buffer {
  return message.length === 0 || message.subarray(-2).equals(Buffer.from('\r\n'))
    ? message
    : Buffer.concat([message, Buffer.from('\r\n')])
}

/** RFC 1939 section 3: dots stuffed at line starts (after CRLF only), terminator added. Latin-1 maps octets 1:1. */
export function stuff(octets: Buffer): Buffer {
  const text = servedOctets(octets).toString('latin1')
  const stuffed = text.replace(/^\./, '..').replaceAll('\r\n.', '\r\n..')
  return Buffer.from(`${stuffed}.\r\n`, 'latin1')
}

/** The stored messages, the same for every user. A session sees what was there when it logged in. */
export class Maildrop {
  messages: StoredMessage[] = []
  #made = 0

  deliver(octets: Buffer, uidl?: string): StoredMessage {
    this.#made += 1
    const message = { octets, sha256: sha256(servedOctets(octets)), uidl: uidl ?? `uidl-${this.#made}` }
    this.messages.push(message)
    return message
  }

  remove(message: StoredMessage): boolean {
    const before = this.messages.length
    this.messages = this.messages.filter(one => one !== message)
    return this.messages.length < before
  }
}
