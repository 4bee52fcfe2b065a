/**
 * One attempt at a pull, and what is remembered of it: the waiting times of mailbox and account, refused logins,
 * the fault that `status` shows. The daemon and the one-shot `pull` share it.
 *
 * Several hosts answer "login incorrect" when they mean "too often". So a refusal of the very login that worked before
 * is doubtful: it is told with both causes, and tried rarely (logins.ts counts and caps the refusals themselves).
 */
import { backoffMs } from '../base/backoff.ts'
import { asFault, Fault, type FaultCode } from '../base/fault.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { AccountState, Journal, MailboxState, PullEnd, RecordedFault } from '../journal/journal.ts'
import { findHeldLogin, findWait, type Waiting } from './attempt-waits.ts'
import { asRecord, type PullOptions, type PullPorts } from './context.ts'
import { foundNothing, noCount, type PullCount } from './count.ts'
import { judgeRefusal, rememberLogin, rememberWait } from './login-memory.ts'
import { cappedLogin } from './logins.ts'
import { withoutTrouble } from './owner-acted.ts'
import { readPauses } from './paused.ts'
import { type KnownStates, type PullResult, pullMailbox } from './pull.ts'
import { chooseWaits } from './waits.ts'

export { watchHeldUntilMs } from './attempt-waits.ts'

export type Attempt =
  | { readonly kind: 'pulled'; readonly result: PullResult }
  /** `count`: what was done before the fault ended it. */
  | {
      readonly kind: 'failed'
      readonly fault: Fault
      readonly notBeforeMs: number
      readonly count: PullCount
    }
  | Waiting
  /** Nothing was tried: the owner has paused the mailbox, since then (wall clock, ms since 1970). */
  | { readonly kind: 'paused'; readonly sinceMs: number }
  | { readonly kind: 'stopped' }

/** Rows that one pull thins: a backlog of years is done over a day. */
const thinnedAtOnce = 500

/** Trouble of this machine that passes by itself; any other of scope everything ends the process, loudly. */
const passing: readonly FaultCode[] = [
  ...(['state.disk-full', 'journal.locked', 'journal.unreachable', 'journal.busy'] as const),
  'bug',
]
const passingMs = 30_000
/** A database that many share is back in a moment more often than not; they come back one after the other, ms. */
const databasePassesMs = [1000, 6000] as const

/** Which recorded waits are kept: none, all, or those that a single pull of a timer keeps. */
export type Gate = boolean | 'once'

/** Throws only a Fault of scope everything after which nothing may go on. */
export function attemptPull(ports: PullPorts, options: PullOptions, gate: Gate): Promise<Attempt> {
  const { count = noCount() } = options
  return unlessFatal(ports, count, () => attemptOnce(ports, { ...options, count }, gate))
}

/** Trouble of this machine that passes by itself is waited for. */
async function unlessFatal(
  { mailbox, log, clock, random }: PullPorts,
  count: PullCount,
  work: () => Promise<Attempt>,
): Promise<Attempt> {
  try {
    return await work()
  } catch (error) {
    // Also where the journal would not take the record of another trouble.
    const fault = asFault(error)
    if (!passing.includes(fault.code)) throw fault
    const inMs = passesInMs(fault, random())
    log.fault(fault, { mailbox: mailbox.name, account: mailbox.account, inMs })
    return { kind: 'failed', fault, notBeforeMs: clock.nowMs() + inMs, count }
  }
}

async function attemptOnce(
  ports: PullPorts,
  options: PullOptions & { readonly count: PullCount },
  gate: Gate,
): Promise<Attempt> {
  const { journal, mailbox } = ports
  const pauses = options.evenPaused ? undefined : (options.pauses ?? (await readPauses(journal)))
  const pause = pauses?.get(mailbox.name)
  if (pause !== undefined) return { kind: 'paused', sinceMs: pause.sinceMs }
  const known: KnownStates = {
    own: await journal.mailbox(mailbox.name),
    ofAccount: await journal.accountState(mailbox.account),
  }
  const waiting =
    (gate === false ? undefined : await findWait(ports, known, gate === 'once')) ??
    (await findHeldLogin(ports, known.own))
  if (waiting !== undefined) return waiting
  const beganMs = ports.clock.monotonicMs()
  try {
    const result = await pullMailbox(ports, options, known)
    await recordSuccess(ports, result)
    await rememberLogin(journal, mailbox, ports.loginKey)
    return { kind: 'pulled', result }
  } catch (thrown) {
    const fault = asFault(thrown)
    // Loudly also while stopping: it must not pass for an orderly end.
    if (fault.scope === 'everything' && !passing.includes(fault.code)) throw fault
    if (options.signal.aborted || options.stopping.aborted) return { kind: 'stopped' }
    const failure = await recordFailure(ports, fault, options.count)
    await tellCount(ports, failure.fault, options.count, beganMs)
    return failure
  }
}

type Failure = Extract<Attempt, { kind: 'failed' }>

/** Records and logs what ended a pull, with the waits that follow from it. */
async function recordFailure(ports: PullPorts, thrown: Fault, count: PullCount): Promise<Failure> {
  const { journal, mailbox, loginKey, clock, log } = ports
  const judged = await judgeRefusal(journal, mailbox, loginKey, thrown, clock.nowMs())
  const notBeforeMs = await nextTryMs(ports, judged, count)
  const fault = judged.loginRefused ? withNextTry(judged, notBeforeMs, clock.nowMs()) : judged
  await noteFailure(ports, fault, count, notBeforeMs)
  if (fault.scope === 'mailbox') await rememberWait(journal, mailbox, loginKey)
  const inMs = notBeforeMs - clock.nowMs()
  log.fault(fault, { mailbox: mailbox.name, account: mailbox.account, inMs })
  return { kind: 'failed', fault, notBeforeMs, count }
}

/**
 * The same for an upload that met trouble after its pull had ended.
 * @param count what uploads came to since their pull had ended
 * Throws only a Fault of scope everything after which nothing may go on.
 */
export function recordLateFailure(ports: PullPorts, lateFault: Fault, count: PullCount): Promise<Attempt> {
  return unlessFatal(ports, count, () => {
    if (lateFault.scope === 'everything' && !passing.includes(lateFault.code)) throw lateFault
    return recordFailure(ports, lateFault, count)
  })
}

/** The same refusal, with when the next try comes. */
function withNextTry(fault: Fault, nextTryAtMs: number, nowMs: number): Fault {
  const { code, scope, retry, notBeforeMs, cause, loginRefused } = fault
  const facts = { ...fault.facts, nextTryAtMs, waitMs: nextTryAtMs - nowMs }
  const options = { scope, retry, cause, loginRefused, facts }
  return new Fault(code, notBeforeMs === undefined ? options : { ...options, notBeforeMs })
}

async function recordSuccess(ports: PullPorts, { count, good }: PullResult): Promise<void> {
  const { journal, mailbox, gmail, log, clock } = ports
  const atMs = clock.nowMs()
  const { failingSinceMs: failedSinceMs, fault: failure } = await journal.mailbox(mailbox.name)
  const gmailAnswered = await isAnsweredByGmail(ports, count)
  const waitsForGmail = !gmailAnswered && isOfGmail(failure) && (await mailWaitsForGmail(ports))
  if (failedSinceMs !== undefined && !waitsForGmail)
    log.recovered({ mailbox: mailbox.name, ms: atMs - failedSinceMs })
  await journal.thinSettled(mailbox.name, atMs, thinnedAtOnce)
  // Where a power cut takes it, the last good pull was one before.
  const isUsual = foundNothing(count) && failedSinceMs === undefined && failure === undefined
  const end = (state: MailboxState, { consentEndsAtMs = 0 }: AccountState): PullEnd => {
    const { failingSinceMs, fault } = waitsForGmail ? state : withoutTrouble
    return {
      mailboxPatch: {
        ...withoutTrouble,
        failingSinceMs,
        fault,
        lastGoodPullAtMs: good ? atMs : state.lastGoodPullAtMs,
      },
      accountPatch: {
        ...(gmailAnswered ? withoutTrouble : {}),
        // Google says it with a token; a process that has needed none yet does not know better than the journal.
        consentEndsAtMs: gmail.consentEndsAtMs ?? (consentEndsAtMs > atMs ? consentEndsAtMs : undefined),
      },
      over: [
        { scope: 'mailbox', name: mailbox.name, subject: '' },
        ...(gmailAnswered ? [{ scope: 'account', name: mailbox.account, subject: '' } as const] : []),
      ],
      atMs,
    }
  }
  await journal.endPull(mailbox.name, mailbox.account, end, isUsual ? 'later' : 'now')
}

/** An import went in after its pull had ended: the trouble of Gmail is over, and so are its waits. */
export async function recordLateSuccess(ports: PullPorts, count: PullCount): Promise<void> {
  const { journal, mailbox, log, clock } = ports
  if (!(await isAnsweredByGmail(ports, count))) return
  await endAccountTrouble(ports)
  const { fault, failingSinceMs } = await journal.mailbox(mailbox.name)
  await journal.updateAccount(mailbox.account, withoutTrouble)
  if (!isOfGmail(fault) || (await mailWaitsForGmail(ports))) return
  await journal.updateMailbox(mailbox.name, { failingSinceMs: undefined, fault: undefined })
  if (failingSinceMs !== undefined)
    log.recovered({ mailbox: mailbox.name, ms: clock.nowMs() - failingSinceMs })
}

/** Whether a message went in since the account's trouble was met last; uploads end in any order. */
async function isAnsweredByGmail({ journal, mailbox, clock }: PullPorts, count: PullCount): Promise<boolean> {
  const { lastImportedAtMs } = count
  if (lastImportedAtMs === undefined) return false
  const { fault: { atMs } = { atMs: 0 } } = await journal.accountState(mailbox.account)
  // One that lies ahead was stamped before the clock was set back.
  return lastImportedAtMs >= atMs || atMs > clock.nowMs()
}

/** Only an import shows that Gmail's trouble is over; a pull that had nothing for it shows nothing. */
async function endAccountTrouble({ journal, mailbox, clock }: PullPorts): Promise<void> {
  const key = { scope: 'account', name: mailbox.account, subject: '' } as const
  await journal.troubles.closed(key, 'success', clock.nowMs())
}

const isOfGmail = (fault: RecordedFault | undefined): boolean => fault?.code.startsWith('gmail.') === true

async function mailWaitsForGmail({ journal, mailbox }: PullPorts): Promise<boolean> {
  const waiting = await journal.inStages(mailbox.name, ['importing', 'deferred'])
  // What the account's trouble stopped has no fault of its own.
  return waiting.some(row => row.present && (row.fault === undefined || isOfGmail(row.fault)))
}

/** What was done before the fault is told as well; a disk that holds no record is not asked for the rest. */
async function tellCount(ports: PullPorts, fault: Fault, count: PullCount, beganMs: number): Promise<void> {
  const { journal, mailbox, log, clock } = ports
  if (fault.scope === 'everything') return
  const { pending } = await journal.conservation(mailbox.name)
  const { imported, merged, refused, deferred, settled, gone } = count
  if (imported + merged + refused + deferred + settled + gone + pending === 0) return
  const ms = clock.monotonicMs() - beganMs
  log.pullEnded({ mailbox: mailbox.name, account: mailbox.account, ...count, pending, ms })
}

/** When to try again, wall clock, ms. */
async function nextTryMs(
  { journal, mailbox, clock, random }: PullPorts,
  fault: Fault,
  count: PullCount,
): Promise<number> {
  const now = clock.nowMs()
  if (isOfMachine(fault)) return now + passesInMs(fault, random())
  const failures = failuresOf(await stateOf(journal, mailbox, fault), fault, count)
  const [firstMs, mostMs] = chooseWaits(fault)
  const untilMs = now + backoffMs(failures, firstMs, mostMs, random())
  const capped = fault.loginRefused
    ? cappedLogin(await journal.mailbox(mailbox.name), mailbox, now)
    : undefined
  return Math.max(fault.notBeforeMs ?? 0, untilMs, capped?.untilMs ?? 0)
}

function passesInMs({ code }: Fault, chance: number): number {
  if (code !== 'journal.unreachable' && code !== 'journal.busy') return passingMs
  const [leastMs, mostMs] = databasePassesMs
  return leastMs + chance * (mostMs - leastMs)
}

/** A full disk holds no record of itself either. */
const isOfMachine = (fault: Fault): boolean => fault.scope === 'everything' && fault.code !== 'bug'

const stateOf = async (journal: Journal, mailbox: MailboxConfig, { scope }: Fault) =>
  scope === 'account' ? await journal.accountState(mailbox.account) : await journal.mailbox(mailbox.name)

/** What went in before shows that the waits may begin small again. */
const failuresOf = (
  { failures }: { readonly failures: number },
  { scope }: Fault,
  count: PullCount,
): number => (scope === 'account' && count.lastImportedAtMs !== undefined ? 1 : failures + 1)

/** Records the trouble where it belongs. */
async function noteFailure(
  ports: PullPorts,
  fault: Fault,
  count: PullCount,
  notBeforeMs: number,
): Promise<void> {
  const { journal, mailbox, clock } = ports
  if (isOfMachine(fault)) return
  const now = clock.nowMs()
  if (await isAnsweredByGmail(ports, count)) await endAccountTrouble(ports)
  await openTrouble(ports, fault)
  const recorded = asRecord(fault, now)
  const patchOf = (state: AccountState | MailboxState) => ({
    failures: failuresOf(state, fault, count),
    failingSinceMs: state.failingSinceMs ?? now,
    notBeforeMs,
    fault: recorded,
  })
  if (fault.scope === 'account') {
    await journal.changeAccount(mailbox.account, patchOf)
    await journal.changeMailbox(mailbox.name, ({ failingSinceMs = now }) => ({
      failingSinceMs,
      fault: recorded,
    }))
  } else await journal.changeMailbox(mailbox.name, patchOf)
}

async function openTrouble({ journal, mailbox, clock }: PullPorts, fault: Fault): Promise<void> {
  const { troubles } = journal
  const now = clock.nowMs()
  if (fault.scope === 'account') {
    await troubles.opened({ scope: 'account', name: mailbox.account, subject: '' }, asRecord(fault, now))
    return
  }
  // Where no folder could be opened, each of them stands in the list by itself (pull.ts).
  const subject = String(fault.facts.folder ?? '')
  const own = await troubles.find({ scope: 'folder', name: mailbox.name, subject })
  if (fault.scope === 'mailbox' && own?.code === fault.code) return
  const { failingSinceMs } = await journal.mailbox(mailbox.name)
  const key = { scope: 'mailbox', name: mailbox.name, subject: '' } as const
  await troubles.opened(key, asRecord(fault, now), failingSinceMs)
}
