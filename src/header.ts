/**
 * Facts read from a header section. Reading only: nothing here is ever written back into a message.
 * Octets are read as Latin-1, so every octet is one character and nothing is lost or refused.
 */
import { createHash } from 'node:crypto'

export interface HeaderFacts {
  /** SHA-256 of the header section: evidence of identity. */
  readonly sha256: string
  /** The first Message-ID (RFC 5322 section 3.6.4), angle brackets included; undefined where there is none. */
  readonly messageId: string | undefined
  /** When the receiving host wrote its topmost Received line, else the Date; ms since 1970. */
  readonly arrivedAtMs: number | undefined
  /** A mailbox format's own bookkeeping that some POP3 servers serve as if it were mail. */
  readonly pseudo: boolean
}

export function readHeader(header: Uint8Array): HeaderFacts {
  const octets = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  const field = (name: string): string | undefined => fieldValue(octets, name)
  const received = field('received')
  return {
    sha256: createHash('sha256').update(octets).digest('hex'),
    messageId: messageId(field('message-id')),
    arrivedAtMs: dateOf(received?.slice(received.lastIndexOf(';') + 1)) ?? dateOf(field('date')),
    pseudo:
      (field('x-imap') !== undefined || field('x-imapbase') !== undefined) &&
      /FOLDER INTERNAL DATA/i.test(field('subject') ?? ''),
  }
}

/** The first field of this name (lower case), unfolded and trimmed; undefined where there is none. */
export function fieldValue(header: Buffer, name: string): string | undefined {
  const text = header.toString('latin1')
  // A field's name begins at a line's begin (RFC 5322 section 2.2); folded lines begin with white space.
  const pattern = new RegExp(`(?:^|\\n)${name}[ \\t]*:([^\\n]*(?:\\n[ \\t][^\\n]*)*)`, 'i')
  return pattern
    .exec(text)?.[1]
    ?.replace(/\r?\n(?=[ \t])/g, '')
    .trim()
}

function messageId(value: string | undefined): string | undefined {
  const found = /<[^<>\s]+>/.exec(value ?? '')?.[0] ?? value
  return found === undefined || found === '' || found.length > 998 ? undefined : found
}

function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  // Comments such as "(JST)" are not part of the date.
  const ms = Date.parse(text.replace(/\([^()]*\)/g, '').trim())
  return Number.isNaN(ms) ? undefined : ms
}
