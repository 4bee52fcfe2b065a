/** Secrets by reference: from the environment, from a file, or from the vault; read when they are used. */
import { Fault } from '../base/fault.ts'
import { readPrivate } from '../base/private-file.ts'
import type { Problem } from '../base/problem.ts'
import type { Destination } from '../base/secret.ts'
import { Secret } from '../base/secret.ts'

export interface SecretPlace {
  /** The variable, or the path in the YAML file, for messages. */
  readonly at: string
  readonly variable: string
  readonly value: string | undefined
  /** Absolute path. */
  readonly file: string | undefined
  /** Name in the vault, e.g. `mailbox/shop@example.jp/password`. */
  readonly vaultName: string
}

/** Looks a secret up in the vault, for this destination only; without one, only whether it is there counts. */
export type AskVault = (name: string, destination: Destination | undefined) => Promise<string | undefined>

/** What secrets need to be read. */
export interface SecretSources {
  readonly env: NodeJS.ProcessEnv
  readonly vault: AskVault | undefined
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
    if (place.value !== undefined) return place.value
    if (place.file !== undefined) return readSecretFile(place.file, env)
    const found = await vault?.(place.vaultName, destination)
    if (found !== undefined && found !== '') return found
    throw new Fault('secret.missing', { facts: { name: place.vaultName, variable: place.variable } })
  }
  const givenBy = place.value === undefined ? place.file : place.variable
  return new Secret(async () => {
    const value = await read()
    onReveal?.(value)
    return value
  }, givenBy)
}

/**
 * No password, token or address holds a control character; a private key, another program's settings and
 * /proc/self/environ do. Whoever writes a setting chooses file and server, and must not get such a file that way.
 */
const isOneLine = (text: string): boolean => text.length <= mostChars && !/\p{Cc}/u.test(text)
const mostChars = 4096

/** One line ending at the file's end is cut: editors and `echo` put it there. Throws Fault secret.unreadable. */
async function readSecretFile(file: string, env: NodeJS.ProcessEnv): Promise<string> {
  const octets = await readPrivate(file, env)
  const text = octets?.toString('utf8').replace(/\r?\n$/, '')
  if (text !== undefined && text !== '') {
    if (isOneLine(text)) return text
    throw new Fault('secret.unreadable', { facts: { file, reason: 'not-one-line' } })
  }
  throw new Fault('secret.unreadable', { facts: { file, reason: octets === undefined ? 'ENOENT' : 'empty' } })
}

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
    const at = place.at === place.variable ? `${place.at}_FILE` : `${place.at}File`
    if (command !== undefined) return { at, kind: 'open-file', file: place.file, command: String(command) }
    if (reason === 'empty') return { at, kind: 'empty-file', file: place.file }
    return { at, kind: 'file', file: place.file, reason: String(reason) }
  }
}
