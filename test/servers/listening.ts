/** What a stand-in listens with: plain, or TLS from the first octet; its connections, counted from 1. */
import { once } from 'node:events'
import { createServer as createPlain, type Server, type Socket } from 'node:net'
import { createServer as createTls, type SecureContextOptions } from 'node:tls'
import { loopback } from './local.ts'
import { resetConnection } from './reset-connection.ts'

export interface Listening {
  readonly port: number
  /** Connections open now. */
  readonly connections: number
  /** Drops every connection with RST. */
  resetAll(): void
  stop(): Promise<void>
}

/** @param tls undefined: plain @param wanted the port; 0: any free one */
export async function startListening(
  onSocket: (socket: Socket, number: number) => void,
  tls: SecureContextOptions | undefined,
  wanted = 0,
): Promise<Listening> {
  const sockets = new Set<Socket>()
  let count = 0
  const accept = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    count += 1
    onSocket(socket, count)
  }
  const server: Server = tls === undefined ? createPlain({ noDelay: true }, accept) : createTls(tls, accept)
  server.listen(wanted, loopback)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get connections() {
      return sockets.size
    },
    resetAll: () => {
      for (const socket of sockets) resetConnection(socket)
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
