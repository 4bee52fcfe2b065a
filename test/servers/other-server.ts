/** One face for the real servers beside Dovecot and Courier. */
import { readIndependently } from './independent-client.ts'
import { loopback } from './local.ts'
import type { Protocol, SourceServer } from './source-server.ts'

export interface OtherServer {
  readonly protocols: readonly Protocol[]
  port(protocol: Protocol): number
  /** PEM file of the authority, where the ports speak TLS from the first octet. */
  readonly caFile?: string
  /** Delivers to the user's inbox, in the server's own form. Reject: the server does not take this message. */
  deliver(user: string, octets: Buffer): Promise<void>
  /** What the server printed so far. */
  log(): string
  stop(): Promise<void>
}

/** The mailbox of one user as a source; the server outlives it. What it holds is said by a client that is not ours. */
export function mailboxOf(
  server: OtherServer,
  protocol: Protocol,
  user: string,
  password: string,
): SourceServer {
  const { caFile } = server
  const port = server.port(protocol)
  const address = { protocol, port, user, password, ...(caFile === undefined ? {} : { caFile }) }
  return {
    protocol,
    kind: 'other',
    env: {
      MAIL_PROTOCOL: protocol,
      MAIL_HOST: loopback,
      MAIL_PORT: String(port),
      MAIL_USER: user,
      MAIL_PASSWORD: password,
      ...(caFile === undefined ? { MAIL_SECURITY: 'none' } : { MAIL_SECURITY: 'tls', MAIL_CA_FILE: caFile }),
    },
    deliver: octets => server.deliver(user, octets),
    stored: async (folder = 'INBOX') =>
      (await readIndependently({ ...address, folder })).map(read => read.sha256),
    pop3: undefined,
    imap: undefined,
    dovecot: undefined,
    stop: async () => {},
  }
}
