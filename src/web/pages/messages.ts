/** The messages that reached Gmail, newest first, a page at a time. Whom they are from the journal does not keep. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import type { ImportPlace, MessageRow } from '../../journal/journal.ts'
import { instant, layOut, type Markup, type Reader } from '../layout.ts'
import type { Session } from '../sessions.ts'

export const rowsOfPage = 50

/** Where a page begins, as it stands in an address. */
const writePlace = ({ importedAtMs, id }: ImportPlace): string => `${importedAtMs}-${id}`

/** @returns undefined for the newest; also where it is nothing that we wrote */
export function readPlace(text: string | undefined): ImportPlace | undefined {
  const [, importedAtMs, id] = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '') ?? []
  return importedAtMs === undefined ? undefined : { importedAtMs: Number(importedAtMs), id: Number(id) }
}

/** Gmail's page of a message, in the account that it went to. */
function gmailLink({ gmailId, account }: MessageRow): string | undefined {
  if (gmailId === undefined || !/^[0-9a-f]{6,32}$/i.test(gmailId)) return undefined
  const user = account?.includes('@') ? `u/${encodeURIComponent(account)}/` : ''
  return `https://mail.google.com/mail/${user}#all/${gmailId}`
}

/**
 * @param rows one more than a page holds where there are older ones
 * @param mailboxes how many there are
 */
export function messagesPage(
  reader: Reader,
  session: Session,
  rows: readonly MessageRow[],
  before: ImportPlace | undefined,
  mailboxes: number,
): Markup {
  const { own } = reader
  const shown = rows.slice(0, rowsOfPage)
  const last = shown.at(-1)
  // Of one mailbox alone its name says nothing.
  const isOne = mailboxes === 1 && new Set(shown.map(({ mailbox }) => mailbox)).size === 1
  const older =
    rows.length > rowsOfPage && last?.importedAtMs !== undefined
      ? writePlace({ importedAtMs: last.importedAtMs, id: last.id })
      : undefined
  return layOut(reader, session, {
    title: own.messages,
    at: 'messages',
    isLive: before === undefined,
    content: html`<h1>${own.messages}</h1>
<div id="rows" data-part>
${
  shown.length === 0
    ? html`<p>${own.noMessages}</p>`
    : html`<div class="scroll" role="region" aria-labelledby="latest" tabindex="0"><table>
<caption class="hidden" id="latest">${own.latest}</caption>
<thead><tr><th scope="col">${own.time}</th>${isOne ? '' : html`<th scope="col">${own.mailbox}</th>`}<th scope="col">${own.folder}</th><th scope="col" class="number">${own.size}</th><th scope="col" class="number">${own.latency}</th><th scope="col">${own.gmail}</th></tr></thead>
<tbody>
${shown.map(row => messageRow(reader, row, isOne))}
</tbody>
</table></div>`
}
${
  before === undefined && older === undefined
    ? ''
    : html`<ul class="pager">
${before === undefined ? '' : html`<li><a href="messages">${own.newest}</a></li>`}
${older === undefined ? '' : html`<li><a href="messages?before=${older}" id="older">${own.older}</a></li>`}
</ul>`
}
</div>`,
  })
}

function messageRow({ own, words: { format } }: Reader, row: MessageRow, isOne: boolean): Markup {
  const link = gmailLink(row)
  const arrivedAtMs = Math.max(0, row.arrivedAtMs ?? row.listedAtMs)
  // What stood there before the first pull was not on the way since it arrived.
  const tookMs =
    row.importedAtMs === undefined || row.generation <= 1 ? undefined : row.importedAtMs - arrivedAtMs
  return html`<tr>
<th scope="row">${row.importedAtMs === undefined ? '' : instant(row.importedAtMs, format.instant(row.importedAtMs))}</th>
${isOne ? '' : html`<td>${printable(row.mailbox, 60)}</td>`}
<td class="folder">${printable(row.folder === '' ? 'INBOX' : row.folder, 60)}</td>
<td class="number">${format.size(row.octets ?? row.octetsListed)}</td>
<td class="number">${tookMs === undefined ? '–' : format.span(Math.max(0, tookMs))}</td>
<td>${link === undefined ? '' : html`<a href="${link}" rel="noreferrer noopener" target="_blank" aria-label="${own.open}: ${own.message(row.id)}">${own.open}</a>`}</td>
</tr>
`
}
