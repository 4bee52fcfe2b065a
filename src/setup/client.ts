/** Step 4: the owner's own Google client, made in the Cloud Console by numbered steps, and its downloaded file. */

import { Fault } from '../base/fault.ts'
import { homeOf } from '../base/home.ts'
import { lookUp } from '../base/look-up.ts'
import { resolveWrittenPath } from '../config/load-paths.ts'
import { type DesktopClient, readClientFile } from '../google/client-file.ts'
import { describeFault } from '../locale/locale.ts'
import { confirm } from './asker.ts'
import type { SetupContext } from './context.ts'

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

/** Shows the steps, asks for the file and checks it. @throws gmail.client-invalid where nobody can be asked again */
export async function askClient(context: SetupContext, address: string): Promise<GoogleClient> {
  const { asker, words, options, env, cwd, language } = context
  const whole = (text: string): string => resolveWrittenPath(typedPath(text), cwd, homeOf(env))
  const serviceAccount = options['service-account-file']
  if (serviceAccount !== undefined) return { kind: 'service-account', keyFile: whole(serviceAccount) }
  if (options['client-file'] === undefined)
    for (const step of words.google.steps(address)) context.plain(step)
  for (;;) {
    const typed = await asker.text({ id: 'client-file', message: words.google.clientFile })
    const file = whole(typed)
    try {
      return { kind: 'desktop', client: await readClientFile(file) }
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
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
