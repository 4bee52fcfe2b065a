/**
 * A worker of simulated mailboxes, as a process of its own: what it holds is kept by the fleet's own code, each mailbox is
 * run by the real daemon. Told by lines on standard input: `mail N OCTETS` delivers, `report` prints what was measured.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/base/clock.ts'
import { keepYoungSpaceSmall } from '../../src/base/engine.ts'
import { Secret } from '../../src/base/secret.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { makeUsualMailbox } from '../../src/config/usual-mailbox.ts'
import { runDaemon } from '../../src/daemon.ts'
import { keepHolds } from '../../src/fleet/keep-holds.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { type Hold, openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { makeLog } from '../../src/log/log.ts'
import { makeSpooler } from '../../src/message/spool.ts'
import { makeSteadyClock } from '../../src/pull/steady-clock.ts'
import { UnderWay } from '../../src/pull/under-way.ts'
import { UploadQueue } from '../../src/pull/upload-queue.ts'
import { makeSimulatedGmail, makeSimulatedMailbox, type SimulatedMailbox } from './simulated.ts'

const [url = '', worker = '', capacity = '', mostAtOnce = ''] = process.argv.slice(2)
/** Every five minutes, as IMAP has it, each mailbox at its own second. */
const scheduleOf = (name: string): string => {
  const place = createHash('sha256').update(name).digest().readUInt32BE() % 300
  return `${place % 60} ${Math.floor(place / 60)}-59/5 * * * *`
}
const clock = systemClock
/** As a worker has them. */
const connections = 4
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-slopes-'))
const fleet = await openPostgresJournal({ url, name: worker, connections })
const log = makeLog({ level: 'warn', format: 'json', stream: process.stderr })
const spooler = makeSpooler(join(folder, 'spool'))
const loginKey = Secret.of(Buffer.alloc(32, 7).toString('base64'))
const usual = makeUsualMailbox('imap')
const server = {
  host: 'mail.example.net',
  port: 993,
  security: 'tls',
  caFile: undefined,
  pinnedSha256: undefined,
} as const
const simulated = new Map<string, SimulatedMailbox>()

const counts = { pulls: 0, imported: 0, begun: 0, faults: 0 }
/** Times of the journal's answers, ms. */
const answers: { beginPull: number[]; claimImport: number[]; recordImport: number[]; endPull: number[] } = {
  beginPull: [],
  claimImport: [],
  recordImport: [],
  endPull: [],
}

/** The same journal, whose answers are timed. */
function timed(journal: Journal): Journal {
  const time =
    <A extends unknown[], R>(name: keyof typeof answers, ask: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      const beganMs = performance.now()
      try {
        return await ask(...given)
      } finally {
        answers[name].push(performance.now() - beganMs)
      }
    }
  return {
    ...journal,
    beginPull: time('beginPull', journal.beginPull),
    claimImport: time('claimImport', journal.claimImport),
    recordImport: time('recordImport', async record => {
      const namesake = await journal.recordImport(record)
      counts.imported += 1
      return namesake
    }),
    endPull: time('endPull', journal.endPull),
  }
}

async function work(hold: Hold, signal: AbortSignal): Promise<void> {
  const { mailbox: name } = hold
  counts.begun += 1
  const journal = timed(fleet.journalOf(hold))
  const account = `${name}-account`
  const password = Secret.of('simulated')
  const mailbox: MailboxConfig = {
    ...usual,
    ...{ name, account, server, user: name, schedule: scheduleOf(name) },
    credential: { kind: 'password', password },
  }
  const box = simulated.get(name) ?? makeSimulatedMailbox()
  simulated.set(name, box)
  const gmail = makeSimulatedGmail(account)
  const uploads = new UploadQueue(2, clock, new Set())
  const underWay = await UnderWay.open(journal)
  const ports = {
    ...{ mailbox, source: box.source, journal, gmail, spooler, clock, underWay, uploads, log, loginKey },
    steady: makeSteadyClock(journal, { monotonicMs: clock.monotonicMs, nowMs: fleet.nowMs }),
    others: new Map([[account, { gmail, uploads }]]),
    random: Math.random,
    authenticate: undefined,
    logins: { accepted: 0, refused: 0 },
  }
  const never = new AbortController().signal
  try {
    await runDaemon({ journal, mailboxes: [ports], queues: [uploads] }, signal, never, {
      afterAttempt: (_, attempt) => {
        counts.pulls += 1
        if (attempt.kind !== 'pulled') counts.faults += 1
      },
    })
  } finally {
    await underWay.close()
    await uploads.close()
  }
}

const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())
let delivered = 0
createInterface(process.stdin).on('line', line => {
  const [verb, ...given] = line.split(' ')
  if (verb === 'mail') {
    const [count = 0, octets = 0] = given.map(Number)
    const boxes = [...simulated.values()]
    for (let n = 0; n < count; n += 1) {
      delivered += 1
      const head = `From: a@example.net\r\nMessage-ID: <${worker}.${delivered}@example.net>\r\nSubject: ${delivered}\r\n\r\n`
      boxes[delivered % boxes.length]?.deliver(Buffer.from(head.padEnd(octets, 'x')))
    }
  } else {
    const all = Object.fromEntries(Object.entries(answers).map(([name, times]) => [name, times.splice(0)]))
    const rssMiB = process.memoryUsage().rss / 2 ** 20
    const cpuMs = process.cpuUsage()
    process.stdout.write(
      `${JSON.stringify({ ...counts, held: simulated.size, rssMiB, cpuMs: (cpuMs.user + cpuMs.system) / 1000, answers: all })}\n`,
    )
  }
})
keepYoungSpaceSmall()
await keepHolds(
  {
    holds: fleet.holds,
    worker,
    clock,
    capacity: Number(capacity),
    mostAtOnce: Number(mostAtOnce),
    work,
    onFault: fault => log.fault(fault),
  },
  stopping.signal,
)
await fleet.close()
await rm(folder, { recursive: true, force: true })
process.stdin.destroy()
