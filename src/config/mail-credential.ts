/** What a mailbox is logged in to with: its password, or access tokens of somebody who vouches for its owner. */
import type { KeptSecret, Secret } from '../base/secret.ts'

export interface PasswordCredential {
  readonly kind: 'password'
  readonly password: Secret
}

/** Who gives out the tokens. */
export type OAuthProvider = 'microsoft' | 'google' | 'openid'

/** Where tokens are asked for: https, or http to this computer. */
export interface OAuthEndpoints {
  readonly tokenUrl: string
  /** Undefined: it knows no device code (RFC 8628). */
  readonly deviceUrl: string | undefined
  /** Undefined: nobody can sign in there by a browser. */
  readonly authUrl: string | undefined
}

/** How the program itself proves who it is (RFC 6749 section 2.3). */
export type OAuthClientProof =
  | { readonly kind: 'public' }
  /** A public client has none, and what has none is one. */
  | { readonly kind: 'secret'; readonly secret: Secret; readonly isOptional: boolean }
  /** PEM file of a private key and its certificate (RFC 7523). */
  | { readonly kind: 'certificate'; readonly file: string }

/** In whose name: of somebody who signed in, or of the program by the word of an administrator. */
export type OAuthGrant =
  | { readonly kind: 'user'; readonly refreshToken: KeptSecret }
  | { readonly kind: 'app' }
  /** Google Workspace: a service account with domain-wide delegation, in the name of this address. */
  | { readonly kind: 'service-account'; readonly keyFile: string; readonly subject: string }

export interface OAuthCredential {
  readonly kind: 'oauth'
  readonly provider: OAuthProvider
  readonly endpoints: OAuthEndpoints
  readonly scopes: readonly string[]
  /** '' with a service account, which is its own client. */
  readonly clientId: string
  readonly proof: OAuthClientProof
  readonly grant: OAuthGrant
}

export type MailCredential = PasswordCredential | OAuthCredential

/** The secrets without which there is no login. */
export function listSecrets(credential: MailCredential): readonly Secret[] {
  if (credential.kind === 'password') return [credential.password]
  const { proof, grant } = credential
  return [
    ...(proof.kind === 'secret' && !proof.isOptional ? [proof.secret] : []),
    ...(grant.kind === 'user' ? [grant.refreshToken.secret] : []),
  ]
}

/** The password, where there is one and it can be read. */
export async function revealPassword(credential: MailCredential): Promise<string | undefined> {
  return credential.kind === 'password' ? credential.password.reveal().catch(() => undefined) : undefined
}
