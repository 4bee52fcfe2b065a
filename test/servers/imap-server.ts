/**
 * An IMAP4rev1 stand-in on real sockets, with a ledger of its own and faults on demand. It plays what a real
 * server will not; that our client gets on with real servers is shown on Dovecot. Folder names are octets: a
 * client that wants more than ASCII must write modified UTF-7 (RFC 3501 section 5.1.3).
 */
import type { SecureContextOptions } from 'node:tls'
import type { ImapFaults } from './imap-faults.ts'
import { ImapSession, type ImapWorld } from './imap-session.ts'
import {
  type DeliverOptions,
  type ImapLedger,
  ImapStore,
  newLedger,
  type StoredFolder,
} from './imap-store.ts'
import { startListening } from './listening.ts'
import { loopback } from './local.ts'
import type { TokenDesk } from './token-desk.ts'

export type { BodyFault, ImapFaults, ImapMoment, ImapPlay } from './imap-faults.ts'
export type { ImapLedger, Movement, StoredFolder, StoredMessage } from './imap-store.ts'

export interface ImapServerOptions {
  /** The octets of the messages in each folder at the start; INBOX is always there. */
  readonly folders?: Readonly<Record<string, readonly Buffer[]>>
  /** Passwords by user name. */
  readonly users?: Readonly<Record<string, string>>
  /** Takes access tokens, too; the capabilities say so by themselves. */
  readonly tokens?: TokenDesk
  /** TLS from the first octet, or after STARTTLS. */
  readonly tls?: { readonly mode: 'implicit' | 'starttls' } & SecureContextOptions
  readonly capabilities?: readonly string[]
  readonly faults?: ImapFaults
  readonly port?: number
}

export interface ImapServer {
  readonly host: string
  readonly port: number
  readonly ledger: ImapLedger
  /** May be changed at any time. */
  readonly faults: ImapFaults
  /** Connections open now. */
  readonly connections: number
  /** Puts exactly these octets into a folder (made where missing); idling clients hear of it at once. Returns the UID. */
  deliver(folder: string, octets: Buffer, options?: DeliverOptions): number
  /** The folder itself, to look at or to change (UIDVALIDITY, flags, removal); undefined where there is none. */
  folder(name: string): StoredFolder | undefined
  /** Makes folders, and takes them away. */
  create(name: string): StoredFolder
  drop(name: string): void
  /** Removes a message as another client would. */
  expunge(folder: string, uid: number): void
  /** Drops every connection with RST. */
  resetAll(): void
  stop(): Promise<void>
}

export const usualCapabilities: readonly string[] = [
  'IMAP4rev1',
  'STARTTLS',
  'AUTH=PLAIN',
  'ID',
  'IDLE',
  'UIDPLUS',
  'MOVE',
  'LITERAL+',
  'NAMESPACE',
]

/** Starts the stand-in on 127.0.0.1; ready when it resolves. */
export async function startImapServer(options: ImapServerOptions = {}): Promise<ImapServer> {
  const ledger = newLedger()
  const store = new ImapStore(ledger)
  store.create('INBOX')
  for (const [name, messages] of Object.entries(options.folders ?? {})) {
    if (store.find(name) === undefined) store.create(name)
    for (const octets of messages) store.deliver(name, octets)
  }
  const faults = options.faults ?? {}
  const world: ImapWorld = {
    store,
    users: options.users ?? { owner: 'correct horse' },
    tokens: options.tokens,
    capabilities: options.capabilities ?? usualCapabilities,
    faults,
    tls: options.tls,
  }
  const implicit = options.tls?.mode === 'implicit' ? options.tls : undefined
  const listening = await startListening(
    (socket, number) => {
      new ImapSession(socket, number, world, implicit !== undefined)
    },
    implicit,
    options.port,
  )
  return {
    host: loopback,
    port: listening.port,
    ledger,
    faults,
    get connections() {
      return listening.connections
    },
    deliver: (folder, octets, how) => store.deliver(folder, octets, how),
    folder: name => store.find(name),
    create: name => store.create(name),
    drop: name => store.folders.delete(name),
    expunge: (name, uid) => {
      const folder = store.find(name)
      if (folder === undefined) return
      store.remove(
        folder,
        folder.messages.filter(message => message.uid === uid),
      )
      store.changed()
    },
    resetAll: listening.resetAll,
    stop: listening.stop,
  }
}
