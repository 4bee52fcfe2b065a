/** After the saving: a running daemon goes on, a first pull, the service. */
import { exitCodes } from '../base/fault.ts'
import { openJournal } from '../bridge.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { askForPull, endAccountWait } from '../pull/owner-acted.ts'
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
  const journal = await openJournal(stateDir)
  if (journal === undefined) return running
  try {
    await endAccountWait(journal, account, endsAtMs, Date.now())
    if (running) await askForPull(journal)
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

export async function offerService({
  asker,
  words,
  place,
  options,
  installService,
}: SetupContext): Promise<ServiceAnswer> {
  // A second one beside it would only say so and end.
  const running = isInstanceRunning(place.stateDir) && options.service === undefined
  // `--yes` alone changes nothing outside hikyaku's own folders.
  let initial: ServiceChoice = asker.interactive ? 'install' : 'later'
  for (;;) {
    const chosen = await asker.choose<ServiceChoice>({
      id: 'service',
      message: words.service.question,
      choices: [
        { value: 'install', label: words.service.install },
        ...(running ? [] : [{ value: 'here' as const, label: words.service.here }]),
        { value: 'later', label: words.service.later },
      ],
      initial,
    })
    if (chosen !== 'install') return { chosen, exitCode: exitCodes.ok }
    const exitCode = await installService()
    if (exitCode === exitCodes.ok || !asker.interactive) return { chosen, exitCode }
    asker.tell('bad', words.service.notInstalled)
    initial = running ? 'later' : 'here'
  }
}
