/**
 * Chooses the place for secrets and says which one and why.
 *
 * The choice is kept in the state directory once a secret has been stored: a daemon that systemd starts without
 * a session bus must say "the keychain cannot be reached", not look into an empty file and say "no password".
 */
import { join } from 'node:path'
import { Fault } from '../base/fault.ts'
import { fileVariableOf, findGivenSecret } from '../base/given-secret.ts'
import { exists, readPrivate, writePrivate } from '../base/private-file.ts'
import type { Destination, FirstUse } from '../base/secret.ts'
import { bindSecret, getFor, readStored } from './destination.ts'
import { environmentVault, variableOf } from './environment.ts'
import { keychainVault, probeKeychain } from './keychain.ts'
import { sealedFileOf, sealedFileVault } from './sealed-file.ts'
import { findKey } from './sealed-key.ts'
import type { Vault } from './vault.ts'

export type VaultChoice = 'keychain' | 'sealed-file' | 'environment'

export interface VaultOptions {
  readonly stateDir: string
  readonly env: NodeJS.ProcessEnv
  /** 'auto', also by default: the choice kept earlier, else the keychain where it works, else the sealed file. */
  readonly choice?: VaultChoice | 'auto'
  /** Longest wait for the keychain, ms (see KeychainOptions). */
  readonly keychainDeadlineMs?: number
}

/** Why this place: `asked` (option or HIKYAKU_VAULT), `kept` (chosen earlier), `works`, or why the keychain did not. */
export interface OpenedVault extends Vault {
  readonly choice: VaultChoice
  readonly because: string
  /**
   * The secret as it was kept, wherever it is going: to show that it is there, never to send it. What is sent comes
   * from getFor.
   */
  get(name: string): Promise<string | undefined>
  /**
   * The secret, for this destination. What the environment gives is not looked at: whoever starts the process
   * answers for both. Throws Fault secret.other-destination, secret.without-destination, secret.unreadable.
   */
  getFor(name: string, destination: Destination, firstUse: FirstUse): Promise<string | undefined>
  /** Keeps a secret that was entered for this destination, in the place of what was kept before. */
  setFor(name: string, secret: string, destination: Destination): Promise<void>
  /** The variable of the environment that gives the secret, whatever is kept; or would, where nothing else is asked. */
  givenBy(name: string): string | undefined
}

const choices: readonly string[] = ['keychain', 'sealed-file', 'environment'] satisfies VaultChoice[]

const choiceFileOf = (stateDir: string): string => join(stateDir, 'vault')

async function readKeptChoice(stateDir: string, env: NodeJS.ProcessEnv): Promise<VaultChoice | undefined> {
  const file = choiceFileOf(stateDir)
  const text = (await readPrivate(file, env))?.toString('utf8').trim()
  if (text === undefined) return undefined
  if (choices.includes(text)) return text as VaultChoice
  throw new Fault('secret.unreadable', { facts: { file, reason: 'damaged' } })
}

/** Whether a place was ever chosen, by the owner or by a set-up. */
export async function isVaultChosen(stateDir: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return (
    env.HIKYAKU_VAULT !== undefined ||
    (await exists(choiceFileOf(stateDir))) ||
    (await exists(sealedFileOf(stateDir)))
  )
}

async function chooseVault(options: VaultOptions, keychain: Vault): Promise<[VaultChoice, string]> {
  const { stateDir, env } = options
  const asked = options.choice ?? (env.HIKYAKU_VAULT || 'auto')
  if (asked !== 'auto') {
    if (choices.includes(asked)) return [asked as VaultChoice, 'asked']
    throw new Fault('config.invalid', {
      facts: { what: 'HIKYAKU_VAULT', reason: `one of ${choices.join(', ')}` },
    })
  }
  const kept = await readKeptChoice(stateDir, env)
  if (kept) return [kept, 'kept']
  if (await exists(sealedFileOf(stateDir))) return ['sealed-file', 'kept']
  // Who provides a key wants it used.
  if (
    env.HIKYAKU_KEY ||
    env.HIKYAKU_KEY_FILE ||
    (env.CREDENTIALS_DIRECTORY && (await findKey(stateDir, env)))
  )
    return ['sealed-file', 'key-given']
  const trouble = await probeKeychain(keychain)
  return trouble === undefined ? ['keychain', 'works'] : ['sealed-file', trouble]
}

/** The vault without the trial entry by which a first set-up finds out whether the keychain works. Throws as openVault. */
export async function openVaultToLook(stateDir: string, env: NodeJS.ProcessEnv): Promise<OpenedVault> {
  // Where nothing was ever chosen, nothing is kept.
  return openVault({
    stateDir,
    env,
    ...((await isVaultChosen(stateDir, env)) ? {} : { choice: 'environment' }),
  })
}

/**
 * @throws Fault secret.unreadable where an earlier choice or key cannot be read, config.invalid for a choice
 * that is none
 */
export async function openVault(options: VaultOptions): Promise<OpenedVault> {
  const { stateDir, env } = options
  // The state directory stands in the name: two set-ups on one machine must not share or delete secrets.
  const keychain = keychainVault({
    service: `hikyaku ${stateDir}`,
    env,
    ...(options.keychainDeadlineMs === undefined ? {} : { deadlineMs: options.keychainDeadlineMs }),
  })
  const environment = environmentVault(env)
  const sealedFile = sealedFileVault(stateDir, env)
  const vaults: Readonly<Record<VaultChoice, Vault>> = { keychain, 'sealed-file': sealedFile, environment }
  let [choice, because] = await chooseVault(options, keychain)

  /** The place now: what `setup` chose meanwhile in another process reaches a running daemon too. */
  const now = async (): Promise<Vault> => {
    const kept = because === 'asked' ? undefined : await readKeptChoice(stateDir, env)
    if (kept !== undefined) [choice, because] = [kept, 'kept']
    return vaults[choice]
  }
  const keepChoice = async (): Promise<void> => {
    if (choice === 'environment' || (await readKeptChoice(stateDir, env).catch(() => undefined)) === choice)
      return
    await writePrivate(choiceFileOf(stateDir), Buffer.from(`${choice}\n`))
  }

  const keep = async (name: string, secret: string): Promise<void> => {
    await (await now()).set(name, secret)
    await keepChoice()
  }

  return {
    get kind() {
      return vaults[choice].kind
    },
    get choice() {
      return choice
    },
    get because() {
      return because
    },
    get: async name => {
      const given = await environment.get(name)
      if (given !== undefined || choice === 'environment') return given
      const stored = await (await now()).get(name)
      return stored && readStored(stored, name).secret
    },
    getFor: async (name, destination, firstUse) => {
      const given = await environment.get(name)
      if (given !== undefined || choice === 'environment') return given
      return getFor(await now(), name, destination, firstUse)
    },
    set: keep,
    setFor: (name, secret, destination) => keep(name, bindSecret(secret, destination)),
    delete: async name => (await now()).delete(name),
    givenBy: name => {
      const { variable, value, file } = findGivenSecret(variableOf(name), env)
      if (file !== undefined) return fileVariableOf(variable)
      return value !== undefined || choice === 'environment' ? variable : undefined
    },
  }
}
