/** What this room needs of the settings. Those of config/ fit by their shape: the compiler checks it in bridge.ts. */

/** A mail server, and whom to believe that it is this one. */
export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'starttls' | 'none'
  /** PEM file with additional trusted certificates. */
  readonly caFile: string | undefined
  /** SHA-256 of the server certificate (DER), in hexadecimal, with or without colons, that the owner pinned. */
  readonly pinnedSha256: string | undefined
}

/** What proves who logs in. */
export type LoginCredential =
  | {
      readonly kind: 'password'
      /** Read when it is used. @throws Fault secret.missing, secret.unreadable */
      readonly password: { reveal(): Promise<string> }
    }
  /** Access tokens; whoever opens the source brings them (base/access-tokens.ts). */
  | { readonly kind: 'oauth' }

/** A mailbox there, and how to get in. */
export interface MailboxSettings {
  readonly protocol: 'imap' | 'pop3'
  readonly server: ServerSettings
  readonly user: string
  readonly credential: LoginCredential
  /** IMAP folders in the order in which they are pulled. */
  readonly folders: readonly { readonly name: string }[]
  /** With POP3: the port at which the same host tells of new mail by IMAP. */
  readonly idlePort?: number | undefined
}
