/** What is not well, each with the other side's words, what to do, and the button that does it. */
import { html } from 'hono/html'
import { findOwnWords } from '../../alerts/rules.ts'
import { exitCodes, faultKinds } from '../../base/fault.ts'
import { labelOf } from '../../base/label-subject.ts'
import type { TroubleEntry } from '../../base/trouble.ts'
import { printable } from '../../base/untrusted.ts'
import { describeFault } from '../../locale/locale.ts'
import { troubleWords } from '../../locale/trouble-words.ts'
import { form, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'

/** Subjects of so many messages of one trouble are shown. */
const mostFaces = 10
/** Blocks on a page: what keeps most mail from coming stands first. */
const mostBlocks = 50

export function troubleSection(
  reader: Reader,
  session: Session,
  list: readonly TroubleEntry[],
  nowMs: number,
): Markup {
  if (list.length === 0) return html``
  const heading = troubleWords[reader.language].heading(list.length)
  const more = list.length - mostBlocks
  return html`<section aria-labelledby="troubles-title">
<h2 id="troubles-title">${heading.replace(/:$/, '')}</h2>
${list.slice(0, mostBlocks).map((entry, at) => troubleBlock(reader, session, entry, nowMs, at))}
${more > 0 ? html`<p>${reader.own.moreTroubles(more)}</p>` : ''}
</section>`
}

function troubleBlock(
  reader: Reader,
  session: Session,
  entry: TroubleEntry,
  nowMs: number,
  place: number,
): Markup {
  const { language } = reader
  const troubles = troubleWords[language]
  const { what, mail, next } = describeFault(entry, language)
  const said = findOwnWords(entry, what)
  const faces = entry.first.slice(0, mostFaces)
  const described = faces.filter(({ about }) => about !== undefined)
  const bare = faces
    .filter(({ about }) => about === undefined)
    .map(({ subject }) => `#${printable(subject, 20)}`)
  const more = entry.messages - faces.length
  const sinceMs = Math.max(0, nowMs - entry.sinceMs)
  return html`<article class="block trouble">
<h3>${troubles.label(entry)}</h3>
<p>${sentence(what)}</p>
${said === undefined ? '' : html`<blockquote>${troubles.said(said)}</blockquote>`}
<p class="faint">${troubles.since(sinceMs, entry.times, Math.max(0, nowMs - entry.lastSeenMs))}</p>
${
  described.length === 0
    ? ''
    : html`<ul>${described.map(({ subject: id, about }) => {
        const parts = [about?.subject ?? about?.messageId, about?.from].filter(part => part !== undefined)
        return html`<li>#${printable(id, 20)} ${parts.map(part => printable(part, 120)).join(' · ')}</li>`
      })}</ul>`
}
${entry.messages === 0 || bare.length + more === 0 ? '' : html`<p>${troubles.named(bare.join(', '), more)}</p>`}
<p>${sentence(mail)}</p>
<p class="next">→ ${sentence(next)}</p>
${remedies(reader, session, entry, place)}
</article>`
}

/** Whether the owner has to sign in again, or to give another password: the exit code of the trouble says so. */
const needsSignIn = (code: TroubleEntry['code']): boolean => faultKinds[code]?.exit === exitCodes.signIn

/** What the owner can do about it from here; nothing where that is not done on this computer's page. */
function remedies({ own }: Reader, session: Session, entry: TroubleEntry, place: number): Markup | '' {
  const { scope, name, code, messages } = entry
  const acts: Markup[] = []
  if (scope === 'account' && needsSignIn(code))
    acts.push(actLink(`setup/google?${new URLSearchParams({ account: name })}`, own.signIn))
  if (scope === 'mailbox' && needsSignIn(code))
    acts.push(actLink(`setup/password?${new URLSearchParams({ mailbox: name })}`, own.newPassword))
  if (scope === 'wish' && labelOf(entry) === undefined)
    acts.push(actLink(`settle?${new URLSearchParams({ mailbox: name })}`, own.changeSettle))
  if (scope === 'message') {
    acts.push(
      form(session, 'retry', own.tryAgain(messages), 'main', { mailbox: name }, `do-trouble-${place}`),
      actLink(`aside?${new URLSearchParams({ mailbox: name })}`, own.showAside),
    )
  } else if (scope !== 'machine')
    acts.push(form(session, 'check-now', own.checkNow, 'quiet', {}, `do-trouble-${place}`))
  return acts.length === 0 ? '' : html`<div class="acts">${acts}</div>`
}

export const actLink = (href: string, text: string): Markup => html`<a class="act" href="${href}">${text}</a>`
