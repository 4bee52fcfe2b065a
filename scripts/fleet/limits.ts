/**
 * Do limits hold over a fleet? Four workers import into one account and log in to 200 mailboxes of one host, as hard as
 * they may, for some real minutes, while all of them are killed and started, one is stopped and wakes up, and the database
 * is killed. The books of the stand-ins are the judge.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { startPostgres } from '../../test/servers/postgres.ts'
import { startSlowPop3 } from '../../test/servers/slow-pop3.ts'
import { googleTask, startLimitsFleet } from './limits-fleet.ts'

const minute = 60_000
const limit = { unitsPerMinute: 2000, atOnce: 5, perMinute: 90 }
const boxes = 200
const names = ['a', 'b', 'c', 'd']

function busiestMinute(atMs: readonly number[]): number {
  const sorted = [...atMs].sort((one, other) => one - other)
  let [first, most] = [0, 0]
  for (const [at, ms] of sorted.entries()) {
    while ((sorted[first] ?? ms) <= ms - minute) first += 1
    most = Math.max(most, at - first + 1)
  }
  return most
}

const postgres = await startPostgres()
const pop3 = await startSlowPop3({ clock: systemClock, silentMs: { PASS: 100 } })
const quota = { unitsPerMinute: limit.unitsPerMinute, maxConcurrent: 7 }
const gmail = await startGmailServer({ quota, keepBodyOctets: 0 })
gmail.faults.always('import', { kind: 'slow', ms: 50 })
const url = await postgres.newDatabase()
const journal = await makePostgresJournal({ url, name: 'limits' })
await journal.holds.offer(Array.from({ length: boxes }, (_, n) => `main/box${n}`))
const fleet = startLimitsFleet(url)
const google = googleTask(gmail, limit.unitsPerMinute)
const start = (name: string) =>
  fleet.start(name, { google, host: { port: pop3.port, atOnce: limit.atOnce, perMinute: limit.perMinute } })
const beganMs = performance.now()
const tell = (what: string): void => {
  const { logins, mostEntering } = pop3.ledger
  const imports = gmail.ledger.of('import').length
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(0).padStart(4)
  console.log(`${seconds} s  ${what}: ${logins} logins, at most ${mostEntering} at once; ${imports} imports`)
}

let children = names.map(start)
await pause(75_000)
await fleet.kill()
tell('all workers killed and started')
children = names.map(start)
await pause(60_000)
tell('one worker stopped for 20 s')
children[0]?.kill('SIGSTOP')
await pause(20_000)
children[0]?.kill('SIGCONT')
await pause(25_000)
tell('database killed for 5 s')
await postgres.kill()
await pause(5000)
await postgres.start()
const seen = (): number => new Set(pop3.ledger.tries.map(({ user }) => user)).size
for (const endMs = performance.now() + 5 * minute; seen() < boxes && performance.now() < endMs; )
  await pause(5000)
tell('end')
const views = await journal.budget.look()
const reports = await fleet.end()

const imports = gmail.ledger.of('import')
const usage = gmail.quota.usage('owner@example.test')
const busiest = {
  units:
    25 *
    busiestMinute(
      imports.filter(({ status }) => status === 200).map(({ endedMonotonicMs }) => endedMonotonicMs ?? 0),
    ),
  logins: busiestMinute(pop3.ledger.tries.map(({ atMs }) => atMs)),
}
for (const { key, most, units, workers } of views)
  console.log(`${key}: ${units} of ${most} by ${workers} workers`)
for (const { worker, seconds, questions, asked, waits, questionMs, faults } of reports)
  console.log(
    `${worker}: ${((60 * questions) / seconds).toFixed(0)} questions a minute with ${(asked / questions).toFixed(1)} slices each, ` +
      `p50 ${questionMs.p50.toFixed(1)} ms, p95 ${questionMs.p95.toFixed(1)} ms; ${waits} waits; ${JSON.stringify(faults)}`,
  )
console.log(
  `units in the busiest minute: ${busiest.units} (by the stand-in ${usage.peakUnitsPerMinute}) of ${limit.unitsPerMinute}`,
)
console.log(`imports at once: ${usage.peakConcurrent} of 7; refused by the stand-in: ${usage.refused}`)
console.log(
  `logins in the busiest minute: ${busiest.logins} of ${limit.perMinute}; at once: ${pop3.ledger.mostEntering} of ${limit.atOnce}`,
)
const mailboxes = seen()
console.log(`mailboxes logged in to: ${mailboxes} of ${boxes}`)
const isHeld =
  usage.refused === 0 &&
  busiest.logins <= limit.perMinute &&
  pop3.ledger.mostEntering <= limit.atOnce &&
  mailboxes === boxes
await journal.close()
await gmail.close()
await pop3.stop()
await postgres.stop()
console.log(isHeld ? 'held' : 'NOT HELD')
process.exitCode = isHeld ? 0 : 1
