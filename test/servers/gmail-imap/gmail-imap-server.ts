/**
 * A stand-in for Gmail's IMAP server on real sockets, with a ledger of its own and odd answers on demand: what Dovecot has
 * not (X-GM-EXT-1, APPENDLIMIT, labels that are folders, one message once). Written from Google's page "IMAP Extensions",
 * RFC 3501, 4315, 6154, 7888, 7889 and 9208. What breaks those rules is kept in `bugs`.
 */
import type { SecureContextOptions } from 'node:tls'
import { startListening } from '../listening.ts'
import { loopback } from '../local.ts'
import { GmailImapSession } from './gmail-imap-session.ts'
import { type folderNames, type GmailImapMessage, GmailMail } from './mail.ts'

/** What happens at a command, in the place of its proper answer. `{tag}` stands for the command's tag. */
export type GmailImapPlay =
  /** Before anything else: at APPEND, before the literal is asked for. */
  | { readonly do: 'answer'; readonly line: string }
  /** The literal is read to its end, and nothing is stored. */
  | { readonly do: 'refuse'; readonly line: string }
  /** It is carried out, and then this is said instead, or nothing more. */
  | { readonly do: 'done-then'; readonly line: string }
  | { readonly do: 'done-then-cut' }
  | { readonly do: 'done-then-silence' }
  | { readonly do: 'bye'; readonly words: string }
  | { readonly do: 'cut' }
  | { readonly do: 'silence' }
  /** Said when so many octets of the literal have come; the rest is read as ever. */
  | { readonly do: 'answer-amid'; readonly octets: number; readonly line: string }
  /** Reset when so many octets of the literal have come. */
  | { readonly do: 'cut-amid'; readonly octets: number }

export interface GmailImapMoment {
  readonly verb: string
  /** The line without tag and literals; logins are left out. */
  readonly text: string
  /** Number of the connection, from 1. */
  readonly session: number
}

export interface GmailImapOptions {
  readonly user?: string
  /** The app password. */
  readonly password?: string
  /** The account's ordinary password: Google says what it is. */
  readonly ordinaryPassword?: string
  readonly language?: keyof typeof folderNames
  /** Special uses that the owner does not show over IMAP. */
  readonly hidden?: readonly string[]
  readonly capabilities?: readonly string[]
  readonly tls?: SecureContextOptions
  /** Octets that all messages together may have. */
  storageOctets?: number
  at?: ((moment: GmailImapMoment) => GmailImapPlay | undefined) | undefined
}

export interface GmailImapLedger {
  readonly logins: string[]
  readonly refusedLogins: string[]
  readonly commands: { readonly session: number; readonly text: string }[]
  /** Every message that was stored by APPEND, in order. */
  readonly appended: {
    readonly sha256: string
    readonly folder: string
    readonly atMs: number
    readonly pushed: boolean
  }[]
}

export interface GmailImapWorld {
  readonly options: GmailImapOptions
  readonly mail: GmailMail
  readonly ledger: GmailImapLedger
  readonly bugs: string[]
  readonly capabilities: readonly string[]
  /** Whether Gmail's search knows a message yet. */
  isIndexed(message: GmailImapMessage): boolean
}

export interface GmailImapServer {
  readonly host: string
  readonly port: number
  /** For GMAIL_IMAP_URL. */
  readonly url: string
  readonly user: string
  readonly password: string
  readonly ledger: GmailImapLedger
  readonly mail: GmailMail
  /** Breaches of the protocol by the client. */
  readonly bugs: readonly string[]
  /** May be changed at any time. */
  at: GmailImapOptions['at']
  /** Room is made, or taken. */
  setStorage(octets: number): void
  /** From now on the search does not know new messages until `indexNow`. */
  holdIndex(): void
  indexNow(): void
  /** Copies of each message, by digest. */
  stored(): ReadonlyMap<string, number>
  stop(): Promise<void>
}

/** As Gmail announces them after a login, 2026. */
export const gmailCapabilities: readonly string[] = [
  'IMAP4rev1',
  'UNSELECT',
  'IDLE',
  'NAMESPACE',
  'QUOTA',
  'ID',
  'XLIST',
  'CHILDREN',
  'X-GM-EXT-1',
  'UIDPLUS',
  'ENABLE',
  'MOVE',
  'CONDSTORE',
  'ESEARCH',
  'UTF8=ACCEPT',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'LITERAL-',
  'SPECIAL-USE',
  'APPENDLIMIT=35651584',
  'AUTH=PLAIN',
]

export async function startGmailImap(options: GmailImapOptions = {}): Promise<GmailImapServer> {
  const { user = 'owner@example.test', password = 'abcdefghijklmnop' } = options
  const given: GmailImapOptions = { ...options, user, password }
  const mail = new GmailMail(options.language ?? 'en', options.hidden ?? [])
  const ledger: GmailImapLedger = { logins: [], refusedLogins: [], commands: [], appended: [] }
  const bugs: string[] = []
  let held: Set<bigint> | undefined
  const world: GmailImapWorld = {
    options: given,
    mail,
    ledger,
    bugs,
    capabilities: options.capabilities ?? gmailCapabilities,
    isIndexed: ({ id }) => held === undefined || held.has(id),
  }
  const listening = await startListening((socket, number) => {
    new GmailImapSession(socket, number, world)
  }, options.tls)
  const { port } = listening
  return {
    host: loopback,
    port,
    url: `${options.tls === undefined ? 'imap' : 'imaps'}://${loopback}:${port}`,
    user,
    password,
    ledger,
    mail,
    bugs,
    get at() {
      return given.at
    },
    set at(play) {
      if (play === undefined) delete given.at
      else given.at = play
    },
    setStorage: octets => {
      given.storageOctets = octets
    },
    holdIndex: () => {
      held = new Set(mail.messages.map(({ id }) => id))
    },
    indexNow: () => {
      held = undefined
    },
    stored: () => {
      const copies = new Map<string, number>()
      for (const { sha256 } of mail.messages) copies.set(sha256, (copies.get(sha256) ?? 0) + 1)
      return copies
    },
    stop: listening.stop,
  }
}
