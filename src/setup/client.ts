/**
 * Step 4: the owner's own Google client, made in the Cloud Console by numbered steps: its downloaded file, the text of
 * that file, or ID and secret, since the browser that downloads may be on another computer.
 */
import { existsSync } from 'node:fs'

import { Fault } from '../base/fault.ts'
import { homeOf } from '../base/home.ts'
import { lookUp } from '../base/look-up.ts'
import { resolveWrittenPath } from '../config/load-paths.ts'
import { type DesktopClient, parseClientJson, readClientFile } from '../google/client-file.ts'
import { hasBrowser } from '../google/open-browser.ts'
import { describeFault } from '../locale/locale.ts'
import { confirm } from './asker.ts'
import type { SetupContext } from './context.ts'
import { nameThisComputer } from './this-computer.ts'

export type GoogleClient =
  | { readonly kind: 'desktop'; readonly client: DesktopClient }
  /** Workspace: a service account with domain-wide delegation. */
  | { readonly kind: 'service-account'; readonly keyFile: string }

/** Quotation marks, backslashes and `file://`, as terminals put them around a file that is dropped on them. */
function typedPath(text: string): string {
  const bare = text.trim().replace(/^(["'])(.*)\1$/u, '$2')
  if (bare.startsWith('file://')) return decodeURIComponent(new URL(bare).pathname)
  return process.platform === 'win32' ? bare : bare.replace(/\\(.)/g, '$1')
}

const isText = (typed: string): boolean => typed.trimStart().startsWith('{')

/** A text that is being pasted and does not end yet. */
function isCutOff(typed: string): boolean {
  return isText(typed) && parseClientJson(typed) === 'not-json'
}

/** The client ID alone, as the console shows it beside the secret. */
function clientIdIn(typed: string): string | undefined {
  const id = typed.normalize('NFKC').replace(/^["']|["']$/gu, '')
  return /^[\w-]+\.apps\.googleusercontent\.com$/u.test(id) ? id : undefined
}

/** @param file the path, where it is one @throws gmail.client-invalid; never with the text */
async function readClient(
  { asker, words }: SetupContext,
  typed: string,
  file: string,
): Promise<DesktopClient> {
  const id = asker.interactive ? clientIdIn(typed) : undefined
  if (id !== undefined) {
    const secret = await asker.secret({ id: 'client-secret', message: words.google.clientSecret })
    return { id, secret: secret.trim() }
  }
  if (!isText(typed)) return readClientFile(file)
  const client = parseClientJson(typed)
  if (typeof client !== 'string') return client
  throw new Fault('gmail.client-invalid', { facts: { file: words.google.pastedText, reason: client } })
}

/** This computer as the one with the browser reaches it, or undefined where a browser is here. */
function targetOfCopy(env: SetupContext['env']): string | undefined {
  return hasBrowser(env) ? undefined : nameThisComputer(env)
}

/** One step at a time, since together they would run off the screen; a script is told all at once. */
async function showSteps({ asker, words }: SetupContext, address: string): Promise<void> {
  const steps = words.google.steps(address)
  if (!asker.interactive) return asker.tell('note', [words.google.stepsAhead(address), ...steps].join('\n\n'))
  for (const [at, step] of steps.entries()) {
    const chosen = await asker.choose({
      id: `google-step-${at + 1}`,
      message: words.google.stepDone(at + 1, steps.length),
      explain: at === 0 ? `${words.google.stepsAhead(address)}\n\n${step}` : step,
      quiet: true,
      choices: [
        { value: 'done', label: at + 1 < steps.length ? words.google.stepNext : words.google.stepsDone },
        ...(at + 1 < steps.length ? [{ value: 'all', label: words.google.stepsSkip }] : []),
      ],
      initial: 'done',
    })
    if (chosen === 'all') return
  }
}

/**
 * Shows the steps, asks for the file and checks it.
 * @param again the steps were shown before @throws gmail.client-invalid where nobody can be asked again
 */
export async function askClient(
  context: SetupContext,
  address: string,
  again: boolean,
): Promise<GoogleClient> {
  const { asker, words, options, env, cwd, language } = context
  const whole = (text: string): string => resolveWrittenPath(typedPath(text), cwd, homeOf(env))
  const serviceAccount = options['service-account-file']
  if (serviceAccount !== undefined) return { kind: 'service-account', keyFile: whole(serviceAccount) }
  if (options['client-file'] === undefined && !again) await showSteps(context, address)
  let target = targetOfCopy(env)
  for (;;) {
    const typed = await asker.text({
      id: 'client-file',
      message: words.google.clientFile,
      explain: target === undefined ? undefined : words.google.clientFileElsewhere(target),
      file: {
        accept: '.json,application/json',
        check: text => (isText(text) ? undefined : words.google.clientFileHints['not-json']),
      },
      partial: text => (isCutOff(text) ? words.google.clientMore : undefined),
      // Only what is there is a path: anything else may be what should not be kept.
      isSecret: text => isText(text) || !existsSync(whole(text)),
    })
    target = undefined // told once
    const file = isText(typed) ? words.google.pastedText : whole(typed)
    try {
      return { kind: 'desktop', client: await readClient(context, typed, file) }
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
      if (thrown.facts.reason === 'service-account' && isText(typed) && asker.interactive) {
        asker.tell('bad', words.google.clientFileWrong(file, words.google.keyAsFile))
        continue
      }
      if (thrown.facts.reason === 'service-account' && asker.interactive) {
        const { question, yes, no } = words.google.serviceAccount(address)
        const use = await confirm(asker, {
          id: 'service-account',
          message: question,
          initial: false,
          yes,
          no,
        })
        if (use) return { kind: 'service-account', keyFile: file }
        continue
      }
      if (!asker.interactive) throw thrown
      const reason = String(thrown.facts.reason)
      const hint = lookUp(words.google.clientFileHints, reason) ?? describeFault(thrown, language).next
      asker.tell('bad', words.google.clientFileWrong(file, hint))
    }
  }
}
