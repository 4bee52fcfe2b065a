/**
 * What one answer of a server may cost us. A server answers what it was asked, so each command has an allowance of
 * octets and lines that is made from the question, counted where the octets leave the socket (behind TLS). Who goes
 * beyond it is not talked to any more: reading on to the end would need an end, so the connection is dropped at once
 * and made anew when there is something left to fetch.
 *
 * Invariant: there is no command without an allowance, and no allowance without an upper bound.
 */
import { Fault, type FaultFacts } from '../base/fault.ts'

export const kib = 1024
export const mib = 1024 * kib

/** What a command may bring. */
export interface Allowance {
  /** All octets of the answer. */
  readonly octets: number
  /** All its lines, whatever is in them. */
  readonly lines: number
  /** Octets of the longest line. */
  readonly line: number
  /** Octets of the longest literal (IMAP). */
  readonly literal: number
}

/** Which part of an allowance was used up. */
export type Breach = 'octets' | 'lines' | 'line' | 'literal'

/**
 * Messages that one folder or maildrop may list; of a larger one no listing is made, and the owner is told. A listing
 * of so many takes less than half a gigabyte, which leaves the other mailboxes of the process what they need
 * (MemoryMax= of the unit).
 */
export const mostEntries = 200_000

/** An answer of one line or a few: greeting, login, STAT, DELE, QUIT. */
export const shortAnswer = 16 * kib
/** CAPA: no server announces more than some dozen lines. */
export const capaOctets = 256 * kib
/** LIST: `number size`, 32 octets a message. */
export const listOctets = 32 * mib
const longestUidlLine = 1100
const mostUidlOctets = 96 * mib

/** UIDL names what LIST listed, and what came in between. @param listed lines of LIST's answer */
export function uidlAllowance(listed: number): { readonly octets: number; readonly lines: number } {
  const lines = 2 * listed + 1000
  return { octets: Math.min(mib + lines * longestUidlLine, mostUidlOctets), lines }
}

/** Over what Gmail takes of one message (150 MiB): there the spool ends the retrieval, and blames the message. */
const mostMessageOctets = 152 * mib

/**
 * What the retrieval of one message may bring. An announced size is a hint: servers that count a line end as one
 * octet announce a little more than half of what they send, and those that count before the transfer encoding
 * (Exchange) three quarters.
 * @param announced octets; undefined or 0 where the server announced none
 */
export function messageOctets(announced: number | undefined): number {
  if (announced === undefined || announced === 0) return mostMessageOctets
  return Math.min(2 * announced + 64 * kib, mostMessageOctets)
}

/** Small messages that one mailbox may hold before they are asked for, and all mailboxes of the process. */
export const mostAheadOctets = 8 * mib
export const aheadRoomOctets = 32 * mib

/** RFC 9051 section 7: what a server may tell unasked, such as flags that another client sets. */
function unaskedAllowance(exists: number): Allowance {
  const lines = 1000 + Math.min(exists, 20_000)
  return { octets: 64 * kib + lines * 128, lines, line: 64 * kib, literal: 4 * kib }
}

const addAllowances = (a: Allowance, b: Partial<Allowance>): Allowance => ({
  octets: a.octets + (b.octets ?? 0),
  lines: a.lines + (b.lines ?? 0),
  line: Math.max(a.line, b.line ?? 0),
  literal: Math.max(a.literal, b.literal ?? 0),
})

/** SEARCH is asked for so many messages at a time, so that no line of its answer is long. */
export const searchStep = 50_000
/** UIDs have ten digits at most, and a blank. */
const uidOctets = 11
/** LIST shows so many folders; rows beyond are a server without an end. */
export const mostFolders = 10_000

/** What each IMAP command may bring; `exists` is the size of the selected folder as announced. */
export const imapAllowance = {
  /** From the greeting to a usable session: CAPABILITY, the login, ID, NAMESPACE, ENABLE. */
  login: { octets: 256 * kib, lines: 1000, line: 64 * kib, literal: 4 * kib },
  /** NOOP, SELECT, COPY, STORE and all others that bring no data of their own. */
  short: unaskedAllowance,
  folders: addAllowances(unaskedAllowance(0), {
    octets: mostFolders * 512,
    lines: mostFolders,
    literal: 4 * kib,
  }),
  search(asked: number, exists: number): Allowance {
    const octets = Math.ceil(asked * 1.1 + 1000) * uidOctets
    return addAllowances(unaskedAllowance(exists), { octets: 2 * octets, line: octets })
  },
  rows: (asked: number, exists: number): Allowance =>
    addAllowances(unaskedAllowance(exists), { octets: 2 * asked * 256, lines: 2 * asked }),
  /** One window of a message, or the whole of it where the server knows no windows. */
  body: (octets: number, exists: number): Allowance =>
    addAllowances(unaskedAllowance(exists), { octets: octets + 64 * kib, lines: 10, literal: octets }),
  /** Rows with a first window each, and what IDLE told meanwhile. */
  news: (rows: number, octets: number, exists: number): Allowance =>
    addAllowances(unaskedAllowance(exists), {
      octets: rows * (octets + kib),
      lines: 2 * rows,
      literal: octets,
    }),
  /** Small messages, many at once: what was announced of them, or twice as much where that was wrong. */
  ahead: (octets: number, rows: number, largest: number, exists: number): Allowance =>
    addAllowances(unaskedAllowance(exists), {
      octets: 2 * octets + rows * kib,
      lines: 4 * rows,
      literal: messageOctets(largest),
    }),
  /** Two minutes of IDLE in a folder in which others are at work. */
  idle: { octets: 4 * mib, lines: 50_000, line: 64 * kib, literal: 4 * kib },
} as const

/** A connection that was dropped because its server went beyond an allowance. */
export function overBudget(facts: FaultFacts, breach: Breach, limit: number): Fault {
  return new Fault('source.over-budget', { facts: { ...facts, what: breach, limit } })
}
