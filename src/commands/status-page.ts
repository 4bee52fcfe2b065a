/**
 * `hikyaku status` for people: the first line answers whether mail comes; behind it why not and what to do; then each
 * mailbox in a few lines. Numbers stand there where they do not add up, or with --verbose.
 */
import type { TroubleEntry } from '../base/trouble.ts'
import { printable } from '../base/untrusted.ts'
import type { Stage } from '../journal/journal.ts'
import { describeFault } from '../locale/locale.ts'
import { pauseWords } from '../locale/pause-words.ts'
import type { HostLimitView } from '../pull/host-logins.ts'
import { isBroken, type MailboxStatus, warnConsentMs } from '../status/mailbox-status.ts'
import { sayPaused, sayVerdict } from '../status/say-verdict.ts'
import { judgeStanding, type Standing } from '../status/standing.ts'
import { watchLines } from '../status/watch-view.ts'
import { brokenSentence } from './books.ts'
import { columnsOf, type Invocation, writeLine, writeParagraph } from './invocation.ts'
import type { StoppedService } from './service-state.ts'
import { troubleBlocks } from './trouble-blocks.ts'

export interface StatusPage extends Standing {
  readonly stopped: readonly StoppedService[]
  /** Undefined where there is no journal yet. */
  readonly stateDir: string | undefined
  readonly verbose: boolean
}

export function writeStatusPage(invocation: Invocation, page: StatusPage): void {
  const { words } = invocation
  const { mailboxes, list, stopped, stateDir, verbose } = page
  const nowMs = Date.now()
  const say = (text: string, lead = ''): void => writeParagraph(invocation, text, lead)
  for (const line of verdictLines(invocation, page)) say(line)
  for (const { name, detail, log } of stopped) {
    say(words.status.service(name, printable(detail, 200)), '  ')
    say(log, '  ')
  }
  const blocks = troubleBlocks(invocation, sortByWeight(list), nowMs, columnsOf(invocation))
  for (const line of blocks) writeLine(invocation, line)
  for (const standing of mailboxes) {
    writeLine(invocation, '')
    const by = standing.way === 'append' ? words.status.byAppPassword : ''
    say(`${printable(standing.mailbox, 60)} → ${printable(standing.account, 60)}${by}`)
    for (const text of describeMailbox(invocation, standing, nowMs)) say(text, '  ')
    if (verbose || isBroken(standing))
      for (const text of describeNumbers(invocation, standing)) say(text, '  ')
  }
  if (stateDir === undefined) {
    writeLine(invocation, '')
    say(words.status.nothingYet)
  } else if (verbose) {
    writeLine(invocation, '')
    say(words.status.journalAt(stateDir))
  }
}

/** What keeps most mail from coming stands first: a screen of 24 rows may not hold more. */
function sortByWeight(list: readonly TroubleEntry[]): readonly TroubleEntry[] {
  const scopes = ['machine', 'account', 'mailbox', 'folder', 'wish', 'message'] as const
  const weigh = ({ scope, code }: TroubleEntry): number =>
    code === 'mailbox.unattended' ? -1 : scopes.indexOf(scope)
  return list.toSorted((a, b) => weigh(a) - weigh(b))
}

/** The first line alone, and what is paused, which is no trouble and must not be forgotten. */
export function writeVerdict(invocation: Invocation, standing: Standing): void {
  for (const line of verdictLines(invocation, standing)) writeLine(invocation, line)
}

function verdictLines({ words }: Invocation, standing: Standing): readonly string[] {
  const verdict = judgeStanding(standing, Date.now())
  const paused = sayPaused(words, verdict)
  return [sayVerdict(words, verdict), ...(paused === undefined ? [] : [paused])]
}

/** How it goes with one mailbox. */
function describeMailbox(invocation: Invocation, standing: MailboxStatus, nowMs: number): string[] {
  const { words, language } = invocation
  const { status } = words
  const { troubles, outage, state, accountState, lastImportAtMs, latencyMs, conservation, counts } = standing
  const isAlone = troubles.some(({ code }) => code === 'mailbox.unattended')
  const { pausedSinceMs } = standing
  const own = pauseWords[language]
  const how =
    pausedSinceMs !== undefined
      ? own.since(words.format.instant(pausedSinceMs), Math.max(0, nowMs - pausedSinceMs))
      : troubles.length === 0
        ? status.wellOf
        : isAlone
          ? status.alone
          : outage === undefined
            ? status.troubles(troubles.length)
            : status.failingSince(Math.max(0, nowMs - outage.sinceMs))
  const ago = (ms: number): number => Math.max(0, nowMs - ms)
  const times = [
    status.lastLook(state.lastGoodPullAtMs === undefined ? undefined : ago(state.lastGoodPullAtMs)),
    ...(lastImportAtMs === undefined ? [] : [status.lastMail(ago(lastImportAtMs))]),
    ...(latencyMs === undefined ? [] : [status.usually(latencyMs.p50, latencyMs.p95)]),
  ]
  const lines = [
    `${how}${language === 'ja' ? '' : ' '}${times.join(' · ')}`,
    status.counts(conservation.imported + conservation.merged, conservation.pending, counts.refused),
  ]
  if (pausedSinceMs !== undefined) {
    if (state.fault !== undefined) lines.push(own.resting(describeFault(state.fault, language).what))
    lines.push(own.goOn(printable(standing.mailbox, 60)))
  }
  // Where no mail comes at all it is told already.
  if (standing.watch !== undefined && outage === undefined)
    lines.push(...watchLines(standing.watch, language, nowMs))
  const untilMs = state.notBeforeMs ?? accountState.notBeforeMs
  if (outage !== undefined && !isAlone && untilMs !== undefined && untilMs > nowMs)
    lines.push(status.waitingUntil(untilMs - nowMs))
  const endsAtMs = accountState.consentEndsAtMs
  if (endsAtMs !== undefined && endsAtMs - nowMs < warnConsentMs)
    lines.push(status.consentEnds(standing.account, endsAtMs - nowMs))
  if (standing.leftByRule > 0) lines.push(status.leftByRule(standing.leftByRule))
  if (standing.repeated > 0) lines.push(status.repeated(standing.repeated))
  if (standing.hostLimit !== undefined) lines.push(hostLimitSentence(invocation, standing.hostLimit))
  return lines
}

/** What stands where, by number. */
function describeNumbers(invocation: Invocation, standing: MailboxStatus): string[] {
  const { words } = invocation
  const stages = Object.entries(standing.counts).filter(([, count]) => count > 0)
  const lines =
    stages.length === 0
      ? []
      : [
          stages
            .map(([stage, count]) => `${words.stages[stage as Stage]} ${words.format.number(count)}`)
            .join(', '),
        ]
  lines.push(
    isBroken(standing)
      ? brokenSentence(words, standing.conservation)
      : words.conservation.sentence(standing.conservation),
  )
  return lines
}

function hostLimitSentence(
  { words: { status }, language }: Invocation,
  { host, everyMs, logins }: HostLimitView,
): string {
  const { most, perMs, per } = host.limit
  const limit = per === 'address' ? status.hostLimit : status.mailboxLimit
  const space = language === 'ja' ? '' : ' '
  return `${limit(host.preset.name[language], most, perMs)}${space}${status.hostLogins(logins, perMs, everyMs)}`
}
