/**
 * The key under which the journal remembers an accepted login (login-memory.ts): random, and never in the journal,
 * so that a copy of the journal alone is nothing that passwords could be tried on.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readPrivate, writePrivate } from '../base/private-file.ts'
import { Secret } from '../base/secret.ts'
import { isVaultChosen, openVault } from './open-vault.ts'
import type { Vault } from './vault.ts'

const name = 'login-memory-key'
const keyFileOf = (stateDir: string): string => join(stateDir, 'login.key')
const isKey = (text: string | undefined): text is string => /^[A-Za-z0-9+/]{43}=$/.test(text ?? '')

/** Only where a vault is in use: the key alone is no reason to choose one, or to ask for a keychain. */
async function vaultInUse(stateDir: string, env: NodeJS.ProcessEnv): Promise<Vault | undefined> {
  if (env.HIKYAKU_VAULT === 'environment') return undefined
  if (!(await isVaultChosen(stateDir, {}))) return undefined
  const vault = await openVault({ stateDir, env })
  return vault.choice === 'environment' ? undefined : vault
}

/**
 * The key, from the vault where one is in use, else from a file of mode 0600 in the state directory (secrets given by
 * variables: containers). A vault that cannot be read now is no reason to go without: the file is used.
 * @param make whether it is made where there is none; without, `reveal` gives an empty text
 * @returns base64 of 32 octets. `reveal` throws Fault secret.* where it can be neither read nor kept
 */
export function loginKeyOf(stateDir: string, env: NodeJS.ProcessEnv, make: boolean): Secret {
  const find = async (): Promise<string> => {
    try {
      const vault = await vaultInUse(stateDir, env)
      const kept = await vault?.get(name)
      if (isKey(kept)) return kept
      if (vault !== undefined && make) {
        const key = randomBytes(32).toString('base64')
        await vault.set(name, key)
        return key
      }
    } catch {
      // Told by whoever needs a secret from it.
    }
    const file = keyFileOf(stateDir)
    const kept = (await readPrivate(file, env))?.toString('latin1').trim()
    if (isKey(kept)) return kept
    if (!make) return ''
    const key = randomBytes(32).toString('base64')
    await writePrivate(file, Buffer.from(`${key}\n`))
    return key
  }
  let key: string | undefined
  return new Secret(async () => {
    key ??= (await find()) || undefined
    return key ?? ''
  })
}
