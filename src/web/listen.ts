/**
 * A listener for HTTP on an address that the owner gave, with bounds on everything that a stranger can make it do: size
 * of a request, time for it, connections at once. It reads no body. A page of a foreign name that leads here (DNS
 * rebinding) is refused by the Host that its browser sends.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { isIP, type ListenOptions } from 'node:net'
import { isLoopback } from '../base/loopback.ts'
import type { ListenAddress } from '../config/config.ts'
import { contentType, type Family, isOpenMetrics, writeFamilies } from './exposition.ts'

// An import would read every name of it, and so load Node's fetch (base/http.ts).
const http = process.getBuiltinModule('node:http')

const mostHeaderOctets = 8 * 1024
const mostConnections = 16
const mostRequestsOfConnection = 1000
const headerMs = 5000
const requestMs = 10_000
const idleMs = 20_000

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** @param body 200 where it is `ok`, else 503 */
export const answerJson = (body: { readonly ok: boolean }): Answer => ({
  status: body.ok ? 200 : 503,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(body)}\n`,
})

/** @param accept the header of that name */
export function answerMetrics(families: readonly Family[], accept: string): Answer {
  const openMetrics = isOpenMetrics(accept)
  return { status: 200, type: contentType(openMetrics), body: writeFamilies(families, openMetrics) }
}

export interface Listening {
  readonly port: number
  /** Drops what is open. */
  close(): Promise<void>
}

/**
 * @param answer of a path without its query, and of the Accept header; undefined: there is no such page
 * @throws an Error with a `code` where nothing can listen there: EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND
 */
export async function listen(
  address: ListenAddress,
  answer: (path: string, accept: string) => Promise<Answer | undefined>,
): Promise<Listening> {
  const options = {
    maxHeaderSize: mostHeaderOctets,
    headersTimeout: headerMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: 1000,
  }
  const server = http.createServer(options, (request, response) => void serve(request, response))
  server.maxConnections = mostConnections
  server.maxRequestsPerSocket = mostRequestsOfConnection
  // Also who takes an answer too slowly.
  server.setTimeout(idleMs, socket => socket.destroy())
  // Nobody gets to send a body, and nothing is switched to another protocol.
  server.on('checkContinue', (_request, response) => say(response, refusal(413), false))
  server.on('upgrade', (_request, socket) => socket.destroy())

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers, url = '' } = request
    const isHead = method === 'HEAD'
    request.on('error', () => {})
    response.on('error', () => {})
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
    if (!isHostAllowed(headers.host, address)) say(response, refusal(421), isHead)
    else if (method !== 'GET' && !isHead) say(response, refusal(405), isHead)
    else if (hasBody) say(response, refusal(413), isHead)
    else {
      const path = url.replace(/[?#].*/s, '')
      const found = await answer(path, headers.accept ?? '').catch(() => refusal(500))
      say(response, found ?? refusal(404), isHead)
    }
  }

  const { host, port } = address
  return openServer(server, { host, port })
}

/** @param server with its bounds @throws an Error with a `code` where nothing can listen there */
export async function openServer(server: Server, options: ListenOptions): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      // Too many open files, say: the next connection is tried anew.
      server.on('error', () => {})
      resolve()
    })
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

const reasons: Readonly<Record<number, string>> = {
  404: 'not found',
  405: 'GET and HEAD only',
  413: 'no body is taken',
  421: 'not the name of this listener',
  500: 'the journal could not be read',
}

const refusal = (status: number): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${reasons[status] ?? ''}\n`,
})

function say(response: ServerResponse, { status, type, body }: Answer, isHead: boolean): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    // What follows is a body that nobody reads, or somebody who has no business here.
    ...(status === 413 || status === 421 || status === 405 ? { Connection: 'close' } : {}),
  })
  response.end(isHead ? undefined : body)
}

/**
 * Whether a request was meant for this listener: a browser says by Host which name its page had. Loopback and the name
 * that the owner gave; where the owner lets other computers in, addresses and names without a dot, too, which no
 * stranger can own.
 * @param host as it came (RFC 9112 section 3.2)
 */
function isHostAllowed(host: string | undefined, address: ListenAddress): boolean {
  const [, name = ''] = /^(\[[^\]]+\]|[^:]+)(?::\d{1,5})?$/.exec((host ?? '').trim().toLowerCase()) ?? []
  const plain = name.replace(/^\[(.*)\]$/, '$1')
  if (plain === '') return false
  if (isLoopback(plain) || plain === address.host) return true
  return !isLoopback(address.host) && (isIP(plain) !== 0 || /^[a-z0-9_-]+$/.test(plain))
}
