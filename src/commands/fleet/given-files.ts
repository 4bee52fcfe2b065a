/** Files whose paths stand on the command line of `hikyaku fleet`: their contents are kept sealed in the directory. */
import { text as readStream } from 'node:stream/consumers'
import { Fault } from '../../base/fault.ts'
import { readSecretFile } from '../../base/given-secret.ts'
import { homeOf } from '../../base/home.ts'
import { readPrivate } from '../../base/private-file.ts'
import { ConfigFault } from '../../base/problem.ts'
import { readServiceAccountEmail } from '../../base/service-account-key.ts'
import { resolveWrittenPath } from '../../config/load-paths.ts'
import type { Invocation } from '../invocation.ts'

type Place = Pick<Invocation, 'env' | 'cwd'>

const whole = ({ env, cwd }: Place, file: string): string => resolveWrittenPath(file, cwd, homeOf(env))

export interface ServiceAccountKey {
  readonly email: string
  readonly text: string
}

/** Longer is no password, characters. */
const mostChars = 4096

/**
 * A secret of one line, from a private file or from standard input (`-`).
 * @throws Fault secret.unreadable
 */
export async function readGivenSecretFile(invocation: Invocation, file: string): Promise<string> {
  if (file !== '-') return readSecretFile(whole(invocation, file), { ...invocation.env })
  const secret = (await readStream(invocation.stdin as AsyncIterable<Buffer>)).replace(/\r?\n$/, '')
  if (secret !== '' && secret.length <= mostChars && !/\p{Cc}/u.test(secret)) return secret
  throw new Fault('secret.unreadable', {
    facts: { file: '-', reason: secret === '' ? 'empty' : 'not-one-line' },
  })
}

/**
 * The JSON key of a service account, whole, and whose it is.
 * @throws Fault secret.unreadable; ConfigFault where it is another file
 */
export async function readServiceAccountKey(invocation: Place, file: string): Promise<ServiceAccountKey> {
  const path = whole(invocation, file)
  const octets = await readPrivate(path, { ...invocation.env })
  if (octets === undefined) throw new Fault('secret.unreadable', { facts: { file: path, reason: 'ENOENT' } })
  const text = octets.toString('utf8')
  try {
    return { email: readServiceAccountEmail(text), text }
  } catch {
    throw new ConfigFault([{ at: '--service-account-file', kind: 'not-a-key-file', file: path }])
  }
}
