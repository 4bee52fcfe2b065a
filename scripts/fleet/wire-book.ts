/**
 * What stands between the workers and the mail server: each connection goes through, octet for octet, and when it was opened
 * and when its first side closed it is written down here. Dovecot's own log does not say so: a session whose client is gone
 * before it was greeted ends there without a line, and under load a line comes later than what it tells of.
 *
 * What happens at the sockets is seen in its order, so that a connection which was closed before another was opened is
 * never written down as one beside it, however busy this process is.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface Connection {
  /** The address that the client came from; the server sees the same. */
  readonly from: string
  /** Wall clock, ms. */
  readonly openedMs: number
  /** Undefined while it lasts. */
  closedMs: number | undefined
}

const loopback = '127.0.0.1'

export class WireBook {
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  /** By the address and port that the server sees; a port serves many, one after the other. */
  readonly #connections = new Map<string, Connection[]>()

  /** @returns the port that stands for `port` from now on */
  async standBefore(port: number): Promise<number> {
    // Each side may close its half first, and that is when a connection is over here.
    const server = createServer({ noDelay: true, allowHalfOpen: true }, client => this.#join(client, port))
    this.#servers.push(server)
    server.listen({ port: 0, host: loopback, backlog: 1024 })
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  /** The last one that was opened from there before that moment. */
  find(from: string, port: number, beforeMs: number): Connection | undefined {
    return this.#connections.get(`${from} ${port}`)?.findLast(({ openedMs }) => openedMs <= beforeMs)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(
      this.#servers.map(async server => {
        server.close()
        await once(server, 'close')
      }),
    )
  }

  #join(client: Socket, port: number): void {
    const from = client.remoteAddress ?? ''
    const connection: Connection = { from, openedMs: Date.now(), closedMs: undefined }
    const onOver = (): void => {
      connection.closedMs ??= Date.now()
    }
    const server = connect({ host: loopback, port, localAddress: from, noDelay: true, allowHalfOpen: true })
    server.once('connect', () => {
      const key = `${from} ${server.localPort}`
      this.#connections.set(key, [...(this.#connections.get(key) ?? []), connection])
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', onOver)
      socket.on('end', onOver)
      socket.on('close', () => {
        onOver()
        this.#sockets.delete(socket)
        other.destroySoon()
      })
      socket.pipe(other)
    }
  }
}
