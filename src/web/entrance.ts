/** How a browser gets in: what is refused before anything is looked at, and the one-time link that begins a session. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { html } from 'hono/html'
import { asFault, type Fault } from '../base/fault.ts'
import { describeFault } from '../locale/locale.ts'
import type { Admission } from './admission.ts'
import { noticeScript, script, style } from './assets.ts'
import { answerHeaders, countTries, mostBodyOctets, refuseStranger, writeCookie } from './guard.ts'
import { type Markup, plainPage, sentence } from './layout.ts'
import { type Sessions, sessionLivesMs } from './sessions.ts'

/** Links that may be wrong within a minute. */
const mostWrongLinks = 5

/** An app that refuses strangers, and says of what goes wrong as little as its owner needs. @param onFault it was shown */
export function makeGuardedApp(
  { reach, readerOf, refuse }: Admission,
  onFault: (fault: Fault) => void,
): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(answerHeaders)) c.header(name, value)
    const refusal = refuseStranger(c, reach())
    if (refusal !== undefined) return refuse(c, refusal)
    return next()
  })
  app.use(bodyLimit({ maxSize: mostBodyOctets, onError: c => refuse(c, 'tooLarge') }))
  app.get('/style.css', c => c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }))
  for (const [path, text] of Object.entries({ '/script.js': script, '/notice.js': noticeScript }))
    app.get(path, c => c.body(text, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
  app.notFound(c => refuse(c, 'absent'))
  app.onError((error, c) => {
    const fault = asFault(error)
    onFault(fault)
    const reader = readerOf(c)
    const { what, next } = describeFault(fault, reader.language)
    return c.html(plainPage(reader.language, what, html`<p>${sentence(next)}</p>`), 500)
  })
  return app
}

export interface EntranceParts {
  readonly admission: Admission
  readonly sessions: Sessions
  /** Whether it is the link's token; it is used then. */
  takeLink(token: string): Promise<boolean>
  /** Of a session: where its browser is led. */
  leadTo(home: string): string
  nowMs(): number
}

/** The address of the link. */
export function addEntrance(app: Hono, parts: EntranceParts): void {
  const { admission, sessions, takeLink, leadTo, nowMs } = parts
  const { reach, readerOf, refuse } = admission
  const links = countTries(mostWrongLinks, () => performance.now())
  app.get('/enter/:token', async c => {
    // What looks ahead, or at the head alone, is nobody who wants to come in, and would use the link up.
    if (c.req.method !== 'GET' || c.req.header('sec-purpose') !== undefined) return refuse(c, 'absent')
    if (!links.mayTry()) return refuse(c, 'tooMany')
    const token = c.req.param('token')
    if (!/^[\w-]{43}$/.test(token) || !(await takeLink(token))) {
      links.failed()
      return refuse(c, 'usedLink')
    }
    const { home, key } = await sessions.begin(nowMs())
    c.header('Set-Cookie', writeCookie(reach(), home, key, sessionLivesMs / 1000))
    const { language, own } = readerOf(c)
    // Not a redirect: where the link was opened by another program, a browser would leave the strict cookie out of it.
    const [head, content]: readonly [Markup, Markup] = [
      html`<meta http-equiv="refresh" content="0; url=${leadTo(home)}">`,
      html`<p><a href="${leadTo(home)}">${own.enter}</a></p>`,
    ]
    return c.html(plainPage(language, own.entering, content, head))
  })
}
