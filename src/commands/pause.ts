/** `hikyaku pause` and `hikyaku resume`: the owner's wish that nobody logs in to a mailbox, and its end. */
import { exitCodes } from '../base/fault.ts'
import { timeJson } from '../base/time-json.ts'
import { printable } from '../base/untrusted.ts'
import { openJournal } from '../bridge.ts'
import type { Journal } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { pauseWords } from '../locale/pause-words.ts'
import { pauseMailboxes, readPauses, resumeMailboxes } from '../pull/paused.ts'
import { chooseMailboxes, withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'

/** @param mailboxes names; all of the configuration where there is none */
export async function pauseCommand(
  invocation: Invocation,
  wish: 'pause' | 'resume',
  mailboxes: readonly string[],
): Promise<number> {
  const { language, words } = invocation
  const own = pauseWords[language]
  return withConfig(
    invocation,
    async config => {
      const names = chooseMailboxes(config, mailboxes).map(({ name }) => name)
      const running = isInstanceRunning(config.stateDir)
      const journal = await openJournal(config.stateDir)
      try {
        // What is not paused needs no resuming; a pause that is kept nowhere must not look like one.
        const isKept = journal !== undefined || wish === 'resume'
        const exitCode = isKept ? exitCodes.ok : exitCodes.unavailable
        const changed = new Set(journal === undefined ? [] : await changePauses(journal, wish, names))
        const pauses = await readPauses(journal)
        if (invocation.json) {
          const states = names.map(mailbox => ({
            mailbox,
            changed: changed.has(mailbox),
            ...timeJson('pausedSince', pauses.get(mailbox)?.sinceMs),
          }))
          writeJson(invocation, { ok: isKept, exitCode, running, mailboxes: states })
          return exitCode
        }
        if (!isKept) {
          writeLine(invocation, own.noJournal)
          return exitCode
        }
        for (const name of names) {
          const shown = printable(name, 100)
          const since = words.format.instant(pauses.get(name)?.sinceMs)
          if (wish === 'pause')
            writeLine(invocation, changed.has(name) ? own.paused(shown) : own.pausedBefore(shown, since))
          else writeLine(invocation, changed.has(name) ? own.resumed(shown) : own.notPaused(shown))
        }
        if (changed.size > 0 && wish === 'pause' && running) writeLine(invocation, own.ends)
        if (changed.size > 0 && wish === 'resume')
          writeLine(invocation, running ? own.begins : own.beginsLater)
        return exitCode
      } finally {
        await journal?.close()
      }
    },
    false,
  )
}

/** @returns those that are not what they were before */
const changePauses = (
  journal: Journal,
  wish: 'pause' | 'resume',
  names: readonly string[],
): Promise<readonly string[]> =>
  wish === 'pause' ? pauseMailboxes(journal, names, Date.now()) : resumeMailboxes(journal, names)
