/** The slope table: a line for each cost, a column for each size of fleet. */

interface Spread {
  readonly p50: number
  readonly p95: number
}

interface Dear {
  readonly query: string
  readonly calls: number
  readonly ms: number
  readonly walOctets: number
}

/** What a fleet of one size cost. CPU is in cores where it is of a time, and in ms where it is of a message. */
export interface Slope {
  readonly mailboxes: number
  readonly workers: number
  readonly connections: number
  /** From the start of the workers until nobody's mailbox is left, and until each was pulled once. */
  readonly takenS: number
  readonly pulledS: number
  readonly leftS: number
  readonly idle: {
    readonly seconds: number
    readonly pulls: number
    readonly faults: number
    readonly statementsPerS: number
    readonly commitsPerS: number
    readonly databaseCores: number
    readonly workerCores: number
    readonly walOctetsPerMailboxDay: number
    readonly statementsPerMailboxDay: number
    readonly rssMiB: number
    readonly rssKiBPerMailbox: number
    readonly pullMs: Spread
    readonly dearest: readonly Dear[]
  }
  readonly mail: {
    readonly messages: number
    /** Of 1,000 that come at once. */
    readonly burstPerS: number
    readonly burstStatements: number
    /** Part of all transactions that was undone: disturbed by another, and begun anew. */
    readonly burstUndone: number
    readonly burstCpuMs: number
    readonly burstRecordMs: Spread
    readonly statements: number
    readonly commits: number
    readonly walOctets: number
    readonly databaseCpuMs: number
    readonly workerCpuMs: number
    readonly octetsPer1000: number
    readonly recordMs: Spread
    readonly dearest: readonly Dear[]
  }
}

const round = (value: number, digits = 0): string => value.toFixed(digits)
const kibi = (octets: number): string => round(octets / 1024)
const spread = ({ p50, p95 }: Spread): string => `${round(p50, 1)} / ${round(p95, 1)}`

const rows: readonly (readonly [name: string, (slope: Slope) => string])[] = [
  ['worker processes', ({ workers }) => round(workers)],
  ['connections to PostgreSQL', ({ connections }) => round(connections)],
  ['cold start: all taken, s', ({ takenS }) => round(takenS, 1)],
  ['cold start: each pulled once, s', ({ pulledS }) => round(pulledS, 1)],
  ['SIGTERM: all let go, s', ({ leftS }) => round(leftS, 1)],
  ['idle: pulls a second', ({ idle }) => round(idle.pulls / idle.seconds, 1)],
  ['idle: statements a second', ({ idle }) => round(idle.statementsPerS)],
  ['idle: transactions a second', ({ idle }) => round(idle.commitsPerS)],
  ['idle: CPU of the database, cores', ({ idle }) => round(idle.databaseCores, 3)],
  ['idle: CPU of the workers, cores', ({ idle }) => round(idle.workerCores, 3)],
  ['idle: WAL, KiB a mailbox and day', ({ idle }) => kibi(idle.walOctetsPerMailboxDay)],
  ['idle: statements a mailbox and day', ({ idle }) => round(idle.statementsPerMailboxDay)],
  ['idle: memory of the workers, MiB', ({ idle }) => round(idle.rssMiB)],
  ['idle: memory, KiB a mailbox', ({ idle }) => round(idle.rssKiBPerMailbox)],
  ['idle: begin of a pull, ms, p50 / p95', ({ idle }) => spread(idle.pullMs)],
  ['mail: imported a second, of 1,000 at once', ({ mail }) => round(mail.burstPerS)],
  ['mail, 1,000 at once: statements each', ({ mail }) => round(mail.burstStatements, 1)],
  ['mail, 1,000 at once: begun anew, %', ({ mail }) => round(mail.burstUndone * 100, 1)],
  ['mail, 1,000 at once: CPU of the database, ms', ({ mail }) => round(mail.burstCpuMs, 2)],
  ['mail, 1,000 at once: record, ms, p50 / p95', ({ mail }) => spread(mail.burstRecordMs)],
  ['mail: statements each', ({ mail }) => round(mail.statements, 1)],
  ['mail: transactions each', ({ mail }) => round(mail.commits, 1)],
  ['mail: WAL, KiB each', ({ mail }) => round(mail.walOctets / 1024, 1)],
  ['mail: CPU of the database, ms each', ({ mail }) => round(mail.databaseCpuMs, 2)],
  ['mail: CPU of the workers, ms each', ({ mail }) => round(mail.workerCpuMs, 2)],
  ['mail: rows and indexes, KiB per 1,000', ({ mail }) => kibi(mail.octetsPer1000)],
  ['mail: record of an import, ms, p50 / p95', ({ mail }) => spread(mail.recordMs)],
]

export function tableOf(slopes: readonly Slope[]): string {
  const cells = [
    ['mailboxes', ...slopes.map(({ mailboxes }) => mailboxes.toLocaleString('en'))],
    ...rows.map(([name, show]) => [name, ...slopes.map(show)]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0))) ?? []
  return cells
    .map(row =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
