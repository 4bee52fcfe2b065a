/** What this room needs of the settings. Those of config/ fit by their shape: the compiler checks it in bridge.ts. */
import type { KeptSecret, Secret } from '../base/secret.ts'

export type OAuthProvider = 'microsoft' | 'google' | 'openid'

/** https, or http to this computer. */
export interface OAuthEndpoints {
  readonly tokenUrl: string
  /** Undefined: it knows no device code (RFC 8628). */
  readonly deviceUrl: string | undefined
  /** Undefined: nobody can sign in there by a browser. */
  readonly authUrl: string | undefined
}

/** How the program itself proves who it is (RFC 6749 section 2.3). */
export type ClientProof =
  | { readonly kind: 'public' }
  /** A public client has none, and what has none is one. */
  | { readonly kind: 'secret'; readonly secret: Secret; readonly isOptional: boolean }
  /** PEM file of a private key and its certificate (RFC 7523 section 2.2). */
  | { readonly kind: 'certificate'; readonly file: string }

export type OAuthGrant =
  | { readonly kind: 'user'; readonly refreshToken: KeptSecret }
  | { readonly kind: 'app' }
  | { readonly kind: 'service-account'; readonly keyFile: string; readonly subject: string }

/** The owner's own client at a provider, and what is asked for. */
export interface OAuthClient {
  readonly provider: OAuthProvider
  readonly endpoints: OAuthEndpoints
  readonly scopes: readonly string[]
  readonly clientId: string
  readonly proof: ClientProof
}

export interface OAuthSettings extends OAuthClient {
  readonly grant: OAuthGrant
}
