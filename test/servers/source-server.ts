/** One face for every source server that tests and the sandbox use: the stand-ins and real Dovecot. */
import { createHash } from 'node:crypto'
import { type DovecotServer, startDovecot } from './dovecot.ts'
import { type ImapServer, startImapServer } from './imap-server.ts'
import { type Pop3Server, startPop3Server } from './pop3-server.ts'

export type Protocol = 'pop3' | 'imap'
export type ServerKind = 'stand-in' | 'dovecot'

export interface SourceServer {
  readonly protocol: Protocol
  readonly kind: ServerKind | 'other'
  /** MAIL_* variables that reach it. */
  readonly env: Readonly<Record<string, string>>
  /** Puts exactly these octets into the mailbox. */
  deliver(octets: Buffer, folder?: string): Promise<void>
  /** SHA-256 of what is stored now, as a multiset in any order. */
  stored(folder?: string): Promise<string[]>
  /** The stand-in behind it, for faults and ledgers. */
  readonly pop3: Pop3Server | undefined
  readonly imap: ImapServer | undefined
  readonly dovecot: DovecotServer | undefined
  stop(): Promise<void>
}

export const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

const user = 'owner'
const password = 'correct horse battery'

export async function startSource(protocol: Protocol, kind: ServerKind): Promise<SourceServer> {
  if (kind === 'dovecot') return startDovecotSource(protocol)
  const common = { MAIL_PROTOCOL: protocol, MAIL_USER: user, MAIL_PASSWORD: password, MAIL_SECURITY: 'none' }
  if (protocol === 'pop3') {
    const pop3 = await startPop3Server({ users: { [user]: password } })
    return {
      protocol,
      kind,
      env: { ...common, MAIL_HOST: pop3.host, MAIL_PORT: String(pop3.port) },
      deliver: async octets => {
        pop3.deliver(octets)
      },
      stored: async () => pop3.messages.map(message => sha256(message.octets)),
      pop3,
      imap: undefined,
      dovecot: undefined,
      stop: () => pop3.close(),
    }
  }
  const imap = await startImapServer({ users: { [user]: password } })
  return {
    protocol,
    kind,
    env: { ...common, MAIL_HOST: imap.host, MAIL_PORT: String(imap.port) },
    deliver: async (octets, folder = 'INBOX') => {
      imap.deliver(folder, octets)
    },
    stored: async (folder = 'INBOX') =>
      (imap.folder(folder)?.messages ?? []).map(message => sha256(message.octets)),
    pop3: undefined,
    imap,
    dovecot: undefined,
    stop: () => imap.stop(),
  }
}

async function startDovecotSource(protocol: Protocol): Promise<SourceServer> {
  const dovecot = await startDovecot({ users: { [user]: password } })
  const port = protocol === 'pop3' ? dovecot.ports.pop3s : dovecot.ports.imaps
  return {
    protocol,
    kind: 'dovecot',
    env: {
      MAIL_PROTOCOL: protocol,
      MAIL_HOST: dovecot.host,
      MAIL_PORT: String(port),
      MAIL_SECURITY: 'tls',
      MAIL_CA_FILE: dovecot.caFile,
      MAIL_USER: user,
      MAIL_PASSWORD: password,
    },
    deliver: async (octets, folder = 'INBOX') => {
      await dovecot.deliver(folder, octets)
    },
    stored: async (folder = 'INBOX') => (await dovecot.maildrop(folder)).map(one => one.sha256),
    pop3: undefined,
    imap: undefined,
    dovecot,
    stop: () => dovecot.stop(),
  }
}
