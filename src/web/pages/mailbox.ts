/** A mailbox as a line of its own life: how it is watched, when it was and will be looked at, what waits, what is aside. */
import { html } from 'hono/html'
import { nextRuns } from '../../base/schedule.ts'
import { printable } from '../../base/untrusted.ts'
import { countMissing } from '../../journal/journal.ts'
import { pauseWords } from '../../locale/pause-words.ts'
import { isBroken, type MailboxStatus, warnConsentMs } from '../../status/mailbox-status.ts'
import { watchLines } from '../../status/watch-view.ts'
import type { Backlog, Quota, TimeLeft } from '../backlog.ts'
import { form, instant, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'
import { drawSparkline } from '../sparkline.ts'
import { actLink } from './troubles.ts'

/** What the page knows of a mailbox beside its status. */
export interface MailboxLife {
  readonly status: MailboxStatus
  /** As in the configuration. */
  readonly schedule: string | undefined
  readonly backlog: Backlog
  /** Of its account. */
  readonly quota: Quota | undefined
}

export function mailboxBlock(
  reader: Reader,
  session: Session,
  life: MailboxLife,
  nowMs: number,
  place: number,
): Markup {
  const { own, words } = reader
  const { format } = words
  const { status, backlog, quota } = life
  const { state, conservation, counts, latencyMs, lastImportAtMs, mailbox, pausedSinceMs } = status
  const line = drawSparkline(reader, status.recentLatenciesMs)
  const ago = (ms: number): Markup => instant(ms, format.relative(-Math.max(0, nowMs - ms)))
  const aside = counts.refused + counts.deferred
  const endsAtMs = status.accountState.consentEndsAtMs
  const consentEndsInMs =
    endsAtMs !== undefined && endsAtMs - nowMs < warnConsentMs ? endsAtMs - nowMs : undefined
  const left = backlog.left === undefined ? '' : sayLeft(reader, backlog.left)
  const rows: readonly (readonly [string, Markup | string])[] = [
    [own.watching, lines(watchingOf(reader, status, nowMs))],
    [own.lastMail, lastImportAtMs === undefined ? own.noMail : ago(lastImportAtMs)],
    [own.lastLook, state.lastGoodPullAtMs === undefined ? own.notLooked : ago(state.lastGoodPullAtMs)],
    [own.nextLook, nextLook(reader, life, nowMs)],
    ...(latencyMs === undefined
      ? []
      : [[own.speed, html`${own.speedOf(latencyMs.p50, latencyMs.p95)} ${line}`] as const]),
    [own.inGmail, format.number(conservation.imported + conservation.merged)],
    [own.waiting, lines([own.waitingOf(backlog.waiting, backlog.later), left].filter(text => text !== ''))],
    [
      own.setAside,
      aside === 0
        ? format.number(0)
        : html`<a href="aside?${new URLSearchParams({ mailbox }).toString()}">${own.asideOf(counts.refused, counts.deferred)}</a>`,
    ],
    ...(quota === undefined
      ? []
      : [[own.quota, own.quotaOf(Math.round(quota.used), Math.round(quota.perMinute))] as const]),
    [own.books, sayBooks(reader, status)],
    ...(consentEndsInMs === undefined
      ? []
      : [
          [
            own.permission,
            html`${sentence(words.status.consentEnds(printable(status.account, 60), consentEndsInMs))} <a href="setup/google?${new URLSearchParams({ account: status.account }).toString()}">${own.signIn}</a>`,
          ] as const,
        ]),
  ]
  const named = { mailbox }
  return html`<article class="block" aria-label="${printable(mailbox, 60)}">
<h3>${printable(mailbox, 60)} → ${printable(status.account, 60)}</h3>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<div class="acts">
${
  pausedSinceMs === undefined
    ? form(session, 'pause', own.pause, 'quiet', named, `do-pause-${place}`)
    : form(session, 'resume', own.resume, 'main', named, `do-resume-${place}`)
}
${aside === 0 ? '' : form(session, 'retry', own.tryAgain(aside), 'main', named, `do-retry-${place}`)}
${actLink(`setup/password?${new URLSearchParams(named)}`, own.newPassword)}
</div>
</article>`
}

const lines = (all: readonly string[]): Markup =>
  html`${all.map((text, at) => html`${at > 0 ? html`<br>` : ''}${sentence(text)}`)}`

function watchingOf(
  { own, words, language }: Reader,
  status: MailboxStatus,
  nowMs: number,
): readonly string[] {
  const { watch, pausedSinceMs } = status
  if (pausedSinceMs !== undefined)
    return [
      pauseWords[language].since(words.format.instant(pausedSinceMs), Math.max(0, nowMs - pausedSinceMs)),
    ]
  if (watch === undefined) return [own.onSchedule]
  return [watch.isWatched ? own.watched : own.notWatched, ...watchLines(watch, language, nowMs)]
}

function nextLook({ own, words }: Reader, { status, schedule }: MailboxLife, nowMs: number): Markup | string {
  const { state, accountState, watch, pausedSinceMs } = status
  if (pausedSinceMs !== undefined) return own.whenResumed
  const heldMs = Math.max(state.notBeforeMs ?? 0, accountState.notBeforeMs ?? 0)
  const [scheduledMs] = schedule === undefined ? [] : nextRuns(schedule, 1, nowMs, status.mailbox)
  const nextMs = heldMs > nowMs ? heldMs : scheduledMs
  if (nextMs === undefined) return own.never
  const isTold = watch?.isWatched === true && heldMs <= nowMs
  return html`${isTold ? own.whenTold : ''}${instant(nextMs, words.format.relative(nextMs - nowMs))}`
}

function sayLeft({ own }: Reader, left: TimeLeft): string {
  switch (left.basis) {
    case 'pace':
      return own.leftByPace(left.ms, left.imports, left.withinMs)
    case 'quota':
      return own.leftByQuota(left.ms, left.perMinute)
    case 'unknown':
      return own.leftUnknown
  }
}

function sayBooks({ words }: Reader, status: MailboxStatus): string {
  const { conservation } = status
  const missing = countMissing(conservation)
  return missing === 0 && !isBroken(status)
    ? words.conservation.sentence(conservation)
    : words.conservation.broken(conservation, missing)
}
