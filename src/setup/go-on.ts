/** After the saving: a running daemon goes on, a first pull, the service. */
import { exitCodes } from '../base/fault.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { openJournal } from '../journal/sqlite.ts'
import { confirm } from './asker.ts'
import type { SetupContext } from './context.ts'

/**
 * A new permission reaches a daemon that waits for it: the account's waiting state is cleared and the bell rung.
 * @returns whether one is running
 */
export async function wakeDaemon(
  stateDir: string,
  account: string,
  endsAtMs: number | undefined,
): Promise<boolean> {
  const running = isInstanceRunning(stateDir)
  const journal = await openJournal(stateDir, 'look')
  if (journal === undefined) return running
  try {
    await journal.updateAccount(account, {
      notBeforeMs: undefined,
      failingSinceMs: undefined,
      fault: undefined,
      failures: 0,
      consentEndsAtMs: endsAtMs,
    })
    const own = { scope: 'account', name: account, subject: '' } as const
    if (
      /^gmail\.(unauthorized|consent-|scope-missing|client-invalid)/.test(
        (await journal.troubles.find(own))?.code ?? '',
      )
    )
      await journal.troubles.closed(own, 'owner', Date.now())
    if (running) {
      const { checkNowNote } = await import('../daemon.ts')
      await journal.setNote(checkNowNote, '1')
    }
  } finally {
    await journal.close()
  }
  return running
}

/** What the first pull did: the object that `hikyaku pull --json` prints, or undefined where none was made. */
export async function offerPull(context: SetupContext, mailbox: string): Promise<object | undefined> {
  const { asker, words, place, pullMailbox } = context
  if (isInstanceRunning(place.stateDir)) {
    asker.tell('warn', words.pull.running)
    return undefined
  }
  const { question, yes, no } = words.pull
  if (!(await confirm(asker, { id: 'pull', message: question, initial: true, yes, no }))) return undefined
  return pullMailbox(mailbox)
}

export type ServiceChoice = 'install' | 'here' | 'later'

/** What was chosen, and the exit code of `service install` where it was tried last. */
export interface ServiceAnswer {
  readonly chosen: ServiceChoice
  readonly exitCode: number
}

export async function offerService({ asker, words, installService }: SetupContext): Promise<ServiceAnswer> {
  // `--yes` alone changes nothing outside hikyaku's own folders.
  let initial: ServiceChoice = asker.interactive ? 'install' : 'later'
  for (;;) {
    const chosen = await asker.choose<ServiceChoice>({
      id: 'service',
      message: words.service.question,
      choices: [
        { value: 'install', label: words.service.install },
        { value: 'here', label: words.service.here },
        { value: 'later', label: words.service.later },
      ],
      initial,
    })
    if (chosen !== 'install') return { chosen, exitCode: exitCodes.ok }
    const exitCode = await installService()
    if (exitCode === exitCodes.ok || !asker.interactive) return { chosen, exitCode }
    asker.tell('bad', words.service.notInstalled)
    initial = 'here'
  }
}
