/** `hikyaku report [--days 30]`: what forwarding would have done to the mail that was imported. */
import { parseAuthentication } from '../authentication/authentication.ts'
import { describeSummary } from '../authentication/describe-summary.ts'
import { type SummaryInput, summarize } from '../authentication/summary.ts'
import type { Config } from '../config/config.ts'
import { exitCodes, Fault } from '../fault.ts'
import type { MessageRow } from '../journal/journal.ts'
import { openJournal } from '../journal/sqlite.ts'
import { type Invocation, withConfig, writeJson, writeLine } from './invocation.ts'

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
    const journal = openJournal(config.stateDir, 'look')
    try {
      const rows = journal?.importedSince(nowMs - days * dayMs) ?? []
      const summary = summarize(rows.map(inputOf))
      if (invocation.json) {
        writeJson(invocation, { ok: true, exitCode: exitCodes.ok, days, ...summary })
      } else {
        const { language, stdout } = invocation
        const columns = stdout.columns === undefined ? {} : { columns: stdout.columns }
        for (const line of describeSummary(summary, { language, days, ...columns }))
          writeLine(invocation, line)
      }
      return exitCodes.ok
    } finally {
      journal?.close()
    }
  }
  return withConfig(invocation, look, false)
}

function inputOf(row: MessageRow): SummaryInput {
  const authentication = parseAuthentication(row.authentication)
  return {
    mailbox: row.mailbox,
    senderDomain: authentication?.senderDomain ?? '',
    cost: authentication?.forecast?.cost,
  }
}
