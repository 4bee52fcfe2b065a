/** Secrets from environment variables and from files named by them (`NAME_FILE`), for containers and scripts. */
import { Fault } from '../base/fault.ts'
import { readPrivate } from '../base/private-file.ts'
import type { Vault } from './vault.ts'

/** The variable for a secret: `shop/mail-password` is SHOP_MAIL_PASSWORD; MAIL_PASSWORD is itself. */
export function variableOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
}

/**
 * A read-only vault. One line ending at the end of a file is not part of the secret: editors and `echo` add it.
 * @returns a vault whose `get` throws Fault secret.unreadable where a named file is missing, empty or open to
 * others, or where both NAME and NAME_FILE are given; `set` and `delete` throw secret.not-kept
 */
export function environmentVault(env: NodeJS.ProcessEnv): Vault {
  const readOnly = async (name: string): Promise<never> => {
    throw new Fault('secret.not-kept', {
      facts: { what: 'environment', reason: 'read-only', variable: variableOf(name) },
    })
  }
  return {
    kind: 'environment',
    get: async name => {
      const variable = variableOf(name)
      const value = env[variable]
      const file = env[`${variable}_FILE`]
      if (!file) return value || undefined
      if (value) {
        throw new Fault('secret.unreadable', { facts: { what: variable, reason: 'both-given', file } })
      }
      const octets = await readPrivate(file, env)
      const secret = octets?.toString('utf8').replace(/\r?\n$/, '')
      if (secret) return secret
      const reason = octets === undefined ? 'ENOENT' : 'empty'
      throw new Fault('secret.unreadable', { facts: { what: `${variable}_FILE`, file, reason } })
    },
    set: readOnly,
    delete: readOnly,
  }
}
