/** How long a kind of trouble is waited for before the next try, and whether a recorded wait is over. */
import { isWaitOver } from '../base/backoff.ts'
import type { Fault, FaultCode } from '../base/fault.ts'
import type { AccountState, MailboxState } from '../journal/journal.ts'

const minute = 60_000

/** First and longest wait of a kind of trouble, ms. */
export function chooseWaits(fault: Fault): readonly [firstMs: number, mostMs: number] {
  const slow: Partial<Record<FaultCode, readonly [number, number]>> = {
    'source.login-refused': [10 * minute, 60 * minute],
    'source.login-doubtful': [10 * minute, 60 * minute],
    'source.token-refused': [10 * minute, 60 * minute],
    'source.login-limited': [10 * minute, 60 * minute],
    'source.login-delay': [minute, 30 * minute],
    'source.busy': [30_000, 10 * minute],
    'source.limited': [minute, 30 * minute],
    'oauth.limited': [minute, 30 * minute],
    'gmail.rate-limited': [5000, 15 * minute],
    'gmail.daily-limit': [30 * minute, 120 * minute],
    'gmail.storage-full': [5 * minute, 60 * minute],
    'gmail.account-refused': [minute, 15 * minute],
    'gmail.app-password-refused': [10 * minute, 60 * minute],
    'gmail.app-password-needed': [10 * minute, 60 * minute],
    'gmail.account-unexplained': [minute, 15 * minute],
  }
  return slow[fault.code] ?? (fault.retry === 'owner' ? [minute, 15 * minute] : [10_000, 15 * minute])
}

/** Until when a mailbox or an account waits, wall clock, ms; undefined: it does not. */
export function waitsUntilMs(
  { notBeforeMs, fault }: Pick<AccountState | MailboxState, 'notBeforeMs' | 'fault'>,
  nowMs: number,
): number | undefined {
  // A wall clock that was set back must not make us wait for hours or days.
  const isOver = isWaitOver(notBeforeMs, nowMs) || (fault?.atMs ?? 0) > nowMs
  return isOver ? undefined : notBeforeMs
}
