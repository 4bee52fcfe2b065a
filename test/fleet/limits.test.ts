/**
 * Limits that workers share, on a real PostgreSQL that is told the time. The judge is a book of what was let through, by a
 * clock that is nobody's.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { makeRandom } from '../../scripts/soak/random.ts'
import { QuotaWindow } from '../../src/base/quota-window.ts'
import { type DayNews, keepLimits, type LimitKeeper } from '../../src/fleet/limits.ts'
import { makePace, type Pace } from '../../src/gmail/pace.ts'
import { units } from '../../src/gmail/units.ts'
import { type Budget, makeBudget } from '../../src/journal/postgres/budget.ts'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { makePostgresDatabase, type PostgresDatabase } from '../../src/journal/postgres/postgres-database.ts'
import { makeHostTurns } from '../../src/pull/host-turns.ts'
import { type FakeClock, makeFakeClock } from '../gmail/fake-clock.ts'
import { never } from '../gmail/scripted.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'

const skip = requireServer('postgresql', postgresMissing())
const minute = 60_000
const usualStepMs = 200

interface Charge {
  readonly atMs: number
  readonly cost: number
  readonly worker: string
}

interface Worker {
  readonly name: string
  readonly limits: LimitKeeper
  readonly clock: FakeClock
  /** Ended without a word. */
  isDead: boolean
}

interface Importer extends Worker {
  readonly pace: Pace
  /** Imports that it has to do, over and over. */
  wanted: number
}

/** What may happen to a question: never sent, answered late, or the answer lost. */
interface Weather {
  unsent: number
  unheard: number
  lateMs: number
  isAway: boolean
  /** A question is answered by nothing until it is over. */
  isSilent: boolean
}

describe('a limit that workers share', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  /** A fleet in a time of its own, which `pass` lets go on. */
  const playFleet = async (t: TestContext, unitsPerMinute: number, seed: number) => {
    const random = makeRandom(seed)
    const url = await server.newDatabase()
    await (await makePostgresJournal({ url, name: 'test' })).close()
    await server.ask(url, 'CREATE TABLE played (at timestamptz NOT NULL)')
    const beganMs = Date.UTC(2026, 10, 25, 9)
    await server.ask(url, 'INSERT INTO played VALUES (to_timestamp($1::double precision / 1000))', [beganMs])
    await server.ask(
      url,
      "CREATE OR REPLACE FUNCTION budget_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT at FROM played'",
    )
    const databases: PostgresDatabase[] = []
    t.after(() => Promise.all(databases.map(database => database.close())))
    const connect = (name: string): PostgresDatabase => {
      const database = makePostgresDatabase({ url, name })
      databases.push(database)
      return database
    }
    const time = connect('time')
    let nowMs = 0
    const charges: Charge[] = []
    const workers: Worker[] = []
    const importers: Importer[] = []
    const weather: Weather = { unsent: 0, unheard: 0, lateMs: 0, isAway: false, isSilent: false }
    const underWay = new Set<Promise<unknown>>()
    const track = <T>(work: Promise<T>): Promise<T> => {
      underWay.add(work)
      const end = (): void => void underWay.delete(work)
      work.then(end, end)
      return work
    }

    const startWorker = <T>(
      name: string,
      own: (worker: Worker) => T,
      onDay: (news: DayNews) => void = () => {},
    ): Worker & T => {
      const clock = makeFakeClock()
      const budget = makeBudget(connect(name))
      const flaky: Budget = {
        ...budget,
        async ask(...given) {
          while (weather.isSilent) await clock.sleep(500)
          if (weather.isAway || random() < weather.unsent) throw new Error('away')
          const answer = await track(budget.ask(...given))
          if (random() < weather.lateMs / 10_000) await clock.sleep(random() * weather.lateMs)
          if (random() < weather.unheard) throw new Error('unheard')
          return answer
        },
      }
      const limits = keepLimits({ budget: flaky, worker: name, clock, onFault() {}, onDay })
      const worker: Worker = { name, limits, clock, isDead: false }
      workers.push(worker)
      return Object.assign(worker, own(worker))
    }
    /** Imports into the one account. */
    const start = (name: string, wanted = 0): Importer => {
      const importer = startWorker(name, ({ limits, clock }) => {
        const sharing = { limits, account: 'main/owner' }
        return { wanted, pace: makePace({ unitsPerMinute, importsInFlight: 3, clock, random, sharing }) }
      })
      const { clock, pace } = importer
      const work = async (): Promise<void> => {
        while (!importer.isDead) {
          if (importer.wanted <= 0) {
            await clock.sleep(300)
            continue
          }
          importer.wanted -= 1
          const turn = await pace.turn('import', units.import, never)
          await clock.sleep(random() ** 4 * 2000)
          charges.push({ atMs: nowMs, cost: units.import, worker: name })
          await clock.sleep(random() ** 4 * 2000)
          turn.end()
        }
      }
      for (let place = 0; place < 5; place += 1) void work()
      importers.push(importer)
      return importer
    }
    /** @param each is done before each step */
    const pass = async (ms: number, each = (): void => {}, stepMs = usualStepMs): Promise<void> => {
      for (const endMs = nowMs + ms; nowMs < endMs; ) {
        nowMs += stepMs
        each()
        await time.run('UPDATE played SET at = to_timestamp(?::bigint / 1000.0)', beganMs + nowMs)
        for (const { clock, isDead } of workers) if (!isDead) await clock.advance(stepMs)
        await Promise.all(underWay).catch(() => {})
      }
    }
    const busiestMinute = (from = 0, until = Number.POSITIVE_INFINITY): number => {
      const sorted = charges.filter(({ atMs }) => atMs >= from && atMs < until)
      let [sum, first, most] = [0, 0, 0]
      for (const { atMs, cost } of sorted) {
        sum += cost
        for (; (sorted[first]?.atMs ?? 0) <= atMs - minute; first += 1) sum -= sorted[first]?.cost ?? 0
        most = Math.max(most, sum)
      }
      return most
    }
    const between = (fromMs: number, toMs: number, worker?: string): number =>
      charges
        .filter(c => c.atMs >= fromMs && c.atMs < toMs && (worker ?? c.worker) === c.worker)
        .reduce((sum, { cost }) => sum + cost, 0)
    return {
      random,
      weather,
      workers,
      importers,
      charges,
      start,
      startWorker,
      pass,
      busiestMinute,
      between,
      now: () => nowMs,
    }
  }

  // More of them: HIKYAKU_SEEDS=100.
  for (let seed = 1; seed <= Number(process.env.HIKYAKU_SEEDS ?? 1); seed += 1)
    it(`is exceeded in no minute, whoever dies, comes, and is not heard (${seed})`, async t => {
      const most = [6000, 1000, 250][seed % 3] ?? 0
      const fleet = await playFleet(t, most, seed)
      const { random, weather, workers, importers } = fleet
      Object.assign(weather, { unsent: 0.05, unheard: 0.05, lateMs: 3000 })
      for (const name of ['a', 'b', 'c', 'd']) fleet.start(name, 100)
      let generation = 0
      await fleet.pass(2 * minute, () => {
        for (const importer of importers)
          if (random() < 0.01) importer.wanted = random() < 0.2 ? 0 : Math.ceil(random() * 300)
        weather.isAway = weather.isAway ? random() > 0.03 : random() < 0.002
        const alive = workers.filter(({ isDead }) => !isDead)
        const [oldest] = alive
        if (oldest !== undefined && alive.length > 2 && random() < 0.004) oldest.isDead = true
        if (alive.length < 5 && random() < 0.01) fleet.start(`w${++generation}`, 200)
      })
      const busiest = fleet.busiestMinute()
      t.diagnostic(
        `${busiest} of ${most} units in the busiest minute, ${fleet.charges.length} imports, ${workers.length} workers`,
      )
      assert.ok(busiest <= most, `${busiest} of ${most}`)
      assert.ok(busiest > most / 3, 'it was put to the test')
    })

  it('is used by nobody who may be taken for dead by now, and again once the database answers', async t => {
    const { random, weather, start, pass, between, now } = await playFleet(t, 6000, 1)
    const importer = start('a')
    const want = (): void => {
      if (random() < 0.2) importer.wanted = 1
    }
    // A minute and more: then what it used first may be used again, if it does not take itself for dead.
    await pass(70_000, want)
    assert.ok(between(60_000, 70_000) > 0)
    weather.isSilent = true
    await pass(20_000, want)
    // Seven seconds after it was last heard; what was begun until then takes four more at most.
    assert.ok(between(70_000, 76_000) > 0, 'its slice is its own for a while')
    assert.equal(between(82_000, 90_000), 0)
    weather.isSilent = false
    await pass(10_000, want)
    assert.ok(between(90_000, now()) > 0)
  })

  it('is used whole, by one that is busy alone as by all of them, who share it evenly', async t => {
    const fleet = await playFleet(t, 2000, 7)
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => fleet.start(name))
    assert.ok(a && b && c && d)
    a.wanted = Number.POSITIVE_INFINITY
    await fleet.pass(1.5 * minute, () => {}, 500)
    const alone = fleet.between(0.5 * minute, 1.5 * minute)
    for (const worker of [b, c, d]) worker.wanted = Number.POSITIVE_INFINITY
    await fleet.pass(3 * minute, () => {}, 500)
    const all = fleet.between(3.5 * minute, 4.5 * minute)
    const each = ['a', 'b', 'c', 'd'].map(name => fleet.between(3.5 * minute, 4.5 * minute, name))
    t.diagnostic(`one alone ${alone}, four ${all} of 2000 a minute: ${each.join(', ')}`)
    assert.ok(alone >= 1800, `alone ${alone}`)
    assert.ok(all >= 1800, `all ${all}`)
    for (const share of each) assert.ok(share >= 350 && share <= 650, each.join(', '))
    const { questions, waits } = a.limits.stats
    t.diagnostic(`${questions} questions in four minutes, ${waits} waits`)
    assert.ok(questions < 4 * 130, `${questions} questions`)
  })

  it('of a host is kept where four workers with 200 mailboxes are killed at once and started anew', async t => {
    const fleet = await playFleet(t, 6000, 9)
    const limit = { atOnce: 5, perMinute: 120 }
    const [loggedIn, underWay] = [new Set<string>(), new Set<string>()]
    let most = 0
    const startLogins = (name: string, first: number): Worker =>
      fleet.startWorker(name, ({ limits, clock }) => {
        const turns = makeHostTurns({ limits, clock, ...limit, address: 'one' })
        const logIn = async (mailbox: string): Promise<void> => {
          for (;;) {
            const turn = await turns.enter('mail.example.test', never)
            if (typeof turn !== 'function') {
              await clock.sleep(turn.waitMs)
              continue
            }
            fleet.charges.push({ atMs: fleet.now(), cost: 1, worker: name })
            underWay.add(mailbox)
            most = Math.max(most, underWay.size)
            await clock.sleep(fleet.random() ** 3 * 4000)
            underWay.delete(mailbox)
            turn()
            loggedIn.add(mailbox)
            return
          }
        }
        for (let n = first; n < first + 50; n += 1) void logIn(`box${n}`)
        return {}
      })
    const names = ['a', 'b', 'c', 'd']
    for (const [at, name] of names.entries()) startLogins(name, 50 * at)
    await fleet.pass(minute)
    const before = loggedIn.size
    for (const worker of fleet.workers) worker.isDead = true
    for (const set of [loggedIn, underWay]) set.clear()
    // So long it takes until somebody may hold what a killed worker held.
    await fleet.pass(10_000)
    const againAtMs = fleet.now()
    for (const [at, name] of names.entries()) startLogins(`${name}2`, 50 * at)
    while (loggedIn.size < 200 && fleet.now() < 6 * minute) await fleet.pass(5000)
    const lastMs = Math.max(...fleet.charges.map(({ atMs }) => atMs)) - againAtMs
    const busiest = fleet.busiestMinute()
    t.diagnostic(
      `${before} logins in the first minute; after the kill ${loggedIn.size} in ${(lastMs / 1000).toFixed(0)} s, at most ${busiest} a minute and ${most} at once`,
    )
    assert.ok(busiest <= limit.perMinute, `${busiest} in a minute`)
    assert.ok(most <= limit.atOnce, `${most} at once`)
    assert.equal(loggedIn.size, 200)
  })

  it('of a day is told of ahead and spread over the rest of the day, and never comes to a halt', async t => {
    const fleet = await playFleet(t, 6000, 5)
    const told: string[] = []
    const [perMinute, mostOfDay] = [40_000, 60_000]
    // Nine in the morning in Greenwich is one at night in California: 23 hours are left, which are too long to play.
    const playedMs = 8 * minute
    const open = (name: string) =>
      fleet.startWorker(
        name,
        ({ limits, clock }) => {
          const limit = { key: 'project 1', mostOfDay }
          const window = new QuotaWindow(perMinute, clock.monotonicMs(), units.import, { limits, limit })
          const work = async (): Promise<void> => {
            for (;;) {
              const waitMs = window.waitMs(units.import, clock.monotonicMs()) ?? 250
              if (waitMs > 0) {
                await clock.sleep(waitMs)
                continue
              }
              const end = window.take(units.import, clock.monotonicMs())
              fleet.charges.push({ atMs: fleet.now(), cost: units.import, worker: name })
              await clock.sleep(50)
              end(clock.monotonicMs(), true)
            }
          }
          void work()
          return {}
        },
        ({ taken, perMinute: now }) => told.push(`${taken >= 0.6 * mostOfDay} ${now < perMinute}`),
      )
    for (const name of ['a', 'b']) open(name)
    await fleet.pass(playedMs, () => {}, 2000)
    const taken = fleet.between(0, playedMs)
    const last = fleet.between(playedMs - 4 * minute, playedMs)
    t.diagnostic(`${taken} of ${mostOfDay} in 8 minutes, ${last} in the last four: ${told.join(', ')}`)
    assert.deepEqual([...new Set(told)], ['true false', 'true true'])
    assert.ok(taken > 0.75 * mostOfDay && taken < 0.9 * mostOfDay, `${taken}`)
    assert.ok(last > 0, 'it goes on')
  })
})
