/** The frozen configuration: what load.ts makes of environment, .env and YAML. Inner code never checks it again. */
import type { Language } from '../base/language.ts'
import type { Secret } from '../base/secret.ts'
import type { GoogleEndpoints } from './endpoints.ts'
import type { MailCredential } from './mail-credential.ts'
import type { MailSecurity } from './settings/mailbox.ts'
import type { oauthSettings } from './settings/oauth.ts'
import type { alertSettings, endpointSettings } from './settings/program.ts'
import type { Values } from './settings/setting.ts'
import type { accountSettings, mailboxSettings, programSettings } from './settings.ts'

export type { GoogleEndpoints } from './endpoints.ts'
export type { MailCredential, OAuthCredential } from './mail-credential.ts'
export type { AfterImport, FolderConfig, StartFrom } from './mail-readers.ts'
export type { ListenAddress } from './readers.ts'
export type { RuleConfig } from './rule-readers.ts'
export type { MailSecurity } from './settings/mailbox.ts'

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

/** The settings of settings/mailbox.ts that are used as they are read. */
type MailboxValues = Omit<
  Values<typeof mailboxSettings>,
  | 'name'
  | 'account'
  | 'host'
  | 'port'
  | 'security'
  | 'caFile'
  | 'certSha256'
  | 'password'
  | keyof typeof oauthSettings
>

export interface MailboxConfig extends MailboxValues {
  /** Unique; the journal knows the mailbox by it. */
  readonly name: string
  readonly server: ServerConfig
  readonly credential: MailCredential
  /** AccountConfig.name of the Gmail account that the mail goes to. */
  readonly account: string
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
  | {
      readonly kind: 'service-account'
      /** Where its key is; the service account's address, where the key is given beside it. */
      readonly keyFile: string
      /** The text of its JSON key, where that is kept elsewhere than in a file. */
      readonly key?: Secret
      readonly subject: string
    }

/** The quick way in (gmail/append/): for the address, at Gmail's IMAP server. */
export interface AppPassword {
  readonly kind: 'app-password'
  readonly password: Secret
}

type AccountValues = Omit<
  Values<typeof accountSettings>,
  | 'name'
  | 'way'
  | 'appPassword'
  | 'clientId'
  | 'clientSecret'
  | 'refreshToken'
  | 'serviceAccountFile'
  | 'serviceAccount'
>

interface NamedAccount extends AccountValues {
  readonly name: string
}

/** By Gmail's API. */
export interface ApiAccount extends NamedAccount {
  readonly credential: GoogleCredential
}

/** By IMAP. */
export interface AppPasswordAccount extends NamedAccount {
  readonly credential: AppPassword
}

export type AccountConfig = ApiAccount | AppPasswordAccount

/** Which way an account's mail goes. */
export const isOfApi = (account: AccountConfig): account is ApiAccount =>
  account.credential.kind !== 'app-password'

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

type ProgramSettings = Values<typeof programSettings>

/** The settings of settings/program.ts that are used as they are read. */
type ProgramValues = Omit<
  ProgramSettings,
  | 'stateDir'
  | 'language'
  | 'logLevel'
  | 'logFormat'
  | keyof typeof alertSettings
  | keyof typeof endpointSettings
>

/** What concerns no mailbox in particular. */
export interface ProgramConfig extends ProgramValues {
  readonly stateDir: string
  readonly log: {
    readonly level: ProgramSettings['logLevel']
    readonly format: ProgramSettings['logFormat']
  }
  readonly language: Language
  readonly endpoints: GoogleEndpoints
  /** Where Microsoft's sign-in is: its own, or loopback's for tests. */
  readonly microsoftLoginRoot: string
  readonly alerts: AlertConfig
}

export interface Config extends ProgramConfig {
  readonly accounts: readonly AccountConfig[]
  readonly mailboxes: readonly MailboxConfig[]
}
