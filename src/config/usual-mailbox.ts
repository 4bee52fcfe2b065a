/** A mailbox of which nothing was said: every default of its table, for a login before anything is saved. */
import type { MailboxConfig } from './config.ts'
import { readPart } from './read-part.ts'
import { mailboxSettings } from './settings.ts'

/** Without what makes it this mailbox and no other. */
export type UsualMailbox = Omit<MailboxConfig, 'name' | 'account' | 'server' | 'user' | 'credential'>

export function makeUsualMailbox(protocol: MailboxConfig['protocol']): UsualMailbox {
  const values = { protocol, host: 'localhost', user: 'nobody' }
  const written = { values, place: (key: string) => key, path: (_key: string, path: string) => path }
  const { sound } = readPart(mailboxSettings, written, [])
  if (sound === undefined) throw new Error('a mailbox needs more than protocol, host and user')
  const { name, account, host, port, security, caFile, certSha256, user, password, ...usual } = sound
  return protocol === 'imap' ? usual : { ...usual, folders: [{ name: '', to: 'inbox', labels: [] }] }
}
