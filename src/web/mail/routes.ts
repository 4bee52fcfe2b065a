/** What is at the addresses of the pages about mail. */
import type { Hono } from 'hono'
import type { Config } from '../../config/config.ts'
import type { Journal } from '../../journal/journal.ts'
import { sumUpForwarding } from '../../status/forwarding.ts'
import type { Admission } from '../admission.ts'
import { findMail } from './find-mail.ts'
import { forwardingPage } from './forwarding-page.ts'
import { messagesPage } from './messages-page.ts'
import { chooseMonth, listMonths } from './months.ts'
import type { Passing } from './passing.ts'
import { readQuestion } from './question.ts'

export interface MailParts {
  readonly config: Pick<Config, 'mailboxes'>
  readonly journal: Journal
  readonly passing: Passing
  readonly admission: Admission
  nowMs(): number
}

export function addMailRoutes(app: Hono, { config, journal, passing, admission, nowMs }: MailParts): void {
  const { letIn, readerOf } = admission
  const names = config.mailboxes.map(({ name }) => name)
  app.get(
    '/:home/messages',
    letIn(async (c, session) => {
      const question = readQuestion(name => c.req.query(name))
      const found = await findMail(journal, passing, names, question)
      const { mailboxes } = config
      return c.html(messagesPage(readerOf(c), session, { found, question, mailboxes, passing }))
    }),
  )
  app.get(
    '/:home/forwarding',
    letIn(async (c, session) => {
      const months = listMonths(await journal.firstImportAtMs(), nowMs())
      const month = chooseMonth(months, c.req.query('month'))
      const wished = c.req.query('mailbox') ?? ''
      const mailbox = names.find(name => name === wished)
      const summary = await sumUpForwarding(journal, month.fromMs, month.beforeMs, name =>
        mailbox === undefined || mailbox === name ? '' : undefined,
      )
      return c.html(
        forwardingPage(readerOf(c), session, { summary, months, month, mailbox, mailboxes: names }),
      )
    }),
  )
}
