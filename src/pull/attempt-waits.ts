/** Whether an attempt at a pull, or a watch, is to wait, and until when. */
import type { MailboxState, RecordedFault } from '../journal/journal.ts'
import type { PullPorts } from './context.ts'
import { isWaitOfOthers } from './login-memory.ts'
import { cappedLogin, pausedLogin, refusedLoginsOfWatch, shortPauseMs } from './logins.ts'
import type { KnownStates } from './pull.ts'
import { waitsUntilMs } from './waits.ts'

/** Nothing is tried: the mailbox or its account waits until then (wall clock, ms since 1970). */
export interface Waiting {
  readonly kind: 'waiting'
  readonly untilMs: number
  readonly fault: RecordedFault | undefined
}

/**
 * Where the end of a trouble is the owner's act on this machine (a password given, a new permission), a single pull
 * looks whether it was done: nothing else would tell it, and nobody is pressed by it.
 */
function isEndedHere({ code, retry }: RecordedFault): boolean {
  if (/^(secret|config)\.|^gmail\.(consent-|client-invalid|account-mismatch|app-password-)/.test(code))
    return true
  return retry === 'owner' && /^(source|oauth)\.(?!login-)/.test(code)
}

/** @param once also where the owner's act on this machine may have ended the trouble */
export async function findWait(
  ports: PullPorts,
  { own, ofAccount }: KnownStates,
  once: boolean,
): Promise<Waiting | undefined> {
  const { journal, mailbox, clock } = ports
  const now = clock.nowMs()
  for (const state of [own, ofAccount]) {
    const untilMs = waitsUntilMs(state, now)
    if (untilMs === undefined) continue
    if (once && state.fault !== undefined && isEndedHere(state.fault)) continue
    if (once && state === own && (await isWaitOfOthers(journal, mailbox, ports.loginKey))) continue
    return { kind: 'waiting', untilMs, fault: state.fault }
  }
  return undefined
}

/** Where refused logins, or the server's own pause between two, forbid to log in now. Nobody may overrule it. */
export async function findHeldLogin(
  { journal, mailbox, clock }: PullPorts,
  own: MailboxState,
): Promise<Waiting | undefined> {
  const now = clock.nowMs()
  const paused = await pausedLogin(journal, mailbox, now)
  const long = paused !== undefined && paused.untilMs - now > shortPauseMs ? paused : undefined
  const held = cappedLogin(own, mailbox, now) ?? long
  return held && { kind: 'waiting', ...held }
}

/**
 * When a watch may log in, wall clock, ms; undefined: now. Not while the pulls of the mailbox are in trouble: they
 * find out first when it is over.
 */
export async function watchHeldUntilMs({ journal, mailbox, clock }: PullPorts): Promise<number | undefined> {
  const own = await journal.mailbox(mailbox.name)
  if (own.failures > 0) return Math.max(own.notBeforeMs ?? 0, clock.nowMs() + 1000)
  return cappedLogin(own, mailbox, clock.nowMs(), refusedLoginsOfWatch)?.untilMs
}
