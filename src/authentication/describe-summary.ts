/** The summary as text for people: what `hikyaku report` prints. */

import type { Language } from '../base/language.ts'
import { alignTable, indentParagraph } from '../base/text-width.ts'
import { printable } from '../base/untrusted.ts'
import { addUp, type Summary, type SummaryRow } from './summary.ts'
import { authenticationWords } from './words.ts'

export interface SummaryOptions {
  readonly language: Language
  readonly days: number
  /** Cells of the terminal. */
  readonly columns?: number
  /** Most rows shown; the others are added up in one. */
  readonly rows?: number
}

/** @returns lines without line ends */
export function describeSummary(summary: Summary, options: SummaryOptions): string[] {
  const { report, labels } = authenticationWords[options.language]
  const cells = Math.max(60, Math.min(options.columns ?? 100, 120))
  const { total } = summary
  const days = String(options.days)
  if (total.messages + total.notKnown === 0) return [report.empty(days)]
  const { shown, others } = cutRows(summary, options.rows ?? 25)
  const cellsOfBar = cells < 100 ? 10 : 20
  const most = Math.max(1, ...shown.map(barLength))
  const line = (row: SummaryRow): string[] => [
    printable(row.mailbox, 30),
    row.senderDomain === '' ? labels.notTold : printable(row.senderDomain, 40),
    ...numbers(row),
    bar(row, most, cellsOfBar),
  ]
  const { columns } = report
  const rows = [
    [
      columns.mailbox,
      columns.sender,
      columns.messages,
      columns.lost,
      columns.possiblyLost,
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
    ...alignTable(rows, { width: cells, right: [2, 3, 4, 5, 6] }).split('\n'),
    '',
    ...indentParagraph(report.legend, cells),
    '',
    ...indentParagraph(
      report.summary({
        messages: String(total.messages),
        lost: String(total.lost),
        possiblyLost: String(total.possiblyLost),
        spam: String(total.spam),
      }),
      cells,
    ),
    ...(total.notKnown === 0 ? [] : indentParagraph(report.notKnown(String(total.notKnown)), cells)),
  ]
}

const numbers = (counts: Summary['total']): string[] =>
  [counts.messages, counts.lost, counts.possiblyLost, counts.spam, counts.softfail].map(String)

const barLength = ({ lost, possiblyLost, spam }: SummaryRow): number => lost + possiblyLost + spam

/** ASCII, for block characters are of ambiguous width on Japanese terminals (UAX 11). Whatever is not 0 shows. */
function bar(row: SummaryRow, most: number, cellsOfBar: number): string {
  const parts = (
    [
      ['#', row.lost],
      ['?', row.possiblyLost],
      ['+', row.spam],
    ] as const
  ).filter(([, count]) => count > 0)
  const sum = barLength(row)
  const all = Math.max(parts.length, Math.round((sum / most) * cellsOfBar))
  const cells = parts.map(([, count]) => Math.max(1, Math.round((count / sum) * all)))
  // What rounding gave too much or too little is the longest part's.
  const longest = cells.indexOf(Math.max(...cells))
  const rest = all - cells.reduce((total, count) => total + count, 0)
  return parts
    .map(([mark], place) => mark.repeat((cells[place] ?? 0) + (place === longest ? rest : 0)))
    .join('')
}

function cutRows(
  { rows, beyond }: Summary,
  limit: number,
): { shown: readonly SummaryRow[]; others: Summary['total'] | undefined } {
  if (rows.length <= limit) return { shown: rows, others: undefined }
  const others = addUp([...rows.slice(limit), ...(beyond === undefined ? [] : [beyond])])
  return { shown: rows.slice(0, limit), others }
}
