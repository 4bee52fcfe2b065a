/** The set-up's conversation held on a page: what the terminal asks, with the page's asker in its place. */
import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { exitCodes } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { findPlace } from '../config/place.ts'
import { hasBrowser } from '../google/open-browser.ts'
import { chooseWords } from '../locale/locale.ts'
import { converse, type SetupFlags, type SetupOutcome } from '../setup/conversation.ts'
import { nameThisComputer } from '../setup/this-computer.ts'
import type { ConverseOnPage, EndKind } from '../web/setup/set-ups.ts'
import { makeSetupWords, pageSetupWords } from '../web/setup/words.ts'
import type { Invocation } from './invocation.ts'
import { installService, pullMailbox } from './setup-acts.ts'

export interface OnPage {
  /** It is a daemon's page: a service may be let write its state and nothing else. */
  readonly inDaemon?: boolean
  /** Answers that the command line gave. */
  readonly answers?: SetupFlags['answers']
  readonly onOutcome?: (outcome: SetupOutcome) => void
}

/** @param invocation whose environment and folder the set-up works in */
export function makeConverse(invocation: Invocation, parts: OnPage = {}): ConverseOnPage {
  const { env, cwd } = invocation
  return async ({ part, answers, language }, page, signal) => {
    if (parts.inDaemon === true && (part === 'everything' || part === 'mailbox')) {
      const { configFile, byEnvironment } = await findPlace(env, cwd)
      // Before anybody answers twenty questions in vain.
      if (!byEnvironment && !(await mayWriteBeside(configFile))) {
        page.asker.tell('warn', pageSetupWords[language].notWritable(printable(configFile)))
        return 'nothing'
      }
    }
    const tell = (line: string): void => page.asker.tell('info', line)
    const lines = lineWriter(tell, page.showProgress)
    const stdin = new PassThrough()
    const spoken: Invocation = {
      ...invocation,
      language,
      words: chooseWords(language),
      json: false,
      stdin,
      stdout: lines,
      stderr: lines,
    }
    const outcome = await converse({
      flags: { part, yes: false, languageGiven: true, answers: { ...parts.answers, ...answers } },
      ports: {
        asker: page.asker,
        words: makeSetupWords(nameThisComputer(env), part === 'google' || part === 'password'),
        plain: page.showLine,
        // The page leads there; whether it is shown on this computer is all that has to be known.
        openBrowser: async () => hasBrowser(env),
      },
      ...{ env, cwd, language, signal },
      stdin,
      stderr: lines,
      onNotes: () => {},
      onLanguage: () => {},
      onSaved: () => {},
      pullMailbox: mailbox => pullMailbox(spoken, mailbox),
      installService: () => installService(spoken),
    }).finally(() => lines.end())
    parts.onOutcome?.(outcome)
    return describeEnd(part, outcome)
  }
}

/** @param file which need not be there yet, nor the folder that it would be in */
async function mayWriteBeside(file: string): Promise<boolean> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const code = await access(folder, constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    )
    if (code !== 'ENOENT' || folder === dirname(folder)) return code === undefined
  }
}

function describeEnd(part: string, { exitCode, answer }: SetupOutcome): EndKind {
  if (answer === undefined) return 'nothing'
  if (exitCode !== exitCodes.ok) return 'mostly'
  const { pull } = answer as { readonly pull?: { readonly exitCode?: number } | null }
  if (pull) return pull.exitCode === exitCodes.ok ? 'pulled' : 'mostly'
  return part === 'password' || part === 'google' ? 'changed' : 'saved'
}

/**
 * A terminal that is none: whole lines are told, and a line that is redrawn (progress.ts) shows how far something is.
 * @param show the line that is being redrawn; undefined: there is none any more
 */
function lineWriter(
  tell: (line: string) => void,
  show: (line: string | undefined) => void,
): Writable & { readonly isTTY: true } {
  let rest = ''
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      rest += String(chunk).replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const last = line.split('\r').at(-1) ?? ''
        if (last.trim() !== '') tell(last)
      }
      if (rest.includes('\r')) {
        rest = `\r${rest.split('\r').at(-1) ?? ''}`
        show(rest.trim() === '' ? undefined : rest.trim())
      }
      done()
    },
  })
  return Object.assign(stream, { isTTY: true as const })
}
