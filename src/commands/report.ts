/** `hikyaku report [--days 30]`: what forwarding would have done to the mail that was imported. */
import { describeSummary } from '../authentication/describe-summary.ts'
import { summarize } from '../authentication/summary.ts'
import { authenticationWords } from '../authentication/words.ts'
import { exitCodes, Fault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { openJournal } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import type { MessageRow } from '../journal/journal.ts'
import { sumUpForwarding } from '../status/forwarding.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'

const dayMs = 24 * 3600_000

export interface ReportOptions {
  /** How many days back, 1 to 3650. */
  readonly days: number
  readonly nowMs?: number
}

/** Throws Fault usage.invalid, config.invalid, journal.*. */
export async function reportCommand(invocation: Invocation, options: ReportOptions): Promise<number> {
  const { days, nowMs = Date.now() } = options
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    throw new Fault('usage.invalid', {
      facts: { what: `--days takes a whole number from 1 to 3650, not ${days}` },
    })
  }
  const look = async (config: Config): Promise<number> => {
    const journal = await openJournal(config.stateDir)
    try {
      const sinceMs = nowMs - days * dayMs
      const summary =
        journal === undefined
          ? summarize([])
          : await sumUpForwarding(journal, sinceMs, Number.MAX_SAFE_INTEGER)
      const repeated = (await journal?.repeatedSince(sinceMs)) ?? []
      if (invocation.json) {
        writeJson(invocation, {
          ok: true,
          exitCode: exitCodes.ok,
          days,
          ...summary,
          repeated: repeated.map(repeatedJson),
        })
      } else {
        const { language, stdout } = invocation
        const columns = stdout.columns === undefined ? {} : { columns: stdout.columns }
        for (const line of describeSummary(summary, { language, days, ...columns }))
          writeLine(invocation, line)
        tellRepeated(invocation, repeated)
      }
      return exitCodes.ok
    } finally {
      await journal?.close()
    }
  }
  return withConfig(invocation, look, false)
}

function repeatedJson({ id, mailbox, messageId, repeated }: MessageRow): object {
  return { id, mailbox, messageId: messageId ?? null, repeated }
}

const repeatedShown = 20

function tellRepeated(invocation: Invocation, rows: readonly MessageRow[]): void {
  if (rows.length === 0) return
  writeLine(invocation, '')
  writeLine(invocation, authenticationWords[invocation.language].report.repeated)
  for (const { id, mailbox, messageId } of rows.slice(-repeatedShown)) {
    writeLine(invocation, `  #${id}  ${printable(mailbox, 30)}  ${printable(messageId ?? '-', 100)}`)
  }
}
