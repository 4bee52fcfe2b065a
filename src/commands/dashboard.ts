/**
 * `hikyaku dashboard`: a link that opens the page of the running daemon, once. It is shown only where whoever listens at
 * the address can read the data folder, too: the port may be another user's program's by now.
 */

import { systemClock } from '../base/clock.ts'
import { exitCodes } from '../base/fault.ts'
import { findPlace } from '../config/place.ts'
import { writeListenAddress } from '../config/writers.ts'
import { openPrivatePage } from '../google/open-browser.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { findWayIn } from '../web/ask-proof.ts'
import { expectProof, linkLivesMs, removeLink, writeDoor, writeLink } from '../web/link.ts'
import { pageSetupWords } from '../web/setup/words.ts'
import { webWords } from '../web/words.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'

export async function dashboardCommand(invocation: Invocation): Promise<number> {
  // Who sits there wants to begin; a script is told that there is nothing.
  if (invocation.stdout.isTTY === true && !invocation.json && (await isNothingSetUp(invocation)))
    return setUpFirst(invocation)
  const { command } = webWords[invocation.language]
  return withConfig(
    invocation,
    async config => {
      const { dashboard, stateDir } = config
      const fail = (exitCode: number, reason: string, text: string): number => {
        if (invocation.json) writeJson(invocation, { ok: false, exitCode, url: null, reason })
        else writeLine(invocation, text)
        return exitCode
      }
      if (dashboard === undefined)
        return fail(exitCodes.configuration, 'not-set', command.notSet('`DASHBOARD=127.0.0.1:8737`'))
      if (!isInstanceRunning(stateDir)) return fail(exitCodes.unavailable, 'not-running', command.notRunning)
      const nowMs = systemClock.nowMs()
      const token = await writeLink(stateDir, nowMs)
      const { origin, proof } = await findWayIn({ ...config, dashboard })
      if (proof !== expectProof(token)) {
        removeLink(stateDir)
        return fail(exitCodes.unavailable, 'not-open', command.notOpen(writeListenAddress(dashboard)))
      }
      const url = `${origin}/enter/${token}`
      if (invocation.json) {
        const endsAt = new Date(nowMs + linkLivesMs).toISOString()
        writeJson(invocation, { ok: true, exitCode: exitCodes.ok, url, endsAt })
        return exitCodes.ok
      }
      writeLine(invocation, command.link(url))
      // A browser of root's is nobody's; where nobody reads the terminal, nobody sits before a screen.
      if (invocation.stdout.isTTY === true && process.getuid?.() !== 0) {
        const door = await writeDoor(stateDir, url)
        if (await openPrivatePage(door, invocation.env)) writeLine(invocation, command.opened)
      }
      return exitCodes.ok
    },
    false,
  )
}

async function isNothingSetUp({ env, cwd }: Invocation): Promise<boolean> {
  const place = await findPlace(env, cwd).catch(() => undefined)
  return place !== undefined && place.config === undefined
}

async function setUpFirst(invocation: Invocation): Promise<number> {
  writeLine(invocation, pageSetupWords[invocation.language].command.nothingSetUp)
  const { setupCommand } = await import('./setup.ts')
  const flags = { part: 'everything', yes: false, languageGiven: true, answers: {} } as const
  return setupCommand(invocation, flags, {}, true)
}
