/** What the owner has done by a button: the forms of the pages, and what is said once it is done. */
import type { Hono } from 'hono'
import { printable } from '../base/untrusted.ts'
import type { Config } from '../config/config.ts'
import type { Journal, MessageRow } from '../journal/journal.ts'
import { pauseWords } from '../locale/pause-words.ts'
import { askForPull, findAside, isAside, tryAgain } from '../pull/owner-acted.ts'
import { pauseMailboxes, resumeMailboxes } from '../pull/paused.ts'
import type { Admission } from './admission.ts'
import type { Reader } from './layout.ts'

interface ActParts {
  readonly config: Pick<Config, 'mailboxes'>
  readonly journal: Journal
  nowMs(): number
}

type Done = 'check-now' | 'retry' | 'pause' | 'resume'

/** Each form is answered by a page to go to, so that a reload does nothing twice. */
export function addOwnerActs(
  app: Hono,
  { config, journal, nowMs }: ActParts,
  { takeForm }: Pick<Admission, 'takeForm'>,
): void {
  const act = (done: Done, work: (fields: URLSearchParams) => Promise<number>): void => {
    app.post(
      `/:home/${done}`,
      takeForm(async (c, { home }, fields) => {
        const said = new URLSearchParams({ done, count: String(await work(fields)) })
        const at = config.mailboxes.findIndex(({ name }) => name === fields.get('mailbox'))
        if (at >= 0) said.set('of', String(at))
        return c.redirect(`/${home}/${pageOf(fields)}?${said}`, 303)
      }),
    )
  }
  const namesOf = (fields: URLSearchParams): readonly string[] =>
    config.mailboxes.flatMap(({ name }) => (name === fields.get('mailbox') ? [name] : []))
  /** The one message that is named, or all of the mailbox that are aside. */
  const findRows = async (fields: URLSearchParams): Promise<readonly MessageRow[]> => {
    const id = fields.get('message') ?? ''
    if (id !== '') {
      const row = /^\d{1,15}$/.test(id) ? await journal.row(Number(id)) : undefined
      return row !== undefined && isAside(row) ? [row] : []
    }
    const [mailbox] = namesOf(fields)
    return mailbox === undefined ? [] : findAside(journal, mailbox)
  }

  act('check-now', async () => {
    await askForPull(journal)
    return 0
  })
  act('retry', async fields => {
    const retried = await tryAgain(journal, await findRows(fields))
    if (retried.length > 0) await askForPull(journal)
    return retried.length
  })
  act('pause', async fields => (await pauseMailboxes(journal, namesOf(fields), nowMs())).length)
  act('resume', async fields => (await resumeMailboxes(journal, namesOf(fields))).length)
}

/** The page that a form was on, and that is shown again. */
const pageOf = (fields: URLSearchParams): string => (fields.get('page') === 'aside' ? 'aside' : '')

/** What was done, from the address that the browser was sent to: a link could hold anything. */
export function readNotice(
  { words, language, own }: Reader,
  { mailboxes }: Pick<Config, 'mailboxes'>,
  query: Readonly<Record<string, string>>,
): string | undefined {
  const { done, count = '', of = '' } = query
  if (done === 'check-now') return words.checkNow.asked
  if (!/^\d{1,9}$/.test(count)) return undefined
  if (done === 'retry') return count === '0' ? words.retry.nothing : words.retry.again(Number(count), true)
  const mailbox = /^\d{1,6}$/.test(of) ? mailboxes[Number(of)] : undefined
  if (mailbox === undefined || count === '0') return undefined
  const name = printable(mailbox.name, 60).replaceAll('`', "'")
  if (done === 'settle') return own.settleSaved(name)
  const pauses = pauseWords[language]
  if (done === 'pause') return words.sentences([pauses.paused(name), pauses.ends])
  return done === 'resume' ? words.sentences([pauses.resumed(name), pauses.begins]) : undefined
}
