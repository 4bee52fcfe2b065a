/** What all pages have in common. `html` escapes whatever is put in; text from outside goes through `printable` before. */
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { Language } from '../base/language.ts'
import { chooseWords, type Words } from '../locale/locale.ts'
import { mailWords } from './mail/words.ts'
import type { Session } from './sessions.ts'
import { makeFormToken } from './sessions.ts'
import { type Refusal, type WebWords, webWords } from './words.ts'

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>

/** Whom a page is for. */
export interface Reader {
  readonly language: Language
  readonly words: Words
  readonly own: WebWords
}

export const makeReader = (language: Language): Reader => ({
  language,
  words: chooseWords(language),
  own: webWords[language],
})

/** A sentence in which commands stand between backticks. */
export const sentence = (text: string): Markup =>
  html`${text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`

/** An instant as the owner reads it, and as programs do. */
export const instant = (ms: number, text: string): Markup =>
  html`<time datetime="${new Date(ms).toISOString()}">${text}</time>`

/** @param kind which of the pages it is, for the style */
export function frame(language: Language, title: string, head: Markup | '', body: Markup, kind = ''): Markup {
  return html`<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – hikyaku</title>
<link rel="stylesheet" href="/style.css">
${head}
</head>
<body class="${kind}">
${body}
</body>
</html>
`
}

export interface PageParts {
  readonly title: string
  /** Which of the pages. */
  readonly at: 'overview' | 'messages' | 'forwarding' | 'aside' | 'settings'
  /** Said once, after something was done. */
  readonly notice?: string | undefined
  /** Whether it is brought up to date while it is open. */
  readonly isLive: boolean
  readonly content: Markup
}

/** A page for a browser that was let in. Its links are relative to the session's own path. */
export function layOut({ language, own }: Reader, session: Session, page: PageParts): Markup {
  const { title, at, notice, isLive, content } = page
  const link = (name: PageParts['at'], href: string, text: string): Markup =>
    html`<li><a href="${href}"${name === at ? html` aria-current="page"` : ''}>${text}</a></li>`
  return frame(
    language,
    title,
    html`${isLive ? html`<script src="/script.js" defer></script>` : ''}${notice === undefined ? '' : html`<script src="/notice.js" defer></script>`}`,
    html`<a class="skip" href="#content">${own.skip}</a>
<header>
<p class="name">hikyaku</p>
<nav aria-label="${own.pages}"><ul>${link('overview', './', own.overview)}${link('messages', 'messages', own.messages)}${link('forwarding', 'forwarding', mailWords[language].forwarding.title)}${link('aside', 'aside', own.aside)}${link('settings', 'settings', own.settings)}</ul></nav>
</header>
<main id="content" class="whole" tabindex="-1">
${notice === undefined ? '' : html`<p class="notice" role="status">${sentence(notice)}</p>`}
${content}
</main>
<footer>${form(session, 'leave', own.leave, 'quiet')}</footer>`,
    at,
  )
}

/** A button that does something, with or without JavaScript. */
export function form(
  session: Session,
  action: string,
  text: string,
  kind: 'main' | 'quiet',
  fields: Readonly<Record<string, string>> = {},
  id = `do-${action}`,
): Markup {
  const hidden = Object.entries({ ...fields, form: makeFormToken(session) })
  return html`<form method="post" action="${action}">
${hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="${kind}" id="${id}">${text}</button>
</form>`
}

/** A page without anything of the owner's. */
export function refusalPage({ language, own }: Reader, refusal: Refusal): Markup {
  const [title, next] = own.refusals[refusal]
  return plainPage(language, title, html`<p>${sentence(next)}</p>`)
}

export const plainPage = (
  language: Language,
  title: string,
  content: Markup,
  head: Markup | '' = '',
): Markup =>
  frame(
    language,
    title,
    head,
    html`<header><p class="name">hikyaku</p></header>
<main id="content">
<h1>${title}</h1>
${content}
</main>`,
  )
