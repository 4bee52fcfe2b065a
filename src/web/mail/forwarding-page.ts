/** What forwarding would have lost in a month: a chart by the sender's domain, and the figures behind it. */
import { html } from 'hono/html'
import { authenticationWords } from '../../authentication/words.ts'
import { printable } from '../../base/untrusted.ts'
import { addUp, type Summary, type SummaryRow } from '../../status/forwarding.ts'
import { layOut, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'
import { mailboxField, selectField } from './fields.ts'
import { type Month, sayMonth } from './months.ts'
import { mailWords } from './words.ts'

/** The others are added up in one row. */
const mostDomains = 30

export interface ForwardingView {
  readonly summary: Summary
  readonly months: readonly Month[]
  readonly month: Month
  /** undefined: all. */
  readonly mailbox: string | undefined
  readonly mailboxes: readonly string[]
}

export function forwardingPage(reader: Reader, session: Session, view: ForwardingView): Markup {
  const { language, words } = reader
  const own = mailWords[language].forwarding
  const { report } = authenticationWords[language]
  const { number } = words.format
  const { rows, total, beyond } = view.summary
  const shown = rows.slice(0, mostDomains)
  const rest = [...rows.slice(mostDomains), ...(beyond === undefined ? [] : [beyond])]
  const isEmpty = total.messages + total.notKnown === 0
  return layOut(reader, session, {
    title: own.title,
    at: 'forwarding',
    isLive: false,
    content: html`<h1>${own.heading}</h1>
<p>${sentence(own.intro)}</p>
${chooser(reader, view)}
${
  isEmpty
    ? html`<p>${own.empty}</p>`
    : html`<p>${report.summary({
        messages: number(total.messages),
        lost: number(total.lost),
        possiblyLost: number(total.possiblyLost),
        spam: number(total.spam),
      })}${total.notKnown === 0 ? '' : ` ${report.notKnown(number(total.notKnown))}`}</p>
${chart(reader, shown)}
<h2 id="figures">${own.table}</h2>
${table(reader, shown, rest, total, rows.length - shown.length)}`
}`,
  })
}

function chooser(reader: Reader, { months, month, mailbox = '', mailboxes }: ForwardingView): Markup {
  const { language } = reader
  const own = mailWords[language].forwarding
  return html`<form method="get" action="forwarding" class="fields">
${selectField(
  'month',
  own.month,
  months.map(each => [each.name, sayMonth(each, language)]),
  month.name,
)}
${mailboxes.length < 2 ? '' : mailboxField(reader, mailboxes, mailbox)}
<div class="field"><button class="quiet" id="do-show">${own.show}</button></div>
</form>`
}

const parts = ['lost', 'possiblyLost', 'spam'] as const
const sumOf = (row: Summary['total']): number => row.lost + row.possiblyLost + row.spam

/** Each kind has a pattern beside its colour; the patterns are drawn once, in the legend. */
const patterns = html`<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>
<pattern id="fill-lost" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="lost" width="8" height="8"></rect></pattern>
<pattern id="fill-possiblyLost" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="possiblyLost" width="4" height="8"></rect></pattern>
<pattern id="fill-spam" width="6" height="6" patternUnits="userSpaceOnUse"><circle class="spam" cx="3" cy="3" r="2"></circle></pattern>
</defs></svg>`

function chart(reader: Reader, rows: readonly SummaryRow[]): Markup {
  const own = mailWords[reader.language].forwarding
  const { number } = reader.words.format
  const bad = rows.filter(row => sumOf(row) > 0)
  if (bad.length === 0) return html`<p>${own.nothingLost}</p>`
  const most = Math.max(...bad.map(sumOf))
  return html`<figure aria-labelledby="chart-title">
<figcaption><h2 id="chart-title">${own.chart}</h2>
${patterns}<ul class="legend">${parts.map(part => html`<li><svg width="24" height="14" aria-hidden="true"><rect class="edge ${part}" x="1" y="1" width="22" height="12" fill="url(#fill-${part})"></rect></svg> ${own.legend[part]}</li>`)}</ul></figcaption>
<ul class="bars">${bad.map(row => {
    const told = own.bar(number(row.lost), number(row.possiblyLost), number(row.spam))
    return html`<li><span class="bar-name">${sayDomain(reader, row)}</span><svg class="bar" role="img" aria-label="${told}" width="100%" height="18"><title>${told}</title>${drawBar(row, most)}</svg><span class="bar-sum">${number(sumOf(row))}</span></li>`
  })}</ul>
</figure>`
}

/** In percent of the width, so that it fits any screen. */
function drawBar(row: SummaryRow, most: number): Markup {
  let left = 0
  return html`${parts.map(part => {
    if (row[part] === 0) return ''
    const width = Math.max(0.5, Math.round((row[part] / most) * 990) / 10)
    const drawn = html`<rect class="edge ${part}" x="${Math.min(left, 99)}%" y="1" width="${width}%" height="16" fill="url(#fill-${part})"></rect>`
    left = Math.round((left + width) * 10) / 10
    return drawn
  })}`
}

const sayDomain = ({ language }: Reader, { senderDomain }: SummaryRow): string =>
  senderDomain === '' ? mailWords[language].forwarding.noSender : printable(senderDomain, 60)

function table(
  reader: Reader,
  rows: readonly SummaryRow[],
  rest: readonly Summary['total'][],
  total: Summary['total'],
  others: number,
): Markup {
  const { report } = authenticationWords[reader.language]
  const { columns } = report
  const { number } = reader.words.format
  const counts = (row: Summary['total']): Markup =>
    html`${[row.messages, row.lost, row.possiblyLost, row.spam, row.softfail].map(count => html`<td class="number">${number(count)}</td>`)}`
  const line = (name: string, row: Summary['total'], id = ''): Markup =>
    html`<tr${id === '' ? '' : html` id="${id}"`}><th scope="row">${name}</th>${counts(row)}</tr>
`
  return html`<div class="scroll" role="region" aria-labelledby="figures" tabindex="0"><table>
<thead><tr><th scope="col">${columns.sender}</th>${[columns.messages, columns.lost, columns.possiblyLost, columns.spam, columns.softfail].map(name => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>
${rows.map(row => line(sayDomain(reader, row), row))}
${rest.length === 0 ? '' : line(report.others(number(others)), addUp(rest), 'others')}
${line(report.total, total, 'total')}
</tbody>
</table></div>`
}
