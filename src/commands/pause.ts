/** `hikyaku pause` and `hikyaku resume`: the owner's wish that nobody logs in to a mailbox, and its end. */
import { exitCodes } from '../base/fault.ts'
import { timeJson } from '../base/time-json.ts'
import { printable } from '../base/untrusted.ts'
import { openJournal } from '../bridge.ts'
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
      if (journal === undefined) {
        // What is not paused needs no resuming; a pause that is kept nowhere must not look like one.
        const exitCode = wish === 'pause' ? exitCodes.unavailable : exitCodes.ok
        const states = names.map(mailbox => ({
          mailbox,
          changed: false,
          ...timeJson('pausedSince', undefined),
        }))
        if (invocation.json)
          writeJson(invocation, { ok: exitCode === exitCodes.ok, exitCode, running, mailboxes: states })
        else if (wish === 'pause') writeLine(invocation, own.noJournal)
        else for (const name of names) writeLine(invocation, own.notPaused(printable(name, 100)))
        return exitCode
      }
      try {
        const changed = new Set(
          wish === 'pause'
            ? await pauseMailboxes(journal, names, Date.now())
            : await resumeMailboxes(journal, names),
        )
        const pauses = await readPauses(journal)
        if (invocation.json) {
          const states = names.map(mailbox => ({
            mailbox,
            changed: changed.has(mailbox),
            ...timeJson('pausedSince', pauses.get(mailbox)?.sinceMs),
          }))
          writeJson(invocation, { ok: true, exitCode: exitCodes.ok, running, mailboxes: states })
          return exitCodes.ok
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
        return exitCodes.ok
      } finally {
        await journal.close()
      }
    },
    false,
  )
}
