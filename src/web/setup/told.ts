/** What the set-up tells, as markup: lines stay lines, commands look like such, and known addresses can be followed. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import { type Markup, sentence } from '../layout.ts'
import type { Told } from './page-asker.ts'
import type { PageSetupWords } from './words.ts'

/** Where the set-up itself sends its owner. What a mail server says is text, whatever stands in it. */
const trusted = /(https:\/\/(?:[\w-]+\.)*(?:google|microsoft)\.com(?:\/[\w/.~-]*[\w/~-])?)/

/** A link to a page elsewhere. */
export const follow = (
  href: string,
  text: Markup | string,
  words: PageSetupWords,
  isButton = false,
): Markup =>
  html`<a${isButton ? html` class="button"` : ''} href="${href}" target="_blank" rel="noreferrer noopener">${text}<span class="hidden"> (${words.newTab})</span></a>`

function lineMarkup(line: string, words: PageSetupWords): Markup {
  const parts = printable(line, line.length).split(trusted)
  return html`${parts.map((part, at) => (at % 2 === 1 ? follow(part, part, words) : sentence(part)))}`
}

/** Paragraphs; lines that are indented, and commands, stand as they are. */
export function textMarkup(text: string, words: PageSetupWords): Markup {
  const blocks: { kind: 'text' | 'list' | 'asIs'; lines: string[] }[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const kind = /^(?: {2}|ssh |scp )/.test(line) ? 'asIs' : line.startsWith('- ') ? 'list' : 'text'
    const last = blocks.at(-1)
    if (last?.kind === kind && kind !== 'text') last.lines.push(line)
    else blocks.push({ kind, lines: [line] })
  }
  return html`${blocks.map(({ kind, lines }) => {
    if (kind === 'asIs')
      return html`<pre tabindex="0">${lines.map(line => printable(line.trim(), line.length)).join('\n')}</pre>`
    if (kind === 'list')
      return html`<ul>${lines.map(line => html`<li>${lineMarkup(line.slice(2), words)}</li>`)}</ul>`
    return html`<p>${lineMarkup(lines.join('\n'), words)}</p>`
  })}`
}

function toldMarkup({ tone, text }: Told, words: PageSetupWords): Markup {
  if (tone !== 'link') return html`<div class="told ${tone}">${textMarkup(text, words)}</div>`
  const url = URL.parse(text)
  // Of the set-up itself, never of a server: SetupContext.plain.
  if (url === null || !/^https?:$/.test(url.protocol))
    return html`<pre tabindex="0">${printable(text, 2000)}</pre>`
  return html`<p>${follow(url.href, words.openPage(url.host), words, true)}</p>`
}

/** All that is told above a question; empty where nothing is. */
export const toldSection = (told: readonly Told[], words: PageSetupWords): Markup =>
  told.length === 0 ? html`` : html`<div id="told">${told.map(entry => toldMarkup(entry, words))}</div>`
