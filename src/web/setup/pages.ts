/** The pages of a set-up: a question, a wait, the end. Each kind of question looks the same, whatever is asked. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import type { Choice } from '../../setup/asker.ts'
import { frame, type Markup, type Reader, sentence } from '../layout.ts'
import { makeFormToken, type Session } from '../sessions.ts'
import type { OpenQuestion } from './page-asker.ts'
import { drawPicture } from './pictures.ts'
import type { SetUp } from './set-ups.ts'
import { follow, textMarkup, toldSection } from './told.ts'
import { type PageSetupWords, pageSetupWords } from './words.ts'

/** A list that is longer than this is a box to choose from. */
const mostRadios = 12
/** Without JavaScript: how soon a page that waits is loaded again, s; and one on which something can be typed meanwhile. */
const waitSeconds = 2
const typingSeconds = 20

export interface PageFrame {
  readonly session: Session
  /** Where there is more than the set-up. */
  readonly overview: string | undefined
}

/** @param path of this set-up's page */
export function setUpPage(reader: Reader, { session, overview }: PageFrame, setUp: SetUp): Markup {
  const words = pageSetupWords[setUp.wanted.language]
  const { page } = setUp
  const open = page.open()
  const ended = setUp.ended()
  const [title, content] =
    ended !== undefined
      ? endContent(setUp, ended, overview, words)
      : open === undefined
        ? waitContent(setUp, session, words)
        : questionContent(open, setUp, session, words)
  const seconds = ended !== undefined ? undefined : open === undefined ? waitSeconds : secondsOf(open)
  const head = html`${
    seconds === undefined
      ? ''
      : html`<noscript><meta http-equiv="refresh" content="${seconds}"></noscript>
`
  }<link rel="stylesheet" href="/setup.css">
<script src="/setup.js" defer></script>`
  return frame(
    setUp.wanted.language,
    title,
    head,
    html`<a class="skip" href="#content">${reader.own.skip}</a>
<header><p class="name">hikyaku</p><p class="faint">${words.title}</p></header>
<main id="content" tabindex="-1">
<div id="step" class="step" data-version="${page.version()}"${ended === undefined ? '' : html` data-ended`}>${content}</div>
</main>
<footer>${overview === undefined ? '' : html`<a href="${overview}">${words.overview}</a>`}</footer>`,
  )
}

const secondsOf = ({ ask }: OpenQuestion): number | undefined =>
  ask.kind === 'text' && ask.question.until !== undefined ? typingSeconds : undefined

function waitContent({ page }: SetUp, session: Session, words: PageSetupWords): readonly [string, Markup] {
  const progress = page.progress()
  const title = progress === undefined ? words.working : words.underWay
  return [
    title,
    html`${toldSection(page.told(), words)}
<div role="status">
<h1 tabindex="-1">${title}</h1>
<p>${words.workingHint}</p>
</div>
<p id="progress">${progress === undefined ? '' : printable(progress)}</p>
<noscript><p><a href="">${words.reload}</a></p></noscript>
${progress === undefined ? html`<form method="post" action="">${hidden(session, 0)}<div class="ways">${leaveButton(words)}</div></form>` : ''}`,
  ]
}

function endContent(
  { page, wanted }: SetUp,
  { kind, lines }: NonNullable<ReturnType<SetUp['ended']>>,
  overview: string | undefined,
  words: PageSetupWords,
): readonly [string, Markup] {
  const title = words.ended[kind]
  const tone = /^(?:pulled|saved|changed)$/.test(kind) ? 'good' : kind === 'nothing' ? '' : 'warn'
  const again = overview === undefined || kind === 'pulled' ? undefined : `${overview}setup/${wanted.part}`
  return [
    title,
    html`<h1 tabindex="-1" class="${tone}">${title}</h1>
${lines.map(line => textMarkup(line, words))}
${toldSection(page.told(), words)}
${kind === 'pulled' ? html`<p>${follow('https://mail.google.com/', words.openGmail, words)}</p>` : ''}
${overview === undefined ? html`<p>${words.close}</p>` : ''}
${again === undefined || tone === 'good' ? '' : html`<p><a href="${again}">${words.again}</a></p>`}`,
  ]
}

const hidden = (session: Session, number: number): Markup =>
  html`<input type="hidden" name="form" value="${makeFormToken(session)}"><input type="hidden" name="number" value="${number}">`

const leaveButton = (words: PageSetupWords): Markup =>
  html`<button class="quiet" name="do" value="leave" formnovalidate>${words.leave}</button>`

function questionContent(
  open: OpenQuestion,
  { page, wanted }: SetUp,
  session: Session,
  words: PageSetupWords,
): readonly [string, Markup] {
  const { ask, number, complaint } = open
  const { question } = ask
  const [heading = '', ...more] = printableLinesOf(question.message)
  const { explain } = question
  // What belongs to the question stands under its heading; what happened since the last one above it.
  const told = page.told().filter(({ text }) => text !== explain)
  const picture = drawPicture(question.id, wanted.language)
  const isMore = more.length > 0 || (explain !== undefined && explain !== '')
  const hint = html`${
    isMore ? html`<div id="more">${textMarkup([...more, explain ?? ''].join('\n'), words)}</div>` : ''
  }${picture}`
  const described = [
    ...(told.length > 0 ? ['told'] : []),
    ...(isMore ? ['more'] : []),
    ...(complaint === undefined ? [] : ['problem']),
  ].join(' ')
  const problem =
    complaint === undefined
      ? ''
      : html`<div id="problem" class="bad" role="alert">${textMarkup(complaint, words)}</div>`
  const isFile = ask.kind === 'text' && ask.question.file !== undefined
  const enctype = isFile ? html` enctype="multipart/form-data"` : ''
  const buttons = ask.kind === 'choose' && areButtons(ask.question) ? ask.question.choices : undefined
  const ways = html`<div class="ways">
${buttons === undefined ? html`<button class="main" id="next">${words.next}</button>` : buttons.map((choice, at) => choiceButton(choice, at))}
${question.back === undefined ? '' : html`<button class="quiet" id="back" name="do" value="back" formnovalidate>${question.back}</button>`}
${leaveButton(words)}
</div>`
  const shown: Shown = { heading, hint, described, problem, words }
  return [
    complaint === undefined ? heading : `${words.wrong}: ${heading}`,
    html`${toldSection(told, words)}
<form method="post" action=""${enctype} class="question">
${hidden(session, number)}
${fieldsOf(open, shown, buttons !== undefined)}
${ways}
</form>`,
  ]
}

interface Shown {
  readonly heading: string
  /** Under the heading. */
  readonly hint: Markup
  /** Ids of what describes the field. */
  readonly described: string
  readonly problem: Markup | ''
  readonly words: PageSetupWords
}

/** What is only to be read, or has one answer, needs no choosing. */
const areButtons = ({ choices, quiet }: { choices: readonly unknown[]; quiet?: boolean }): boolean =>
  choices.length === 1 || (quiet === true && choices.length <= 3)

const choiceButton = ({ value, label }: Choice<string>, at: number): Markup =>
  html`<button class="${at === 0 ? 'main' : 'other'}" name="answer" value="${value}"${at === 0 ? html` id="next"` : ''}>${sentence(printable(label))}</button>`

const printableLinesOf = (text: string): readonly string[] =>
  text.split('\n').map(line => printable(line, line.length))

const describedBy = (described: string): Markup | '' =>
  described === '' ? '' : html` aria-describedby="${described}"`

function fieldsOf({ ask, complaint, typed }: OpenQuestion, shown: Shown, isRead: boolean): Markup {
  const { heading, hint, described, problem, words } = shown
  if (isRead) return html`<h1 tabindex="-1">${heading}</h1>${hint}${problem}`
  const invalid = complaint === undefined ? '' : html` aria-invalid="true"`
  if (ask.kind === 'choose' || ask.kind === 'several') {
    const { choices, initial = [] } = ask.question
    const chosen = [initial].flat()
    if (ask.kind === 'choose' && choices.length > mostRadios)
      return html`<h1><label for="answer">${heading}</label></h1>${hint}${problem}
<select id="answer" name="answer"${describedBy(described)}${invalid} autofocus>${choices.map(
        ({ value, label }) =>
          html`<option value="${value}"${chosen.includes(value) ? html` selected` : ''}>${printable(label)}</option>`,
      )}</select>`
    const type = ask.kind === 'choose' ? 'radio' : 'checkbox'
    return html`<fieldset${describedBy(described)}><legend><h1>${heading}</h1></legend>${hint}${problem}
<ul class="choices">${choices.map(({ value, label, hint: about }, at) => choiceRow(type, value, label, about, chosen.includes(value), at))}</ul>
</fieldset>`
  }
  const label = html`<h1><label for="answer">${heading}</label></h1>${hint}${problem}`
  if (ask.kind === 'secret')
    return html`${label}
<input id="answer" name="answer" type="password" autocomplete="off" spellcheck="false" autocapitalize="off" maxlength="1000"${describedBy(described)}${invalid} autofocus>`
  const { file, partial, initial, isSecret } = ask.question
  // What may hold a secret goes one way only.
  const value = typed ?? (initial !== undefined && isSecret?.(initial) !== true ? initial : '')
  if (file !== undefined)
    return html`<h1 id="heading">${heading}</h1>${hint}${problem}
<div class="drop" id="drop"><label for="file">${words.theFile}</label>
<input id="file" name="file" type="file" accept="${file.accept}"${describedBy(described)}${invalid} data-too-large="${words.tooLarge}">
<p class="faint">${words.dropHere}</p></div>
<label for="answer">${words.orText}</label>
<textarea id="answer" name="answer" rows="4" spellcheck="false" autocomplete="off" autocapitalize="off"></textarea>`
  if (partial !== undefined)
    return html`${label}
<textarea id="answer" name="answer" rows="4" spellcheck="false" autocomplete="off" autocapitalize="off"${describedBy(described)}${invalid} autofocus></textarea>`
  return html`${label}
<input id="answer" name="answer" type="text" value="${value}" autocomplete="off" spellcheck="false" autocapitalize="off" maxlength="2000"${describedBy(described)}${invalid} autofocus>`
}

const choiceRow = (
  type: 'radio' | 'checkbox',
  value: string,
  label: string,
  hint: string | undefined,
  isChosen: boolean,
  at: number,
): Markup =>
  html`<li><input type="${type}" id="choice-${at}" name="answer" value="${value}"${isChosen ? html` checked` : ''}${isChosen && type === 'radio' ? html` autofocus` : ''}><label for="choice-${at}">${sentence(printable(label))}${hint === undefined ? '' : html`<span class="faint">${printable(hint)}</span>`}</label></li>
`

/** Another part goes on in this browser. */
export function anotherPage(
  reader: Reader,
  { session }: PageFrame,
  path: string,
  query: Readonly<Record<string, string>>,
): Markup {
  const words = pageSetupWords[reader.language]
  return frame(
    reader.language,
    words.another,
    html`<link rel="stylesheet" href="/setup.css">`,
    html`<header><p class="name">hikyaku</p><p class="faint">${words.title}</p></header>
<main id="content"><div class="step">
<h1>${words.another}</h1>
<p>${words.anotherHint}</p>
<form method="post" action=""><input type="hidden" name="form" value="${makeFormToken(session)}">
${Object.entries(query).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<div class="ways"><a class="button" href="${path}">${words.goOn}</a><button class="other">${words.beginThis}</button></div></form>
</div></main>`,
  )
}

/** @param texts a heading, and what to do */
export const messagePage = (
  { language }: Reader,
  [title, hint]: readonly [string, string],
  link?: { readonly href: string; readonly text: string },
): Markup =>
  frame(
    language,
    title,
    '',
    html`<header><p class="name">hikyaku</p></header>
<main id="content"><h1>${title}</h1><p>${sentence(hint)}</p>${link === undefined ? '' : html`<p><a href="${link.href}">${link.text}</a></p>`}</main>`,
  )
