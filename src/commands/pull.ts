/**
 * `hikyaku pull` (alias `sync`): one manual pull of every mailbox, to the end or to the limit of time, with proof of what
 * was settled.
 */

import { makeAlerts } from '../alerts/alerts.ts'
import { recordPulls } from '../alerts/attendance.ts'
import { exitCodeOfTroubles, troublesOf } from '../alerts/trouble-list.ts'
import { systemClock } from '../base/clock.ts'
import { asFault, exitCodes, Fault, faultKinds } from '../base/fault.ts'
import { type Bridge, openBridge } from '../bridge.ts'
import type { Config, MailboxConfig } from '../config/config.ts'
import type { Conservation, RecordedFault } from '../journal/journal.ts'
import { describeFaultAtEnd } from '../locale/locale.ts'
import type { Log } from '../log/log.ts'
import { makeLog } from '../log/log.ts'
import { dryRun } from '../proof/dry-run.ts'
import { type Attempt, attemptPull, recordLateFailure } from '../pull/attempt.ts'
import type { PullPorts } from '../pull/context.ts'
import { addCount, noCount, type PullCount } from '../pull/count.ts'
import { accountsOf } from '../pull/destination.ts'
import { pausedLogin, shortPauseMs } from '../pull/logins.ts'
import { learnedDeadlines } from '../pull/patience.ts'
import { readPauses } from '../pull/paused.ts'
import { logSettings } from './config-show.ts'
import { chooseMailboxes, withConfig } from './configuration.ts'
import { confirm } from './confirm.ts'
import { dryRunCommand } from './dry-run.ts'
import { type Invocation, writeLine } from './invocation.ts'
import { tellTheEnd } from './last-notice.ts'
import { makeProgress } from './progress.ts'
import { answerPull, type MailboxAnswer } from './pull-answer.ts'
import { catchStopSignals, type StopSignals } from './stop-signals.ts'
import { type LimitedSignals, limitTime } from './time-limit.ts'

export interface PullFlags {
  readonly dryRun: boolean
  /** Names of mailboxes; empty: all. */
  readonly mailboxes: readonly string[]
  /** No questions. */
  readonly yes: boolean
  /** Waits that are recorded are not kept: the owner knows better. Nor is the pause of a mailbox that is named. */
  readonly now: boolean
  /** All is over by then, ms from the start of the process. */
  readonly timeLimitMs?: number | undefined
}

/** A first pull of more than this asks on a terminal before it begins. */
const askOver = 500
/** A settled message is proved by a listing after the session that asked for it. */
const proofPasses = 2

/** The limit itself is a little later (time-limit.ts). */
const endWithinMs = 100

export async function pullCommand(asked: Invocation, flags: PullFlags): Promise<number> {
  const invocation: Invocation = { ...asked, describe: describeFaultAtEnd }
  return withConfig(invocation, async (config, configured, inForce) => {
    // One line for each message is for the daemon's log; here there is a progress line and a summary.
    const quiet = invocation.json || invocation.stderr.isTTY === true
    const log = quiet && config.log.level === 'info' ? makeQuietLog(config, invocation) : configured
    logSettings(log, inForce, invocation.language)
    if (flags.dryRun)
      return dryRunCommand(invocation, config, chooseMailboxes(config, flags.mailboxes), isMeant(flags))
    return pullChosen(invocation, flags, config, log, !quiet, answers =>
      answerPull(invocation, answers, quiet),
    )
  })
}

/**
 * @param alone nobody sits there and reads: who is not told by the notices is told by nobody
 * @param answer tells what came of it @returns the exit code
 */
export async function pullChosen(
  invocation: Invocation,
  flags: PullFlags,
  config: Config,
  log: Log,
  alone: boolean,
  answer: (answers: readonly MailboxAnswer[], bridge: Bridge) => number | Promise<number>,
): Promise<number> {
  const chosen = chooseMailboxes(config, flags.mailboxes)
  const alerts = makeAlerts({ config, log, clock: systemClock, mail: alone })
  const ended = alone ? alerts : undefined
  const bridge = await openBridge({ ...config, mailboxes: chosen }, log, systemClock).catch(async error => {
    await tellTheEnd(ended, asFault(error), config.stateDir, undefined)
    throw error
  })
  const caught = catchStopSignals(
    name => invocation.stderr.write(`${invocation.words.daemon.stopping(name)}\n`),
    () => {},
  )
  const signals = limitTime(caught, flags.timeLimitMs, () => endAtOnce(bridge))
  try {
    const isAsked = isMeant(flags)
    if (!flags.yes && !(await mayBegin(invocation, bridge, signals, isAsked))) return exitCodes.ok
    const unwatched = invocation.stderr.isTTY === true ? [] : chosen.map(({ name }) => name)
    await recordPulls(bridge.journal, config, unwatched, systemClock.nowMs())
    const { stdin, stderr } = invocation
    const gate = !flags.now && !(stdin.isTTY === true && stderr.isTTY === true)
    const answers: MailboxAnswer[] = []
    const inOrder = await inTurn(bridge.mailboxes)
    for (const [n, ports] of inOrder.entries())
      answers.push(
        await pullToTheEnd(
          invocation,
          ports,
          signals,
          { gate, evenPaused: isAsked(ports.mailbox) },
          inOrder.length - n,
        ),
      )
    for (const { ports, last } of answers) alerts.afterAttempt(ports, last)
    await alerts.close(Math.min(12_000, signals.restMs()))
    return await answer(answers, bridge)
  } catch (error) {
    await tellTheEnd(ended, asFault(error), config.stateDir, bridge.mailboxes[0])
    throw error
  } finally {
    signals.dispose()
    await bridge.close()
  }
}

/** Whether the owner asks for this mailbox by name and at once, so that its pause is not kept. */
const isMeant =
  ({ mailboxes, now }: PullFlags) =>
  ({ name }: Pick<MailboxConfig, 'name'>): boolean =>
    now && mailboxes.includes(name)

/** Ends the process by its limit: that this still runs shows that no message is to blame for it (poison.ts). */
function endAtOnce({ mailboxes }: Bridge): void {
  const end = (): never => process.exit(exitCodes.temporary)
  setTimeout(end, endWithinMs)
  mailboxes[0]?.underWay.close().then(end, end)
}

function makeQuietLog(config: Config, invocation: Invocation): Log {
  return makeLog({ ...config.log, level: 'error', language: invocation.language })
}

/** @param sharers mailboxes, with this one, that share the time that is left */
async function pullToTheEnd(
  invocation: Invocation,
  ports: PullPorts,
  signals: LimitedSignals,
  { gate, evenPaused }: { readonly gate: boolean; readonly evenPaused: boolean },
  sharers: number,
): Promise<MailboxAnswer> {
  const { mailbox, journal, clock } = ports
  const began = clock.monotonicMs()
  const progress = makeProgress(invocation, mailbox.name)
  const total = noCount()
  let last: Attempt = { kind: 'stopped' }
  let proofs = proofPasses
  const untilMs = began + signals.leftMs() / sharers
  for (let first = true; !signals.isUp(); first = false) {
    const budgetMs = untilMs - clock.monotonicMs()
    if (!first && budgetMs <= 0) break
    const { stopping, signal } = signals
    const count = noCount()
    last = await attemptPull(
      ports,
      { stopping, signal, budgetMs, reason: 'owner', evenPaused, onProgress: progress.show, count },
      first && gate && 'once',
    )
    if (last.kind === 'stopped') {
      addUp(total, count, first)
      if (signals.isUp()) last = await recordLimit(ports, total)
    }
    if (last.kind === 'failed') addUp(total, last.count, first)
    if (last.kind !== 'pulled') break
    addUp(total, last.result.count, first)
    if (last.result.count.settleAsked > 0 && proofs > 0) proofs -= 1
    else if (last.result.left === 0) break
    // The next pull proves it as well: a long pause between two logins is not waited for.
    if (last.result.left === 0 && (await pauseBeforeLoginMs(ports)) > shortPauseMs) break
  }
  progress.end()
  // What came in a later pass is no longer to be tried again.
  for (const id of total.deferredIds) {
    const stage = (await journal.row(id))?.stage
    if (stage !== 'deferred' && stage !== 'importing') total.deferredIds.delete(id)
  }
  total.deferred = total.deferredIds.size
  const conservation = await journal.conservation(mailbox.name)
  const fault = last.kind === 'pulled' ? last.result.faults[0] : 'fault' in last ? last.fault : undefined
  const conserved = last.kind !== 'pulled' || last.result.conserved
  return {
    ports,
    count: total,
    left: last.kind === 'pulled' ? last.result.left : conservation.pending,
    fault,
    exitCode: exitCodeOf(
      last,
      conservation,
      troublesOf(await journal.troubles.list(), mailbox.name, accountsOf(mailbox)),
    ),
    conservation,
    conserved,
    ms: Math.round(clock.monotonicMs() - began),
    last,
  }
}

/**
 * The limit ended a pull before anything was done: the next one may fare the same, and others wait for their turn
 * behind it. So it is trouble of the mailbox, with the waits of such, and the owner is told where it stays.
 */
function recordLimit(ports: PullPorts, total: PullCount): Promise<Attempt> | Attempt {
  const { imported, merged, refused, deferred, settled, gone } = total
  if (imported + merged + refused + deferred + settled + gone > 0) return { kind: 'stopped' }
  return recordLateFailure(ports, new Fault('mailbox.time-limit'), noCount())
}

/** What stood at the source is what the first pass saw; everything else adds up over the passes. */
const addUp = (total: PullCount, pass: PullCount, first: boolean): void =>
  addCount(total, first ? pass : { ...pass, listed: 0 })

/** Mailboxes whose server takes its time come last: they hold up no other. */
async function inTurn(mailboxes: Bridge['mailboxes']): Promise<Bridge['mailboxes']> {
  const isSlow = async ({ journal, mailbox, clock }: PullPorts): Promise<number> =>
    Number(Object.keys(await learnedDeadlines(journal, mailbox.name, clock.nowMs())).length > 0)
  const slow = new Map(await Promise.all(mailboxes.map(async ports => [ports, await isSlow(ports)] as const)))
  return [...mailboxes].sort((ports, other) => (slow.get(ports) ?? 0) - (slow.get(other) ?? 0))
}

async function pauseBeforeLoginMs({ journal, mailbox, clock }: PullPorts): Promise<number> {
  const now = clock.nowMs()
  return ((await pausedLogin(journal, mailbox, now))?.untilMs ?? now) - now
}

const exitCodeOfWait = (fault: RecordedFault | undefined): number =>
  fault === undefined ? exitCodes.temporary : faultKinds[fault.code].exit

function exitCodeOf(
  last: Attempt,
  { refused, pending }: Conservation,
  troubles: Parameters<typeof exitCodeOfTroubles>[0],
): number {
  if (last.kind === 'failed') return last.fault.exitCode
  if (last.kind === 'paused') return exitCodes.ok
  if (last.kind === 'stopped') return exitCodes.temporary
  // The owner has to look after a login; any other wait passes.
  if (last.kind === 'waiting')
    return exitCodeOfWait(last.fault) === exitCodes.signIn ? exitCodes.signIn : exitCodes.temporary
  // What is not well now, whoever met it: also what this pull had no reason to touch.
  const code = exitCodeOfTroubles(troubles)
  if (code !== exitCodes.ok) return code
  return refused + pending > 0 ? exitCodes.someAside : exitCodes.ok
}

/** By the journal alone: a first pull of everything, or many that START_FROM, moved back, no longer leaves. */
async function mayBeMany({ journal, mailbox: { name, startFrom } }: PullPorts): Promise<boolean> {
  const { generation } = await journal.mailbox(name)
  if (generation === 0) return startFrom.from === 'all'
  if (startFrom.from === 'new' || (await journal.counts(name)).baseline <= askOver) return false
  const fromMs = startFrom.from === 'date' ? startFrom.atMs : 0
  const left = await journal.inStages(name, ['baseline'])
  return left.filter(({ arrivedAtMs = fromMs }) => arrivedAtMs >= fromMs).length > askOver
}

async function mayBegin(
  invocation: Invocation,
  bridge: Bridge,
  signals: StopSignals,
  isAsked: (mailbox: MailboxConfig) => boolean,
): Promise<boolean> {
  const { words } = invocation
  if (invocation.stdin.isTTY !== true || invocation.json) return true
  const pauses = await readPauses(bridge.journal)
  for (const ports of bridge.mailboxes) {
    if (pauses.has(ports.mailbox.name) && !isAsked(ports.mailbox)) continue
    if (!(await mayBeMany(ports))) continue
    const waiting = await dryRun(ports, signals.stopping)
    if (waiting.fresh <= askOver) continue
    if (!(await confirm(invocation, words.pull.askBacklog(waiting.fresh)))) {
      writeLine(invocation, words.pull.backlogDeclined)
      return false
    }
  }
  return true
}
