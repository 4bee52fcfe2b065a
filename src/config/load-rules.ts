/** What depends on more than one key, or on a file. Checked on what was written, so that one problem hides no other. */
import { X509Certificate } from 'node:crypto'
import { FileRefused, readBounded } from '../base/bounded-file.ts'
import { Fault } from '../base/fault.ts'
import { isLoopback } from '../base/loopback.ts'
import { readPrivate } from '../base/private-file.ts'
import type { Problem } from '../base/problem.ts'
import { readServiceAccountEmail } from '../base/service-account-key.ts'
import { shellWord } from '../base/shell-word.ts'
import type { WrittenPart } from './read-part.ts'
import type { Values } from './settings/setting.ts'
import type { mailboxSettings } from './settings.ts'

/** @returns the problems of one mailbox that no key has by itself, as far as its values are right */
export function checkMailboxRules(
  values: Partial<Values<typeof mailboxSettings>>,
  { values: written, place }: WrittenPart,
): Problem[] {
  const problems: Problem[] = []
  const { protocol, host, security, folders = [], afterImport } = values
  if (security === 'none' && host !== undefined && !isLoopback(host)) {
    problems.push({ at: place('security'), kind: 'not-loopback', given: 'none' })
  }
  if (protocol === 'pop3' && folders.some(({ name }) => name !== 'INBOX')) {
    problems.push({ at: place('folders'), kind: 'folders-need-imap' })
  }
  if (afterImport?.do !== 'move') return problems
  if (protocol === 'pop3') {
    const given = String(written.afterImport)
    problems.push({ at: place('afterImport'), kind: 'move-needs-imap', given })
  }
  const pulled = folders.length === 0 ? ['INBOX'] : folders.map(({ name }) => name)
  const into = /^inbox$/i.test(afterImport.folder) ? 'INBOX' : afterImport.folder
  // It would be listed as new mail in the next pull.
  if (pulled.includes(into))
    problems.push({ at: place('afterImport'), kind: 'move-into-pulled', folder: into })
  return problems
}

/** What an operating system brings as its whole list of authorities is a quarter of a MiB. */
const certificateFileLimits = { mostOctets: 4 << 20 } as const

/** How a file is named in a message: a word without a slash may be a secret that was put into the wrong variable. */
export function nameWrittenFile(written: string, path: string): string {
  return /[\\/.]/.test(written) ? path : '…'
}

/** What is wrong with a file that FileRefused refused, with the command that mends it where one does. */
export function describeFileProblem(at: string, file: string, reason: string): Problem {
  if (reason === 'writable')
    return { at, kind: 'writable-file', file, command: `chmod go-w ${shellWord(file)}` }
  if (reason === 'foreign') return { at, kind: 'foreign-file', file }
  return { at, kind: 'file', file, reason }
}

/** The text of a PEM file, which must hold certificates that can be read, and nothing broken. */
export async function readCertificateFile(
  at: string,
  file: string,
): Promise<{ readonly text: string } | Problem> {
  let text: string
  try {
    text = (await readBounded(file, certificateFileLimits)).toString('latin1')
  } catch (thrown) {
    if (!(thrown instanceof FileRefused)) throw thrown
    return { at, kind: 'file', file, reason: thrown.code }
  }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  try {
    for (const block of blocks) new X509Certificate(block)
  } catch {
    return { at, kind: 'not-pem', file }
  }
  return blocks.length === 0 ? { at, kind: 'not-pem', file } : { text }
}

export async function checkCertificateFile(at: string, file: string): Promise<Problem | undefined> {
  const read = await readCertificateFile(at, file)
  return 'kind' in read ? read : undefined
}

/** What `read` makes of a file that no other user may read; where it throws, the file is `unfit`. */
export async function readKeyFile<T>(
  at: string,
  file: string,
  env: NodeJS.ProcessEnv,
  unfit: 'not-a-key-file' | 'not-a-private-key',
  read: (octets: Buffer) => T,
): Promise<{ readonly key: T } | Problem> {
  try {
    const octets = await readPrivate(file, env)
    if (octets === undefined) return { at, kind: 'file', file, reason: 'ENOENT' }
    return { key: read(octets) }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) return { at, kind: unfit, file }
    if (thrown.facts.reason === 'permissions')
      return { at, kind: 'open-file', file, command: `chmod 600 ${shellWord(file)}` }
    return { at, kind: 'file', file, reason: String(thrown.facts.reason) }
  }
}

/** The JSON key of a service account: a private key, so no other user may read it. */
export async function checkKeyFile(
  at: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<Problem | undefined> {
  const read = await readKeyFile(at, file, env, 'not-a-key-file', octets =>
    readServiceAccountEmail(octets.toString('utf8')),
  )
  return 'kind' in read ? read : undefined
}
