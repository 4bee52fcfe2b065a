/** `hikyaku pull --dry-run`: what a pull would do. Takes no lock and makes nothing, so it works beside the daemon. */
import { systemClock } from '../base/clock.ts'
import { exitCodes, Fault } from '../base/fault.ts'
import { timeJson } from '../base/time-json.ts'
import { printable } from '../base/untrusted.ts'
import { lookAtJournal, makeSource } from '../bridge.ts'
import type { Config, MailboxConfig } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { type DryRunResult, dryRun } from '../proof/dry-run.ts'
import { readPauses } from '../pull/paused.ts'
import { faultJson, faultLines, type Invocation, writeJson, writeLine } from './invocation.ts'
import { rulesWordsFor } from './rules-words.ts'
import { catchStopSignals } from './stop-signals.ts'
import { tellLeftAlone } from './tell-paused.ts'

interface MailboxAnswer {
  readonly mailbox: string
  readonly result?: DryRunResult
  readonly fault?: Fault
  /** Since when it is paused, and so was not looked at. */
  readonly pausedSinceMs?: number
}

/** A maildrop that the daemon holds right now is free again in a moment. */
const busyTries = 5
const busyPauseMs = 2000

/**
 * @param isMeant whether a mailbox is looked at although it is paused
 * @returns 0, or the exit code of the first mailbox that could not be looked at
 */
export async function dryRunCommand(
  invocation: Invocation,
  config: Config,
  chosen: readonly MailboxConfig[],
  isMeant: (mailbox: MailboxConfig) => boolean,
): Promise<number> {
  const signals = catchStopSignals(
    name => invocation.stderr.write(`${invocation.words.daemon.stopping(name)}\n`),
    () => {},
  )
  const look = await lookAtJournal(config.stateDir, isInstanceRunning(config.stateDir), false)
  try {
    if (look.fault !== undefined) throw look.fault
    const answers: MailboxAnswer[] = []
    const pauses = await readPauses(look.journal)
    for (const mailbox of chosen) {
      const pause = isMeant(mailbox) ? undefined : pauses.get(mailbox.name)
      answers.push(
        pause === undefined
          ? await lookAt(mailbox, look.journal, signals.stopping)
          : { mailbox: mailbox.name, pausedSinceMs: pause.sinceMs },
      )
    }
    return answer(invocation, answers)
  } finally {
    signals.dispose()
    await look.close()
  }
}

async function lookAt(
  mailbox: MailboxConfig,
  journal: Journal | undefined,
  signal: AbortSignal,
): Promise<MailboxAnswer> {
  for (let tries = 1; ; tries += 1) {
    try {
      const source = await makeSource({ mailbox, clock: systemClock })
      const result = await dryRun({ mailbox, source, journal, clock: systemClock }, signal)
      return { mailbox: mailbox.name, result }
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault
      if (fault.code !== 'source.busy' || tries >= busyTries) return { mailbox: mailbox.name, fault }
      await systemClock.sleep(busyPauseMs, signal)
    }
  }
}

function answer(invocation: Invocation, answers: readonly MailboxAnswer[]): number {
  const { words, language } = invocation
  const first = answers.find(({ fault }) => fault !== undefined)?.fault
  const exitCode = first?.exitCode ?? exitCodes.ok
  if (invocation.json) {
    writeJson(invocation, {
      ok: exitCode === exitCodes.ok,
      exitCode,
      dryRun: true,
      ...(first === undefined ? {} : { fault: faultJson(first, language) }),
      mailboxes: answers.map(({ mailbox, result, fault, pausedSinceMs }) => ({
        mailbox,
        ...(pausedSinceMs === undefined ? {} : timeJson('pausedSince', pausedSinceMs)),
        ...result,
        ...(fault === undefined ? {} : { fault: faultJson(fault, language) }),
      })),
    })
    return exitCode
  }
  for (const { mailbox, result, fault, pausedSinceMs } of answers) {
    if (pausedSinceMs !== undefined) tellLeftAlone(invocation, mailbox, pausedSinceMs, systemClock.nowMs())
    if (fault !== undefined) invocation.stderr.write(`${mailbox}: ${faultLines(fault, language)}\n`)
    if (result === undefined) continue
    const { fresh, octets, mayBeKnown, takenBack } = result
    writeLine(invocation, words.pull.dryRun(mailbox, fresh, octets, mayBeKnown))
    if (mayBeKnown > 0) writeLine(invocation, words.pull.dryRunKnown(mayBeKnown))
    if (takenBack > 0) writeLine(invocation, words.pull.dryRunTakenBack(takenBack))
    for (const share of result.rules) {
      const rules = share.rules.map(rulesWordsFor(language).rule).join(' + ')
      const account = share.import ? printable(share.account, 200) : undefined
      writeLine(invocation, words.pull.dryRunRule(rules, share.messages, account))
    }
    if (result.notAsked > 0) writeLine(invocation, words.pull.dryRunNotAsked(result.notAsked))
    if (result.left + result.waiting + result.toSettle > 0)
      writeLine(invocation, words.pull.dryRunRest(result.waiting, result.left, result.toSettle))
  }
  writeLine(invocation, words.pull.dryRunNote)
  return exitCode
}
