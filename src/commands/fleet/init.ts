/**
 * `hikyaku fleet init`: the tables, the roles and the key of a fleet, where they are not there yet; and where the first line of
 * the key file is a new key, the tenants' keys are wrapped with it (fleet-key.ts), all that open.
 */
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import type { Rewrapped } from '../../fleet/directory.ts'
import { makeFleet } from '../../fleet/open-fleet.ts'
import { describeFault } from '../../locale/locale.ts'
import { type Invocation, writeJson, writeLine, writeParagraph } from '../invocation.ts'
import { mostNamed } from './choose-keys.ts'
import { withFleetSettings } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export async function fleetInitCommand(invocation: Invocation): Promise<number> {
  const own = fleetWords[invocation.language].init
  return withFleetSettings(invocation, 'init', async (settings, options) => {
    const { fleet, isKeyNew, isNew } = await makeFleet(settings, options)
    const { count: rewrapped, refused } = await fleet.directory.rewrap().finally(() => fleet.close())
    const exitCode = refused.length > 0 ? exitCodes.configuration : exitCodes.ok
    const { path: database } = fleet.journal.journal
    const { keyFile } = settings
    if (invocation.json) {
      const notRewrapped = refused.map(({ tenant, fault }) => ({ tenant, code: fault.code }))
      writeJson(invocation, {
        ...{ ok: exitCode === exitCodes.ok, exitCode },
        ...{ made: isNew, database, keyFile, keyMade: isKeyNew, rewrapped, notRewrapped },
      })
      return exitCode
    }
    const say = (text: string): void => writeParagraph(invocation, text)
    if (rewrapped > 0) say(own.rewrapped(rewrapped, refused.length === 0))
    tellRefused(invocation, refused)
    if (!isNew && !isKeyNew && rewrapped + refused.length > 0) return exitCode
    if (!isNew && !isKeyNew) {
      say(own.nothingToDo(printable(database)))
      return exitCode
    }
    say(own.made(printable(database)))
    say(own.keyMade(printable(keyFile, 4096)))
    if (isKeyNew) say(own.keep)
    writeLine(invocation, '')
    say(own.next)
    for (const step of own.steps) writeLine(invocation, `  ${step}`)
    return exitCode
  })
}

/** Tenants whose keys do not open, and what speaks against the first of each kind. */
function tellRefused({ stderr, language }: Invocation, refused: Rewrapped['refused']): void {
  if (refused.length === 0) return
  const own = fleetWords[language].init
  const names = refused.slice(0, mostNamed).map(({ tenant }) => printable(tenant, 64))
  stderr.write(`${own.notRewrapped(names, refused.length - names.length)}\n`)
  const isFirst = ({ fault }: Rewrapped['refused'][number], at: number): boolean =>
    refused.findIndex(other => other.fault.code === fault.code) === at
  for (const { fault } of refused.filter(isFirst)) stderr.write(`  ${describeFault(fault, language).what}\n`)
}
