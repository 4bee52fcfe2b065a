/** What depends on more than one key, or on a file. Checked on what was written, so that one problem hides no other. */
import { X509Certificate } from 'node:crypto'
import { FileRefused, readBounded } from '../base/bounded-file.ts'
import { Fault } from '../base/fault.ts'
import { isLoopback } from '../base/loopback.ts'
import { readPrivate } from '../base/private-file.ts'
import type { Problem } from '../base/problem.ts'
import { shellWord } from '../base/shell-word.ts'
import type { FolderConfig } from './config.ts'
import { Complaint, readAfterImport, readFolders, readHost } from './schema-values.ts'

type Written = Readonly<Record<string, unknown>>
type Place = (key: string) => string

/** @returns the problems of one mailbox that no key has by itself */
export function mailboxRules(written: Written, place: Place): Problem[] {
  const problems: Problem[] = []
  const word = (key: string): string => String(written[key] ?? '').toLowerCase()
  const host = readHost(written.host)
  if (word('security') === 'none' && !(host instanceof Complaint) && !isLoopback(host)) {
    problems.push({ at: place('security'), kind: 'not-loopback', given: 'none' })
  }
  const pop3 = word('protocol') === 'pop3'
  const folders = written.folders == null ? [] : readFolders(written.folders)
  const pulled: readonly FolderConfig[] = folders instanceof Complaint ? [] : folders
  if (pop3 && pulled.some(folder => folder.name !== 'INBOX')) {
    problems.push({ at: place('folders'), kind: 'folders-need-imap' })
  }
  const after = readAfterImport(written.afterImport ?? 'keep')
  if (!(after instanceof Complaint) && after.do === 'move') {
    if (pop3)
      problems.push({ at: place('afterImport'), kind: 'move-needs-imap', given: String(written.afterImport) })
    const names = pulled.length === 0 ? ['INBOX'] : pulled.map(folder => folder.name)
    const into = /^inbox$/i.test(after.folder) ? 'INBOX' : after.folder
    // It would be listed as new mail in the next pull.
    if (names.includes(into))
      problems.push({ at: place('afterImport'), kind: 'move-into-pulled', folder: into })
  }
  return problems
}

/** What an operating system brings as its whole list of authorities is a quarter of a MiB. */
export const certificateFile = { mostOctets: 4 << 20 } as const

/** How a file is named in a message: a word without a slash may be a secret that was put into the wrong variable. */
export function shownFile(written: string, path: string): string {
  return /[\\/.]/.test(written) ? path : '…'
}

/** What is wrong with a file that FileRefused refused, with the command that mends it where one does. */
export function fileProblem(at: string, file: string, reason: string): Problem {
  if (reason === 'writable')
    return { at, kind: 'writable-file', file, command: `chmod go-w ${shellWord(file)}` }
  if (reason === 'foreign') return { at, kind: 'foreign-file', file }
  return { at, kind: 'file', file, reason }
}

/** The PEM file must hold certificates that can be read, and nothing broken. */
export async function certificateProblem(at: string, file: string): Promise<Problem | undefined> {
  let text: string
  try {
    text = (await readBounded(file, certificateFile)).toString('latin1')
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
  return blocks.length === 0 ? { at, kind: 'not-pem', file } : undefined
}

/** The JSON key of a service account: a private key, so no other user may read it. */
export async function keyFileProblem(
  at: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<Problem | undefined> {
  try {
    const octets = await readPrivate(file, env)
    if (octets === undefined) return { at, kind: 'file', file, reason: 'ENOENT' }
    const key: unknown = JSON.parse(octets.toString('utf8'))
    const { type, private_key, client_email } = (key ?? {}) as Record<string, unknown>
    const good =
      type === 'service_account' && typeof private_key === 'string' && typeof client_email === 'string'
    return good ? undefined : { at, kind: 'not-a-key-file', file }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) return { at, kind: 'not-a-key-file', file }
    if (thrown.facts.reason === 'permissions') {
      return { at, kind: 'open-file', file, command: `chmod 600 ${shellWord(file)}` }
    }
    return { at, kind: 'file', file, reason: String(thrown.facts.reason) }
  }
}
