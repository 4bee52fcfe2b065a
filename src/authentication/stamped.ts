/** What was stamped, as plain data, and whose stamps count. */
import type { StampedResult } from './authentication-results.ts'
import type { KnownMachines } from './trace.ts'

export type Trust = 'trusted' | 'unproven' | 'untrusted'

/** Why a line has its trust; words-en.ts and words-ja.ts have the sentences. */
export type TrustReason =
  | 'above-border'
  | 'confirmed'
  | 'queue-id'
  | 'own-form' // Exchange Online, which writes no name
  | 'place-open'
  | 'method-open' // the name is confirmed, not that the host stamps this under it
  | 'foreign-id'
  | 'no-id'
  | 'below-foreign'
  | 'outgoing-form' // Microsoft 365 stamps what it sends, in the name of the recipient's domain
  | 'no-signature' // tells of a signature that the message does not have
  | 'repeated'
  | 'no-trace'
  | 'judged-before' // by an earlier version, which a sender could deceive

export type StampedHeader =
  | 'authentication-results'
  | 'received-spf'
  | 'arc-authentication-results'
  | 'x-spam-status'

/** One stamped line. */
export interface StampedField {
  readonly header: StampedHeader
  /** The authserv-id (or Received-SPF's receiver) as written; '' where there is none. Untrusted text. */
  readonly by: string
  readonly trust: Trust
  readonly why: TrustReason
  /** ARC instance. */
  readonly instance?: number
  readonly results: readonly StampedResult[]
}

/** The best stamped answer for one method. */
export interface StampedAnswer {
  readonly result: string
  readonly by: string
  readonly trust: 'trusted' | 'unproven'
  readonly header: StampedHeader
}

/** The ARC chain as its seals describe themselves; whether that is true is verify.ts's question. */
export interface StampedChain {
  /** Highest `i=`. */
  readonly instances: number
  /** `cv=` of the newest seal: `none`, `pass`, `fail`, or '' where it cannot be read. */
  readonly state: string
  /** `d=` of the newest seal. */
  readonly sealedBy: string
}

export interface Stamped {
  /** The name in the host's own border line, or '' where the message has no Received line. */
  readonly host: string
  /** Trusted lines first, then unproven, then untrusted, each from the top; at most fieldsLimit of them. */
  readonly fields: readonly StampedField[]
  /** How many more lines there were. */
  readonly leftOut: number
  readonly spf?: StampedAnswer
  readonly dkim?: StampedAnswer
  readonly dmarc?: StampedAnswer
  readonly arc?: StampedAnswer
  readonly chain?: StampedChain
}

export interface ReceivingHost extends KnownMachines {
  /** authserv-ids that the owner confirmed as the host's own, with the methods it stamps (base/authserv-id.ts). */
  readonly confirmedIds: readonly string[]
  /** The mailbox's own addresses: NTT WebARENA writes the recipient's address as authserv-id. */
  readonly addresses: readonly string[]
}

export const unknownHost: ReceivingHost = { names: [], machines: [], confirmedIds: [], addresses: [] }
