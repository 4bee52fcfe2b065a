/**
 * One attempt at a pull, and what is remembered of it: the waiting times of mailbox and account, refused logins,
 * the fault that `status` shows. The daemon and the one-shot `pull` share it.
 *
 * Refused logins are counted: several hosts answer "login incorrect" when they mean "too often", and ban an address
 * after a few dozen failures. So a refusal after earlier successes is treated as a rate limit first, and there is
 * a hard cap on refused logins an hour, whatever the reason.
 */
import { backoffMs } from './backoff.ts'
import { asFault, Fault, type FaultCode } from './fault.ts'
import type { RecordedFault } from './journal/journal.ts'
import { rememberLogin, workedBefore } from './login-memory.ts'
import { type PullOptions, type PullResult, pull } from './pull.ts'
import { type PullPorts, record } from './pull-context.ts'

export type Attempt =
  | { readonly kind: 'pulled'; readonly result: PullResult }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly notBeforeMs: number }
  /** Nothing was tried: the mailbox or its account waits until then (wall clock, ms since 1970). */
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly fault: RecordedFault | undefined }
  | { readonly kind: 'stopped' }

const refusedLoginsAnHour = 5
/** So many refusals in a row after good logins, over so long, are no rate limit any more. */
const limitRefusals = 8
const limitMs = 4 * 3600_000
const minute = 60_000

/** First and longest wait of a kind of trouble, ms. */
function waits(fault: Fault): readonly [firstMs: number, mostMs: number] {
  const slow: Partial<Record<FaultCode, readonly [number, number]>> = {
    'source.login-refused': [10 * minute, 60 * minute],
    'source.login-limited': [10 * minute, 60 * minute],
    'source.busy': [30_000, 10 * minute],
    'source.limited': [minute, 30 * minute],
    'gmail.rate-limited': [5000, 15 * minute],
    'gmail.daily-limit': [30 * minute, 120 * minute],
    'gmail.storage-full': [5 * minute, 60 * minute],
  }
  return slow[fault.code] ?? (fault.retry === 'owner' ? [minute, 15 * minute] : [10_000, 15 * minute])
}

/** Trouble of this machine that passes by itself; any other of scope everything ends the process, loudly. */
const passing: readonly FaultCode[] = ['state.disk-full', 'journal.locked', 'bug']
const passingMs = 30_000

/** Throws only a Fault of scope everything after which nothing may go on. */
export async function attempt(ports: PullPorts, options: PullOptions, gate: boolean): Promise<Attempt> {
  const { journal, mailbox, log } = ports
  const waiting = gate ? wait(ports) : loginCap(ports)
  if (waiting !== undefined) return waiting
  try {
    const result = await pull(ports, options)
    succeeded(ports)
    await rememberLogin(journal, mailbox)
    return { kind: 'pulled', result }
  } catch (thrown) {
    if (options.signal.aborted || options.stopping.aborted) return { kind: 'stopped' }
    const met = asFault(thrown)
    if (met.scope === 'everything' && !passing.includes(met.code)) throw met
    const fault = refusals.includes(met.code) ? await judgeLogin(ports, met) : met
    const notBeforeMs = failed(ports, fault)
    log.fault(fault, {
      mailbox: mailbox.name,
      account: mailbox.account,
      inMs: notBeforeMs - ports.clock.nowMs(),
    })
    return { kind: 'failed', fault, notBeforeMs }
  }
}

function wait(ports: PullPorts): Attempt | undefined {
  const { journal, mailbox, clock } = ports
  const now = clock.nowMs()
  for (const state of [journal.mailbox(mailbox.name), journal.accountState(mailbox.account)]) {
    const untilMs = state.notBeforeMs ?? 0
    // A wall clock that was set back must not make us wait for days.
    if (untilMs > now && untilMs - now <= 24 * 3600_000)
      return { kind: 'waiting', untilMs, fault: state.fault }
  }
  return loginCap(ports)
}

function loginCap(ports: PullPorts): Attempt | undefined {
  const { journal, mailbox, clock } = ports
  const now = clock.nowMs()
  const state = journal.mailbox(mailbox.name)
  const lately = state.failedLoginsAtMs.filter(at => at <= now && now - at < 3600_000)
  const oldest = lately.at(-refusedLoginsAnHour)
  if (oldest === undefined) return undefined
  return { kind: 'waiting', untilMs: oldest + 3600_000, fault: state.fault }
}

/** Answers to a login that a host counts as failed ones. */
const refusals: readonly FaultCode[] = ['source.login-refused', 'source.login-limited']

/** A refusal of the login that worked before may be a rate limit; one that lasts is a changed password. */
async function judgeLogin(ports: PullPorts, fault: Fault): Promise<Fault> {
  const { journal, mailbox, clock } = ports
  const now = clock.nowMs()
  const state = journal.mailbox(mailbox.name)
  const lately = [...state.failedLoginsAtMs.filter(at => at <= now && now - at < 24 * 3600_000), now]
  journal.updateMailbox(mailbox.name, { failedLoginsAtMs: lately })
  if (fault.code === 'source.login-limited') return fault
  const lasting = lately.length >= limitRefusals || now - (state.failingSinceMs ?? now) >= limitMs
  if (lasting || !(await workedBefore(journal, mailbox))) return fault
  return new Fault('source.login-limited', { facts: fault.facts, cause: fault })
}

function succeeded(ports: PullPorts): void {
  const { journal, mailbox, gmail, log, clock } = ports
  const state = journal.mailbox(mailbox.name)
  if (state.failingSinceMs !== undefined) {
    log.recovered({ mailbox: mailbox.name, afterMs: clock.nowMs() - state.failingSinceMs })
  }
  journal.updateMailbox(mailbox.name, { ...untroubled, failedLoginsAtMs: [] })
  // Google says it with a token; a process that has needed none yet does not know better than the journal.
  const { consentEndsAtMs = 0 } = journal.accountState(mailbox.account)
  const knownEndMs = consentEndsAtMs > clock.nowMs() ? consentEndsAtMs : undefined
  journal.updateAccount(mailbox.account, {
    ...untroubled,
    consentEndsAtMs: gmail.consentEndsAtMs ?? knownEndMs,
  })
}

/** Records the trouble where it belongs and returns when to try again. */
function failed(ports: PullPorts, fault: Fault): number {
  const { journal, mailbox, clock, random } = ports
  const now = clock.nowMs()
  // A full disk holds no record of itself either.
  if (fault.scope === 'everything' && fault.code !== 'bug') return now + passingMs
  const state =
    fault.scope === 'account' ? journal.accountState(mailbox.account) : journal.mailbox(mailbox.name)
  const failures = state.failures + 1
  const [firstMs, mostMs] = waits(fault)
  const notBeforeMs = Math.max(fault.notBeforeMs ?? 0, now + backoffMs(failures, firstMs, mostMs, random()))
  const patch = {
    failures,
    failingSinceMs: state.failingSinceMs ?? now,
    notBeforeMs,
    fault: record(fault, now),
  }
  if (fault.scope === 'account') {
    journal.updateAccount(mailbox.account, patch)
    const own = journal.mailbox(mailbox.name)
    journal.updateMailbox(mailbox.name, { failingSinceMs: own.failingSinceMs ?? now, fault: patch.fault })
  } else journal.updateMailbox(mailbox.name, patch)
  return notBeforeMs
}

const untroubled = {
  failures: 0,
  failingSinceMs: undefined,
  notBeforeMs: undefined,
  fault: undefined,
} as const
