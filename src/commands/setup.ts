/** `hikyaku setup [google | mailbox | password]`: from an e-mail address to a running service, here or in a browser. */
import type { Readable } from 'node:stream'
import { exitCodes } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import { chooseWords } from '../locale/locale.ts'
import {
  converse,
  type SetupFlags,
  SetupLeft,
  type SetupOutcome,
  type SetupPart,
  type SetupPorts,
} from '../setup/conversation.ts'
import { setupWords } from '../setup/words.ts'
import { tellNotes } from './configuration.ts'
import { type Invocation, runAnswering, writeJson } from './invocation.ts'
import { installService, pullMailbox } from './setup-acts.ts'

/** @param inBrowser the questions are asked there */
export async function setupCommand(
  invocation: Invocation,
  flags: SetupFlags,
  ports: SetupPorts = {},
  inBrowser = false,
): Promise<number> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort(new SetupLeft('left'))
  const letGoOfSignals = () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  /** In the language that the owner chose. */
  let spoken = invocation
  const onLanguage = (language: Language): void => {
    spoken = { ...invocation, language, words: chooseWords(language) }
  }
  const { env, cwd, stderr, language } = invocation
  const request = {
    ...{ flags, ports, env, cwd, stderr, language, onLanguage },
    stdin: invocation.stdin as Readable & { readonly isTTY?: boolean },
    signal: stop.signal,
    onNotes: (notes: Parameters<typeof tellNotes>[1]) => tellNotes(invocation, notes),
    onSaved: letGoOfSignals,
    pullMailbox: (mailbox: string) => pullMailbox(spoken, mailbox),
    installService: () => installService(spoken),
  }
  const askInBrowser = async (): Promise<SetupOutcome> => {
    const { setUpInBrowser } = await import('./setup-in-browser.ts')
    return setUpInBrowser(invocation, flags, stop.signal).finally(letGoOfSignals)
  }
  try {
    return await runAnswering(invocation, async () => {
      const outcome = await (inBrowser ? askInBrowser() : converse(request)).catch(thrown => {
        if (!(thrown instanceof SetupLeft)) throw thrown
        return undefined
      })
      if (outcome === undefined) return answerLeft(spoken, flags.part)
      const { answer, exitCode, runHere } = outcome
      if (invocation.json && answer !== undefined) writeJson(invocation, answer)
      if (!runHere) return exitCode
      const { runCommand } = await import('./run.ts')
      return runCommand(spoken)
    })
  } finally {
    letGoOfSignals()
  }
}

function answerLeft(invocation: Invocation, part: SetupPart): number {
  const words = setupWords[invocation.language]
  const left = part === 'google' || part === 'password' ? words.leftUnchanged : words.left
  if (invocation.json) writeJson(invocation, { ok: false, exitCode: exitCodes.temporary, left: true })
  else invocation.stderr.write(`\n${left}\n`)
  return exitCodes.temporary
}
