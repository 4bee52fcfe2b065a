/**
 * All checks, from the outside in. Invariant: nothing is changed anywhere: no folder or journal is made, no message is
 * retrieved or settled, and each mailbox sees one login.
 */
import { abortAfter } from '../base/deadline.ts'
import { asFault, Fault, faultKinds } from '../base/fault.ts'
import { type JournalLook, lookAtJournal } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { nameSettingsIn } from '../locale/locale.ts'
import { loginKeyOf } from '../vault/login-key.ts'
import type { DoctorContext } from './context.ts'
import { type CheckName, exitCodeOf, type Finding, failByFault, passCheck, skipCheck } from './finding.ts'
import { checkAccount, checkGoogle } from './google.ts'
import { checkAlerts, checkLastPull, checkMessages } from './history.ts'
import { checkListeners } from './listeners.ts'
import { checkEnvironment, checkNode, checkState } from './machine.ts'
import { checkService } from './service-state.ts'
import { checkSettings } from './settings.ts'
import { checkSharedSources } from './shared-sources.ts'
import { checkSource } from './source.ts'

export interface Diagnosis {
  readonly findings: readonly Finding[]
  readonly exitCode: number
  /** Neither side could be reached: the machine's own network. */
  readonly noNetwork: boolean
}

/**
 * Runs all checks and gives back all lines, in order.
 * @param report is called with each line as soon as it and all before it are known
 * @throws the signal's reason where the caller aborted it
 */
export async function diagnose(
  context: DoctorContext,
  report: (finding: Finding) => void,
): Promise<Diagnosis> {
  const late = () => new Fault('bug', { facts: { what: 'out of time' } })
  const findings: Finding[] = []
  const say = (...lines: readonly Finding[]): void => {
    for (const given of lines) {
      // A fault's words, and a problem of the configuration, say it already.
      const isNamed = given.code in faultKinds || given.code.startsWith('config.')
      const line = isNamed ? given : nameSettingsIn(given, context.language)
      findings.push(line)
      report(line)
    }
  }
  const check = (signal: AbortSignal) => checkAll({ ...context, signal }, say)
  const noNetwork = await abortAfter(context.deadlines.overallMs, context.clock, context.signal, check, late)
  return { findings, exitCode: exitCodeOf(findings), noNetwork }
}

type Say = (...lines: readonly Finding[]) => void

async function checkAll(context: DoctorContext, say: Say): Promise<boolean> {
  say(checkNode(context), ...checkEnvironment(context))
  const { config, findings } = await checkSettings(context)
  say(...findings)
  if (config === undefined) return false
  say(...checkSharedSources(config, context), ...(await checkListeners(config, context)))
  const state = await checkState(config.stateDir, context)
  say(...state)
  // Whoever goes on would hang there.
  if (state.some(({ code }) => code === 'state.hangs')) return false
  const running = isInstanceRunning(config.stateDir)
  const look = await lookTwice(config.stateDir, running)
  try {
    say(await checkJournal(config, look, context))
    say(...(await checkService(running, context)), checkAlerts(config, context))
    return await checkBothSides(config, look, running, context, say)
  } finally {
    await look.close()
  }
}

/** A pull that began meanwhile makes a copy worthless. */
async function lookTwice(stateDir: string, running: boolean): Promise<JournalLook> {
  const look = await lookAtJournal(stateDir, running, true)
  if (look.fault === undefined || running || !isInstanceRunning(stateDir)) return look
  return lookAtJournal(stateDir, true, true)
}

async function checkJournal(
  config: Config,
  look: JournalLook,
  { words, language }: DoctorContext,
): Promise<Finding> {
  const place = { check: 'journal' } as const
  const { journal, fault, octets } = look
  if (fault !== undefined) return failByFault(place, fault, language)
  if (journal === undefined) return passCheck(place, words.noJournal)
  const states = await Promise.all(config.mailboxes.map(({ name }) => journal.mailbox(name)))
  const messages = states.reduce((sum, { listed }) => sum + listed, 0)
  return passCheck(place, words.journal(messages, octets))
}

/** Everything that needs the network goes on at the same time; the lines keep their order. */
async function checkBothSides(
  config: Config,
  { journal }: JournalLook,
  running: boolean,
  context: DoctorContext,
  say: Say,
): Promise<boolean> {
  const safely = <T>(
    work: Promise<T>,
    check: CheckName,
    subject: string,
    instead: (line: Finding) => T,
  ): Promise<T> => work.catch(thrown => instead(brokenOff(thrown, check, subject, context)))
  const google = safely(checkGoogle(config, context), 'googleReach', '', line => ({
    clock: skipCheck({ check: 'clock' }, line.what),
    findings: [line],
    reached: false,
  }))
  const loginKey = loginKeyOf(config.stateDir, context.env, false)
  const sources = config.mailboxes.map(mailbox =>
    safely(checkSource(mailbox, journal, running, loginKey, context), 'sourceLogin', mailbox.name, line => ({
      findings: [line],
      reached: false,
    })),
  )
  const accounts = config.accounts.map(account =>
    safely(
      google.then(({ reached }) => checkAccount(account, config, reached, context)),
      'googleSignIn',
      account.name,
      line => [line],
    ),
  )
  say((await google).clock)
  for (const source of sources) say(...(await source).findings)
  say(...(await google).findings)
  for (const account of accounts) say(...(await account))
  for (const [index, mailbox] of config.mailboxes.entries()) {
    const side = await sources[index]
    const to = config.accounts.findIndex(({ name }) => name === mailbox.account)
    const lines = [...(side?.findings ?? []), ...((await accounts[to]) ?? []), ...(await google).findings]
    const worksNow = lines.every(({ verdict }) => verdict !== 'bad')
    if (journal !== undefined)
      say(
        ...(await checkLastPull(journal, mailbox, worksNow, context)),
        ...(await checkMessages(journal, mailbox, context)),
      )
    else say(...(await checkLastPull(journal, mailbox, worksNow, context)))
  }
  const reached = await Promise.all([...sources, google])
  return reached.every(side => !side.reached)
}

/** A check that did not come to its end: out of time, or a bug of ours, which must not hide the other lines. */
function brokenOff(thrown: unknown, check: CheckName, subject: string, context: DoctorContext): Finding {
  if (context.signal.aborted) return skipCheck({ check, subject }, context.words.outOfTime)
  return failByFault({ check, subject }, asFault(thrown), context.language)
}
