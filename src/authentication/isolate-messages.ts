/** What the mail-carrying and the verifying process say to each other: plain data and octets. */
import type { ReceivingHost } from './stamped.ts'

/** One message to be verified. */
export interface Job {
  /** The header section, at most `complexityBounds.headerOctets`. */
  readonly header: Uint8Array
  /** Length of the whole message. */
  readonly octets: number
  readonly host: ReceivingHost
  readonly forwardingAddress: string | undefined
  /** Wall clock, ms since 1970. */
  readonly nowMs: number
}

export type ToIsolate =
  | { readonly kind: 'job'; readonly id: number; readonly job: Job }
  /** The next octets of a message; undefined: no more. `broken`: they can no longer be read. */
  | {
      readonly kind: 'chunk'
      readonly id: number
      readonly octets: Uint8Array | undefined
      readonly broken: boolean
    }
  | {
      readonly kind: 'answer'
      readonly question: number
      readonly rows: readonly unknown[] | undefined
      /** node's code of a look-up that failed. */
      readonly code: string
    }

export type FromIsolate =
  | { readonly kind: 'ready' }
  /** Wants the next octets of a message: one piece is under way at a time. */
  | { readonly kind: 'read'; readonly id: number }
  | { readonly kind: 'ask'; readonly question: number; readonly name: string; readonly type: string }
  /** JSON of an Authentication; undefined where it broke off. */
  | { readonly kind: 'done'; readonly id: number; readonly json: string | undefined }
