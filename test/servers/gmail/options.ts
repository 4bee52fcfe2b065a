/** What startGmailServer takes and gives. */
import type { Clock } from '../../../src/base/clock.ts'
import type { Faults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { Mailbox, StoredMessage } from './mailbox.ts'
import type { Accepted, ImportRules } from './messages.ts'
import type { OAuth, OAuthClient, OAuthRules } from './oauth.ts'
import type { Quota, QuotaRules } from './quota.ts'
import type { ResumableRules, ResumableUploads } from './resumable.ts'

export interface GmailServerOptions {
  /** Addresses, or addresses with label names. Default: owner@example.test. */
  readonly accounts?: readonly (string | { readonly email: string; readonly labels?: readonly string[] })[]
  readonly clock?: Clock
  /** Default: one desktop client. */
  readonly clients?: readonly OAuthClient[]
  readonly oauth?: Partial<OAuthRules>
  readonly quota?: Partial<QuotaRules>
  readonly rules?: Partial<ImportRules>
  readonly resumable?: Partial<ResumableRules>
  /** Whether read-back has Gmail's Received line on top; default true. */
  readonly prependReceived?: boolean
  /** Kept of each request body in the ledger, octets; default 64 KiB. Everything is hashed. */
  readonly keepBodyOctets?: number
  /** Most entries in the ledger, the oldest fall out; default 200000. */
  readonly ledgerEntries?: number
  /** `expected`: close() takes it as right that requests were not as Google describes them. Default: it rejects. */
  readonly violations?: 'expected'
  /** https instead of http. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer }
  /** How long an idle connection lives; default 60000 ms. */
  readonly keepAliveMs?: number
  readonly port?: number
}

export interface GmailServer {
  /** Root URL, with a final slash: GMAIL_API_ROOT. */
  readonly url: string
  readonly authUrl: string
  readonly tokenUrl: string
  readonly revokeUrl: string
  /** The first client. */
  readonly client: OAuthClient
  /** The client JSON as Google's console gives it, with this server's URLs. */
  clientJson(): Record<string, unknown>
  readonly ledger: Ledger
  readonly faults: Faults
  readonly oauth: OAuth
  readonly quota: Quota
  /** May be changed while running. */
  readonly rules: ImportRules
  readonly resumable: ResumableUploads
  /** A consent given elsewhere: a refresh token. Default scopes gmail.insert and gmail.labels. */
  grant(account?: string, scopes?: readonly string[]): string
  /** An access token at once, for a test that speaks to the API by hand. */
  accessToken(account?: string, scopes?: readonly string[]): string
  mailbox(account?: string): Mailbox
  /** Everything there, trash and spam included, oldest first. */
  messages(account?: string): StoredMessage[]
  /** Uploads that Gmail said yes to (or would have, where a fault swallowed the answer), in order. */
  readonly accepted: readonly Accepted[]
  /** Multiset: how many messages with each SHA-256 are there. Over all accounts, or one. */
  stored(account?: string): Map<string, number>
  /** How many uploads were taken in, by message id. Over all accounts, or one. */
  imports(account?: string): Map<string, number>
  /** Makes everything findable, where `indexLagMs` is `manual`. */
  indexNow(): void
  /** Every connection in the order of their numbers in the ledger: when it stood (TLS included), and whether it resumed. */
  readonly connections: readonly { readonly number: number; readonly resumed: boolean }[]
  /** Ends the connections that carry no request, as Gmail does with those that idled for long (FIN). */
  endIdle(): void
  /** RST on every connection; the listener stays. */
  dropConnections(): void
  /** Nobody listens on the port any more, connections are reset; `goOnline` brings the same port back. */
  goOffline(): Promise<void>
  goOnline(): Promise<void>
  /** Requests, or parts of them, that are not as Google's discovery document describes them; in Google's words. */
  readonly violations: readonly string[]
  /** Faults of the stand-in itself; a test asserts that there are none. */
  readonly bugs: readonly unknown[]
  /** Rejects, once all is closed, where a request was not as Google describes it: see the option `violations`. */
  close(): Promise<void>
}
