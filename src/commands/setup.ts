/** `hikyaku setup [google | mailbox | password]`: from an e-mail address to a running service, here or in a browser. */
import type { Readable } from 'node:stream'
import type { Language } from '../base/language.ts'
import { chooseWords } from '../locale/locale.ts'
import {
  converse,
  type SetupFlags,
  type SetupOutcome,
  type SetupPart,
  type SetupPorts,
} from '../setup/conversation.ts'
import { setupWords } from '../setup/words.ts'
import { tellNotes } from './configuration.ts'
import { type Invocation, runAnswering, writeJson } from './invocation.ts'
import { answerLeft, catchLeaving, unlessLeft } from './leave-setup.ts'
import { installService, pullMailbox } from './setup-acts.ts'

/** @param inBrowser the questions are asked there */
export async function setupCommand(
  invocation: Invocation,
  flags: SetupFlags,
  ports: SetupPorts = {},
  inBrowser = false,
): Promise<number> {
  const { signal, letGo } = catchLeaving()
  /** In the language that the owner chose. */
  let spoken = invocation
  const onLanguage = (language: Language): void => {
    spoken = { ...invocation, language, words: chooseWords(language) }
  }
  const { env, cwd, stderr, language } = invocation
  const request = {
    ...{ flags, ports, env, cwd, stderr, language, onLanguage },
    stdin: invocation.stdin as Readable & { readonly isTTY?: boolean },
    signal,
    onNotes: (notes: Parameters<typeof tellNotes>[1]) => tellNotes(invocation, notes),
    onSaved: letGo,
    pullMailbox: (mailbox: string) => pullMailbox(spoken, mailbox),
    installService: () => installService(spoken),
  }
  const askInBrowser = async (): Promise<SetupOutcome> => {
    const { setUpInBrowser } = await import('./setup-in-browser.ts')
    return setUpInBrowser(invocation, flags, signal).finally(letGo)
  }
  try {
    return await runAnswering(invocation, async () => {
      const outcome = await (inBrowser ? askInBrowser() : converse(request)).catch(unlessLeft)
      if (outcome === undefined) return answerLeft(spoken, leftWords(spoken, flags.part))
      const { answer, exitCode, runHere } = outcome
      if (invocation.json && answer !== undefined) writeJson(invocation, answer)
      if (!runHere) return exitCode
      const { runCommand } = await import('./run.ts')
      return runCommand(spoken)
    })
  } finally {
    letGo()
  }
}

function leftWords({ language }: Invocation, part: SetupPart): string {
  const { left, leftUnchanged } = setupWords[language]
  return part === 'google' || part === 'password' ? leftUnchanged : left
}
