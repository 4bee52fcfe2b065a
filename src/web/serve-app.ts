/** Serves an app of pages, with bounds on what a stranger can make it do. */
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { type Listening, openServer } from './listen.ts'

const bounds = {
  /** Of a request's head, octets; and of it and its body, ms. A browser's needs milliseconds. */
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 5000,
}
/** A connection on which nothing moves. Streams of events say something three times as often. */
const silentMs = 60_000
/** Connections at once: a browser makes six, and a stream for each open page. */
const mostConnections = 64

/** @throws an Error with a `code` where nothing can listen there */
export function serveApp(app: Hono, address: { host: string; port: number }): Promise<Listening> {
  // What Node's own fetch has globally stays as it is.
  const server = createServer(bounds, getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  server.maxConnections = mostConnections
  server.maxHeadersCount = 100
  server.timeout = silentMs
  return openServer(server, { ...address, exclusive: true })
}
