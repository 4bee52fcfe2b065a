/**
 * A stand-in POP3 server on a real socket: it plays the faults that a real server will not play on demand, and
 * keeps its own ledger. It is no proof of how real servers behave; that is asked of real ones.
 */
import { EventEmitter, on } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { Maildrop, type Pop3Faults, type Pop3Ledger, type StoredMessage } from './pop3-maildrop.ts'
import { Pop3ServerSession } from './pop3-session.ts'
import type { TokenDesk } from './token-desk.ts'

export interface Pop3ServerOptions {
  readonly messages?: readonly Buffer[]
  /** User names and passwords; default `{ user: 'secret' }`. */
  readonly users?: Readonly<Record<string, string>>
  /** With `stls` the connection starts in clear text and offers STLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly stls?: boolean }
  /** CAPA's lines, instead of the usual ones; STLS is added where it fits. */
  readonly capabilities?: readonly string[]
  /** Ways to log in; default USER and PLAIN. With APOP the greeting carries a timestamp. */
  readonly logins?: readonly ('USER' | 'PLAIN' | 'APOP')[]
  /** Takes access tokens, too; the capabilities say so by themselves. */
  readonly tokens?: TokenDesk
  readonly faults?: Pop3Faults
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free one. */
  readonly port?: number
}

export interface Pop3Server {
  readonly host: string
  readonly port: number
  readonly ledger: Pop3Ledger
  /** May be changed at any time. */
  readonly faults: Pop3Faults
  /** What is stored now, in order. */
  readonly messages: readonly StoredMessage[]
  /** Puts one more message into the maildrop; open sessions do not see it. */
  deliver(octets: Buffer, uidl?: string): StoredMessage
  /** Takes a message away under the open sessions: their RETR gets `-ERR Message n expunged.` */
  vanish(message: StoredMessage): void
  /** How many connections are open now. */
  openConnections(): number
  /** Resolves as soon as `condition` holds; looked at whenever the ledger or a connection changed. */
  until(condition: () => boolean): Promise<void>
  close(): Promise<void>
}

export const usualCapabilities: readonly string[] = [
  'TOP',
  'UIDL',
  'RESP-CODES',
  'AUTH-RESP-CODE',
  'PIPELINING',
  'UTF8',
]

export async function startPop3Server(options: Pop3ServerOptions = {}): Promise<Pop3Server> {
  const maildrop = new Maildrop()
  for (const message of options.messages ?? []) maildrop.deliver(message)
  const faults: Pop3Faults = { ...options.faults }
  const ledger: Pop3Ledger = {
    connections: 0,
    logins: [],
    failedLogins: [],
    retrieved: [],
    deleted: [],
    commands: [],
  }
  const changes = new EventEmitter().setMaxListeners(0)
  const changed = (): boolean => changes.emit('change')
  const sockets = new Set<Socket>()
  const lock: { holder: unknown } = { holder: undefined }
  const logins = options.logins ?? ['USER', 'PLAIN']
  const shared = {
    maildrop,
    faults,
    ledger,
    changed,
    lock,
    logins,
    tokens: options.tokens,
    users: new Map(Object.entries(options.users ?? { user: 'secret' })),
    capabilities: options.capabilities ?? [
      ...usualCapabilities,
      ...(logins.includes('USER') ? ['USER'] : []),
      ...(logins.includes('PLAIN') ? ['SASL PLAIN'] : []),
    ],
    tlsContext: options.tls && createSecureContext({ cert: options.tls.cert, key: options.tls.key }),
    implicitTls: options.tls !== undefined && options.tls.stls !== true,
  }
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    ledger.connections += 1
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      changed()
    })
    new Pop3ServerSession(socket, ledger.connections, shared).start()
    changed()
  })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  return {
    host,
    port: (server.address() as AddressInfo).port,
    ledger,
    faults,
    get messages() {
      return maildrop.messages
    },
    deliver: (octets, uidl) => maildrop.deliver(octets, uidl),
    vanish: message => {
      maildrop.remove(message)
    },
    openConnections: () => sockets.size,
    async until(condition) {
      if (condition()) return
      for await (const _ of on(changes, 'change')) if (condition()) return
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
