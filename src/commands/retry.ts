/** `hikyaku retry ID...|all`: another try for what was set aside; the running daemon does it at once, else the next pull. */
import { exitCodes } from '../base/fault.ts'
import { openJournal } from '../bridge.ts'
import type { MessageRow } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { askForPull, findAside, isAside, tryAgain } from '../pull/owner-acted.ts'
import { readPauses } from '../pull/paused.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'
import { tellPausedAmong } from './tell-paused.ts'

export async function retryCommand(invocation: Invocation, ids: readonly string[]): Promise<number> {
  const { words } = invocation
  return withConfig(
    invocation,
    async config => {
      const journal = await openJournal(config.stateDir)
      if (journal === undefined) {
        if (invocation.json)
          writeJson(invocation, { ok: true, exitCode: 0, retried: [], running: false, problems: [] })
        else writeLine(invocation, words.retry.nothing)
        return exitCodes.ok
      }
      try {
        const problems: string[] = []
        const rows: MessageRow[] = []
        const all = ids.length === 0 || ids.includes('all')
        if (all) {
          for (const { name } of config.mailboxes) rows.push(...(await findAside(journal, name)))
        } else {
          for (const id of ids) {
            const row = /^#?\d{1,15}$/.test(id) ? await journal.row(Number(id.replace('#', ''))) : undefined
            if (row === undefined) problems.push(words.retry.notFound(id))
            else if (isAside(row)) rows.push(row)
            else problems.push(words.retry.notAside(row.id, row.stage))
          }
        }
        const retried = await tryAgain(journal, rows)
        const running = isInstanceRunning(config.stateDir)
        if (running && retried.length > 0) await askForPull(journal)
        const exitCode = problems.length > 0 ? exitCodes.usage : exitCodes.ok
        if (invocation.json) {
          writeJson(invocation, { ok: exitCode === 0, exitCode, retried, running, problems })
        } else {
          for (const problem of problems) invocation.stderr.write(`${problem}\n`)
          writeLine(
            invocation,
            retried.length === 0 ? words.retry.nothing : words.retry.again(retried.length, running),
          )
          const names = rows.map(({ mailbox }) => mailbox)
          tellPausedAmong(invocation, names, await readPauses(journal))
        }
        return exitCode
      } finally {
        await journal.close()
      }
    },
    false,
  )
}
