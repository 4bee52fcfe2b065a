/** The messages of a mailbox that are set aside: each with the other side's words, what to do, and another try. */
import { html } from 'hono/html'
import { findOwnWords } from '../../alerts/rules.ts'
import type { Trouble } from '../../base/trouble.ts'
import { printable } from '../../base/untrusted.ts'
import type { AsidePlace, Journal, MessageRow } from '../../journal/journal.ts'
import { describeFault } from '../../locale/locale.ts'
import { troubleWords } from '../../locale/trouble-words.ts'
import { isAside } from '../../pull/owner-acted.ts'
import { form, instant, layOut, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'

const asideRows = 50
/** Mailboxes that can be gone to. */
const mostMailboxes = 200

/** Where a page begins, as it stands in an address. */
const writePlace = ({ generation, id }: AsidePlace): string => `${generation}-${id}`

/** @returns undefined for the first; also where it is nothing that we wrote */
export function readAsidePlace(text: string | undefined): AsidePlace | undefined {
  const [, generation, id] = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '') ?? []
  return generation === undefined ? undefined : { generation: Number(generation), id: Number(id) }
}

export interface AsideMessage {
  readonly row: MessageRow
  /** Its own trouble, where it is open: what the other side said, and what the message calls itself. */
  readonly trouble: Trouble | undefined
}

export interface AsideView {
  /** Which mailbox; undefined where there is none. */
  readonly mailbox: string | undefined
  /** Of all mailboxes: how many are aside. */
  readonly counts: readonly { readonly mailbox: string; readonly aside: number }[]
  readonly messages: readonly AsideMessage[]
  readonly before: AsidePlace | undefined
  readonly older: AsidePlace | undefined
}

/** @param wanted a mailbox; the first with anything aside where it is none of ours */
export async function readAside(
  journal: Journal,
  mailboxes: readonly string[],
  wanted: string | undefined,
  before: AsidePlace | undefined,
): Promise<AsideView> {
  const counts = await Promise.all(
    mailboxes.slice(0, mostMailboxes).map(async mailbox => {
      const { refused, deferred } = await journal.counts(mailbox)
      return { mailbox, aside: refused + deferred }
    }),
  )
  const mailbox =
    mailboxes.find(name => name === wanted) ?? counts.find(({ aside }) => aside > 0)?.mailbox ?? mailboxes[0]
  if (mailbox === undefined) return { mailbox, counts, messages: [], before, older: undefined }
  const rows = await journal.asideBefore(mailbox, asideRows + 1, before)
  const shown = rows.slice(0, asideRows)
  const last = shown.at(-1)
  // Few: what was in hand when the process died at it twice.
  const poison = before === undefined ? (await journal.inStages(mailbox, ['importing'])).filter(isAside) : []
  const messages = await Promise.all(
    [...poison.slice(0, asideRows), ...shown].map(async row => ({
      row,
      trouble: await journal.troubles.find({ scope: 'message', name: mailbox, subject: String(row.id) }),
    })),
  )
  return {
    mailbox,
    counts,
    messages,
    before,
    older: rows.length > asideRows && last !== undefined ? last : undefined,
  }
}

export function asidePage(
  reader: Reader,
  session: Session,
  view: AsideView,
  nowMs: number,
  notice: string | undefined,
): Markup {
  const { own } = reader
  const { mailbox, counts, messages, before, older } = view
  const href = (name: string, place?: AsidePlace): string =>
    `aside?${new URLSearchParams({ mailbox: name, ...(place === undefined ? {} : { before: writePlace(place) }) })}`
  const others = counts.filter(({ mailbox: name, aside }) => aside > 0 || name === mailbox)
  return layOut(reader, session, {
    title: own.aside,
    at: 'aside',
    notice,
    isLive: false,
    content: html`<h1>${own.aside}</h1>
<p>${own.asideAbout}</p>
${
  others.length < 2
    ? ''
    : html`<nav aria-label="${own.mailboxes}"><ul class="pager">${others.map(
        ({ mailbox: name, aside }) =>
          html`<li><a href="${href(name)}"${name === mailbox ? html` aria-current="page"` : ''}>${printable(name, 60)} (${reader.words.format.number(aside)})</a></li>`,
      )}</ul></nav>`
}
${
  mailbox === undefined || messages.length === 0
    ? html`<p>${own.nothingAside}</p>`
    : html`<h2>${printable(mailbox, 60)}</h2>
${form(session, 'retry', own.tryAllAgain, 'main', { mailbox, page: 'aside' }, 'do-retry-all')}
<div id="aside">${messages.map(message => asideBlock(reader, session, mailbox, message, nowMs))}</div>`
}
${
  mailbox === undefined || (before === undefined && older === undefined)
    ? ''
    : html`<ul class="pager">
${before === undefined ? '' : html`<li><a href="${href(mailbox)}">${own.newest}</a></li>`}
${older === undefined ? '' : html`<li><a href="${href(mailbox, older)}" id="older">${own.older}</a></li>`}
</ul>`
}`,
  })
}

function asideBlock(
  { own, words, language }: Reader,
  session: Session,
  mailbox: string,
  { row, trouble }: AsideMessage,
  nowMs: number,
): Markup {
  const { format } = words
  const troubles = troubleWords[language]
  const told = row.fault === undefined ? undefined : describeFault(row.fault, language)
  const said = trouble === undefined || told === undefined ? undefined : findOwnWords(trouble, told.what)
  const about = trouble?.about
  const faces = [
    [troubles.about.date, about?.date],
    [troubles.about.from, about?.from],
    [troubles.about.subject, about?.subject],
    ['Message-ID', about?.messageId ?? row.messageId],
  ].flatMap(([name = '', value]) => (value === undefined ? [] : [[name, printable(value, 300)] as const]))
  const arrivedAtMs = row.arrivedAtMs ?? row.listedAtMs
  const due =
    row.stage === 'deferred' && row.notBeforeMs !== undefined && row.notBeforeMs > nowMs
      ? own.tryAt(format.relative(row.notBeforeMs - nowMs))
      : undefined
  const rows: readonly (readonly [string, Markup | string])[] = [
    [own.stage, html`${words.stages[row.stage]}${due === undefined ? '' : html`<br>${due}`}`],
    ...faces,
    [own.arrived, instant(arrivedAtMs, format.instant(arrivedAtMs))],
    [own.folder, printable(row.folder === '' ? 'INBOX' : row.folder, 100)],
    [own.size, format.size(row.octets ?? row.octetsListed)],
  ]
  return html`<article class="block trouble" aria-labelledby="message-${row.id}">
<h3 id="message-${row.id}">${own.messageOf(row.id)}</h3>
${told === undefined ? '' : html`<p>${sentence(told.what)}</p>`}
${said === undefined ? '' : html`<blockquote>${troubles.said(said)}</blockquote>`}
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${told === undefined ? '' : html`<p class="next">→ ${sentence(told.next)}</p>`}
<div class="acts">${form(session, 'retry', own.tryThis, 'quiet', { mailbox, message: String(row.id), page: 'aside' }, `do-retry-${row.id}`)}</div>
</article>`
}
