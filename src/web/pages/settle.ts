/** What is done at the source once Gmail has a message: the choice, and what follows from it, told before it is made. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import type { AfterImport, MailboxConfig } from '../../config/config.ts'
import type { SettingInForce, SettingsInForce } from '../../config/in-force.ts'
import { configWordsFor } from '../../config/in-force-words.ts'
import { readAfterImport } from '../../config/mail-readers.ts'
import { Complaint } from '../../config/readers.ts'
import { writeAfterImport } from '../../config/writers.ts'
import { isChosenInFile } from '../../setup/settle-choice.ts'
import { setupWords } from '../../setup/words.ts'
import { form, layOut, type Markup, type Reader, sentence } from '../layout.ts'
import { makeFormToken, type Session } from '../sessions.ts'
import { actLink } from './troubles.ts'

const dayMs = 86_400_000
const usualDays = '14'
const usualFolder = 'Gmail'

export interface SettleView {
  readonly mailbox: MailboxConfig
  readonly inForce: SettingsInForce
  readonly setting: SettingInForce
}

const frame = (reader: Reader, session: Session, { mailbox }: SettleView, content: Markup): Markup => {
  const title = reader.own.settle(printable(mailbox.name, 60))
  const whole = html`<h1>${title}</h1>
${content}`
  return layOut(reader, session, { title, at: 'settings', isLive: false, content: whole })
}

/** Within backticks. */
const plain = (text: string | undefined): string => printable(text ?? '', 200).replaceAll('`', "'")

/** @param complaint about what was sent */
export function settlePage(
  reader: Reader,
  session: Session,
  view: SettleView,
  complaint: string | undefined,
): Markup {
  const { own, language } = reader
  const { inForce, setting } = view
  const now = html`<p>${sentence(own.settleNow(plain(setting.value)))}</p>`
  if (inForce.file === undefined)
    return frame(reader, session, view, html`${now}<p>${sentence(own.settleNoFile)}</p>`)
  if (!isChosenInFile(inForce, setting.origin)) {
    const where = configWordsFor(language).origin(setting.origin, true)
    return frame(reader, session, view, html`${now}<p>${own.settleElsewhere(printable(where, 200))}</p>`)
  }
  return frame(
    reader,
    session,
    view,
    html`${now}
${complaint === undefined ? '' : html`<p class="notice bad" role="alert" id="complaint">${complaint}</p>`}
${choiceForm(reader, session, view)}`,
  )
}

function choiceForm({ own, language }: Reader, session: Session, { mailbox, setting }: SettleView): Markup {
  const { after } = setupWords[language]
  const read = readAfterImport(setting.value ?? 'keep')
  const { do: does, ...more } = read instanceof Complaint ? { do: 'keep' } : read
  const afterMs = 'afterMs' in more ? more.afterMs : 0
  // As the owner may have written it: 36h, 2w.
  const days = afterMs > 0 ? String(Math.ceil(afterMs / dayMs)) : usualDays
  const folder = 'folder' in more ? more.folder : usualFolder
  const chosen = afterMs > 0 ? 'delete-after' : does
  const choice = (name: string, label: string): Markup =>
    html`<div class="choice"><input type="radio" name="choice" id="choice-${name}" value="${name}"${name === chosen ? html` checked` : ''}><label for="choice-${name}">${label}</label></div>`
  const detail = (name: string, label: string, input: Markup): Markup =>
    html`<div class="choice detail"><label for="${name}">${label}</label>${input}</div>`
  const move = html`${choice('move', after.move)}
${detail('folder', after.folder, html`<input id="folder" name="folder" maxlength="200" value="${folder}">`)}`
  return html`<form method="post" action="settle">
<input type="hidden" name="mailbox" value="${mailbox.name}"><input type="hidden" name="form" value="${makeFormToken(session)}">
<fieldset class="choices"><legend>${after.question}</legend>
${choice('keep', after.keep)}
${choice('delete-after', after.deleteAfter)}
${detail('days', after.days, html`<input id="days" name="days" inputmode="numeric" size="5" maxlength="4" value="${days}">`)}
${choice('delete', after.delete)}
${mailbox.protocol === 'imap' ? move : ''}
</fieldset>
<div class="acts"><button class="main" id="do-settle">${own.settleNext}</button>${actLink('settings', own.settleBack)}</div>
</form>`
}

/** The consequence, and the one button that brings it about. */
export function surePage(reader: Reader, session: Session, view: SettleView, choice: AfterImport): Markup {
  const { own } = reader
  const { mailbox, setting } = view
  const written = writeAfterImport(choice)
  const fields = { mailbox: mailbox.name, choice: written }
  return frame(
    reader,
    session,
    view,
    html`<h2>${own.settleSure}</h2>
<p>${sentence(own.settleChange(plain(setting.value), plain(written)))}</p>
<p class="${choice.do === 'keep' ? 'good' : 'warn'}">${sayConsequence(reader, choice)}</p>
<div class="acts">${form(session, 'settle-now', own.settleDo, 'main', fields)}${actLink('settings', own.settleBack)}</div>`,
  )
}

function sayConsequence({ own }: Reader, choice: AfterImport): string {
  if (choice.do === 'keep') return own.settleKeep
  if (choice.do === 'move') return own.settleMove(printable(choice.folder, 200))
  return choice.afterMs > 0 ? own.settleDeleteAfter(choice.afterMs / dayMs) : own.settleDelete
}
