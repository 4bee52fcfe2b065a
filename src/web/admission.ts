/** Who is let in to an address of the page, and whose form is taken. What is at the address says who asks for it. */
import type { Context } from 'hono'
import type { Language } from '../base/language.ts'
import { readCookies } from './guard.ts'
import { chooseBrowserLanguage } from './language.ts'
import { makeReader, type Reader, refusalPage } from './layout.ts'
import type { Names } from './reach.ts'
import { isFormToken, type Session, type Sessions } from './sessions.ts'
import type { Refusal } from './words.ts'

export type Shown = Response | Promise<Response>

export interface Admission {
  /** As it is now: the names of a certificate may be others once it is renewed. */
  reach(): Names
  readerOf(c: Context): Reader
  refuse(c: Context, refusal: Refusal): Shown
  /** For whoever has the cookie of the session that the path's first part, `:home`, names. */
  letIn(show: (c: Context, session: Session) => Shown): (c: Context) => Shown
  /** A form of ours, with the session's token in it. */
  takeForm(
    work: (c: Context, session: Session, fields: URLSearchParams) => Promise<Response>,
  ): (c: Context) => Shown
}

const statusOf: Readonly<Record<Refusal, 403 | 404 | 413 | 429 | 503>> = {
  closed: 403,
  usedLink: 403,
  tooMany: 429,
  foreign: 403,
  oldForm: 403,
  absent: 404,
  tooLarge: 413,
  busy: 503,
}

/** @param language where a browser asks for none */
export function makeAdmission(
  sessions: Sessions,
  reach: () => Names,
  language: Language,
  nowMs: () => number,
): Admission {
  const readerOf = ({ req }: Context): Reader =>
    makeReader(chooseBrowserLanguage(req.header('accept-language'), language))
  const refuse = (c: Context, refusal: Refusal): Shown =>
    c.html(refusalPage(readerOf(c), refusal), statusOf[refusal])
  /** Of the path's first part and one of the cookies. */
  const findSession = (c: Context): Session | undefined => {
    const home = c.req.param('home') ?? ''
    for (const key of readCookies(c, reach(), home)) {
      const session = sessions.find(home, key, nowMs())
      if (session !== undefined) return session
    }
    return undefined
  }
  const letIn: Admission['letIn'] = show => c => {
    const session = findSession(c)
    return session === undefined ? refuse(c, 'closed') : show(c, session)
  }
  return {
    reach,
    readerOf,
    refuse,
    letIn,
    takeForm: work =>
      letIn(async (c, session) => {
        const isForm = /^application\/x-www-form-urlencoded(?:;|$)/i.test(c.req.header('content-type') ?? '')
        const fields = new URLSearchParams(isForm ? await c.req.text() : '')
        return isFormToken(session, fields.get('form') ?? '')
          ? work(c, session, fields)
          : refuse(c, 'oldForm')
      }),
  }
}
