/** A small server on a real socket that answers as a test says, and what the tests of this room share. */
import { createHash } from 'node:crypto'
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import type { HttpDeadlines } from '../../src/base/http.ts'
import { Secret } from '../../src/base/secret.ts'
import type { ApiAccount, GoogleEndpoints } from '../../src/config/config.ts'
import type { Gmail, ImportRequest } from '../../src/gmail/gmail.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import { gmailScopes } from '../../src/google/scopes.ts'
import type { RawMessage } from '../../src/message/message.ts'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Scripted {
  readonly origin: string
  readonly seen: readonly Seen[]
  /** Connections that were made. */
  readonly connections: number
}

const address = (server: net.Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** Serves until the test ends. `answer` gets whole requests. */
export async function serve(
  t: TestContext,
  answer: (seen: Seen, response: ServerResponse) => void,
): Promise<Scripted> {
  const seen: Seen[] = []
  let connections = 0
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://x')
      const { method = '', headers } = request
      const one = { method, path: url.pathname, query: url.searchParams, headers, body: Buffer.concat(parts) }
      seen.push(one)
      answer(one, response)
    })
    request.on('error', () => {})
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.after(() => {
    server.closeAllConnections()
    return new Promise(done => server.close(done))
  })
  return {
    origin: address(server),
    seen,
    get connections() {
      return connections
    },
  }
}

/** A server that speaks no HTTP of its own: `onSocket` does what it likes. */
export async function serveRaw(t: TestContext, onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(done => server.close(done))
  })
  return address(server)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=UTF-8' })
  response.end(JSON.stringify(value))
}

export const leastScope = `${gmailScopes.insert} ${gmailScopes.labels}`
export const readScope = `${leastScope} ${gmailScopes.readonly}`

/** A token server that grants `scope`, numbering its tokens. */
export const serveTokens = (t: TestContext, scope = leastScope): Promise<Scripted> => {
  let serial = 0
  return serve(t, (_, response) => {
    serial += 1
    sendJson(response, 200, {
      access_token: `ya29.token-${serial}`,
      expires_in: 3599,
      scope,
      token_type: 'Bearer',
    })
  })
}

export const refreshTokenForTests = '1//0refresh-token-that-must-not-leak'
export const clientSecretForTests = 'GOCSPX-secret-that-must-not-leak'

export const accountFor = (own: Partial<ApiAccount> = {}): ApiAccount => ({
  name: 'home',
  address: 'me',
  credential: {
    kind: 'user',
    clientId: 'client.apps.googleusercontent.com',
    clientSecret: Secret.of(clientSecretForTests),
    refreshToken: Secret.of(refreshTokenForTests),
  },
  unitsPerMinute: 6000,
  importsInFlight: 2,
  ...own,
})

export const endpointsFor = (apiRoot: string, tokenOrigin: string): GoogleEndpoints => ({
  apiRoot,
  authUrl: `${tokenOrigin}/auth`,
  tokenUrl: `${tokenOrigin}/token`,
  revokeUrl: `${tokenOrigin}/revoke`,
  imapUrl: 'imap://127.0.0.1:1',
})

export interface GmailForTest {
  readonly api: string
  readonly tokens?: string
  readonly account?: Partial<ApiAccount>
  readonly clock?: Clock
  readonly deadlines?: Partial<HttpDeadlines>
}

/** For what is counted at once: no upload is taken for a slow one, beside which another begins, however long this machine takes. */
export const hurriedClock: Clock = { ...systemClock, monotonicMs: () => 0 }

/** The adapter under test, closed when the test ends. */
export async function gmailFor(t: TestContext, options: GmailForTest): Promise<Gmail> {
  const tokens = options.tokens ?? (await serveTokens(t)).origin
  const gmail = makeGmail({
    account: accountFor(options.account),
    endpoints: endpointsFor(options.api, tokens),
    clock: options.clock ?? systemClock,
    ...(options.deadlines === undefined ? {} : { deadlines: options.deadlines }),
  })
  t.after(() => gmail.close())
  return gmail
}

/** A raw message in memory, handed out in pieces of `step` octets. */
export function messageOf(octets: Uint8Array, step = 1000): RawMessage {
  const all = Buffer.from(octets)
  return {
    octets: all.length,
    sha256: createHash('sha256').update(all).digest('hex'),
    async *chunks() {
      for (let at = 0; at < all.length; at += step) yield all.subarray(at, at + step)
    },
    header: async (limit = all.length) => all.subarray(0, limit),
    discard: async () => {},
  }
}

export const anImport = (own: Partial<ImportRequest> = {}): ImportRequest => ({
  labelIds: ['INBOX', 'UNREAD'],
  internalDateSource: 'dateHeader',
  neverMarkSpam: false,
  processForCalendar: false,
  method: 'import',
  ...own,
})

/** A name that no resolver asks the network for: its first label is longer than RFC 1035 section 2.3.4 allows. */
export const unknownHost = `${'a'.repeat(64)}.test`

export const never = new AbortController().signal

/** The two parts of a multipart/related body, read by RFC 2046 section 5.1 and not by the code under test. */
export function partsOf(seen: Seen): { json: unknown; message: Buffer; messageHead: string } {
  const boundary = /^multipart\/related; boundary=(\S+)$/.exec(seen.headers['content-type'] ?? '')?.[1] ?? '?'
  const pieces: Buffer[] = []
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  let rest = Buffer.concat([Buffer.from('\r\n'), seen.body])
  for (let at = rest.indexOf(delimiter); at >= 0; at = rest.indexOf(delimiter)) {
    pieces.push(rest.subarray(0, at))
    rest = rest.subarray(at + delimiter.length)
  }
  if (pieces.length !== 3 || rest.toString() !== '--\r\n')
    throw new Error(`not two parts: ${pieces.length - 1}`)
  const [, first = Buffer.alloc(0), second = Buffer.alloc(0)] = pieces
  const split = (part: Buffer): [string, Buffer] => {
    const at = part.indexOf('\r\n\r\n')
    return [part.subarray(0, at).toString('latin1'), part.subarray(at + 4)]
  }
  const [messageHead, message] = split(second)
  return { json: JSON.parse(split(first)[1].toString('utf8')), message, messageHead: messageHead.trim() }
}

/** The fault that a promise ends in; anything else fails the test. */
export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('expected a fault, got a success')
}
