/** The frozen configuration: what load.ts makes of environment, .env and YAML. Inner code never checks it again. */
import type { Secret } from '../base/secret.ts'

export type MailSecurity = 'tls' | 'starttls' | 'none'

/** One folder to pull and where its mail belongs in Gmail. POP3 has one, named ''. */
export interface FolderConfig {
  /** IMAP folder name, Unicode, as the server spells it. */
  readonly name: string
  /** 'inbox' = INBOX (unless archived), 'spam' = Gmail's SPAM, 'label' = the mailbox's labels only. */
  readonly to: 'inbox' | 'spam' | 'label'
  /** More label names for mail of this folder. */
  readonly labels: readonly string[]
}

export type AfterImport =
  | { readonly do: 'keep' }
  | { readonly do: 'delete'; readonly afterMs: number }
  | { readonly do: 'move'; readonly folder: string }

export type StartFrom =
  | { readonly from: 'all' }
  | { readonly from: 'new' }
  | { readonly from: 'date'; readonly atMs: number }

/** How to reach the source mailbox's server. */
export interface ServerConfig {
  readonly host: string
  readonly port: number
  readonly security: MailSecurity
  /** PEM file with additional trusted certificates. */
  readonly caFile: string | undefined
  /** SHA-256 of the server certificate (DER), lower-case hexadecimal, that the owner pinned by his word. */
  readonly pinnedSha256: string | undefined
}

export interface MailboxConfig {
  /** Unique; the journal knows the mailbox by it. */
  readonly name: string
  readonly protocol: 'imap' | 'pop3'
  readonly server: ServerConfig
  readonly user: string
  readonly password: Secret
  readonly folders: readonly FolderConfig[]
  /** AccountConfig.name of the Gmail account that the mail goes to. */
  readonly account: string
  /** Label names that every message gets. */
  readonly labels: readonly string[]
  /** Gmail's "archive incoming": without INBOX. */
  readonly archive: boolean
  readonly neverMarkSpam: boolean
  readonly processForCalendar: boolean
  readonly internalDateSource: 'dateHeader' | 'receivedTime'
  readonly afterImport: AfterImport
  readonly startFrom: StartFrom
  /** node-cron expression, seconds allowed. */
  readonly schedule: string
  /** A message without Message-ID whose import had an unknown outcome: import again, or wait for the owner. */
  readonly whenOutcomeUnknown: 'repeat' | 'ask'
  /** What Gmail's import refuses may go by messages.insert instead. */
  readonly whenRefused: 'keep' | 'insert'
  /** Verify SPF, DKIM, DMARC and ARC ourselves beside the import. */
  readonly verify: boolean
  /** IP address or name that the host's forwarding would send from, or an e-mail address there; for the forecast. */
  readonly forwardingAddress: string | undefined
  /** authserv-ids whose Authentication-Results count as the host's own; empty: learn from the host. */
  readonly authservIds: readonly string[]
}

export type GoogleCredential =
  | {
      readonly kind: 'user'
      readonly clientId: string
      /** Google calls it a secret for desktop clients too (RFC 8252 section 8.5). */
      readonly clientSecret: Secret
      readonly refreshToken: Secret
      /**
       * Whose permission it is, as the set-up kept it beside the refresh token (google/identity.ts); read when it is
       * used. None for a refresh token of a variable or a file: that one was not made here.
       * @throws Fault secret.unreadable
       */
      readonly identity?: (() => Promise<string | undefined>) | undefined
    }
  | { readonly kind: 'service-account'; readonly keyFile: string; readonly subject: string }

export interface AccountConfig {
  readonly name: string
  /** The Gmail address, or 'me'. */
  readonly address: string
  readonly credential: GoogleCredential
  /** Quota units a minute (Gmail's usage limits; import costs 25). */
  readonly unitsPerMinute: number
  /** Imports in flight at once, 1 to 3. */
  readonly importsInFlight: number
}

/** Google's endpoints: https, or http to loopback only. */
export interface GoogleEndpoints {
  readonly apiRoot: string
  readonly authUrl: string
  readonly tokenUrl: string
  readonly revokeUrl: string
}

export interface AlertConfig {
  /** Minutes that a mailbox may fail before the owner is told. */
  readonly afterMinutes: number
  /** A notice mail put into Gmail. */
  readonly mail: boolean
  /** POST of a short text (ntfy's way); may hold a secret topic. */
  readonly webhook: Secret | undefined
  /** GET after each good pull, `/fail` after a bad one (healthchecks' way). */
  readonly ping: Secret | undefined
}

export interface Config {
  readonly stateDir: string
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
    readonly format: 'text' | 'json'
  }
  readonly language: 'en' | 'ja'
  readonly endpoints: GoogleEndpoints
  /** DNS servers to ask when verifying, `address` or `address:port`; empty: the system's. */
  readonly dnsServers: readonly string[]
  readonly alerts: AlertConfig
  readonly accounts: readonly AccountConfig[]
  readonly mailboxes: readonly MailboxConfig[]
}
