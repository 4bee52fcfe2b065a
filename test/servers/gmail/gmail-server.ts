/**
 * A stand-in for Gmail and Google's OAuth server on a loopback socket, with a ledger of its own and faults on
 * demand. Built from Google's documentation only; it knows nothing of the code under test. It is itself checked
 * by Google's own client in test/servers/gmail.test.ts. Free of node:test: the sandbox runs it, too.
 */
import { randomBytes } from 'node:crypto'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '../../../src/base/clock.ts'
import { resetConnection } from '../reset-connection.ts'
import { openApi, route } from './api.ts'
import { consentPage } from './consent.ts'
import { serve } from './exchange.ts'
import { Faults } from './faults.ts'
import { type Intake, wholeBody } from './intake.ts'
import { type Endpoint, Ledger, type LedgerEntry } from './ledger.ts'
import { Mailbox, type StoredMessage } from './mailbox.ts'
import { type Accepted, defaultRules, type ImportRules } from './messages.ts'
import { least, OAuth, type OAuthClient } from './oauth.ts'
import { Spool } from './octets.ts'
import type { GmailServer, GmailServerOptions } from './options.ts'
import { defaultQuota, Quota } from './quota.ts'
import { ResumableUploads } from './resumable.ts'

export * as answers from './envelope.ts'
export type { Fault, Matcher, Stage } from './faults.ts'
export type { Endpoint, LedgerEntry } from './ledger.ts'
export type { StoredMessage } from './mailbox.ts'
export type { Accepted } from './messages.ts'
export type { GmailServer, GmailServerOptions } from './options.ts'
export * as presets from './presets.ts'

const oauthPaths: Readonly<Record<string, Endpoint>> = {
  '/o/oauth2/v2/auth': 'consent',
  '/token': 'token',
  '/revoke': 'revoke',
}

export async function startGmailServer(options: GmailServerOptions = {}): Promise<GmailServer> {
  const clock = options.clock ?? systemClock
  const keepBodyOctets = options.keepBodyOctets ?? 64 * 1024
  const spool = new Spool(256 * 1024, 64 * 1024 * 1024)
  const ledger = new Ledger(options.ledgerEntries ?? 200_000, keepBodyOctets, 64 * 1024 * 1024)
  const faults = new Faults()
  const quota = new Quota({ ...defaultQuota, ...options.quota })
  const rules: ImportRules = { ...defaultRules, ...options.rules }
  const resumable = new ResumableUploads(spool, { bytesPrefix: true, ...options.resumable })
  const client: OAuthClient = options.clients?.[0] ?? {
    id: '123456789012-standin.apps.googleusercontent.com',
    secret: `GOCSPX-${randomBytes(15).toString('base64url')}`,
    type: 'installed',
  }
  const oauth = new OAuth(
    clock,
    {
      accessTokenSeconds: 3599,
      testing: false,
      rotate: false,
      idToken: ({ text }) => text,
      ...options.oauth,
    },
    options.clients ?? [client],
  )
  const mailboxes = new Map<string, Mailbox>()
  for (const account of options.accounts ?? ['owner@example.test']) {
    const { email, labels = [] } = typeof account === 'string' ? { email: account } : account
    mailboxes.set(email, new Mailbox(email, labels))
  }
  const accepted: Accepted[] = []
  const bugs: unknown[] = []
  const violations: string[] = []
  const page = consentPage(oauth, () => [...mailboxes.keys()])
  const parts = {
    clock,
    oauth,
    quota,
    spool,
    rules,
    resumable,
    mailboxes,
    prependReceived: options.prependReceived ?? true,
    accepted: (one: Accepted) => accepted.push(one),
  }

  const intakeFor = (request: IncomingMessage, url: URL, entry: LedgerEntry): Intake => {
    const form = (finish: (form: URLSearchParams) => ReturnType<typeof page.get>): Intake =>
      wholeBody(spool, 64 * 1024, body => finish(new URLSearchParams(body.toString())))
    switch (entry.endpoint) {
      case 'token':
        return form(fields => oauth.token(fields, request.headers.authorization))
      case 'revoke':
        return form(fields => oauth.revoke(fields.get('token') ?? url.searchParams.get('token') ?? ''))
      case 'consent':
        return form(fields => (request.method === 'POST' ? page.post(fields) : page.get(url.searchParams)))
      default:
        return openApi(parts, request, url, entry)
    }
  }

  const sockets = new Set<Socket>()
  const numbers = new Map<string, { number: number; socket: Socket }>()
  const standing: { number: number; resumed: boolean }[] = []
  let connections = 0
  let seq = 0
  let root = ''

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', root)
    const connection = numbers.get(peer(request.socket))
    if (connection === undefined) {
      request.socket.destroy()
      return
    }
    const endpoint = oauthPaths[url.pathname] ?? route(request.method ?? '', url).endpoint
    const account = oauth.bearer(request.headers.authorization)?.account
    const leave = account === undefined ? () => undefined : quota.enter(account)
    const entry = ledger.add({
      seq: ++seq,
      connection: connection.number,
      atMs: clock.nowMs(),
      startedMonotonicMs: clock.monotonicMs(),
      endedMonotonicMs: undefined,
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      endpoint,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      account,
      bodyOctets: 0,
      bodySha256: undefined,
      body: Buffer.alloc(0),
      message: undefined,
      status: undefined,
      outcome: 'open',
      violations: [],
      fault: undefined,
    })
    const violated = (found: readonly string[]): void => {
      entry.violations.push(...found)
      violations.push(...found.map(text => `${entry.method} ${entry.path}: ${text}`))
    }
    const announced = request.headers['content-length']
    void serve({
      clock,
      ledger,
      entry,
      note: ledger.noteBody(entry, announced === undefined ? keepBodyOctets : Number(announced)),
      request,
      response,
      socket: connection.socket,
      fault: faults.take(entry),
      leave,
      intake: () => intakeFor(request, url, entry),
      violated,
      bug: error => bugs.push(error),
    })
  }

  const server = options.tls ? createHttps({ ...options.tls }, onRequest) : createHttp(onRequest)
  server.requestTimeout = 0
  server.keepAliveTimeout = options.keepAliveMs ?? 60_000
  server.on('connection', (socket: Socket) => {
    const key = peer(socket)
    sockets.add(socket)
    numbers.set(key, { number: ++connections, socket })
    if (!options.tls) standing.push({ number: connections, resumed: false })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      numbers.delete(key)
    })
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    standing.push({ number: numbers.get(peer(socket))?.number ?? 0, resumed: socket.isSessionReused() })
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject)
        resolve()
      })
    })
  const dropConnections = (): void => {
    for (const socket of sockets) resetConnection(socket)
  }
  const stop = (): Promise<void> =>
    new Promise(resolve => {
      if (!server.listening) return resolve()
      server.close(() => resolve())
      dropConnections()
    })
  await listen(options.port ?? 0)
  const { port } = server.address() as AddressInfo
  root = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/`
  const endpoint = (path: string): string => new URL(path, root).href
  const [authUrl, tokenUrl, revokeUrl] = ['/o/oauth2/v2/auth', '/token', '/revoke'].map(endpoint) as [
    string,
    string,
    string,
  ]
  oauth.tokenUrl = tokenUrl
  const first = [...mailboxes.keys()][0] ?? ''
  const mailbox = (account = first): Mailbox => {
    const found = mailboxes.get(account)
    if (found === undefined) throw new Error(`the stand-in has no account ${account}`)
    return found
  }
  const over = (account?: string): StoredMessage[] =>
    (account === undefined ? [...mailboxes.values()] : [mailbox(account)]).flatMap(box => [
      ...box.messages.values(),
    ])

  return {
    url: root,
    authUrl,
    tokenUrl,
    revokeUrl,
    client,
    clientJson: () => ({
      [client.type]: {
        client_id: client.id,
        project_id: 'stand-in',
        auth_uri: authUrl,
        token_uri: tokenUrl,
        client_secret: client.secret,
        redirect_uris: ['http://localhost'],
      },
    }),
    ledger,
    faults,
    oauth,
    quota,
    rules,
    resumable,
    grant: (account = first, scopes = least) =>
      oauth.issueRefreshToken(mailbox(account).email, client.id, scopes),
    accessToken: (account = first, scopes = least) =>
      oauth.issueAccessToken(mailbox(account).email, client.id, scopes),
    mailbox,
    messages: account => [...mailbox(account).messages.values()],
    accepted,
    stored: account => {
      const counts = new Map<string, number>()
      for (const { sha256 } of over(account)) counts.set(sha256, (counts.get(sha256) ?? 0) + 1)
      return counts
    },
    imports: account => new Map(over(account).map(message => [message.id, message.imports])),
    indexNow: () => {
      for (const message of over()) message.searchableAtMs = 0
    },
    connections: standing,
    endIdle: () => server.closeIdleConnections(),
    dropConnections,
    goOffline: stop,
    goOnline: () => listen(port),
    violations,
    bugs,
    close: async () => {
      await stop()
      spool.close()
      if (violations.length > 0 && options.violations !== 'expected')
        throw new Error(`Requests that Google does not describe:\n${violations.join('\n')}`)
    },
  }
}

const peer = (socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string =>
  `${socket.remoteAddress}:${socket.remotePort}`
