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

/**
 * A secret by reference. It cannot be printed by accident: JSON, template strings and the inspector see a mask.
 */
export class Secret {
  readonly #read: () => Promise<string>
  constructor(read: () => Promise<string>) {
    this.#read = read
  }
  /** Reads the secret now. Throws Fault secret.missing or secret.unreadable. */
  reveal(): Promise<string> {
    return this.#read()
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
  /** A secret that is known already (environment, tests). */
  static of(value: string): Secret {
    return new Secret(async () => value)
  }
}
