/**
 * Limits that workers share, on a real PostgreSQL that is told the time. The judge is a book of what was let through, by a
 * clock that is nobody's.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { makeRandom } from '../../scripts/soak/random.ts'
import { keepLimits, type LimitKeeper } from '../../src/fleet/limits.ts'
import { makePace, type Pace } from '../../src/gmail/pace.ts'
import { units } from '../../src/gmail/units.ts'
import { type Budget, makeBudget } from '../../src/journal/postgres/budget.ts'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { makePostgresDatabase, type PostgresDatabase } from '../../src/journal/postgres/postgres-database.ts'
import { type FakeClock, makeFakeClock } from '../gmail/fake-clock.ts'
import { never } from '../gmail/scripted.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'

const skip = requireServer('postgresql', postgresMissing())
const minute = 60_000
const stepMs = 200

interface Charge {
  readonly atMs: number
  readonly cost: number
  readonly worker: string
}

interface Worker {
  readonly name: string
  readonly pace: Pace
  readonly limits: LimitKeeper
  readonly clock: FakeClock
  /** Imports that it has to do, over and over. */
  wanted: number
  isDead: boolean
  /** Ends the process without a word. */
  kill(): void
}

/** What may happen to a question: never sent, answered late, or the answer lost. */
interface Weather {
  unsent: number
  unheard: number
  lateMs: number
  isAway: boolean
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
    const weather: Weather = { unsent: 0, unheard: 0, lateMs: 0, isAway: false }
    const underWay = new Set<Promise<unknown>>()
    const track = <T>(work: Promise<T>): Promise<T> => {
      underWay.add(work)
      const end = (): void => void underWay.delete(work)
      work.then(end, end)
      return work
    }

    const start = (name: string, wanted = 0): Worker => {
      const clock = makeFakeClock()
      const budget = makeBudget(connect(name))
      const flaky: Budget = {
        ...budget,
        async ask(...given) {
          if (weather.isAway || random() < weather.unsent) throw new Error('away')
          const answer = await track(budget.ask(...given))
          if (random() < weather.lateMs / 10_000) await clock.sleep(random() * weather.lateMs)
          if (random() < weather.unheard) throw new Error('unheard')
          return answer
        },
      }
      const limits = keepLimits({ budget: flaky, worker: name, clock, onFault() {}, onDay() {} })
      const sharing = { limits, account: 'main/owner' }
      const pace = makePace({ unitsPerMinute, importsInFlight: 3, clock, random, sharing })
      const worker: Worker = {
        ...{ name, pace, limits, clock, wanted, isDead: false },
        kill() {
          worker.isDead = true
        },
      }
      const work = async (): Promise<void> => {
        while (!worker.isDead) {
          if (worker.wanted <= 0) {
            await clock.sleep(300)
            continue
          }
          worker.wanted -= 1
          const turn = await pace.turn('import', units.import, never)
          await clock.sleep(random() ** 4 * 2000)
          charges.push({ atMs: nowMs, cost: units.import, worker: name })
          await clock.sleep(random() ** 4 * 2000)
          turn.end()
        }
      }
      for (let place = 0; place < 5; place += 1) void work()
      workers.push(worker)
      return worker
    }
    /** @param each is done before each step */
    const pass = async (ms: number, each = (_nowMs: number): void => {}): Promise<void> => {
      for (const endMs = nowMs + ms; nowMs < endMs; ) {
        nowMs += stepMs
        each(nowMs)
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
    return { random, weather, workers, charges, start, pass, busiestMinute, between, now: () => nowMs }
  }

  // More of them: HIKYAKU_SEEDS=100.
  for (let seed = 1; seed <= Number(process.env.HIKYAKU_SEEDS ?? 1); seed += 1)
    it(`is exceeded in no minute, whoever dies, comes, and is not heard (${seed})`, async t => {
      const most = [6000, 1000, 250][seed % 3] ?? 0
      const fleet = await playFleet(t, most, seed)
      const { random, weather, workers } = fleet
      Object.assign(weather, { unsent: 0.05, unheard: 0.05, lateMs: 3000 })
      for (const name of ['a', 'b', 'c', 'd']) fleet.start(name, 100)
      let generation = 0
      await fleet.pass(3 * minute, () => {
        for (const worker of workers)
          if (random() < 0.01) worker.wanted = random() < 0.2 ? 0 : Math.ceil(random() * 300)
        weather.isAway = weather.isAway ? random() > 0.03 : random() < 0.002
        const alive = workers.filter(({ isDead }) => !isDead)
        if (alive.length > 2 && random() < 0.004) alive[0]?.kill()
        if (alive.length < 5 && random() < 0.01) fleet.start(`w${++generation}`, 200)
      })
      const busiest = fleet.busiestMinute()
      t.diagnostic(
        `${busiest} of ${most} units in the busiest minute, ${fleet.charges.length} imports, ${workers.length} workers`,
      )
      assert.ok(busiest <= most, `${busiest} of ${most}`)
      assert.ok(busiest > most / 3, 'it was put to the test')
    })

  it('is used whole, by one that is busy alone as by all of them, who share it evenly', async t => {
    const fleet = await playFleet(t, 2000, 7)
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => fleet.start(name))
    assert.ok(a && b && c && d)
    a.wanted = Number.POSITIVE_INFINITY
    await fleet.pass(2 * minute)
    const alone = fleet.between(minute, 2 * minute)
    for (const worker of [b, c, d]) worker.wanted = Number.POSITIVE_INFINITY
    await fleet.pass(3 * minute)
    const all = fleet.between(4 * minute, 5 * minute)
    const each = ['a', 'b', 'c', 'd'].map(name => fleet.between(4 * minute, 5 * minute, name))
    t.diagnostic(`one alone ${alone}, four ${all} of 2000 a minute: ${each.join(', ')}`)
    assert.ok(fleet.busiestMinute() <= 2000)
    assert.ok(alone >= 1800, `alone ${alone}`)
    assert.ok(all >= 1800, `all ${all}`)
    for (const share of each) assert.ok(share >= 350 && share <= 650, each.join(', '))
    const { questions, waits } = a.limits.stats
    t.diagnostic(`${questions} questions in five minutes, ${waits} waits`)
    assert.ok(questions < 5 * 130, `${questions} questions`)
  })
})
