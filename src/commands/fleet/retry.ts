/** `hikyaku fleet retry KEY ID...|all`: another try for what was set aside of a mailbox of a fleet. */
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import type { MessageRow } from '../../journal/journal.ts'
import { findAside, isAside, tryAgain } from '../../pull/owner-acted.ts'
import { type Invocation, writeJson, writeLine } from '../invocation.ts'
import { keyOf } from './choose-keys.ts'
import { withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export async function fleetRetryCommand(
  invocation: Invocation,
  written: string,
  ids: readonly string[],
): Promise<number> {
  const { words, language } = invocation
  const own = fleetWords[language].retry
  return withFleet(invocation, 'retry', async ({ find, journal, askForPulls }) => {
    const key = keyOf(written)
    const [entry] = await find([key])
    const problems: string[] = []
    const rows: MessageRow[] = []
    if (ids.length === 0 || ids.includes('all')) rows.push(...(await findAside(journal, key)))
    else
      for (const id of ids) {
        const row = /^#?\d{1,15}$/.test(id) ? await journal.row(Number(id.replace('#', ''))) : undefined
        // A number of another mailbox, perhaps of another customer, is none of this one.
        if (row?.mailbox !== key) problems.push(words.retry.notFound(printable(id, 40)))
        else if (isAside(row)) rows.push(row)
        else problems.push(words.retry.notAside(row.id, row.stage))
      }
    const retried = await tryAgain(journal, rows)
    if (retried.length > 0 && entry?.isPaused === false) await askForPulls([key])
    const exitCode = problems.length > 0 ? exitCodes.usage : exitCodes.ok
    if (invocation.json) {
      writeJson(invocation, { ok: exitCode === 0, exitCode, retried, problems })
      return exitCode
    }
    for (const problem of problems) invocation.stderr.write(`${problem}\n`)
    writeLine(invocation, retried.length === 0 ? words.retry.nothing : own.again(retried.length))
    if (retried.length > 0 && entry?.isPaused === true) writeLine(invocation, own.paused(printable(key)))
    return exitCode
  })
}
