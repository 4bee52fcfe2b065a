/**
 * The door for those who look at a mail server and pull nothing from it: set-up and the doctor. Beside source.ts it is
 * all that they know of this room; sessions are made by bridge.ts.
 */
import type { AccessTokens } from '../base/access-tokens.ts'
import type { Clock } from '../base/clock.ts'
import { connectImap, type ImapConnection } from './imap-connection.ts'
import { usualImapDeadlines } from './imap-deadlines.ts'
import { type FolderName, listFolders } from './imap-folders.ts'
import { logInByToken } from './sasl-token.ts'
import type { MailboxSettings } from './settings.ts'

export { type CertificateOptions, readCertificate, type ServerCertificate } from './certificate.ts'
export type { Address, Lookup } from './dial.ts'
export type { FolderName } from './imap-folders.ts'
export { networkFault } from './network-fault.ts'
export type { MailboxSettings, ServerSettings } from './settings.ts'

export interface ImapView {
  /** News come by themselves (RFC 2177). */
  readonly idle: boolean
  /** At most 10,000; special uses among their attributes, where the server can say them. */
  readonly folders: readonly FolderName[]
}

/**
 * Logs in over IMAP and lists the folders; opens none, changes nothing.
 * @param tokens what to log in with in the place of a password
 * @throws Fault those of the connection and of the login; the signal's reason
 */
export async function inspectFolders(
  mailbox: MailboxSettings,
  clock: Clock,
  signal: AbortSignal,
  tokens?: AccessTokens,
): Promise<ImapView> {
  const connect = (token?: string): Promise<ImapConnection> =>
    connectImap({ mailbox, clock, deadlines: usualImapDeadlines, memory: {}, token }, signal)
  const connection =
    tokens === undefined ? await connect() : await logInByToken(tokens, mailbox.user, signal, connect)
  try {
    const folders = await listFolders(connection, signal, true)
    return { idle: connection.has('IDLE'), folders }
  } finally {
    connection.abandon()
  }
}
