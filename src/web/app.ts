/** The page's addresses: what is asked for, by whom, and what follows. */
import type { Hono } from 'hono'
import { html } from 'hono/html'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import type { Log } from '../log/log.ts'
import { makeAdmission } from './admission.ts'
import { addEntrance, makeGuardedApp } from './entrance.ts'
import type { Events } from './events.ts'
import { writeCookie } from './guard.ts'
import { plainPage, sentence } from './layout.ts'
import { proveLink, takeLink } from './link.ts'
import type { Passing } from './mail/passing.ts'
import { addMailRoutes } from './mail/routes.ts'
import { addOwnerPages, type OwnerParts } from './owner-pages.ts'
import type { Names } from './reach.ts'
import type { Sessions } from './sessions.ts'
import { addSetUpRoutes } from './setup/routes.ts'
import type { SetUps } from './setup/set-ups.ts'
import { streamEvents } from './stream-events.ts'
import { webWords } from './words.ts'

export interface AppParts extends OwnerParts {
  readonly config: Pick<Config, 'mailboxes' | 'accounts' | 'stateDir' | 'language'>
  readonly journal: Journal
  readonly log: Log
  readonly sessions: Sessions
  readonly events: Events
  readonly setUps: SetUps
  /** As it is now: the names of a certificate may be others once it is renewed. */
  reach(): Names
  readonly passing: Passing
  nowMs(): number
}

export function makeApp(parts: AppParts): Hono {
  const { config, journal, log, sessions, events, passing, reach, nowMs } = parts
  const admission = makeAdmission(sessions, reach, config.language, nowMs)
  const { readerOf, refuse, letIn, takeForm } = admission
  const app = makeGuardedApp(admission, ({ code }) =>
    log.say('warn', 'dashboard', webWords[config.language].log.failed(code)),
  )

  app.get('/proof', async c => {
    const proof = await proveLink(config.stateDir)
    return proof === undefined ? refuse(c, 'absent') : c.text(proof)
  })
  addEntrance(app, {
    ...{ admission, sessions, nowMs },
    takeLink: token => takeLink(config.stateDir, token, nowMs()),
    leadTo: home => `/${home}/`,
  })

  addOwnerPages(app, parts, admission)
  addMailRoutes(app, { ...{ config, journal, passing, nowMs }, admission })
  app.get(
    '/:home/events',
    letIn(c => streamEvents(c, events, admission)),
  )
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
