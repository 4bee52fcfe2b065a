/** `hikyaku retry ID...|all`: another try for what was set aside; the running daemon does it at once, else the next pull. */
import { exitCodes } from '../base/fault.ts'
import { openJournal } from '../bridge.ts'
import type { MessageRow } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { askForPull } from '../pull/owner-acted.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'

/** Set aside while the outcome of an upload is unknown: it is looked for first, as it would be anyway. */
const isImporting = (row: MessageRow): boolean =>
  row.stage === 'importing' && row.fault?.code === 'message.poison'

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
          for (const { name } of config.mailboxes)
            rows.push(
              ...(await journal.inStages(name, ['refused', 'deferred'])),
              ...(await journal.inStages(name, ['importing'])).filter(isImporting),
            )
        } else {
          for (const id of ids) {
            const row = /^#?\d{1,15}$/.test(id) ? await journal.row(Number(id.replace('#', ''))) : undefined
            if (row === undefined) problems.push(words.retry.notFound(id))
            else if (row.stage === 'refused' || row.stage === 'deferred' || isImporting(row)) rows.push(row)
            else problems.push(words.retry.notAside(row.id, row.stage))
          }
        }
        const fresh = { attempts: 0, firstFailedAtMs: null, notBeforeMs: null } as const
        // The daemon may have taken one up meanwhile: then its stage is its own.
        const retried = await journal.moveAll(
          rows.map(row => ({
            id: row.id,
            from: row.stage,
            to: row.stage === 'refused' ? 'listed' : row.stage,
            patch: fresh,
          })),
        )
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
        }
        return exitCode
      } finally {
        await journal.close()
      }
    },
    false,
  )
}
