/** A server on a real socket that does with each request as a test says. */
import { once } from 'node:events'
import http, { type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type Connections, openConnections } from '../../src/base/connections.ts'

export interface Served {
  readonly url: URL
  /** In the order in which they came. */
  readonly sockets: readonly Socket[]
}

/** Serves until the test ends. @param keepAliveTimeout how long it lets a connection idle, ms; 0 for ever */
export async function serveHttp(
  t: TestContext,
  keepAliveTimeout: number,
  listener: RequestListener,
): Promise<Served> {
  const sockets: Socket[] = []
  const server = http.createServer({ keepAliveTimeout }, listener)
  server.on('connection', socket => {
    socket.on('error', () => {})
    sockets.push(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), sockets }
}

/** Connections that are closed with the test. */
export function connectionsFor(t: TestContext, nowMs?: () => number): Connections {
  const connections = openConnections(nowMs)
  t.after(() => connections.close())
  return connections
}
