/** A secret that the environment gives: NAME holds it, or NAME_FILE the path of a file that does. Never both. */
import { Fault } from './fault.ts'
import { readPrivate } from './private-file.ts'

export interface GivenSecret {
  /** The variable, or whatever else the owner knows the secret's place by. */
  readonly variable: string
  /** To the letter. */
  readonly value: string | undefined
  /** Path of the file. */
  readonly file: string | undefined
}

export const fileVariableOf = (variable: string): string => `${variable}_FILE`

/** @returns what stands in these variables; an empty one is as good as none */
export function findGivenSecret(
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
): GivenSecret {
  const file = env[fileVariableOf(variable)]?.trim() || undefined
  return { variable, value: env[variable] || undefined, file }
}

/** Which of the two was meant, nobody knows. */
export const isGivenTwice = ({ value, file }: Pick<GivenSecret, 'value' | 'file'>): boolean =>
  value !== undefined && file !== undefined

/**
 * @returns the secret, or undefined where neither is given
 * @throws Fault secret.unreadable with `reason` both-given (and `what`, both variables), or as of readSecretFile
 */
export async function readGivenSecret(
  given: GivenSecret,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { variable, value, file } = given
  if (file === undefined) return value
  if (value !== undefined) {
    const what = `${variable}, ${fileVariableOf(variable)}`
    throw new Fault('secret.unreadable', { facts: { what, reason: 'both-given' } })
  }
  return readSecretFile(file, env)
}

/**
 * The secret in a private file, without the one line ending that editors and `echo` put at its end.
 * @throws Fault secret.unreadable with `file` and `reason`: ENOENT, empty, not-one-line, or as of readPrivate
 */
export async function readSecretFile(file: string, env: NodeJS.ProcessEnv): Promise<string> {
  const octets = await readPrivate(file, env)
  const text = octets?.toString('utf8').replace(/\r?\n$/, '')
  if (text !== undefined && text !== '' && isOneLine(text)) return text
  const reason = text === undefined ? 'ENOENT' : text === '' ? 'empty' : 'not-one-line'
  throw new Fault('secret.unreadable', { facts: { file, reason } })
}

const mostChars = 4096

/**
 * No password, token or address holds a control character; a private key, another program's settings and
 * /proc/self/environ do. Whoever writes a setting chooses file and server, and must not get such a file that way.
 */
const isOneLine = (text: string): boolean => text.length <= mostChars && !/\p{Cc}/u.test(text)
