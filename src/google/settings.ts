/** What this room needs of the settings. Those of config/ fit by their shape: the compiler checks it in bridge.ts. */
import type { Secret } from '../base/secret.ts'

export type GoogleCredential =
  | {
      readonly kind: 'user'
      readonly clientId: string
      /** Google calls it a secret for desktop clients too (RFC 8252 section 8.5). */
      readonly clientSecret: Secret
      readonly refreshToken: Secret
      /** Whose permission it is, as writeIdentity made it. @throws Fault secret.unreadable */
      readonly identity?: (() => Promise<string | undefined>) | undefined
    }
  | {
      readonly kind: 'service-account'
      /** The service account's address, where its key is given beside it. */
      readonly keyFile: string
      /** The text of its JSON key, where that is in no file. */
      readonly key?: Secret
      readonly subject: string
    }

export interface AccountSettings {
  /** The Gmail address, or 'me'. */
  readonly address: string
  readonly credential: GoogleCredential
}

/** Google's own, or loopback's for tests and the sandbox. */
export interface GoogleEndpoints {
  readonly apiRoot: string
  readonly authUrl: string
  readonly tokenUrl: string
  readonly revokeUrl: string
}
