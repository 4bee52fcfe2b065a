/** `hikyaku check-now`: asks the running daemon for a pull at once, whatever its schedule says. */

import { exitCodes } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { openJournal } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { pauseWords } from '../locale/pause-words.ts'
import { askForPull } from '../pull/owner-acted.ts'
import { readPauses } from '../pull/paused.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'

export async function checkNowCommand(invocation: Invocation): Promise<number> {
  const { words } = invocation
  return withConfig(
    invocation,
    async config => {
      const running = isInstanceRunning(config.stateDir)
      const journal = running ? await openJournal(config.stateDir) : undefined
      const paused = await askDaemon(journal, config)
      const exitCode = running ? exitCodes.ok : exitCodes.unavailable
      if (invocation.json) writeJson(invocation, { ok: running, exitCode, running })
      else writeLine(invocation, running ? words.checkNow.asked : words.checkNow.notRunning)
      if (!invocation.json && paused.length > 0)
        writeLine(invocation, pauseWords[invocation.language].notOf(paused.join(', ')))
      return exitCode
    },
    false,
  )
}

/** @returns the mailboxes that are paused, and so are left alone */
async function askDaemon(journal: Journal | undefined, { mailboxes }: Config): Promise<readonly string[]> {
  if (journal === undefined) return []
  try {
    await askForPull(journal)
    const pauses = await readPauses(journal)
    return mailboxes.flatMap(({ name }) => (pauses.has(name) ? [printable(name, 100)] : []))
  } finally {
    await journal.close()
  }
}
