/**
 * The addresses of the set-up: `/:home/setup/PART` begins a part, with `?mailbox=NAME` or `?account=NAME` where it is about
 * one, and leads to the page of this set-up, which shows what is asked now and takes the answer.
 */
import type { Context, Hono } from 'hono'
import type { Admission } from '../admission.ts'
import { isFormToken, type Session } from '../sessions.ts'
import { streamEvents } from '../stream-events.ts'
import { setUpScript, setUpStyle } from './assets.ts'
import type { Sent } from './page-asker.ts'
import { anotherPage, messagePage, type PageFrame, setUpPage } from './pages.ts'
import { type PagePart, type SetUp, type SetUps, setupParts, type Wanted } from './set-ups.ts'
import { pageSetupWords } from './words.ts'

/** So long a browser waits for the next question before it is shown that there is none yet, ms. */
const shortWaitMs = 1500
/** Of a name in an address, characters. */
const longestName = 500

export interface SetUpRoutes {
  readonly admission: Admission
  readonly setUps: SetUps
  /** Whether there is more than the set-up behind this listener. */
  readonly hasOverview: boolean
  /** The last page of a set-up is on its way. */
  readonly onEndShown?: () => void
}

export function addSetUpRoutes(app: Hono, { admission, setUps, hasOverview, onEndShown }: SetUpRoutes): void {
  const { letIn, readerOf, refuse } = admission
  const frameOf = (session: Session): PageFrame => ({
    session,
    overview: hasOverview ? `/${session.home}/` : undefined,
  })
  const pathOf = ({ home }: Session, { id }: SetUp): string => `/${home}/setup/at/${id}/`
  const begin = async (c: Context, session: Session, wanted: Wanted): Promise<Response> => {
    const setUp = setUps.begin(session.home, wanted)
    if (setUp === undefined)
      return c.html(messagePage(readerOf(c), pageSetupWords[wanted.language].busy), 503)
    await setUp.page.whenOpen(shortWaitMs)
    return c.redirect(pathOf(session, setUp), 303)
  }
  const find = (c: Context, session: Session): SetUp | undefined => {
    const setUp = setUps.of(session.home)
    setUp?.touch()
    return setUp?.id === c.req.param('id') ? setUp : undefined
  }
  const gone = (c: Context, { home }: Session) => {
    const reader = readerOf(c)
    const words = pageSetupWords[reader.language]
    return c.html(
      messagePage(reader, words.gone, { href: `/${home}/setup/everything`, text: words.again }),
      404,
    )
  }
  const readWanted = (c: Context, given: (name: string) => string | undefined): Wanted | undefined => {
    const part = setupParts.find(name => name === c.req.param('part'))
    if (part === undefined) return undefined
    return { part, answers: readAnswers(part, given), language: readerOf(c).language }
  }
  const readForm = async (c: Context, session: Session): Promise<FormData | undefined> => {
    const form = await c.req.formData().catch(() => undefined)
    return form !== undefined && isFormToken(session, String(form.get('form') ?? '')) ? form : undefined
  }

  app.get('/setup.css', c => c.body(setUpStyle, 200, { 'Content-Type': 'text/css; charset=utf-8' }))
  app.get('/setup.js', c => c.body(setUpScript, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
  app.get(
    '/:home/setup/at/:id/events',
    letIn((c, session) => {
      const setUp = setUps.of(session.home)
      if (setUp === undefined || setUp.id !== c.req.param('id')) return refuse(c, 'absent')
      return streamEvents(c, setUp.events, admission)
    }),
  )
  app.get(
    '/:home/setup/at/:id/',
    letIn((c, session) => {
      const setUp = find(c, session)
      if (setUp === undefined) return gone(c, session)
      if (setUp.ended() !== undefined) onEndShown?.()
      return c.html(setUpPage(readerOf(c), frameOf(session), setUp))
    }),
  )
  app.post(
    '/:home/setup/at/:id/',
    letIn(async (c, session) => {
      const setUp = find(c, session)
      if (setUp === undefined) return gone(c, session)
      const form = await readForm(c, session)
      if (form === undefined) return refuse(c, 'oldForm')
      const { page } = setUp
      const wish = form.get('do')
      const isOpen = Number(form.get('number')) === (page.open()?.number ?? 0)
      if (isOpen && wish === 'leave') setUp.leave()
      else if (isOpen && wish === 'back') page.goBack()
      else if (isOpen) page.answer(await readSent(form))
      await page.whenOpen(shortWaitMs)
      return c.redirect(pathOf(session, setUp), 303)
    }),
  )
  app.get(
    '/:home/setup/:part',
    letIn((c, session) => {
      // What looks ahead begins nothing.
      if (c.req.method !== 'GET' || c.req.header('sec-purpose') !== undefined) return refuse(c, 'absent')
      const wanted = readWanted(c, name => c.req.query(name))
      if (wanted === undefined) return refuse(c, 'absent')
      const setUp = setUps.of(session.home)
      if (setUp === undefined || setUp.ended() !== undefined) return begin(c, session, wanted)
      const path = pathOf(session, setUp)
      if (isSame(setUp.wanted, wanted)) return c.redirect(path, 303)
      return c.html(anotherPage(readerOf(c), frameOf(session), path, wanted.answers))
    }),
  )
  app.post(
    '/:home/setup/:part',
    letIn(async (c, session) => {
      const form = await readForm(c, session)
      if (form === undefined) return refuse(c, 'oldForm')
      const wanted = readWanted(c, name => {
        const value = form.get(name)
        return typeof value === 'string' ? value : undefined
      })
      return wanted === undefined ? refuse(c, 'absent') : begin(c, session, wanted)
    }),
  )
}

/** Of which mailbox or account an address is. */
function readAnswers(
  part: PagePart,
  given: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const name = part === 'password' ? 'mailbox' : part === 'google' ? 'account' : undefined
  const value = name === undefined ? undefined : given(name)
  return name === undefined || !value ? {} : { [name]: value.slice(0, longestName) }
}

const isSame = (one: Wanted, other: Wanted): boolean =>
  one.part === other.part && JSON.stringify(one.answers) === JSON.stringify(other.answers)

async function readSent(form: FormData): Promise<Sent> {
  const file = form.get('file')
  const isFile = file !== null && typeof file !== 'string' && file.size > 0
  return {
    values: form.getAll('answer').filter(value => typeof value === 'string'),
    file: isFile ? await file.text() : undefined,
  }
}
