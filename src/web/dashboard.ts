/**
 * The page of a running daemon. It listens on this computer alone; whatever becomes of it, mail is carried: it opens beside
 * the daemon, and where its address is taken it is tried again.
 */
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import type { Log } from '../log/log.ts'
import { makeApp } from './app.ts'
import { type Events, makeEvents } from './events.ts'
import { type Listening, openServer } from './listen.ts'
import { openSessions } from './sessions.ts'
import { type ConverseOnPage, makeSetUps, type SetUps } from './setup/set-ups.ts'
import { webWords } from './words.ts'

export interface Dashboard {
  close(): Promise<void>
}

const againMs = 60_000
/** Of a request's head, octets; and of it and its body, ms. A browser's needs milliseconds. */
const mostHeadOctets = 16 * 1024
const headMs = 10_000
const requestMs = 15_000
/** A connection on which nothing moves. Streams of events say something three times as often. */
const silentMs = 60_000
/** Connections at once: a browser makes six, and a stream for each open page. */
const mostConnections = 64

export interface DashboardParts {
  readonly config: Pick<Config, 'mailboxes' | 'stateDir' | 'language'>
  /** Host and port. */
  readonly address: string
  readonly journal: Journal
  readonly log: Log
  /** The set-up's conversation, loaded when somebody begins it. */
  readonly converse: ConverseOnPage
  nowMs(): number
}

/** Opens it, now or as soon as it can be; throws nothing. */
export async function openDashboard(parts: DashboardParts): Promise<Dashboard> {
  const { address, log, config } = parts
  const words = webWords[config.language].log
  const events = makeEvents(() => describeChanges(parts))
  const setUps = makeSetUps(parts.converse)
  let listening: Listening | undefined
  let timer: NodeJS.Timeout | undefined
  let isTold = false
  const open = async (): Promise<void> => {
    try {
      listening = await listen(parts, events, setUps)
      log.say('info', 'dashboard', words.open(address))
    } catch (thrown) {
      const reason = (thrown as NodeJS.ErrnoException).code ?? String(thrown)
      log.say(isTold ? 'debug' : 'warn', 'dashboard', words.notOpen(address, reason))
      isTold = true
      timer = setTimeout(open, againMs)
      timer.unref()
    }
  }
  await open()
  return {
    async close() {
      clearTimeout(timer)
      events.close()
      setUps.close()
      await listening?.close()
    },
  }
}

async function listen(parts: DashboardParts, events: Events, setUps: SetUps): Promise<Listening> {
  const app = makeApp({ ...parts, events, setUps, sessions: await openSessions(parts.config.stateDir) })
  // What Node's own fetch has globally stays as it is.
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer(
    {
      maxHeaderSize: mostHeadOctets,
      headersTimeout: headMs,
      requestTimeout: requestMs,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 5000,
    },
    answer,
  )
  server.maxConnections = mostConnections
  server.maxHeadersCount = 100
  server.timeout = silentMs
  const url = new URL(`http://${parts.address}`)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return openServer(server, { host, port: Number(url.port || 80), exclusive: true })
}

/** What open pages show, as far as it changes: sums that the journal keeps, nothing that it would have to look for. */
async function describeChanges({ config, journal }: DashboardParts): Promise<string> {
  const parts: unknown[] = [
    (await journal.troubles.list()).map(({ code, name, messages }) => [code, name, messages]),
  ]
  for (const { name, account } of config.mailboxes) {
    const { lastGoodPullAtMs, notBeforeMs } = await journal.mailbox(name)
    const accountState = await journal.accountState(account)
    parts.push(await journal.counts(name), lastGoodPullAtMs, notBeforeMs, accountState.notBeforeMs)
  }
  return JSON.stringify(parts)
}
