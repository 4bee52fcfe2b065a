/**
 * `hikyaku setup --browser`: the set-up on pages of this process, which works with the environment and the rights of whoever
 * started it, as the terminal's does. The terminal shows the way in and waits.
 */
import { systemClock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { findPlace } from '../config/place.ts'
import { hasBrowser, openPrivatePage } from '../google/open-browser.ts'
import { type SetupFlags, SetupLeft, type SetupOutcome } from '../setup/conversation.ts'
import { nameThisComputer } from '../setup/this-computer.ts'
import { linkLivesMs, removeDoor, writeDoor } from '../web/link.ts'
import { openSetUpListener, type SetUpListener } from '../web/set-up-listener.ts'
import { pageSetupWords } from '../web/setup/words.ts'
import type { Invocation } from './invocation.ts'
import { makeConverse } from './setup-on-page.ts'

/** Links that nobody opens, one after the other, before it is given up: half an hour of them. */
const mostLinks = 6

/**
 * @param signal ends it as if its owner left; a pull that is under way listens for signals itself, and ends first
 * @returns what came of it @throws SetupLeft where it was left or nobody came; Fault
 */
export async function setUpInBrowser(
  invocation: Invocation,
  flags: SetupFlags,
  signal: AbortSignal,
): Promise<SetupOutcome> {
  const { language, env, cwd } = invocation
  if (flags.yes)
    throw new Fault('usage.invalid', { facts: { what: pageSetupWords[language].command.notBoth } })
  const { stateDir } = await findPlace(env, cwd)
  let outcome: SetupOutcome | undefined
  let failed: { readonly thrown: unknown } | undefined
  let isBegun = false
  const converse = makeConverse(invocation, {
    answers: flags.answers,
    onOutcome(reached) {
      outcome = reached
    },
  })
  const listener = await openSetUpListener({
    part: flags.part,
    language,
    nowMs: () => systemClock.nowMs(),
    async converse(...asked) {
      failed = undefined
      isBegun = true
      try {
        return await converse(...asked)
      } catch (thrown) {
        failed = { thrown }
        throw thrown
      }
    },
  })
  const left = Promise.withResolvers<void>()
  const onLeft = (): void => {
    listener.leave()
    if (isBegun) void listener.ended.then(left.resolve)
    else left.resolve()
  }
  signal.addEventListener('abort', onLeft, { once: true })
  try {
    const cameIn = showWayIn(invocation, stateDir, listener)
    await Promise.race([cameIn.then(() => listener.over), left.promise])
  } finally {
    signal.removeEventListener('abort', onLeft)
    removeDoor(stateDir)
    await listener.close()
  }
  if (failed !== undefined) throw failed.thrown
  if (outcome === undefined) throw new SetupLeft('left')
  return outcome
}

/** Links, a new one where one was not opened in time, until a browser has come in. @throws SetupLeft where none did */
async function showWayIn(invocation: Invocation, stateDir: string, listener: SetUpListener): Promise<void> {
  const { language, env, json, stdout, stderr } = invocation
  const { command } = pageSetupWords[language]
  const output = json ? stderr : stdout
  const say = (text: string): void => {
    output.write(`${text}\n`)
  }
  const { port } = listener
  for (let links = 0; links < mostLinks; links += 1) {
    const url = listener.newLink()
    if (links === 0 && !hasBrowser(env))
      say(command.tunnel(`ssh -L ${port}:127.0.0.1:${port} ${nameThisComputer(env)}`))
    say(links === 0 ? command.link(url) : command.again(url))
    if (links === 0) say((await openHere(invocation, stateDir, url)) ? command.opened : command.waiting)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(resolve, linkLivesMs, 'late')
      // What is waited for is the listener.
      timer.unref()
    })
    const came = await Promise.race([listener.entered, late])
    clearTimeout(timer)
    if (came !== 'late') return
  }
  say(command.expired)
  throw new SetupLeft('left')
}

/** A browser of root's is nobody's; where nobody reads the terminal, nobody sits before a screen. */
async function openHere({ stdout, env }: Invocation, stateDir: string, url: string): Promise<boolean> {
  if (stdout.isTTY !== true || process.getuid?.() === 0) return false
  try {
    return await openPrivatePage(await writeDoor(stateDir, url), env)
  } catch {
    return false // the link is shown all the same
  }
}
