/** `hikyaku status`: what stands where, how quick it was, and what is wrong, in plain words. Works beside a daemon. */
import type { Config } from '../config/config.ts'
import { exitCodes, faultKinds } from '../fault.ts'
import type {
  AccountState,
  Conservation,
  Journal,
  MailboxState,
  RecordedFault,
  Stage,
} from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { openJournal } from '../journal/sqlite.ts'
import { table } from '../locale/table.ts'
import type { TroubleEntry } from '../trouble.ts'
import { printable } from '../untrusted.ts'
import { brokenSentence } from './books.ts'
import { faultJson, faultLines, type Invocation, withConfig, writeJson, writeLine } from './invocation.ts'

const latencyRows = 1000
const warnConsentMs = 3 * 24 * 3600_000

interface MailboxStatus {
  readonly mailbox: string
  readonly account: string
  readonly state: MailboxState
  readonly accountState: AccountState
  readonly counts: Readonly<Record<Stage, number>>
  readonly conservation: Conservation
  readonly repeated: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly messages: number } | undefined
  readonly booksBroken: boolean
  readonly warning: TroubleEntry | undefined
  /** The fault that keeps it from working now, its own or its account's. */
  readonly fault: RecordedFault | undefined
}

export async function statusCommand(invocation: Invocation): Promise<number> {
  return withConfig(
    invocation,
    async config => {
      const journal = openJournal(config.stateDir, 'look')
      try {
        const running = isInstanceRunning(config.stateDir)
        const mailboxes = journal === undefined ? [] : config.mailboxes.map(one => read(journal, one))
        if (invocation.json) answerJson(invocation, running, mailboxes)
        else answerPeople(invocation, config, journal, running, mailboxes)
        return exitCodeOf(mailboxes)
      } finally {
        journal?.close()
      }
    },
    false,
  )
}

function read(journal: Journal, { name, account }: Config['mailboxes'][number]): MailboxStatus {
  const state = journal.mailbox(name)
  const accountState = journal.accountState(account)
  return {
    mailbox: name,
    account,
    state,
    accountState,
    counts: journal.counts(name),
    conservation: journal.conservation(name),
    repeated: journal.repeatedCount(name),
    latencyMs: percentiles(journal.latenciesMs(name, latencyRows)),
    booksBroken: journal.troubles.find({ scope: 'mailbox', name, subject: 'books' }) !== undefined,
    warning: journal.troubles.list().find(one => one.scope === 'wish' && one.name === name),
    fault: state.failingSinceMs === undefined ? accountState.fault : (state.fault ?? accountState.fault),
  }
}

/** Nearest-rank percentiles; undefined without samples. */
export function percentiles(samples: readonly number[]): MailboxStatus['latencyMs'] {
  if (samples.length === 0) return undefined
  const sorted = [...samples].sort((a, b) => a - b)
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { p50: rank(0.5), p95: rank(0.95), messages: sorted.length }
}

/** 0 while all is well; 1 with messages aside or a warning; a fault's own code while a mailbox fails. */
function exitCodeOf(mailboxes: readonly MailboxStatus[]): number {
  const failing = mailboxes.find(({ fault }) => fault !== undefined)?.fault
  if (failing !== undefined) return exitCodeOfRecorded(failing)
  if (mailboxes.some(one => one.booksBroken)) return exitCodes.software
  const aside = mailboxes.some(one => one.counts.refused > 0 || one.warning !== undefined)
  return aside ? exitCodes.someAside : exitCodes.ok
}

function exitCodeOfRecorded(fault: RecordedFault): number {
  return faultKinds[fault.code]?.exit ?? exitCodes.software
}

function answerJson(invocation: Invocation, running: boolean, mailboxes: readonly MailboxStatus[]): void {
  const { language } = invocation
  writeJson(invocation, {
    ok: exitCodeOf(mailboxes) === 0,
    running,
    mailboxes: mailboxes.map(one => ({
      mailbox: one.mailbox,
      account: one.account,
      lastPullAtMs: one.state.lastPullAtMs ?? null,
      lastGoodPullAtMs: one.state.lastGoodPullAtMs ?? null,
      failingSinceMs: one.state.failingSinceMs ?? null,
      notBeforeMs: one.state.notBeforeMs ?? one.accountState.notBeforeMs ?? null,
      stages: one.counts,
      conservation: one.conservation,
      conserved: !one.booksBroken,
      repeated: one.repeated,
      latencyMs: one.latencyMs ?? null,
      consentEndsAtMs: one.accountState.consentEndsAtMs ?? null,
      fault: one.fault === undefined ? null : faultJson(one.fault, language),
      warning: one.warning === undefined ? null : faultJson(one.warning, language),
    })),
  })
}

function answerPeople(
  invocation: Invocation,
  config: Config,
  journal: Journal | undefined,
  running: boolean,
  mailboxes: readonly MailboxStatus[],
): void {
  const { words, language } = invocation
  const { format, status } = words
  const say = (line: string): void => writeLine(invocation, line)
  const now = Date.now()
  say(running ? status.running : status.notRunning)
  if (journal === undefined) {
    say(status.nothingYet)
    return
  }
  const ago = (atMs: number | undefined): string =>
    atMs === undefined ? status.never : format.relative(atMs - now)
  const { columns } = status
  const rows = mailboxes.map(({ mailbox, account, state, counts, conservation, latencyMs, fault }) => [
    printable(mailbox, 40),
    printable(account, 40),
    fault === undefined ? status.well : status.failingSince(now - (state.failingSinceMs ?? fault.atMs)),
    ago(state.lastGoodPullAtMs),
    format.number(conservation.imported + conservation.merged),
    format.number(conservation.pending),
    format.number(counts.refused),
    latencyMs === undefined ? words.none : status.latency(latencyMs.p50, latencyMs.p95),
  ])
  const heads = [
    columns.mailbox,
    columns.account,
    columns.state,
    columns.lastPull,
    columns.imported,
    columns.waiting,
    columns.refused,
    columns.latency,
  ]
  say('')
  say(table([heads, ...rows], { right: [4, 5, 6] }))
  for (const one of mailboxes) {
    const stages = Object.entries(one.counts).filter(([, count]) => count > 0)
    say('')
    say(
      `${printable(one.mailbox, 40)}: ${stages.map(([stage, count]) => `${words.stages[stage as Stage]} ${format.number(count)}`).join(', ')}`,
    )
    if (one.repeated > 0) say(status.repeated(one.repeated))
    const untilMs = one.state.notBeforeMs ?? one.accountState.notBeforeMs
    if (one.fault !== undefined) {
      say(faultLines(one.fault, language))
      if (untilMs !== undefined && untilMs > now) say(status.waitingUntil(untilMs - now))
    }
    if (one.warning !== undefined) say(faultLines(one.warning, language))
    const endsAtMs = one.accountState.consentEndsAtMs
    if (endsAtMs !== undefined && endsAtMs - now < 2 * warnConsentMs)
      say(status.consentEnds(one.account, endsAtMs - now))
    for (const row of journal.inStages(one.mailbox, ['refused']).slice(0, refusedShown)) {
      if (row.fault !== undefined) say(`#${row.id}  ${faultLines(row.fault, language)}`)
    }
    say(
      one.booksBroken
        ? brokenSentence(words, one.conservation)
        : words.conservation.sentence(one.conservation),
    )
  }
  say(status.journalAt(config.stateDir))
}

const refusedShown = 5
