/**
 * The last notice before the program ends by a fault that nothing can go on after. A service manager may start it
 * again every few seconds, and the journal may be what failed: so that it was told stands in a file of its own.
 */
import { join } from 'node:path'
import type { Alerts } from '../alerts/alerts.ts'
import { systemClock } from '../base/clock.ts'
import { waitAtMost } from '../base/deadline.ts'
import type { Fault } from '../base/fault.ts'
import type { PullPorts } from '../pull/context.ts'
import { openToldFile } from './told-file.ts'

/** Nobody waits longer for a program that has ended. */
const longestMs = 15_000

/**
 * Never throws. Not told: that another instance is at work, which is no trouble of the mail's, and passing locks.
 * @param alerts undefined where the owner sees the end himself
 * @param ports of any mailbox, where the bridge could be opened
 */
export async function tellTheEnd(
  alerts: Alerts | undefined,
  fault: Fault,
  stateDir: string,
  ports: PullPorts | undefined,
): Promise<void> {
  if (alerts === undefined || fault.scope !== 'everything') return
  if (fault.code === 'state.second-instance' || fault.code === 'journal.locked') return
  const told = openToldFile(join(stateDir, 'ended'))
  if (told.isRecent(fault.code)) return
  let isSent = false
  const telling = alerts.ending(fault, ports).then(sent => {
    isSent = sent
  })
  await waitAtMost(telling, longestMs, systemClock)
  if (isSent) told.write(fault.code)
}
