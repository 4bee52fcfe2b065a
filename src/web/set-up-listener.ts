/**
 * The set-up's pages where no daemon shows one: a listener of their own on this computer, which whoever started it leads a
 * browser to by a link, and which ends with the set-up. Link and session are in memory alone.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Hono } from 'hono'
import type { Language } from '../base/language.ts'
import { makeAdmission } from './admission.ts'
import { addEntrance, makeGuardedApp } from './entrance.ts'
import { linkLivesMs } from './link.ts'
import type { Listening } from './listen.ts'
import { loopbackReach } from './reach.ts'
import { serveApp } from './serve-app.ts'
import { makeShortSessions } from './sessions.ts'
import { addSetUpRoutes } from './setup/routes.ts'
import { type ConverseOnPage, makeSetUps, type PagePart } from './setup/set-ups.ts'

const host = '127.0.0.1'
/** The usual one, so that a tunnel and a bookmark fit again; any other where it is taken. */
const usualPort = 8738
/** The last page is on its way to the browser, and what belongs to it, ms. */
const lastPageMs = 15_000
const afterLastPageMs = 1_500

export interface SetUpListener {
  readonly port: number
  /** A link that works once and for linkLivesMs; the one before it works no longer. */
  newLink(): string
  /** A browser came in by a link. */
  readonly entered: Promise<void>
  /** A set-up came to its end. */
  readonly ended: Promise<void>
  /** The same, and its last page was shown. */
  readonly over: Promise<void>
  /** Closes what is open as if its owner left it. */
  leave(): void
  close(): Promise<void>
}

export interface SetUpListenerParts {
  readonly part: PagePart
  readonly converse: ConverseOnPage
  /** Where a browser asks for none. */
  readonly language: Language
  /** In place of the usual one. */
  readonly port?: number
  nowMs(): number
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest()

/** @throws an Error with a `code` where nothing can listen on this computer */
export async function openSetUpListener(parts: SetUpListenerParts): Promise<SetUpListener> {
  const { part, converse, language, nowMs } = parts
  const sessions = makeShortSessions()
  const entered = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const shown = Promise.withResolvers<void>()
  let link: { readonly digest: Buffer; readonly endsAtMs: number } | undefined
  const admission = makeAdmission(sessions, () => loopbackReach, language, nowMs)
  const app = makeGuardedApp(admission, () => {})
  addEntrance(app, {
    ...{ admission, sessions, nowMs },
    async takeLink(token) {
      const isIts = link !== undefined && timingSafeEqual(digestOf(token), link.digest)
      const isAlive = isIts && link !== undefined && link.endsAtMs > nowMs()
      if (isIts) link = undefined
      if (isAlive) entered.resolve()
      return isAlive
    },
    leadTo: home => `/${home}/setup/${part}`,
  })
  const setUps = makeSetUps(async (...asked) => {
    try {
      return await converse(...asked)
    } finally {
      ended.resolve()
    }
  })
  addSetUpRoutes(app, { admission, setUps, hasOverview: false, onEndShown: shown.resolve })
  const listening = await listenSomewhere(app, parts.port ?? usualPort)
  const { port } = listening
  return {
    port,
    newLink() {
      const token = randomBytes(32).toString('base64url')
      link = { digest: digestOf(token), endsAtMs: nowMs() + linkLivesMs }
      return `http://${host}:${port}/enter/${token}`
    },
    entered: entered.promise,
    ended: ended.promise,
    over: ended.promise
      .then(() => Promise.race([shown.promise, pause(lastPageMs)]))
      .then(() => pause(afterLastPageMs)),
    leave: setUps.leave,
    async close() {
      setUps.close()
      await listening.close()
    },
  }
}

async function listenSomewhere(app: Hono, port: number): Promise<Listening> {
  try {
    return await serveApp(app, { host, port })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw thrown
    return serveApp(app, { host, port: 0 })
  }
}
