/** The first page: does my mail come? Why not, and what to do; each mailbox; the buttons that do it. */
import { html } from 'hono/html'
import { findOwnWords } from '../../alerts/rules.ts'
import { nextRuns } from '../../base/schedule.ts'
import type { TroubleEntry } from '../../base/trouble.ts'
import { printable } from '../../base/untrusted.ts'
import type { Config } from '../../config/config.ts'
import { describeFault } from '../../locale/locale.ts'
import { pauseWords } from '../../locale/pause-words.ts'
import { troubleWords } from '../../locale/trouble-words.ts'
import type { MailboxStatus } from '../../status/mailbox-status.ts'
import { sayPaused, sayVerdict } from '../../status/say-verdict.ts'
import { judgeStanding, type Standing, type Verdict } from '../../status/standing.ts'
import { watchLines } from '../../status/watch-view.ts'
import { form, instant, layOut, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'
import { drawSparkline } from '../sparkline.ts'

const colours: Readonly<Record<Verdict['kind'], string>> = {
  comes: 'good',
  'comes-but': 'warn',
  'comes-in-part': 'bad',
  'comes-not': 'bad',
  nobody: 'bad',
  paused: 'warn',
}

/** Subjects of so many messages of one trouble are shown. */
const mostFaces = 10

export interface Overview {
  readonly standing: Standing
  readonly config: Pick<Config, 'mailboxes'>
  readonly nowMs: number
  readonly notice: string | undefined
}

export function overviewPage(reader: Reader, session: Session, overview: Overview): Markup {
  const { own, words } = reader
  const { standing, config, nowMs, notice } = overview
  const verdict = judgeStanding(standing, nowMs)
  const paused = sayPaused(words, verdict)
  return layOut(reader, session, {
    title: own.overview,
    at: 'overview',
    notice,
    isLive: true,
    content: html`<div id="verdict" data-part aria-live="polite"><h1 class="${colours[verdict.kind]}">${sentence(sayVerdict(words, verdict))}</h1>${paused === undefined ? '' : html`<p class="warn">${paused}</p>`}</div>
${form(session, 'check-now', own.checkNow, 'main')}
<div id="troubles" data-part>${troubleSection(reader, standing.list, nowMs)}</div>
<section aria-labelledby="mailboxes-title">
<h2 id="mailboxes-title">${own.mailboxes}</h2>
<div id="mailboxes" data-part>
${standing.mailboxes.map((status, at) => {
  const mailbox = config.mailboxes.find(({ name }) => name === status.mailbox)
  return mailboxBlock(reader, session, status, mailbox?.schedule, nowMs, at)
})}
</div>
</section>`,
  })
}

function troubleSection(reader: Reader, list: readonly TroubleEntry[], nowMs: number): Markup {
  if (list.length === 0) return html``
  const heading = troubleWords[reader.language].heading(list.length)
  return html`<section aria-labelledby="troubles-title">
<h2 id="troubles-title">${heading.replace(/:$/, '')}</h2>
${list.map(entry => troubleBlock(reader, entry, nowMs))}
</section>`
}

function troubleBlock({ language }: Reader, entry: TroubleEntry, nowMs: number): Markup {
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
</article>`
}

function mailboxBlock(
  reader: Reader,
  session: Session,
  status: MailboxStatus,
  schedule: string | undefined,
  nowMs: number,
  place: number,
): Markup {
  const { own, words, language } = reader
  const { format } = words
  const { state, accountState, watch, conservation, counts, latencyMs, lastImportAtMs } = status
  const line = drawSparkline(reader, status.recentLatenciesMs)
  const ago = (ms: number): Markup => instant(ms, format.relative(Math.min(0, ms - nowMs)))
  const aside = counts.refused + counts.deferred
  const heldMs = Math.max(state.notBeforeMs ?? 0, accountState.notBeforeMs ?? 0)
  const [scheduledMs] = schedule === undefined ? [] : nextRuns(schedule, 1, nowMs)
  const nextMs = heldMs > nowMs ? heldMs : scheduledMs
  const isTold = watch?.isWatched === true && heldMs <= nowMs
  const { pausedSinceMs } = status
  const pauses = pauseWords[language]
  const watching =
    pausedSinceMs !== undefined
      ? [pauses.since(format.instant(pausedSinceMs), Math.max(0, nowMs - pausedSinceMs))]
      : watch === undefined
        ? [own.onSchedule]
        : [watch.isWatched ? own.watched : own.notWatched, ...watchLines(watch, language, nowMs)]
  const rows: readonly (readonly [string, Markup | string])[] = [
    [own.watching, html`${watching.map((line, at) => html`${at > 0 ? html`<br>` : ''}${sentence(line)}`)}`],
    [own.lastMail, lastImportAtMs === undefined ? own.noMail : ago(lastImportAtMs)],
    [own.lastLook, state.lastGoodPullAtMs === undefined ? own.notLooked : ago(state.lastGoodPullAtMs)],
    [
      own.nextLook,
      pausedSinceMs !== undefined
        ? own.whenResumed
        : nextMs === undefined
          ? own.never
          : html`${isTold ? own.whenTold : ''}${instant(nextMs, format.relative(nextMs - nowMs))}`,
    ],
    ...(latencyMs === undefined
      ? []
      : [[own.speed, html`${own.speedOf(latencyMs.p50, latencyMs.p95)} ${line}`] as const]),
    [own.inGmail, format.number(conservation.imported + conservation.merged)],
    [own.waiting, format.number(conservation.pending)],
    [own.setAside, format.number(counts.refused)],
  ]
  return html`<article class="block" aria-label="${printable(status.mailbox, 60)}">
<h3>${printable(status.mailbox, 60)} → ${printable(status.account, 60)}</h3>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<div class="acts">
${
  pausedSinceMs === undefined
    ? form(session, 'pause', own.pause, 'quiet', { mailbox: status.mailbox }, `do-pause-${place}`)
    : form(session, 'resume', own.resume, 'main', { mailbox: status.mailbox }, `do-resume-${place}`)
}
${aside === 0 ? '' : form(session, 'retry', own.tryAgain(aside), 'main', { mailbox: status.mailbox }, `do-retry-${place}`)}
</div>
</article>`
}
