/** Serves an app of pages, with bounds on what a stranger can make it do. */
import { createServer } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { createHttpsServer, renewServerPair, type ServerPair } from '../base/tls.ts'
import { type Listening, openServer } from './listen.ts'

const bounds = {
  /** Of a request's head, octets; and of it and its body, ms. A browser's needs milliseconds. */
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 5000,
}
/** With TLS, ms. */
const handshakeTimeout = 10_000
/** A connection on which nothing moves. Streams of events say something three times as often. */
const silentMs = 60_000
/** Connections at once: a browser makes six, and a stream for each open page. */
const mostConnections = 64

export interface ServedApp extends Listening {
  /** Connections from now on are shown this one. @throws an Error where it is not served by TLS, or OpenSSL refuses it */
  renewPair(pair: ServerPair): void
  onConnection(tell: () => void): void
}

/** @param pair by TLS @throws an Error with a `code` where nothing can listen there */
export async function serveApp(
  app: Hono,
  { host, port }: { host: string; port: number },
  pair?: ServerPair,
): Promise<ServedApp> {
  // What Node's own fetch has globally stays as it is.
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server =
    pair === undefined
      ? createServer(bounds, answer)
      : createHttpsServer(pair, { ...bounds, handshakeTimeout }, answer)
  server.maxConnections = mostConnections
  server.maxHeadersCount = 100
  server.timeout = silentMs
  const listening = await openServer(server, { host, port, exclusive: true })
  return {
    ...listening,
    renewPair: fresh => renewServerPair(server as TlsServer, fresh),
    onConnection: tell => void server.on('connection', tell),
  }
}
