/** What follows from the one list of what is not well. Pure: the readers of the list share it. */
import { exitCodes, faultKinds } from '../base/fault.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import type { Pauses } from '../pull/paused.ts'

/** Worst first: what no other trouble may hide. */
const severity = [
  exitCodes.software,
  exitCodes.signIn,
  exitCodes.configuration,
  exitCodes.unavailable,
  exitCodes.temporary,
  exitCodes.someAside,
] as const

/** What costs a message, or what was to be done after it, holds no mail up. */
export const holdsUpMail = ({ scope }: Pick<TroubleEntry, 'scope'>): boolean =>
  scope !== 'message' && scope !== 'wish'

export function exitCodeOfTrouble(trouble: Pick<TroubleEntry, 'scope' | 'code'>): number {
  if (!holdsUpMail(trouble)) return exitCodes.someAside
  return faultKinds[trouble.code]?.exit ?? exitCodes.software
}

/** The exit code of the worst trouble; 0 where there is none. */
export function exitCodeOfTroubles(list: readonly Pick<TroubleEntry, 'scope' | 'code'>[]): number {
  const codes = list.map(exitCodeOfTrouble)
  return severity.find(code => codes.includes(code)) ?? codes[0] ?? exitCodes.ok
}

/** What concerns a mailbox: its own, that of the accounts into which its mail goes, and this machine's. */
export function troublesOf(
  list: readonly TroubleEntry[],
  mailbox: string,
  accounts: readonly string[],
): readonly TroubleEntry[] {
  return list.filter(({ scope, name }) =>
    scope === 'machine' ? true : scope === 'account' ? accounts.includes(name) : name === mailbox,
  )
}

/**
 * Without what rests: where the owner has paused a mailbox nobody tries to reach it, so nothing that keeps its mail from
 * coming is known to be so still. What is wrong with single messages, with what was to be done after them, and with the
 * books stays.
 */
export function withoutPaused(list: readonly TroubleEntry[], pauses: Pauses): readonly TroubleEntry[] {
  return list.filter(({ scope, name, subject }) => {
    const isRest = scope === 'folder' || (scope === 'mailbox' && subject !== 'books')
    return !isRest || !pauses.has(name)
  })
}
