/** What a worker writes down for each mailbox that it holds, and hears of it: on a real PostgreSQL, several workers at once. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { type FleetJournal, type Hold, makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { askForPull, takeAskedPull } from '../../src/pull/owner-acted.ts'
import { pauseMailboxes, readPauses } from '../../src/pull/paused.ts'
import { makeSteadyClock } from '../../src/pull/steady-clock.ts'
import { keyOf, UnderWay } from '../../src/pull/under-way.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'

const skip = requireServer('postgresql', postgresMissing())
const names = ['main/a', 'main/b'] as const

describe('the notes of mailboxes that are held', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  const open = async (t: TestContext, url: string, name: string): Promise<FleetJournal> => {
    const fleet = await makePostgresJournal({ url, name, connections: 2 })
    t.after(() => fleet.close())
    return fleet
  }
  /** One mailbox each for two workers. */
  const twoWorkers = async (t: TestContext) => {
    const url = await server.newDatabase()
    const [first, second] = [await open(t, url, 'first'), await open(t, url, 'second')]
    await first.holds.offer([...names])
    const [held] = await first.holds.take('first', 1)
    const [other] = await second.holds.take('second', 1)
    assert.ok(held && other)
    return { first, second, held, other }
  }

  it('are each mailbox’s own, whoever holds it, and go with it', async t => {
    const { first, second, held, other } = await twoWorkers(t)
    const [mine, theirs] = [first.journalOf(held), second.journalOf(other)]
    const underWay = await UnderWay.open(mine)
    const key = keyOf(held.mailbox, { folder: 'INBOX', uid: '1' })
    await underWay.begin(key, () => [])
    // The other's process was not killed, and knows nothing of the message.
    assert.equal((await UnderWay.open(theirs)).anySuspects, false)
    await askForPull(first.journalFor(held.mailbox))
    assert.equal(await takeAskedPull(theirs), false)
    assert.equal(await takeAskedPull(mine), true)
    await pauseMailboxes(first.journalFor(held.mailbox), [held.mailbox], 1)
    assert.equal((await readPauses(theirs)).size, 0)
    assert.deepEqual([...(await readPauses(mine)).keys()], [held.mailbox])
    // Who is there is found by the name of its process, until it is not heard of any more.
    await first.holds.renew('first', 1, 'process-1')
    assert.deepEqual([...(await second.holds.listThere(['process-1', 'process-2']))], ['process-1'])
    await first.holds.leave('first', 'process-1')
    assert.equal((await second.holds.listThere(['process-1'])).size, 0)
    // Killed: the worker that follows finds the suspect.
    await first.holds.release('first', [held.mailbox])
    const [next] = await second.holds.take('second', 1)
    assert.equal(next?.mailbox, held.mailbox)
    assert.equal((await UnderWay.open(second.journalOf(next as Hold))).ends(key), 1)
  })

  it('what is asked of one of a worker’s mailboxes is heard by that one alone', async t => {
    const { first, held, other } = await twoWorkers(t)
    const heard: string[] = []
    const stops = [held, other].map(hold => {
      const journal = first.journalOf(hold)
      return journal.watchWrites(async () => {
        if (await takeAskedPull(journal)) heard.push(hold.mailbox)
      })
    })
    await askForPull(first.journalFor(held.mailbox))
    await until(() => heard.length === 1, 'what was asked of one')
    assert.deepEqual(heard, [held.mailbox])
    for (const stop of stops) stop()
  })

  it('hold a steady clock that no worker’s wall clock moves', async t => {
    const { first, second, held } = await twoWorkers(t)
    const steadyOf = (fleet: FleetJournal, hold: Hold) =>
      makeSteadyClock(fleet.journalOf(hold), {
        monotonicMs: systemClock.monotonicMs,
        nowMs: () => fleet.nowMs(),
      })
    const realNow = Date.now
    t.after(() => {
      Date.now = realNow
    })
    const began = performance.now()
    const clock = steadyOf(first, held)
    await clock.readMs()
    Date.now = () => realNow() + 3650 * 86_400_000
    const read = await clock.readMs()
    assert.ok(read <= performance.now() - began + 50, `${read} ms`)
    await first.holds.release('first', [held.mailbox])
    const [next] = await second.holds.take('second', 1)
    assert.ok(next)
    Date.now = () => realNow() - 3650 * 86_400_000
    const after = await steadyOf(second, next).readMs()
    assert.ok(after >= read && after <= performance.now() - began + 50, `${after} ms`)
  })
})
