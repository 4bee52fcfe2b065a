/**
 * The words for one message: its exact octets, and the name by which the source knows it.
 *
 * Invariant: nothing in this project turns a raw message into a string on its way to Gmail.
 */

import { Fault } from '../base/fault.ts'

/**
 * Takes a message's octets in order as they are retrieved. A chunk handed over is the sink's, and its memory where the chunk
 * is all that lies in it: nobody else reads it afterwards.
 */
export interface OctetSink {
  /** A returned promise asks the caller to wait (back-pressure); it rejects when the octets could not be stored. */
  write(chunk: Uint8Array): void | Promise<void>
}

/** How long the reader of a chunk needs it: as long as it likes, or only until it asks for the next one. */
export type ChunkLasting = 'kept' | 'until-next'

/** One retrieved message: exactly the octets that the source sent (after POP3 dot-unstuffing). */
export interface RawMessage {
  /** Length in octets. */
  readonly octets: number
  /** SHA-256 of all octets, lower-case hexadecimal. */
  readonly sha256: string
  /** The octets from the first to the last; may be called again for a replay. @param lasting default: kept */
  chunks(lasting?: ChunkLasting): AsyncIterable<Uint8Array>
  /**
   * The header section up to and including the empty line that ends it (RFC 5322 section 2.1),
   * or the first `limit` octets where it is longer or where there is no empty line.
   */
  header(limit?: number): Promise<Buffer>
  /** Frees memory and temporary file. May be called more than once. */
  discard(): Promise<void>
}

/** How the source names a message: POP3 has one nameless folder. */
export interface SourceId {
  /** The mailbox's name in our configuration. */
  readonly mailbox: string
  /** IMAP folder name as the server spells it (decoded to Unicode); '' for POP3. */
  readonly folder: string
  /** POP3: the UIDL (RFC 1939 section 7). IMAP: `UIDVALIDITY.UID` (RFC 9051 section 2.3.1.1). */
  readonly uid: string
}

/** No message that anybody handles is larger (Gmail takes 150 MiB). */
const mostOctets = 256 * 1024 * 1024

declare const isLimit: unique symbol
/** The most octets that a spool takes. There is none without. */
export type OctetLimit = number & { readonly [isLimit]: true }

/** Throws Fault bug for what is no limit: nothing, infinity, or more than 256 MiB. */
export function octetLimit(octets: number): OctetLimit {
  if (Number.isInteger(octets) && octets > 0 && octets <= mostOctets) return octets as OctetLimit
  throw new Fault('bug', { facts: { what: `a spool without a limit: ${octets}` } })
}
