/** `hikyaku fleet leave KEY STATE_DIR`: one mailbox out of the fleet, into a new data folder of one machine. */
import { resolve } from 'node:path'
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import { leaveFleet } from '../../fleet/leave.ts'
import { openFleet } from '../../fleet/open-fleet.ts'
import { type Invocation, writeJson, writeParagraph } from '../invocation.ts'
import { keyOf } from './choose-keys.ts'
import { withFleetSettings } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export async function fleetLeaveCommand(
  invocation: Invocation,
  written: string,
  folder: string,
): Promise<number> {
  const own = fleetWords[invocation.language].leave
  return withFleetSettings(invocation, 'leave', async (settings, options) => {
    const [key, stateDir] = [keyOf(written), resolve(invocation.cwd, folder)]
    const { directory, journal, close } = await openFleet(settings, options)
    try {
      const left = await leaveFleet({
        ...{ fleet: journal.database, directory, key, stateDir },
        nowMs: Date.now(),
      })
      if (invocation.json)
        writeJson(invocation, { ok: true, exitCode: exitCodes.ok, mailbox: key, ...left, stateDir })
      else
        for (const text of [
          own.done(printable(key), printable(stateDir, 4096), left.messages),
          own.after(printable(left.name)),
        ])
          writeParagraph(invocation, text)
      return exitCodes.ok
    } finally {
      await close()
    }
  })
}
