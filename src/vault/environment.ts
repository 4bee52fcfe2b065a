/** Secrets from environment variables and from files named by them (`NAME_FILE`), for containers and scripts. */
import { Fault } from '../base/fault.ts'
import { findGivenSecret, readGivenSecret } from '../base/given-secret.ts'
import type { Vault } from './vault.ts'

/** The variable for a secret: `shop/mail-password` is SHOP_MAIL_PASSWORD; MAIL_PASSWORD is itself. */
export function variableOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
}

/**
 * A read-only vault.
 * @returns a vault whose `get` throws Fault secret.unreadable (given-secret.ts); `set` and `delete` throw
 * secret.not-kept
 */
export function environmentVault(env: NodeJS.ProcessEnv): Vault {
  const readOnly = async (name: string): Promise<never> => {
    throw new Fault('secret.not-kept', {
      facts: { what: 'environment', reason: 'read-only', variable: variableOf(name) },
    })
  }
  return {
    kind: 'environment',
    get: name => readGivenSecret(findGivenSecret(variableOf(name), env), env),
    set: readOnly,
    delete: readOnly,
  }
}
