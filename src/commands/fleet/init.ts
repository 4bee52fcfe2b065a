/**
 * `hikyaku fleet init`: the tables, the roles and the key of a fleet, where they are not there yet; and where the first line of
 * the key file is a new key, the tenants' keys are wrapped with it (fleet-key.ts).
 */
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import { makeFleet } from '../../fleet/open-fleet.ts'
import { type Invocation, writeJson, writeLine, writeParagraph } from '../invocation.ts'
import { withFleetSettings } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export async function fleetInitCommand(invocation: Invocation): Promise<number> {
  const own = fleetWords[invocation.language].init
  return withFleetSettings(invocation, 'init', async (settings, options) => {
    const { fleet, isKeyNew, isNew } = await makeFleet(settings, options)
    const rewrapped = await fleet.directory.rewrap().finally(() => fleet.close())
    const { path: database } = fleet.journal.journal
    const { keyFile } = settings
    if (invocation.json) {
      writeJson(invocation, {
        ...{ ok: true, exitCode: exitCodes.ok },
        ...{ made: isNew, database, keyFile, keyMade: isKeyNew, rewrapped },
      })
      return exitCodes.ok
    }
    const say = (text: string): void => writeParagraph(invocation, text)
    if (rewrapped > 0) say(own.rewrapped(rewrapped))
    if (!isNew && !isKeyNew && rewrapped > 0) return exitCodes.ok
    if (!isNew && !isKeyNew) {
      say(own.nothingToDo(printable(database)))
      return exitCodes.ok
    }
    say(own.made(printable(database)))
    say(own.keyMade(printable(keyFile, 4096)))
    if (isKeyNew) say(own.keep)
    writeLine(invocation, '')
    say(own.next)
    for (const step of own.steps) writeLine(invocation, `  ${step}`)
    return exitCodes.ok
  })
}
