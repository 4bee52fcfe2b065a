/**
 * A TLS server that only listens for what a client says under TLS: a client that refused its certificate or version
 * has said nothing. For mail protocols it speaks first, and as far as the handshake in the clear.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import tls from 'node:tls'
import type { Certificate } from './certificates.ts'

/** What is spoken around TLS. */
export type TrapDialect = 'https' | 'pop3' | 'pop3-stls' | 'imap' | 'imap-starttls'

export interface TlsTrap {
  readonly port: number
  /** First line of what each client said under TLS, in the order in which they came; never a refused one. */
  readonly heard: readonly string[]
  /** Connections that came at all. */
  connections(): number
  stop(): Promise<void>
}

/** [what the server says at once, then for each line of the client]; the last answer comes before the handshake. */
const clear: Readonly<Record<TrapDialect, readonly ((line: string) => string)[]>> = {
  https: [],
  pop3: [],
  imap: [],
  'pop3-stls': [() => '+OK hello\r\n', () => '+OK\r\nSTLS\r\nUSER\r\n.\r\n', () => '+OK begin\r\n'],
  'imap-starttls': [
    () => '* OK hello\r\n',
    line => `* CAPABILITY IMAP4rev1 STARTTLS\r\n${line.split(' ')[0]} OK\r\n`,
    line => `${line.split(' ')[0]} OK begin\r\n`,
  ],
}
const underTls: Readonly<Record<TrapDialect, string>> = {
  https: '',
  pop3: '+OK hello\r\n',
  imap: '* OK hello\r\n',
  'pop3-stls': '',
  'imap-starttls': '',
}

export async function startTlsTrap(
  dialect: TrapDialect,
  { cert, key }: Certificate,
  limits: Pick<tls.SecureContextOptions, 'minVersion' | 'maxVersion' | 'ciphers'> = {},
): Promise<TlsTrap> {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const secureContext = tls.createSecureContext({ cert, key, ...limits })
  const shake = (socket: Socket): void => {
    const secured = new tls.TLSSocket(socket, { isServer: true, secureContext })
    secured.on('error', () => socket.destroy())
    secured.once('data', (chunk: Buffer) => {
      heard.push(chunk.toString('latin1').split('\r\n')[0] ?? '')
      socket.destroy()
    })
    if (underTls[dialect] !== '') secured.write(underTls[dialect])
  }
  const server = createServer(socket => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    const steps = [...clear[dialect]]
    const first = steps.shift()
    if (first === undefined) {
      shake(socket)
      return
    }
    socket.write(first(''))
    const onData = (chunk: Buffer): void => {
      const answer = steps.shift()?.(chunk.toString('latin1')) ?? ''
      if (steps.length === 0) {
        socket.off('data', onData)
        socket.pause()
        socket.write(answer)
        shake(socket)
      } else socket.write(answer)
    }
    socket.on('data', onData)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    connections: () => connections,
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
