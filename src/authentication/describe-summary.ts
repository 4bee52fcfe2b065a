/** The summary as text for people: what `hikyaku report` prints. */

import type { Language } from '../base/language.ts'
import { alignTable, indentParagraph } from '../base/text-width.ts'
import { printable } from '../base/untrusted.ts'
import type { Summary, SummaryRow } from './summary.ts'
import { authenticationWords } from './words.ts'

export interface SummaryOptions {
  readonly language: Language
  readonly days: number
  /** Cells of the terminal. */
  readonly columns?: number
  /** Most rows shown; the others are added up in one. */
  readonly rows?: number
}

const barCells = 20

/** @returns lines without line ends */
export function describeSummary(summary: Summary, options: SummaryOptions): string[] {
  const { report, labels } = authenticationWords[options.language]
  const cells = Math.max(60, Math.min(options.columns ?? 100, 120))
  const { total } = summary
  const days = String(options.days)
  if (total.messages + total.notKnown === 0) return [report.empty(days)]
  const { shown, others } = cutRows(summary.rows, options.rows ?? 25)
  const most = Math.max(1, ...shown.map(row => row.lost + row.spam))
  const line = (row: SummaryRow): string[] => [
    printable(row.mailbox, 30),
    row.senderDomain === '' ? labels.notTold : printable(row.senderDomain, 40),
    ...numbers(row),
    bar(row, most),
  ]
  const { columns } = report
  const rows = [
    [
      columns.mailbox,
      columns.sender,
      columns.messages,
      columns.lost,
      columns.spam,
      columns.softfail,
      columns.chart,
    ],
    ...shown.map(line),
    ...(others === undefined
      ? []
      : [['', report.others(String(summary.rows.length - shown.length)), ...numbers(others), '']]),
    ['', report.total, ...numbers(total), ''],
  ]
  return [
    report.title(days),
    '',
    ...alignTable(rows, { width: cells, right: [2, 3, 4, 5] }).split('\n'),
    '',
    report.legend,
    '',
    ...indentParagraph(
      report.summary({
        messages: String(total.messages),
        lost: String(total.lost),
        spam: String(total.spam),
      }),
      cells,
    ),
    ...(total.notKnown === 0 ? [] : indentParagraph(report.notKnown(String(total.notKnown)), cells)),
  ]
}

const numbers = (counts: Summary['total']): string[] =>
  [counts.messages, counts.lost, counts.spam, counts.softfail].map(String)

/** ASCII, for block characters are of ambiguous width on Japanese terminals (UAX 11). Whatever is not 0 shows. */
function bar({ lost, spam }: SummaryRow, most: number): string {
  if (lost + spam === 0) return ''
  const all = Math.max((lost > 0 ? 1 : 0) + (spam > 0 ? 1 : 0), Math.round(((lost + spam) / most) * barCells))
  const lostCells =
    lost === 0 ? 0 : Math.min(all - (spam > 0 ? 1 : 0), Math.max(1, Math.round((lost / (lost + spam)) * all)))
  return '#'.repeat(lostCells) + '+'.repeat(all - lostCells)
}

function cutRows(
  rows: readonly SummaryRow[],
  limit: number,
): { shown: readonly SummaryRow[]; others: Summary['total'] | undefined } {
  if (rows.length <= limit) return { shown: rows, others: undefined }
  const others = { messages: 0, lost: 0, spam: 0, softfail: 0, notKnown: 0 }
  for (const row of rows.slice(limit)) {
    others.messages += row.messages
    others.lost += row.lost
    others.spam += row.spam
    others.softfail += row.softfail
    others.notKnown += row.notKnown
  }
  return { shown: rows.slice(0, limit), others }
}
