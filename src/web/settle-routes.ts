/** The choice of what is done at the source: asked, its consequence told, then written. */
import type { Hono } from 'hono'
import type { AfterImport, Config, MailboxConfig } from '../config/config.ts'
import type { SettingInForce, SettingsInForce } from '../config/in-force.ts'
import { readAfterImport } from '../config/mail-readers.ts'
import { Complaint } from '../config/readers.ts'
import { writeAfterImport } from '../config/writers.ts'
import { findSettleChoice } from '../setup/settle-choice.ts'
import { setupWords } from '../setup/words.ts'
import type { Admission } from './admission.ts'
import type { Reader } from './layout.ts'
import { type SettleView, settlePage, surePage } from './pages/settle.ts'

interface SettleParts {
  readonly config: Pick<Config, 'mailboxes'>
  changeSettle(mailbox: string, choice: AfterImport): Promise<SettingInForce | undefined>
}

/** @param settings takes up what was changed */
export function addSettleRoutes(
  app: Hono,
  { config, changeSettle }: SettleParts,
  settings: { inForce: SettingsInForce },
  { letIn, takeForm, readerOf, refuse }: Admission,
): void {
  const find = (name: string | null | undefined): SettleView | undefined => {
    const mailbox = config.mailboxes.find(candidate => candidate.name === name)
    const setting = mailbox && findSettleChoice(settings.inForce, mailbox.name)
    return setting && { mailbox, setting, inForce: settings.inForce }
  }
  app.get(
    '/:home/settle',
    letIn((c, session) => {
      const view = find(c.req.query('mailbox'))
      return view === undefined
        ? refuse(c, 'absent')
        : c.html(settlePage(readerOf(c), session, view, undefined))
    }),
  )
  app.post(
    '/:home/settle',
    takeForm(async (c, session, fields) => {
      const reader = readerOf(c)
      const view = find(fields.get('mailbox'))
      if (view === undefined) return refuse(c, 'absent')
      const choice = readChoice(reader, view.mailbox, fields)
      return typeof choice === 'string'
        ? c.html(settlePage(reader, session, view, choice), 400)
        : c.html(surePage(reader, session, view, choice))
    }),
  )
  app.post(
    '/:home/settle-now',
    takeForm(async (c, session, fields) => {
      const view = find(fields.get('mailbox'))
      const choice = readAfterImport(fields.get('choice') ?? '')
      if (view === undefined || choice instanceof Complaint) return refuse(c, 'absent')
      const { name } = view.mailbox
      const written = await changeSettle(name, choice)
      // Something else decides it: the page says where.
      if (written === undefined)
        return c.redirect(`/${session.home}/settle?${new URLSearchParams({ mailbox: name })}`, 303)
      settings.inForce = replaceSetting(settings.inForce, name, written)
      const of = config.mailboxes.findIndex(mailbox => mailbox.name === name)
      return c.redirect(`/${session.home}/settings?done=settle&count=1&of=${of}`, 303)
    }),
  )
}

/** @returns what is wrong with what was sent, as a sentence */
function readChoice(
  { language }: Reader,
  mailbox: MailboxConfig,
  fields: URLSearchParams,
): AfterImport | string {
  const { after } = setupWords[language]
  const days = (fields.get('days') ?? '').normalize('NFKC').trim()
  const folder = (fields.get('folder') ?? '').trim()
  switch (fields.get('choice')) {
    case 'keep':
      return { do: 'keep' }
    case 'delete':
      return { do: 'delete', afterMs: 0 }
    case 'delete-after':
      return /^[1-9]\d{0,3}$/.test(days)
        ? { do: 'delete', afterMs: Number(days) * 86_400_000 }
        : after.daysWrong
    case 'move': {
      const choice = readAfterImport(`move:${folder}`)
      if (mailbox.protocol !== 'imap' || choice instanceof Complaint) return after.folderWrong
      // What is read from the file must be what was meant.
      const again = readAfterImport(writeAfterImport(choice))
      if (again instanceof Complaint || writeAfterImport(again) !== writeAfterImport(choice))
        return after.folderWrong
      const isPulled = mailbox.folders.some(({ name }) => name.toLowerCase() === folder.toLowerCase())
      return isPulled ? after.folderPulled : choice
    }
    default:
      return after.question
  }
}

function replaceSetting(
  { file, parts }: SettingsInForce,
  mailbox: string,
  setting: SettingInForce,
): SettingsInForce {
  return {
    file,
    parts: parts.map(part =>
      part.part === 'mailbox' && part.name === mailbox
        ? { ...part, settings: part.settings.map(same => (same.key === setting.key ? setting : same)) }
        : part,
    ),
  }
}
