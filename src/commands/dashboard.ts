/**
 * `hikyaku dashboard`: a link that opens the page of the running daemon, once. It is shown only where whoever listens at
 * the address can read the data folder, too: the port may be another user's program's by now.
 */
import { systemClock } from '../base/clock.ts'
import { exitCodes } from '../base/fault.ts'
import { sendRequestOnce, usualHttpDeadlines } from '../base/http.ts'
import { findPlace } from '../config/place.ts'
import { openPrivatePage } from '../google/open-browser.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { expectProof, linkLivesMs, removeLink, writeDoor, writeLink } from '../web/link.ts'
import { pageSetupWords } from '../web/setup/words.ts'
import { webWords } from '../web/words.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'

const deadlines = { ...usualHttpDeadlines, connectMs: 5000, answerMs: 5000 }

export async function dashboardCommand(invocation: Invocation): Promise<number> {
  // Who sits there wants to begin; a script is told that there is nothing.
  if (invocation.stdout.isTTY === true && !invocation.json && (await isNothingSetUp(invocation)))
    return setUpFirst(invocation)
  const { command } = webWords[invocation.language]
  return withConfig(
    invocation,
    async ({ dashboard: address, stateDir }) => {
      const fail = (exitCode: number, reason: string, text: string): number => {
        if (invocation.json) writeJson(invocation, { ok: false, exitCode, url: null, reason })
        else writeLine(invocation, text)
        return exitCode
      }
      if (address === undefined)
        return fail(exitCodes.configuration, 'not-set', command.notSet('`DASHBOARD=127.0.0.1:8737`'))
      if (!isInstanceRunning(stateDir)) return fail(exitCodes.unavailable, 'not-running', command.notRunning)
      const nowMs = systemClock.nowMs()
      const token = await writeLink(stateDir, nowMs)
      if ((await askForProof(address)) !== expectProof(token)) {
        removeLink(stateDir)
        return fail(exitCodes.unavailable, 'not-open', command.notOpen(address))
      }
      const url = `http://${address}/enter/${token}`
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

/** What is said by whoever listens there; undefined where nobody does, or something else. */
async function askForProof(address: string): Promise<string | undefined> {
  const request = {
    method: 'GET',
    url: new URL(`http://${address}/proof`),
    headers: {},
    answerLimit: 1000,
  } as const
  try {
    const { status, body } = await sendRequestOnce(request, deadlines, new AbortController().signal)
    return status === 200 ? body.toString('latin1') : undefined
  } catch {
    return undefined
  }
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
