/**
 * The set-up's logins pass a gate, too: refused ones count towards the cap of an hour, over several runs, and those at a
 * host that takes only so many are counted with the daemon's, in the journal where there is one.
 */

import type { Clock } from '../base/clock.ts'
import type { Env } from '../base/home.ts'
import { openEarlyBooks, openJournal } from '../bridge.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { Journal, LoginBooks } from '../journal/journal.ts'
import { makeLoginGate } from '../pull/logins.ts'
import type { LoginGate } from '../source/source.ts'

export type GateOf = (mailbox: MailboxConfig) => Promise<LoginGate>

export function makeGates(stateDir: string, env: Env, clock: Clock): GateOf {
  let books: Promise<LoginBooks> | undefined
  return async mailbox => {
    books ??= openBooks(stateDir, env, clock.nowMs())
    return makeLoginGate(await books, mailbox, clock, 'person')
  }
}

async function openBooks(stateDir: string, env: Env, nowMs: number): Promise<LoginBooks> {
  const early = await openEarlyBooks(stateDir, { ...env }, nowMs)
  /** Opened for a moment: a daemon may be started, and its journal made, while questions are asked. */
  const withShared = async <T>(
    work: (books: Pick<Journal, 'note' | 'changeNote'>) => Promise<T>,
  ): Promise<T> => {
    const journal = await openJournal(stateDir)
    try {
      return await work(journal ?? early)
    } finally {
      await journal?.close()
    }
  }
  return {
    ...early,
    note: key => (key.startsWith('host-logins/') ? withShared(({ note }) => note(key)) : early.note(key)),
    changeNote: (key, change) =>
      key.startsWith('host-logins/')
        ? withShared(({ changeNote }) => changeNote(key, change))
        : early.changeNote(key, change),
  }
}
