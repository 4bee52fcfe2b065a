/**
 * A TCP proxy that cuts what the server says where readers break: between CR and LF, before and behind each dot,
 * around the brackets of an IMAP literal, behind NUL and ESC. Each piece goes out alone, and the event loop turns
 * before the next one, so that a reader in this process gets them one by one.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy {
  readonly port: number
  /** How many pieces went to clients. */
  readonly pieces: number
  close(): Promise<void>
}

const before = new Set([...'\r\n.{})*'].map(letter => letter.charCodeAt(0)))
const behind = new Set([...'\r\n.{}\0\x1b'].map(letter => letter.charCodeAt(0)))

/** The pieces of one chunk; between the cuts it stays whole. */
export function cut(chunk: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (let at = 1; at < chunk.length; at += 1) {
    if (!before.has(chunk[at] ?? 0) && !behind.has(chunk[at - 1] ?? 0)) continue
    pieces.push(chunk.subarray(from, at))
    from = at
  }
  pieces.push(chunk.subarray(from))
  return pieces
}

/** @param port of the server behind it, on 127.0.0.1 */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  let pieces = 0
  const server = createServer({ noDelay: true }, client => {
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    client.pipe(upstream)
    client.on('close', () => upstream.destroy())
    const hand = async (): Promise<void> => {
      for await (const chunk of upstream) {
        for (const piece of cut(chunk)) {
          pieces += 1
          if (!client.write(piece)) await once(client, 'drain')
          await new Promise(resolve => setImmediate(resolve))
        }
      }
      client.end()
    }
    hand().catch(() => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get pieces() {
      return pieces
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
