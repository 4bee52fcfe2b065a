/**
 * The browser comes back to a port of this computer (RFC 8252 section 7.3), with `state` (RFC 6749 section 10.12) that
 * nobody else knows. Held against other users of the machine and against pages that point their names at 127.0.0.1.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { orAbort } from '../base/deadline.ts'
import type { Fault } from '../base/fault.ts'
import { makePages, pageHeaders } from './consent-page.ts'
import { isPartOfUrl, readPastedUrl } from './consent-paste.ts'

export interface LoopbackOptions {
  /** The host of the redirect URI: the address, as the RFC has it, or the name, where a provider registers no other. */
  readonly host: '127.0.0.1' | 'localhost'
  /** How the provider is called on the pages that the browser ends on. */
  readonly provider: string
  /** The provider's page. */
  makeUrl(redirectUri: string, state: string): string
  /** The code, of a query that carries our state. @throws Fault for what was refused */
  readResult(query: URLSearchParams): string
  /** The one-time address was visited twice: this sign-in is to be thrown away. */
  readonly addressTaken: () => Fault
}

/** What a sign-in shows of it. */
export interface LoopbackPage {
  /** The provider's page, to be shown and opened in any browser. Whoever has it can answer in its name. */
  readonly url: string
  /**
   * Leads a browser of this machine there, once: safe in a program's arguments, which everybody here can read. A second
   * visit means that somebody else may have been the first: that ends in `addressTaken`.
   */
  readonly oneTimeUrl: string
  /** Where the browser will come back to; for the hint about an SSH tunnel. */
  readonly port: number
  /** Whether a line break may have cut what is being pasted. */
  isPartOfUrl(text: string): boolean
  /** Frees the port. May be called more than once. */
  close(): Promise<void>
}

export interface LoopbackRedirect extends LoopbackPage {
  readonly redirectUri: string
  /** Waits for the browser. @throws what `readResult` throws; `addressTaken`; the signal's reason */
  wait(signal: AbortSignal): Promise<string>
  /** The code in an address that was copied from the browser. @throws what readPastedUrl and `readResult` throw */
  readPasted(text: string): string
}

const sameText = (given: string, expected: string): boolean =>
  timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest())

/**
 * Keeps at most so many connections, the youngest: other users of this machine may open as many as they like and say
 * nothing on them, and the browser still gets in. (`maxConnections` would refuse the browser's.)
 */
function dropOldest(server: Server, most: number): void {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    for (const oldest of open) {
      if (open.size <= most) break
      open.delete(oldest)
      oldest.destroy()
    }
  })
}

/** Listens on a free loopback port. */
export async function listenForRedirect(options: LoopbackOptions): Promise<LoopbackRedirect> {
  const { host, readResult } = options
  const pages = makePages(options.provider)
  const state = randomBytes(32).toString('base64url')
  const oneTimePath = `/${randomBytes(32).toString('base64url')}`
  let visited = false
  const result = Promise.withResolvers<string>()
  result.promise.catch(() => {}) // nobody may be waiting yet
  let over = false

  const server = createServer((request, response) => {
    const [status, body, location] = answerTo(request)
    response.writeHead(status, {
      ...pageHeaders,
      'Content-Length': body.length,
      ...(location ? { Location: location } : {}),
    })
    response.end(body) // Node leaves the body out of an answer to HEAD
  })
  server.requestTimeout = 10_000
  server.headersTimeout = 5_000
  dropOldest(server, 64)
  server.listen(0, '127.0.0.1') // RFC 8252 section 7.3: the address, not `localhost`
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const redirectUri = `http://${host}:${port}`
  const url = options.makeUrl(redirectUri, state)
  const oneTimeOrigin = `http://127.0.0.1:${port}`

  /** [status, body, where to]. A redirect takes the code out of the address bar and the history. */
  function answerTo(request: IncomingMessage): [number, Buffer, string?] {
    // A page of a stranger that points its own name at 127.0.0.1 (DNS rebinding) gets nothing.
    if (![`127.0.0.1:${port}`, `${host}:${port}`].includes(request.headers.host ?? ''))
      return [404, pages.absent]
    if (request.method !== 'GET' && request.method !== 'HEAD') return [405, pages.absent]
    const visitedUrl = URL.parse(request.url ?? '', redirectUri)
    if (visitedUrl?.pathname === '/done') return [200, pages.done]
    if (visitedUrl?.pathname === '/declined') return [200, pages.declined]
    if (visitedUrl !== null && sameText(visitedUrl.pathname, oneTimePath)) {
      // HEAD learns nothing and spends nothing: some programs ask before they open.
      if (request.method !== 'GET') return [200, pages.leads]
      if (!visited) {
        visited = true
        return [302, pages.leads, url]
      }
      result.reject(options.addressTaken())
      return [410, pages.used]
    }
    if (visitedUrl?.pathname !== '/' || visitedUrl.search === '') return [404, pages.absent]
    if (!sameText(visitedUrl.searchParams.get('state') ?? '', state)) return [400, pages.stranger]
    if (request.method !== 'GET') return [200, pages.done]
    try {
      result.resolve(readResult(visitedUrl.searchParams))
      return [303, pages.done, '/done']
    } catch (thrown) {
      result.reject(thrown)
      return [303, pages.declined, '/declined']
    }
  }

  return {
    url,
    oneTimeUrl: oneTimeOrigin + oneTimePath,
    redirectUri,
    port,
    wait: signal => orAbort(result.promise, signal),
    readPasted: text => readResult(readPastedUrl(text, given => sameText(given, state))),
    isPartOfUrl,
    close: async () => {
      if (over) return
      over = true
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
