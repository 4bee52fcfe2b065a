/** Secrets by reference: from the environment, from a file, or from the vault; read when they are used. */
import { Fault } from '../base/fault.ts'
import { fileVariableOf, type GivenSecret, isGivenTwice, readGivenSecret } from '../base/given-secret.ts'
import type { Problem } from '../base/problem.ts'
import { type Destination, Secret } from '../base/secret.ts'

/** Its file's path is absolute. */
export interface SecretPlace extends GivenSecret {
  /** The variable, or the path in the YAML file, for messages. */
  readonly at: string
  /** Name in the vault, e.g. `mailbox/shop@example.jp/password`. */
  readonly vaultName: string
}

/** Looks a secret up in the vault, for this destination only; without one, only whether it is there counts. */
export type AskVault = (name: string, destination: Destination | undefined) => Promise<string | undefined>

/** Keeps one there, for this destination only. */
export type KeepInVault = (name: string, value: string, destination: Destination) => Promise<void>

/** What secrets need to be read. */
export interface SecretSources {
  readonly env: NodeJS.ProcessEnv
  readonly vault: AskVault | undefined
  readonly keep: KeepInVault | undefined
  /** Told each value that is read. */
  readonly onReveal: ((value: string) => void) | undefined
}

/** @param destination where it will be sent; undefined where the configuration is too wrong to be used */
export function makeSecret(
  place: SecretPlace,
  destination: Destination | undefined,
  sources: SecretSources,
): Secret {
  const { env, vault, onReveal } = sources
  const read = async (): Promise<string> => {
    const secret = (await readGivenSecret(place, env)) ?? (await vault?.(place.vaultName, destination))
    if (secret !== undefined && secret !== '') return secret
    throw new Fault('secret.missing', { facts: { name: place.vaultName, variable: place.variable } })
  }
  const givenBy = place.value === undefined ? place.file : place.variable
  return new Secret(async () => {
    const value = await read()
    onReveal?.(value)
    return value
  }, givenBy)
}

export const refuseGivenTwice = ({ variable }: SecretPlace): Problem => ({
  at: variable,
  kind: 'both',
  other: fileVariableOf(variable),
})

/**
 * Tries a secret at the door.
 * @returns what is wrong with it, or undefined; a vault that cannot be asked just now is no problem of the
 * configuration and shows when the secret is used
 */
export async function checkSecret(place: SecretPlace, secret: Secret): Promise<Problem | undefined> {
  try {
    await secret.reveal()
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    if (thrown.code === 'secret.missing') {
      return { at: place.at, kind: 'missing-secret', variable: place.variable, vaultName: place.vaultName }
    }
    if (place.file === undefined) return undefined
    const { reason, command } = thrown.facts
    if (isGivenTwice(place)) return refuseGivenTwice(place)
    const at = place.at === place.variable ? fileVariableOf(place.at) : `${place.at}File`
    if (command !== undefined) return { at, kind: 'open-file', file: place.file, command: String(command) }
    if (reason === 'empty') return { at, kind: 'empty-file', file: place.file }
    return { at, kind: 'file', file: place.file, reason: String(reason) }
  }
}
