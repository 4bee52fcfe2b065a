/** `hikyaku check-now`: asks the running daemon for a pull at once, whatever its schedule says. */

import { exitCodes } from '../base/fault.ts'
import { openJournal } from '../bridge.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { askForPull } from '../pull/owner-acted.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'

export async function checkNowCommand(invocation: Invocation): Promise<number> {
  const { words } = invocation
  return withConfig(
    invocation,
    async config => {
      const running = isInstanceRunning(config.stateDir)
      const journal = running ? await openJournal(config.stateDir) : undefined
      if (journal !== undefined) await askForPull(journal).finally(() => journal.close())
      const exitCode = running ? exitCodes.ok : exitCodes.unavailable
      if (invocation.json) writeJson(invocation, { ok: running, exitCode, running })
      else writeLine(invocation, running ? words.checkNow.asked : words.checkNow.notRunning)
      return exitCode
    },
    false,
  )
}
