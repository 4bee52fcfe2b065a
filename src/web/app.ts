/** The page's addresses: what is asked for, by whom, and what follows. */
import type { Hono } from 'hono'
import { html } from 'hono/html'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import type { Log } from '../log/log.ts'
import { readStanding, type Standing } from '../status/standing.ts'
import { makeAdmission } from './admission.ts'
import { addEntrance, makeGuardedApp } from './entrance.ts'
import type { Events } from './events.ts'
import { writeCookie } from './guard.ts'
import { makeReader, plainPage, sentence } from './layout.ts'
import { proveLink, takeLink } from './link.ts'
import { addOwnerActs, readNotice } from './owner-acts.ts'
import { messagesPage, readPlace, rowsOfPage } from './pages/messages.ts'
import { overviewPage } from './pages/overview.ts'
import type { Names } from './reach.ts'
import type { Sessions } from './sessions.ts'
import { addSetUpRoutes } from './setup/routes.ts'
import type { SetUps } from './setup/set-ups.ts'
import { webWords } from './words.ts'

export interface AppParts {
  readonly config: Pick<Config, 'mailboxes' | 'stateDir' | 'language'>
  readonly journal: Journal
  readonly log: Log
  readonly sessions: Sessions
  readonly events: Events
  readonly setUps: SetUps
  /** As it is now: the names of a certificate may be others once it is renewed. */
  reach(): Names
  nowMs(): number
}

/** Pages that are asked for at once are made of one look at the journal. */
const standingLivesMs = 300

export function makeApp(parts: AppParts): Hono {
  const { config, journal, log, sessions, events, reach, nowMs } = parts
  const admission = makeAdmission(sessions, reach, config.language, nowMs)
  const { readerOf, refuse, letIn, takeForm } = admission
  const app = makeGuardedApp(admission, ({ code }) =>
    log.say('warn', 'dashboard', webWords[config.language].log.failed(code)),
  )
  const lookAtAll = shareFor(standingLivesMs, (): Promise<Standing> => {
    const { format } = makeReader(config.language).words
    return readStanding(config, journal, true, nowMs(), format.instant)
  })

  app.get('/proof', async c => {
    const proof = await proveLink(config.stateDir)
    return proof === undefined ? refuse(c, 'absent') : c.text(proof)
  })
  addEntrance(app, {
    ...{ admission, sessions, nowMs },
    takeLink: token => takeLink(config.stateDir, token, nowMs()),
    leadTo: home => `/${home}/`,
  })

  app.get(
    '/:home/',
    letIn(async (c, session) => {
      const reader = readerOf(c)
      const standing = await lookAtAll()
      const notice = readNotice(reader, config, c.req.query())
      return c.html(overviewPage(reader, session, { standing, config, nowMs: nowMs(), notice }))
    }),
  )
  app.get(
    '/:home/messages',
    letIn(async (c, session) => {
      const before = readPlace(c.req.query('before'))
      const rows = await journal.importsBefore(rowsOfPage + 1, before)
      return c.html(messagesPage(readerOf(c), session, rows, before, config.mailboxes.length))
    }),
  )
  app.get(
    '/:home/events',
    letIn(c => {
      const stream = events.open(c.req.raw.signal)
      if (stream === undefined) return refuse(c, 'busy')
      return c.body(stream, 200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        // nginx would keep the stream back until a buffer is full (ngx_http_proxy_module, proxy_buffering).
        'X-Accel-Buffering': 'no',
      })
    }),
  )
  addOwnerActs(app, parts, { takeForm })
  app.post(
    '/:home/leave',
    takeForm(async (c, session) => {
      await sessions.end(session)
      c.header('Set-Cookie', writeCookie(reach(), session.home, '', 0))
      const { language, own } = readerOf(c)
      return c.html(plainPage(language, own.left, html`<p>${sentence(own.refusals.closed[1])}</p>`))
    }),
  )
  addSetUpRoutes(app, { admission, setUps: parts.setUps, hasOverview: true })
  return app
}

/** One look for all who ask within so many ms. */
function shareFor<T>(ms: number, look: () => Promise<T>): () => Promise<T> {
  let latest: { readonly atMs: number; readonly answer: Promise<T> } | undefined
  return () => {
    const atMs = performance.now()
    if (latest === undefined || atMs - latest.atMs >= ms) latest = { atMs, answer: look() }
    return latest.answer
  }
}
