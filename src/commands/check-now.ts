/** `hikyaku check-now`: asks the running daemon for a pull at once, whatever its schedule says. */

import { exitCodes } from '../base/fault.ts'
import { openJournal } from '../bridge.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { askForPull } from '../pull/owner-acted.ts'
import { readPauses } from '../pull/paused.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'
import { tellPausedAmong } from './tell-paused.ts'

export async function checkNowCommand(invocation: Invocation): Promise<number> {
  const { words } = invocation
  return withConfig(
    invocation,
    async config => {
      const running = isInstanceRunning(config.stateDir)
      const journal = running ? await openJournal(config.stateDir) : undefined
      try {
        if (journal !== undefined) await askForPull(journal)
        const pauses = await readPauses(journal)
        const exitCode = running ? exitCodes.ok : exitCodes.unavailable
        if (invocation.json) writeJson(invocation, { ok: running, exitCode, running })
        else {
          writeLine(invocation, running ? words.checkNow.asked : words.checkNow.notRunning)
          const names = config.mailboxes.map(({ name }) => name)
          tellPausedAmong(invocation, names, pauses)
        }
        return exitCode
      } finally {
        await journal?.close()
      }
    },
    false,
  )
}
