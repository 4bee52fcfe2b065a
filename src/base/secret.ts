/** A secret by reference, and what is known of it without reading it: where it may go. Held by every room that needs one. */

import { secretWord } from './mask.ts'

/** The server of a mailbox, as far as it decides who gets the password. */
export interface MailboxDestination {
  readonly kind: 'mailbox'
  readonly host: string
  readonly port: number
  readonly security: string
  /** Absolute path of further authorities: whoever names one says whom to believe that it is this host. */
  readonly caFile?: string | undefined
  /** SHA-256 of the one certificate to believe. */
  readonly pinnedSha256?: string | undefined
}

/** Everything at Google that gets the refresh token, the client secret, or what they are exchanged for. */
export interface GoogleDestination {
  readonly kind: 'google'
  readonly tokenUrl: string
  readonly apiRoot: string
  readonly revokeUrl: string
}

/** A mailbox whose access tokens come from elsewhere: both get what a refresh token or a client secret is good for. */
export interface OAuthDestination extends Omit<MailboxDestination, 'kind'> {
  readonly kind: 'oauth'
  readonly tokenUrl: string
}

export type Destination = MailboxDestination | GoogleDestination | OAuthDestination

/**
 * What is done with a secret that an earlier hikyaku kept without a destination: 'bind' where the destination now
 * stands in a configuration that nobody but the owner chose; else 'refuse'.
 */
export type FirstUse = 'bind' | 'refuse'

/**
 * A secret by reference. It cannot be printed by accident: JSON, template strings and the inspector see a mask.
 */
export class Secret {
  readonly #read: () => Promise<string>
  /** The variable, or the file by its path, that it comes from; undefined: neither, so the vault. */
  readonly givenBy: string | undefined
  constructor(read: () => Promise<string>, givenBy?: string) {
    this.#read = read
    this.givenBy = givenBy
  }
  /** Reads the secret now. Throws Fault secret.missing or secret.unreadable. */
  reveal(): Promise<string> {
    return this.#read()
  }
  toString(): string {
    return secretWord
  }
  toJSON(): string {
    return secretWord
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return secretWord
  }
  /** A secret that is known already (environment, tests). */
  static of(value: string): Secret {
    return new Secret(async () => value)
  }
}

/** A secret that whoever gave it replaces as it is used: a refresh token (RFC 6749 section 6). */
export interface KeptSecret {
  readonly secret: Secret
  /**
   * Takes the place of what is kept, durably; changes nothing where that is another one by now.
   * @param instead the one that it was given for @throws Fault secret.not-kept, secret.unreadable
   */
  replace(value: string, instead: string): Promise<void>
}
