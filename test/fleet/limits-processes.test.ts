/** Workers as processes of their own, which do what is limited as hard as they may: the servers' own books are the judge. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { googleTask, type LimitsFleet, startLimitsFleet } from '../../scripts/fleet/limits-fleet.ts'
import { systemClock } from '../../src/base/clock.ts'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { makeLoginGate } from '../../src/pull/logins.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import { never } from '../gmail/scripted.ts'
import { startGmailServer } from '../servers/gmail/gmail-server.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { startSlowPop3 } from '../servers/slow-pop3.ts'
import { until } from '../servers/until.ts'
import { mailboxAt } from '../source/pop3-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())

describe('workers that share limits', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())
  const fleetOf = async (t: TestContext, mailboxes: number): Promise<LimitsFleet> => {
    const url = await server.newDatabase()
    const fleet = await makePostgresJournal({ url, name: 'test' })
    await fleet.holds.offer(Array.from({ length: mailboxes }, (_, n) => `main/box${n}`))
    await fleet.close()
    const processes = startLimitsFleet(url)
    t.after(() => processes.kill())
    return processes
  }

  const holdOne = async (t: TestContext, port: number) => {
    const fleet = await makePostgresJournal({ url: await server.newDatabase(), name: 'test' })
    t.after(() => fleet.close())
    await fleet.holds.offer(['main/box'])
    const [hold] = await fleet.holds.take('a', 1)
    assert.ok(hold)
    const mailbox = { ...mailboxAt(port), name: 'main/box' }
    return { fleet, mailbox, gate: makeLoginGate(fleet.journalOf(hold), mailbox, systemClock) }
  }

  it('import into one account, and log in to a host, each beside the others', async t => {
    const pop3 = await startSlowPop3({ clock: systemClock, silentMs: { PASS: 30 } })
    t.after(() => pop3.stop())
    const gmail = await startGmailServer({ quota: { unitsPerMinute: 15_000, maxConcurrent: 7 } })
    gmail.faults.always('import', { kind: 'slow', ms: 200 })
    t.after(() => gmail.close())
    const fleet = await fleetOf(t, 60)
    const host = { port: pop3.port, atOnce: 5, perMinute: 6000 }
    const google = googleTask(gmail, 15_000)
    for (const name of ['a', 'b', 'c', 'd']) fleet.start(name, { host, google })
    const imports = () => gmail.ledger.of('import').length
    await until(
      () => pop3.ledger.logins >= 60 && imports() >= 40,
      () => `${pop3.ledger.logins} logins, ${imports()} imports`,
      30_000,
    )
    const { refused, peakConcurrent } = gmail.quota.usage('owner@example.test')
    t.diagnostic(`at most ${pop3.ledger.mostEntering} logins and ${peakConcurrent} imports at once`)
    assert.equal(refused, 0, 'refusals of Gmail')
    assert.ok(pop3.ledger.mostEntering <= 5, `${pop3.ledger.mostEntering} logins at once`)
  })

  it('give a session to whoever opened it also where the mailbox was lost meanwhile', async t => {
    const { fleet, gate } = await holdOne(t, 1)
    const session = await gate.login(async () => {
      await fleet.holds.withdraw(['main/box'])
      return 'session'
    }, never)
    assert.equal(session, 'session')
  })

  it('leave no connection open where the mailbox was lost before its login was over', async t => {
    // The answer to the password comes once the mailbox is lost, however long that takes.
    const lost = Promise.withResolvers<void>()
    const clock = { ...systemClock, sleep: () => lost.promise }
    const pop3 = await startSlowPop3({ clock, loginDelaySeconds: 1, silentMs: { PASS: 1 } })
    t.after(() => pop3.stop())
    const { fleet, gate, mailbox } = await holdOne(t, pop3.port)
    const opening = makePop3Source({ mailbox, clock: systemClock, gate }).open(never)
    await until(() => pop3.ledger.commands.includes('PASS'), 'the login under way')
    await fleet.holds.withdraw(['main/box'])
    lost.resolve()
    await assert.rejects(opening, { code: 'journal.not-held' })
    for (const endMs = performance.now() + 10_000; pop3.open > 0; await pause(20))
      assert.ok(performance.now() < endMs, 'the connection is closed')
  })
})
