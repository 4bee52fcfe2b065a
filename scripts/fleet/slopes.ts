/**
 * What a fleet costs as it grows (`npm run fleet:slopes`): 100, 1,000 and 10,000 simulated mailboxes on a real PostgreSQL,
 * with the fleet's own scheduler, the real daemon, pulls and journal. Mailboxes and Gmail are without sockets, so what is
 * measured is the scheduler's and the database's part. Each has the schedule of IMAP (a look every five minutes behind the
 * watch), spread evenly.
 *
 *   node scripts/fleet/slopes.ts [--json FILE] [--window SECONDS] [MAILBOXES ...]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { type PostgresServer, startPostgres } from '../../test/servers/postgres.ts'
import { percentile } from '../bench/measure.ts'
import { cpuSeconds } from '../bench/process.ts'
import { type Slope, tableOf } from './slopes-table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, window: { type: 'string', default: '60' } },
})
const sizes = positionals.length > 0 ? positionals.map(Number) : [100, 1000, 10_000]
const windowS = Number(values.window)
/** A process takes so many and no more: several share the larger fleets, as they would. */
const ofWorker = 2000
const mostAtOnce = 50
const mailOctets = 5000
/** Mail that comes evenly, for its cost and the journal's answers; then so much at once, for how much goes through. */
const pacedPerS = 20
const pacedS = 20
const burst = 1000
const dayS = 86_400

const tell = (words: string): void => void process.stderr.write(`${words}\n`)
const script = fileURLToPath(new URL('slopes-worker.ts', import.meta.url))

interface Report {
  readonly pulls: number
  readonly imported: number
  readonly faults: number
  readonly held: number
  readonly rssMiB: number
  readonly cpuMs: number
  readonly answers: Readonly<Record<string, readonly number[]>>
}

async function startWorker(url: string, name: string, capacity: number) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, url, name, String(capacity), String(mostAtOnce)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async report(): Promise<Report> {
      child.stdin.write('report\n')
      return JSON.parse(String((await lines.next()).value))
    },
    mail: (count: number): void => void child.stdin.write(`mail ${count} ${mailOctets}\n`),
    async stop(): Promise<void> {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
type Worker = Awaited<ReturnType<typeof startWorker>>

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

interface Look {
  readonly atS: number
  readonly commits: number
  readonly undone: number
  readonly statements: number
  readonly walOctets: number
  readonly databaseCpuS: number
  readonly workerCpuS: number
  readonly pulls: number
  readonly imported: number
  readonly faults: number
  readonly held: number
  readonly rssMiB: number
  readonly answers: Readonly<Record<string, readonly number[]>>
}

async function look(server: PostgresServer, url: string, workers: readonly Worker[]): Promise<Look> {
  const [row] = await server.ask(
    url,
    `SELECT xact_commit, xact_rollback, pg_current_wal_insert_lsn() - '0/0' AS wal, current_setting('data_directory') AS folder,
       (SELECT sum(calls) FROM pg_stat_statements) AS statements
     FROM pg_stat_database WHERE datname = current_database()`,
  )
  const [pid = ''] = readFileSync(`${row?.folder}/postmaster.pid`, 'latin1').split('\n')
  const reports = await Promise.all(workers.map(worker => worker.report()))
  const total = (field: 'pulls' | 'imported' | 'faults' | 'held' | 'rssMiB' | 'cpuMs'): number =>
    sum(reports.map(report => report[field]))
  const names = Object.keys(reports[0]?.answers ?? {})
  return {
    atS: performance.now() / 1000,
    commits: Number(row?.xact_commit),
    undone: Number(row?.xact_rollback),
    statements: Number(row?.statements),
    walOctets: Number(row?.wal),
    databaseCpuS: cpuSeconds([Number(pid)]),
    workerCpuS: total('cpuMs') / 1000,
    pulls: total('pulls'),
    imported: total('imported'),
    faults: total('faults'),
    held: total('held'),
    rssMiB: total('rssMiB'),
    answers: Object.fromEntries(
      names.map(name => [name, reports.flatMap(({ answers }) => answers[name] ?? [])]),
    ),
  }
}

/** The statements that cost most between two resets. */
async function listDearest(server: PostgresServer, url: string) {
  const rows = await server.ask(
    url,
    `SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 90) AS query, calls, round(total_exec_time::numeric, 1) AS ms,
       wal_bytes::bigint AS wal FROM pg_stat_statements ORDER BY calls DESC LIMIT 25`,
  )
  return rows.map(({ query, calls, ms, wal }) => ({
    query: String(query),
    calls: Number(calls),
    ms: Number(ms),
    walOctets: Number(wal),
  }))
}

async function waitFor(what: string, seen: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 400_000
  while (!(await seen())) {
    if (performance.now() > endMs) throw new Error(`${what} did not happen`)
    await pause(500)
  }
}

async function waitForMail(
  server: PostgresServer,
  url: string,
  workers: readonly Worker[],
  imported: number,
): Promise<Look> {
  const answers: Record<string, number[]> = {}
  const endMs = performance.now() + 300_000
  for (;;) {
    const seen = await look(server, url, workers)
    for (const [name, times] of Object.entries(seen.answers))
      answers[name] = [...(answers[name] ?? []), ...times]
    if (seen.imported >= imported) return { ...seen, answers }
    if (performance.now() > endMs) throw new Error('the mail did not go in')
    await pause(250)
  }
}

async function measure(server: PostgresServer, mailboxes: number): Promise<Slope> {
  const url = await server.newDatabase()
  await server.ask(url, 'CREATE EXTENSION pg_stat_statements')
  const fleet = await makePostgresJournal({ url, name: 'slopes' })
  const workers: Worker[] = []
  const reset = (): Promise<unknown> => server.ask(url, 'SELECT pg_stat_statements_reset()')
  try {
    await fleet.holds.offer(Array.from({ length: mailboxes }, (_, n) => `main/box${n}@example.net`))
    const size = async (): Promise<number> =>
      Number((await server.ask(url, "SELECT pg_total_relation_size('message') AS octets"))[0]?.octets)
    await reset()
    const emptyOctets = await size()
    const count = Math.ceil(mailboxes / ofWorker)
    for (let n = 0; n < count; n += 1)
      workers.push(await startWorker(url, `worker${n}`, Math.ceil((mailboxes / count) * 1.1)))
    const before = performance.now()
    const free = async (): Promise<number> => (await fleet.holds.count()).free
    await waitFor('all are taken', async () => (await free()) === 0)
    const takenS = (performance.now() - before) / 1000
    await waitFor('all are pulled', async () => (await look(server, url, workers)).pulls >= mailboxes)
    const pulledS = (performance.now() - before) / 1000
    tell(`  ${mailboxes}: taken in ${takenS.toFixed(1)} s, pulled in ${pulledS.toFixed(1)} s`)
    // Watches have begun, and what the start left behind is collected.
    await pause(5000)
    await reset()
    const idleFrom = await look(server, url, workers)
    await pause(windowS * 1000)
    const idleTo = await look(server, url, workers)
    const idleDearest = await listDearest(server, url)
    const connections = Number(
      (
        await server.ask(
          url,
          "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'worker%'",
        )
      )[0]?.n,
    )
    await reset()
    const mailFrom = await look(server, url, workers)
    const paced = pacedPerS * pacedS
    for (let second = 0; second < pacedS; second += 1) {
      for (const worker of workers) worker.mail(pacedPerS / workers.length)
      await pause(1000)
    }
    const mailTo = await waitForMail(server, url, workers, mailFrom.imported + paced)
    const latencies = mailTo.answers.recordImport ?? []
    const mailDearest = await listDearest(server, url)
    const sent = mailTo.imported - mailFrom.imported
    const grown = (await size()) - emptyOctets
    const burstFromMs = performance.now()
    for (const worker of workers) worker.mail(burst / workers.length)
    const burstIn = await waitForMail(server, url, workers, mailTo.imported + burst)
    const burstS = (performance.now() - burstFromMs) / 1000
    // Pulls end behind their mail, and connections hand in what they counted a second later.
    await pause(2000)
    const burstTo = await look(server, url, workers)
    const burstLatencies = burstIn.answers.recordImport ?? []
    const undone = burstTo.undone - mailTo.undone
    const stopped = performance.now()
    await Promise.all(workers.splice(0).map(worker => worker.stop()))
    const idleS = idleTo.atS - idleFrom.atS
    const perDay = (from: number, to: number): number => ((to - from) / idleS) * (dayS / mailboxes)
    return {
      mailboxes,
      workers: count,
      connections,
      takenS,
      pulledS,
      leftS: (performance.now() - stopped) / 1000,
      idle: {
        seconds: idleS,
        pulls: idleTo.pulls - idleFrom.pulls,
        faults: idleTo.faults,
        statementsPerS: (idleTo.statements - idleFrom.statements) / idleS,
        commitsPerS: (idleTo.commits - idleFrom.commits) / idleS,
        databaseCores: (idleTo.databaseCpuS - idleFrom.databaseCpuS) / idleS,
        workerCores: (idleTo.workerCpuS - idleFrom.workerCpuS) / idleS,
        walOctetsPerMailboxDay: perDay(idleFrom.walOctets, idleTo.walOctets),
        statementsPerMailboxDay: perDay(idleFrom.statements, idleTo.statements),
        rssMiB: idleTo.rssMiB,
        rssKiBPerMailbox: (idleTo.rssMiB * 1024) / mailboxes,
        pullMs: {
          p50: percentile(idleTo.answers.beginPull ?? [], 0.5),
          p95: percentile(idleTo.answers.beginPull ?? [], 0.95),
        },
        dearest: idleDearest,
      },
      mail: {
        messages: sent,
        burstPerS: burst / burstS,
        burstStatements: (burstTo.statements - mailTo.statements) / burst,
        burstUndone: undone / (burstTo.commits - mailTo.commits + undone),
        burstCpuMs: ((burstTo.databaseCpuS - mailTo.databaseCpuS) * 1000) / burst,
        burstRecordMs: { p50: percentile(burstLatencies, 0.5), p95: percentile(burstLatencies, 0.95) },
        statements: (mailTo.statements - mailFrom.statements) / sent,
        commits: (mailTo.commits - mailFrom.commits) / sent,
        walOctets: (mailTo.walOctets - mailFrom.walOctets) / sent,
        databaseCpuMs: ((mailTo.databaseCpuS - mailFrom.databaseCpuS) * 1000) / sent,
        workerCpuMs: ((mailTo.workerCpuS - mailFrom.workerCpuS) * 1000) / sent,
        octetsPer1000: (grown / sent) * 1000,
        recordMs: { p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) },
        dearest: mailDearest,
      },
    }
  } finally {
    await Promise.all(workers.map(worker => worker.stop()))
    await fleet.close()
  }
}

const server = await startPostgres({
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.max': '5000',
  max_connections: '200',
  shared_buffers: '512MB',
})
const slopes: Slope[] = []
try {
  for (const mailboxes of sizes) {
    tell(`fleet:slopes: ${mailboxes} mailboxes`)
    slopes.push(await measure(server, mailboxes))
    if (values.json !== undefined)
      writeFileSync(
        values.json,
        `${JSON.stringify({ cores: cpus().length, windowS, slopes }, undefined, 2)}\n`,
      )
  }
} finally {
  await server.stop()
}
process.stdout.write(`${tableOf(slopes)}\n`)
