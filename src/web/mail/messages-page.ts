/** The messages, newest first, a page at a time, and the search for one. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import type { Config } from '../../config/config.ts'
import { searchStages } from '../../journal/journal.ts'
import { layOut, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'
import { field, mailboxField, selectField } from './fields.ts'
import type { FoundMail } from './find-mail.ts'
import { messageRow } from './message-row.ts'
import { mostPassed, type Passing } from './passing.ts'
import { isAsked, longestText, type MailQuestion, writeQuestion } from './question.ts'
import { mailWords } from './words.ts'

export interface MessagesView {
  readonly found: FoundMail
  readonly question: MailQuestion
  readonly mailboxes: readonly Pick<Config['mailboxes'][number], 'name' | 'keepSubjects'>[]
  readonly passing: Pick<Passing, 'find' | 'sinceMs'>
}

export function messagesPage(reader: Reader, session: Session, view: MessagesView): Markup {
  const { own } = reader
  const words = mailWords[reader.language]
  const { found, question, mailboxes, passing } = view
  const { rows, next, isCut } = found
  const isFirst = question.place === undefined
  const title = isAsked(question) ? words.found : own.latest
  // Of one mailbox alone its name says nothing.
  const isOne = mailboxes.length === 1 && new Set(rows.map(({ mailbox }) => mailbox)).size === 1
  return layOut(reader, session, {
    title: isAsked(question) ? words.search : own.messages,
    at: 'messages',
    isLive: isFirst,
    content: html`<h1>${own.messages}</h1>
${searchForm(reader, question, mailboxes)}
<p class="faint">${sentence(aboutSubjects(reader, view))}</p>
${isFirst ? html`<noscript><p><a href="${writeQuestion(question)}">${words.reload}</a></p></noscript>` : ''}
<p class="hidden" role="status" id="told" data-one="${words.arrivedOne}" data-many="${words.arrivedMany}"></p>
<div id="rows" data-part>
${
  rows.length === 0
    ? html`<p>${isCut ? words.nothingYet : isAsked(question) ? words.nothing : own.noMessages}</p>`
    : html`<table class="mail" role="table" aria-label="${title}">
<thead role="rowgroup"><tr role="row">${[
        own.time,
        words.about,
        own.size,
        own.latency,
        words.stamped,
        words.verified,
        words.forwardedTitle,
        own.gmail,
      ].map(
        (name, at) =>
          html`<th scope="col" role="columnheader"${at === 2 || at === 3 ? html` class="number"` : ''}>${name}</th>`,
      )}</tr></thead>
<tbody role="rowgroup">
${rows.map(row => messageRow(reader, row, passing.find(row.id), isOne))}
</tbody>
</table>`
}
${isCut ? html`<p>${words.cut}</p>` : ''}
${
  isFirst && next === undefined
    ? ''
    : html`<ul class="pager">
${isFirst ? '' : html`<li><a href="${writeQuestion(question)}">${own.newest}</a></li>`}
${next === undefined ? '' : html`<li><a href="${writeQuestion(question, next)}" id="older">${isCut ? words.goOn : own.older}</a></li>`}
</ul>`
}
</div>`,
  })
}

function aboutSubjects({ language, words: { sentences } }: Reader, view: MessagesView): string {
  const words = mailWords[language]
  const without = view.mailboxes.filter(({ keepSubjects }) => !keepSubjects).map(({ name }) => name)
  if (without.length > 0 && without.length === view.mailboxes.length) return words.subjectsOff
  const said = words.subjects(view.passing.sinceMs, mostPassed)
  if (without.length === 0) return said
  const names = without.slice(0, 5).map(name => printable(name, 60).replaceAll('`', "'"))
  return sentences([said, words.subjectsOffFor(names.join(', ') + (without.length > 5 ? ' …' : ''))])
}

function searchForm(reader: Reader, question: MailQuestion, mailboxes: MessagesView['mailboxes']): Markup {
  const words = mailWords[reader.language]
  const names = mailboxes.map(({ name }) => name)
  const known =
    question.mailbox === '' || names.includes(question.mailbox) ? names : [question.mailbox, ...names]
  const textField = (
    name: string,
    label: string,
    value: string,
    type = 'text',
    longest = longestText,
  ): Markup =>
    field(
      name,
      label,
      html`<input type="${type}" id="ask-${name}" name="${name}" value="${value}" maxlength="${longest}" autocomplete="off" spellcheck="false">`,
    )
  const { text, mailbox, folder, domain, stage, from, until } = question
  return html`<details class="search"${isAsked(question) ? html` open` : ''}>
<summary>${words.search}</summary>
<form method="get" action="messages" role="search">
${textField('q', words.searchText, text, 'search')}
<div class="fields">
${mailboxField(reader, known, mailbox)}
${textField('folder', words.folder, folder)}
${textField('domain', words.domain, domain)}
${selectField(
  'stage',
  words.stage,
  searchStages.map(name => [name, words.stages[name]]),
  stage,
)}
${textField('from', words.from, from, 'date', 10)}
${textField('until', words.until, until, 'date', 10)}
</div>
<p class="faint">${words.searchHint}</p>
<p class="buttons"><button class="main" id="do-search">${words.find}</button>${isAsked(question) ? html` <a href="messages">${words.reset}</a>` : ''}</p>
</form>
</details>`
}
