/** The first page: does my mail come? Why not, and what to do; each mailbox; the buttons that do it. */
import { html } from 'hono/html'
import { sayPaused, sayVerdict } from '../../status/say-verdict.ts'
import { judgeStanding, type Standing, type Verdict } from '../../status/standing.ts'
import { form, layOut, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'
import { type MailboxLife, mailboxBlock } from './mailbox.ts'
import { actLink, troubleSection } from './troubles.ts'

const colours: Readonly<Record<Verdict['kind'], string>> = {
  comes: 'good',
  'comes-but': 'warn',
  'comes-in-part': 'bad',
  'comes-not': 'bad',
  nobody: 'bad',
  paused: 'warn',
}

export interface Overview {
  readonly standing: Standing
  /** In the order of the configuration. */
  readonly lives: readonly MailboxLife[]
  readonly nowMs: number
  readonly notice: string | undefined
}

export function overviewPage(reader: Reader, session: Session, overview: Overview): Markup {
  const { own, words } = reader
  const { standing, lives, nowMs, notice } = overview
  const verdict = judgeStanding(standing, nowMs)
  const paused = sayPaused(words, verdict)
  return layOut(reader, session, {
    title: own.overview,
    at: 'overview',
    notice,
    isLive: true,
    content: html`<div id="verdict" data-part aria-live="polite"><h1 class="${colours[verdict.kind]}">${sentence(sayVerdict(words, verdict))}</h1>${paused === undefined ? '' : html`<p class="warn">${paused}</p>`}</div>
${form(session, 'check-now', own.checkNow, 'main')}
<div id="troubles" data-part>${troubleSection(reader, session, standing.list, nowMs)}</div>
<section aria-labelledby="mailboxes-title">
<h2 id="mailboxes-title">${own.mailboxes}</h2>
<div id="mailboxes" data-part>
${lives.map((life, at) => mailboxBlock(reader, session, life, nowMs, at))}
</div>
<p>${actLink('setup/mailbox', own.addMailbox)}</p>
</section>`,
  })
}
