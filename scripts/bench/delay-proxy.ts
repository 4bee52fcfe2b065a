/**
 * A wire of a given length on loopback: a TCP proxy that holds every octet back for half a round trip in each
 * direction, and what opens a connection for the round trip that TCP's handshake takes. It tells when each side
 * spoke, so that round trips are counted from what was said and not from what we hope.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What one side said at the moment when it said it, performance.now() in ms; octets as latin1. */
export type Hearer = (said: string, atMs: number) => void

export interface DelayProxyOptions {
  /** Of the server behind it, on 127.0.0.1. */
  readonly port: number
  /** A client has opened a connection. */
  readonly onOpen?: (atMs: number) => void
  readonly onServer?: Hearer
  readonly onClient?: Hearer
}

export interface DelayProxy {
  readonly port: number
  /** May be changed while connections stand; nothing overtakes. Starts at 0. */
  roundTripMs: number
  /** How many connections were opened. */
  readonly connections: number
  /** Octets from the server, and to it. */
  readonly octets: { fromServer: number; toServer: number }
  /** Ends all connections as a server does that has waited long enough (FIN); waits until they are gone. */
  hangUp(): Promise<void>
  close(): Promise<void>
}

/** One direction: what is due goes on in order, `undefined` is the end. */
function makeLine(target: Socket): (piece: Buffer | undefined, dueMs: number) => void {
  const waiting: { piece: Buffer | undefined; dueMs: number }[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    for (let head = waiting[0]; head !== undefined; head = waiting[0]) {
      const leftMs = head.dueMs - performance.now()
      if (leftMs > 0) {
        timer = setTimeout(flush, Math.ceil(leftMs))
        return
      }
      waiting.shift()
      if (target.destroyed) continue
      if (head.piece === undefined) target.end()
      else target.write(head.piece)
    }
  }
  target.once('close', () => clearTimeout(timer))
  return (piece, dueMs) => {
    waiting.push({ piece, dueMs })
    if (timer === undefined) flush()
  }
}

export async function startDelayProxy(options: DelayProxyOptions): Promise<DelayProxy> {
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>()
  const octets = { fromServer: 0, toServer: 0 }
  let roundTripMs = 0
  let connections = 0
  const server = createServer({ noDelay: true, allowHalfOpen: true }, client => {
    connections += 1
    options.onOpen?.(performance.now())
    // SYN and SYN-ACK: the client can speak after one round trip; with its ACK, half a one later, the server can.
    const clientOpenMs = performance.now() + roundTripMs
    const serverOpenMs = clientOpenMs + roundTripMs / 2
    const upstream = connect({ port: options.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const pair = [client, upstream] as const
    pairs.add(pair)
    const carry = (
      from: Socket,
      to: Socket,
      openMs: number,
      heard: (chunk: Buffer, atMs: number) => void,
    ): void => {
      const send = makeLine(to)
      const dueMs = (): number => Math.max(performance.now(), openMs) + roundTripMs / 2
      from.on('data', (chunk: Buffer) => {
        heard(chunk, performance.now())
        send(chunk, dueMs())
      })
      from.on('end', () => send(undefined, dueMs()))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        pairs.delete(pair)
        if (from.errored !== null) to.destroy()
      })
    }
    carry(client, upstream, clientOpenMs, (chunk, atMs) => {
      octets.toServer += chunk.length
      options.onClient?.(chunk.toString('latin1'), atMs)
    })
    carry(upstream, client, serverOpenMs, (chunk, atMs) => {
      octets.fromServer += chunk.length
      options.onServer?.(chunk.toString('latin1'), atMs)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gone = async (how: (socket: Socket) => void): Promise<void> => {
    const sockets = [...pairs].flat().filter(socket => !socket.destroyed)
    const closed = sockets.map(socket => once(socket, 'close').catch(() => {}))
    for (const socket of sockets) how(socket)
    const hard = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, 1_000)
    await Promise.all(closed)
    clearTimeout(hard)
  }
  return {
    port: (server.address() as AddressInfo).port,
    get roundTripMs() {
      return roundTripMs
    },
    set roundTripMs(ms) {
      roundTripMs = ms
    },
    get connections() {
      return connections
    },
    octets,
    hangUp: () => gone(socket => socket.end()),
    async close() {
      server.close()
      await gone(socket => socket.destroy())
    },
  }
}
