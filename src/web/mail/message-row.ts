/** One message as a row: on a narrow screen it is a card, so its parts say what they are, and keep their roles. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import type { MessageRow } from '../../journal/journal.ts'
import { describeFault } from '../../locale/locale.ts'
import { instant, type Markup, type Reader, sentence } from '../layout.ts'
import { shownAtMs } from './find-mail.ts'
import type { Face } from './passing.ts'
import { describeResults } from './results.ts'
import { mailWords } from './words.ts'

/** Gmail's page of a message, in the account that it went to. */
function gmailLink({ gmailId, account }: MessageRow): string | undefined {
  if (gmailId === undefined || !/^[0-9a-f]{6,32}$/i.test(gmailId)) return undefined
  const user = account?.includes('@') ? `u/${encodeURIComponent(account)}/` : ''
  return `https://mail.google.com/mail/${user}#all/${gmailId}`
}

/** @param isOne there is one mailbox only */
export function messageRow(reader: Reader, row: MessageRow, face: Face | undefined, isOne: boolean): Markup {
  const { own, words, language } = reader
  const { format } = words
  const mail = mailWords[language]
  const link = gmailLink(row)
  const arrivedAtMs = Math.max(0, row.arrivedAtMs ?? row.listedAtMs)
  // What stood there before the first pull was not on the way since it arrived.
  const tookMs =
    row.importedAtMs === undefined || row.generation <= 1 ? undefined : row.importedAtMs - arrivedAtMs
  const { senderDomain, stamped, verified, forwarded } = describeResults(reader, row.authentication)
  const cell = (label: string, content: Markup | string | undefined, kind = ''): Markup =>
    html`<td role="cell" data-label="${label}" class="${kind}${content === undefined ? ' none' : ''}">${content ?? '–'}</td>`
  return html`<tr role="row" id="row-${row.id}">
<th scope="row" role="rowheader">${instant(shownAtMs(row), format.instant(shownAtMs(row)))}</th>
${cell(mail.about, aboutMessage(reader, row, face, senderDomain, isOne), 'about')}
${cell(own.size, format.size(row.octets ?? row.octetsListed), 'number')}
${cell(own.latency, tookMs === undefined ? undefined : format.span(Math.max(0, tookMs)), 'number')}
${cell(mail.stamped, stamped)}
${cell(mail.verified, verified)}
${cell(mail.forwardedTitle, forwarded)}
${cell(own.gmail, link === undefined ? undefined : html`<a href="${link}" rel="noreferrer noopener" target="_blank" aria-label="${own.open}: ${own.message(row.id)}">${own.open}</a>`)}
</tr>
`
}

function aboutMessage(
  { language, words }: Reader,
  row: MessageRow,
  face: Face | undefined,
  senderDomain: string,
  isOne: boolean,
): Markup {
  const mail = mailWords[language]
  const from = face?.from ?? (senderDomain === '' ? undefined : mail.fromDomain(senderDomain))
  const subject = face === undefined ? undefined : (face.subject ?? mail.noSubject)
  const isInGmail = row.importedAtMs !== undefined
  const where = [
    ...(isOne ? [] : [printable(row.mailbox, 60)]),
    printable(row.folder === '' ? 'INBOX' : row.folder, 60),
    ...(isInGmail && row.mergedInto === undefined ? [] : [words.stages[row.stage]]),
    ...(subject === undefined && row.messageId !== undefined ? [printable(row.messageId, 80)] : []),
  ]
  const fault = row.fault === undefined || isInGmail ? undefined : describeFault(row.fault, language)
  return html`${subject === undefined ? '' : html`<strong dir="auto">${printable(subject, 150)}</strong><br>`}${from === undefined ? '' : html`<span dir="auto">${printable(from, 120)}</span><br>`}<span class="faint">${where.join(' · ')}</span>${fault === undefined ? '' : html`<br><span class="bad">${sentence(fault.what)}</span>`}`
}
