/**
 * `hikyaku status`: what stands where, how quick it was, and what is wrong, in plain words. Works beside a daemon. What
 * is wrong is the one list of troubles and, since nobody is there to write it down, that nobody looks after a mailbox.
 */

import { findUnattended } from '../alerts/attendance.ts'
import { exitCodeOfTroubles, troublesOf } from '../alerts/trouble-list.ts'
import { alignTable, wrapText } from '../base/text-width.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import { printable } from '../base/untrusted.ts'
import { openJournal } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import type { AccountState, Conservation, Journal, MailboxState, Stage } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { describeHostLimit, type HostLimitView } from '../pull/host-logins.ts'
import { brokenSentence } from './books.ts'
import { withConfig } from './configuration.ts'
import { faultJson, type Invocation, writeJson, writeLine } from './invocation.ts'
import { troubleBlocks, troubleJson } from './trouble-blocks.ts'
import { readWatch, type WatchView, watchJson, watchLines } from './watch-view.ts'

const latencyRows = 1000
const warnConsentMs = 3 * 24 * 3600_000
const usualColumns = 80

interface MailboxStatus {
  readonly mailbox: string
  readonly account: string
  readonly state: MailboxState
  readonly accountState: AccountState
  readonly counts: Readonly<Record<Stage, number>>
  readonly conservation: Conservation
  readonly repeated: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly messages: number } | undefined
  /** undefined: nothing runs, or nobody listens there. */
  readonly watch: WatchView | undefined
  /** Its own, its account's and the machine's. */
  readonly troubles: readonly TroubleEntry[]
  /** The one that keeps its mail from coming now, its own or its account's. */
  readonly outage: TroubleEntry | undefined
  /** What its host takes of logins, where that is known. */
  readonly hostLimit: HostLimitView | undefined
}

export async function statusCommand(invocation: Invocation): Promise<number> {
  return withConfig(
    invocation,
    async config => {
      const journal = await openJournal(config.stateDir)
      try {
        const running = isInstanceRunning(config.stateDir)
        const list = await listTroubles(invocation, config, journal, running)
        const mailboxes =
          journal === undefined
            ? []
            : await Promise.all(config.mailboxes.map(mailbox => readStatus(journal, list, mailbox, running)))
        const exitCode = exitCodeOfTroubles(list)
        if (invocation.json) answerJson(invocation, { running, mailboxes, list, exitCode })
        else answerPeople(invocation, config, journal, running, mailboxes, list)
        return exitCode
      } finally {
        await journal?.close()
      }
    },
    false,
  )
}

/** The list as far as the configuration goes, and the mailboxes that nobody looks after. */
async function listTroubles(
  { words: { format } }: Invocation,
  config: Config,
  journal: Journal | undefined,
  running: boolean,
): Promise<readonly TroubleEntry[]> {
  const nowMs = Date.now()
  const open = (await journal?.troubles.list()) ?? []
  const mine = new Set(config.mailboxes.flatMap(({ name, account }) => troublesOf(open, name, account)))
  const names = config.mailboxes.map(({ name }) => name)
  const alone = await findUnattended(journal, names, running, nowMs, format.instant)
  return [...open.filter(entry => mine.has(entry)), ...alone]
}

async function readStatus(
  journal: Journal,
  list: readonly TroubleEntry[],
  mailbox: Config['mailboxes'][number],
  running: boolean,
): Promise<MailboxStatus> {
  const { name, account } = mailbox
  const troubles = troublesOf(list, name, account)
  return {
    mailbox: name,
    account,
    hostLimit: await describeHostLimit(journal, mailbox, Date.now()),
    state: await journal.mailbox(name),
    accountState: await journal.accountState(account),
    counts: await journal.counts(name),
    conservation: await journal.conservation(name),
    repeated: await journal.repeatedCount(name),
    latencyMs: computePercentiles(await journal.latenciesMs(name, latencyRows)),
    watch: running ? await readWatch(journal, mailbox) : undefined,
    troubles,
    outage: troubles.find(
      ({ scope, subject }) =>
        scope === 'machine' || scope === 'account' || (scope === 'mailbox' && subject === ''),
    ),
  }
}

/** Nearest-rank percentiles; undefined without samples. */
export function computePercentiles(samples: readonly number[]): MailboxStatus['latencyMs'] {
  if (samples.length === 0) return undefined
  const sorted = [...samples].sort((a, b) => a - b)
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { p50: rank(0.5), p95: rank(0.95), messages: sorted.length }
}

interface Answer {
  readonly running: boolean
  readonly mailboxes: readonly MailboxStatus[]
  readonly list: readonly TroubleEntry[]
  readonly exitCode: number
}

function answerJson(invocation: Invocation, { running, mailboxes, list, exitCode }: Answer): void {
  const { language } = invocation
  writeJson(invocation, {
    ok: exitCode === 0,
    exitCode,
    running,
    troubles: list.map(entry => troubleJson(entry, language)),
    mailboxes: mailboxes.map(standing => {
      const warning = standing.troubles.find(({ scope }) => scope === 'wish' || scope === 'folder')
      return {
        mailbox: standing.mailbox,
        account: standing.account,
        lastPullAtMs: standing.state.lastPullAtMs ?? null,
        lastGoodPullAtMs: standing.state.lastGoodPullAtMs ?? null,
        failingSinceMs: standing.outage?.sinceMs ?? null,
        notBeforeMs: standing.state.notBeforeMs ?? standing.accountState.notBeforeMs ?? null,
        stages: standing.counts,
        conservation: standing.conservation,
        conserved: !isBroken(standing),
        repeated: standing.repeated,
        latencyMs: standing.latencyMs ?? null,
        loginLimit: loginLimitJson(standing),
        watch: standing.watch === undefined ? null : watchJson(standing.watch, language),
        consentEndsAtMs: standing.accountState.consentEndsAtMs ?? null,
        fault: standing.outage === undefined ? null : faultJson(standing.outage, language),
        warning: warning === undefined ? null : faultJson(warning, language),
        troubles: standing.troubles.length,
      }
    }),
  })
}

/** Logins at the host within `perMs`: the most that it takes, those that were made; and how often this one is pulled. */
function loginLimitJson({ hostLimit }: MailboxStatus): object | null {
  if (hostLimit === undefined) return null
  const { host, everyMs, logins } = hostLimit
  return {
    provider: host.preset.id,
    per: host.limit.per,
    most: host.limit.most,
    perMs: host.limit.perMs,
    logins,
    everyMs: everyMs ?? null,
  }
}

const isBroken = ({ troubles }: MailboxStatus): boolean =>
  troubles.some(({ code }) => code === 'books.broken')

function answerPeople(
  invocation: Invocation,
  config: Config,
  journal: Journal | undefined,
  running: boolean,
  mailboxes: readonly MailboxStatus[],
  list: readonly TroubleEntry[],
): void {
  const { words, stdout } = invocation
  const { format, status } = words
  const width = Math.max(40, stdout.columns ?? usualColumns)
  const say = (text: string): void => {
    for (const line of wrapText(text, width)) writeLine(invocation, line)
  }
  const now = Date.now()
  say(running ? status.running : status.notRunning)
  if (journal !== undefined) writeLine(invocation, `\n${drawOverview(invocation, mailboxes, now, width)}`)
  for (const line of troubleBlocks(invocation, list, now, width)) writeLine(invocation, line)
  if (journal === undefined) {
    writeLine(invocation, '')
    say(status.nothingYet)
    return
  }
  for (const standing of mailboxes) {
    const stages = Object.entries(standing.counts).filter(([, count]) => count > 0)
    writeLine(invocation, '')
    say(
      `${printable(standing.mailbox, 40)} → ${printable(standing.account, 40)}: ${stages.map(([stage, count]) => `${words.stages[stage as Stage]} ${format.number(count)}`).join(', ')}`,
    )
    const { latencyMs } = standing
    if (latencyMs !== undefined)
      say(`${status.columns.latency}: ${status.latency(latencyMs.p50, latencyMs.p95)}`)
    if (standing.hostLimit !== undefined) say(hostLimitSentence(invocation, standing.hostLimit))
    // Where no mail comes at all it is told already.
    if (standing.watch !== undefined && standing.outage === undefined)
      for (const line of watchLines(standing.watch, invocation.language, now)) say(line)
    if (standing.repeated > 0) say(status.repeated(standing.repeated))
    const untilMs = standing.state.notBeforeMs ?? standing.accountState.notBeforeMs
    if (standing.outage !== undefined && untilMs !== undefined && untilMs > now)
      say(status.waitingUntil(untilMs - now))
    const endsAtMs = standing.accountState.consentEndsAtMs
    if (endsAtMs !== undefined && endsAtMs - now < 2 * warnConsentMs)
      say(status.consentEnds(standing.account, endsAtMs - now))
    say(
      isBroken(standing)
        ? brokenSentence(words, standing.conservation)
        : words.conservation.sentence(standing.conservation),
    )
  }
  say(status.journalAt(config.stateDir))
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

/** One line a mailbox; "well" is said only where the list has nothing for it. */
function drawOverview(
  { words }: Invocation,
  mailboxes: readonly MailboxStatus[],
  now: number,
  width: number,
): string {
  const { format, status } = words
  const { columns } = status
  const rows = mailboxes.map(({ mailbox, state, counts, conservation, troubles, outage }) => [
    printable(mailbox, 40),
    troubles.length === 0
      ? status.well
      : outage === undefined
        ? status.troubles(troubles.length)
        : status.failingSince(now - outage.sinceMs),
    state.lastGoodPullAtMs === undefined ? status.never : format.relative(state.lastGoodPullAtMs - now),
    format.number(conservation.imported + conservation.merged),
    format.number(conservation.pending),
    format.number(counts.refused),
  ])
  const heads = [
    columns.mailbox,
    columns.state,
    columns.lastPull,
    columns.imported,
    columns.waiting,
    columns.refused,
  ]
  return alignTable([heads, ...rows], { right: [3, 4, 5], width })
}
