/**
 * Connection pools of one account: what is kept between exchanges, and what is opened ahead of one.
 *
 * Invariants: a request written into a dead connection is an unknown outcome, so nothing that waited for longer than
 * 30 s is used, long before Google or a router on the way would drop it unseen; and what waited is known (`ageOf`),
 * so that it is looked at once more before anything leaves. Timers stand still while the machine sleeps, so the wall
 * clock is asked, too. At most one connection is opened ahead, none is kept for ever, and what becomes of it is
 * nobody's fault.
 */
import type { Agent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { isLoopback } from './loopback.ts'
import { makeHttpsAgent } from './tls.ts'

// Not by an import: see http.ts.
const http = process.getBuiltinModule('node:http')

export interface Connections {
  readonly http: Agent
  readonly https: HttpsAgent
  /** Drops connections that waited too long; called before each exchange. */
  refresh(): void
  /** Drops all that wait: one of them was found dead. */
  dropWaiting(): void
  /**
   * Opens a connection for the next exchange with the host of `url`, unless one waits for it or `most` are in use. Never
   * throws.
   */
  openAhead(url: URL, most: number): void
  /**
   * What an exchange was given: a connection that is made for it, one that was begun before it and does not stand yet, or
   * one that stood before (which may have ended unseen meanwhile).
   */
  ageOf(socket: Duplex): 'new' | 'begun' | 'waited'
  close(): void
}

const longestWaitMs = 30_000
/** TLS sessions are resumed (RFC 8446 section 2.2) with so many hosts: the latest of each, in memory. */
const mostSessions = 4

type ConnectOptions = Partial<TcpNetConnectOpts> & {
  readonly servername?: string | undefined
  readonly session?: Buffer | undefined
}
type Connect = (options: ConnectOptions, onCreate?: unknown) => Socket

/** A connection that nobody uses yet. */
interface Ahead {
  readonly origin: string
  readonly socket: Socket
  readonly openedAtMs: number
  readonly timer: NodeJS.Timeout
}

const originOf = ({ host, port }: ConnectOptions): string => `${host}:${port}`

/** Gives each handshake with a host the session of the one before. */
function resumeSessions(connect: Connect): Connect {
  const sessions = new Map<string, Buffer>()
  return (options, onCreate) => {
    const origin = originOf(options)
    const session = sessions.get(origin)
    const socket = connect(session === undefined ? options : { ...options, session }, onCreate)
    socket.on('session', (fresh: Buffer) => {
      sessions.delete(origin)
      sessions.set(origin, fresh)
      const [oldest = ''] = sessions.keys()
      if (sessions.size > mostSessions) sessions.delete(oldest)
    })
    socket.once('close', (failed: boolean) => {
      if (failed) sessions.delete(origin)
    })
    return socket
  }
}

/** @param nowMs the wall clock */
export function openConnections(nowMs: () => number = Date.now): Connections {
  const options = { keepAlive: true, timeout: longestWaitMs, scheduling: 'lifo', noDelay: true } as const
  const pools = {
    http: new http.Agent(options),
    // Its own store of sessions would be a second one.
    https: makeHttpsAgent({ ...options, maxCachedSessions: 0 }),
  }
  const waitsSinceMs = new WeakMap<Duplex, number>()
  const begun = new WeakSet<Duplex>()
  let ahead: Ahead | undefined

  const waitedTooLong = (sinceMs: number): boolean => {
    const ms = nowMs() - sinceMs
    return ms < 0 || ms > longestWaitMs
  }
  const listWaiting = (): Socket[] =>
    [pools.http, pools.https].flatMap(({ freeSockets }) =>
      Object.values(freeSockets).flatMap(sockets => sockets ?? []),
    )
  /** A pool names its connections by their origin and more behind it. */
  const countOf = (sockets: NodeJS.ReadOnlyDict<Socket[]>, origin: string): number =>
    Object.entries(sockets).reduce(
      (sum, [name, list]) => sum + (name.startsWith(`${origin}:`) ? (list?.length ?? 0) : 0),
      0,
    )
  const forgetAhead = (): Socket | undefined => {
    const socket = ahead?.socket
    clearTimeout(ahead?.timer)
    ahead = undefined
    return socket
  }
  const takeAhead = (origin: string): Socket | undefined => {
    if (ahead?.origin !== origin) return undefined
    const isLate = waitedTooLong(ahead.openedAtMs)
    const socket = forgetAhead()
    if (socket === undefined || socket.destroyed) return undefined
    // Octets that nobody asked for (a 408 before the end, say) would be read as the answer.
    if (isLate || !socket.writable || socket.readableLength > 0) {
      socket.destroy()
      return undefined
    }
    return socket.ref()
  }

  const openers = new Map<Agent, Connect>()
  for (const pool of [pools.http, pools.https]) {
    const connect = pool.createConnection.bind(pool) as unknown as Connect
    const open = pool === pools.https ? resumeSessions(connect) : connect
    openers.set(pool, open)
    const openOrTake: Connect = (asked, onCreate) => takeAhead(originOf(asked)) ?? open(asked, onCreate)
    pool.createConnection = openOrTake as unknown as typeof pool.createConnection
    const keep = pool.keepSocketAlive.bind(pool)
    pool.keepSocketAlive = socket => {
      waitsSinceMs.set(socket, nowMs())
      return keep(socket)
    }
  }

  const open = (url: URL, most: number): void => {
    const isSecure = url.protocol === 'https:'
    if (!isSecure && !isLoopback(url.hostname)) return
    const pool = isSecure ? pools.https : pools.http
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const asked = {
      ...(isSecure ? pools.https.options : options),
      host,
      port: Number(url.port || (isSecure ? 443 : 80)),
    }
    const origin = originOf(asked)
    if (ahead !== undefined && waitedTooLong(ahead.openedAtMs)) forgetAhead()?.destroy()
    if (ahead !== undefined || countOf(pool.freeSockets, origin) > 0) return
    if (countOf(pool.sockets, origin) >= most) return
    // RFC 6066 section 3: no IP address in server_name.
    const socket = openers.get(pool)?.({ ...asked, servername: isIP(host) === 0 ? host : '' })
    if (socket === undefined) return
    // Whoever sends nothing for so long does not need it.
    const timer = setTimeout(() => forgetAhead()?.destroy(), longestWaitMs).unref()
    const opened: Ahead = { origin, socket: socket.unref(), openedAtMs: nowMs(), timer }
    ahead = opened
    begun.add(socket)
    socket.once(isSecure ? 'secureConnect' : 'connect', () => waitsSinceMs.set(socket, nowMs()))
    socket.on('error', () => {})
    socket.once('close', () => {
      if (ahead === opened) forgetAhead()
    })
  }

  const connections: Connections = {
    ...pools,
    refresh() {
      for (const socket of listWaiting())
        if (waitedTooLong(waitsSinceMs.get(socket) ?? Number.NEGATIVE_INFINITY)) socket.destroy()
    },
    dropWaiting() {
      for (const socket of listWaiting()) socket.destroy()
      forgetAhead()?.destroy()
    },
    openAhead(url, most) {
      connections.refresh()
      try {
        open(url, most)
      } catch {
        // The exchange will meet it, and say so.
      }
    },
    ageOf: socket => (waitsSinceMs.has(socket) ? 'waited' : begun.has(socket) ? 'begun' : 'new'),
    close() {
      forgetAhead()?.destroy()
      pools.http.destroy()
      pools.https.destroy()
    },
  }
  return connections
}
