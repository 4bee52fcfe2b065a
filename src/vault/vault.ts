/**
 * The port to a place for secrets. keychain.ts (OS keychain), sealed-file.ts and environment.ts implement it.
 * A secret is read when it is used, so a new consent or a changed password reaches a running daemon.
 */
export interface Vault {
  /** Where secrets are, in a word for `status` and `doctor`: 'keychain', 'sealed file', 'environment'. */
  readonly kind: string
  /** The secret, or undefined where there is none. Throws Fault secret.unreadable. */
  get(name: string): Promise<string | undefined>
  /** Throws Fault where it cannot be kept. */
  set(name: string, secret: string): Promise<void>
  delete(name: string): Promise<void>
}
