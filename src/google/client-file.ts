/** The OAuth client as Google's console lets its owner download it: a JSON file with the key `installed`. */
import { readBounded } from '../base/bounded-file.ts'
import { Fault } from '../base/fault.ts'

/** A desktop client. Google calls its secret one, though it is no protection (RFC 8252 section 8.5). */
export interface DesktopClient {
  readonly id: string
  readonly secret: string
}

/** What is wrong with the file, in one word: the set-up explains it. */
export type ClientFileReason =
  | 'not-found'
  | 'unreadable'
  | 'folder'
  | 'not-json'
  | 'web-client'
  | 'service-account'
  | 'authorized-user'
  | 'not-a-client'
  | 'no-secret'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * @param text the file's contents
 * @returns the client, or what is wrong
 */
export function parseClientJson(text: string): DesktopClient | ClientFileReason {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return 'not-json'
  }
  if (!isObject(json)) return 'not-a-client'
  if (json.type === 'service_account') return 'service-account'
  if (json.type === 'authorized_user') return 'authorized-user' // gcloud's own sign-in
  if (isObject(json.web)) return 'web-client' // takes no loopback redirect
  if (!isObject(json.installed)) return 'not-a-client'
  const { client_id: id, client_secret: secret } = json.installed
  if (typeof id !== 'string' || !id.endsWith('.apps.googleusercontent.com')) return 'not-a-client'
  // Of an Android or iOS client, or downloaded again later: the console shows the secret once.
  if (typeof secret !== 'string' || secret === '') return 'no-secret'
  return { id, secret }
}

/** @throws Fault gmail.client-invalid with `file` and `reason` (ClientFileReason); no contents of the file */
export async function readClientFile(file: string): Promise<DesktopClient> {
  const refuse = (reason: ClientFileReason): Fault =>
    new Fault('gmail.client-invalid', { facts: { file, reason } })
  let text: string
  try {
    text = String(await readBounded(file, { mostOctets: 65_536 }))
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    const reasons: Readonly<Record<string, ClientFileReason>> = {
      ENOENT: 'not-found',
      ENOTDIR: 'not-found',
      EISDIR: 'folder',
      'too-large': 'not-a-client',
    }
    throw refuse(reasons[code ?? ''] ?? 'unreadable')
  }
  const client = parseClientJson(text)
  if (typeof client === 'string') throw refuse(client)
  return client
}
