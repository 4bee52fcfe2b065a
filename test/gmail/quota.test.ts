/**
 * The pace against a Gmail that counts for itself: with a network whose delays nobody knows, another clock, and quotas
 * that change. The judge is the stand-in's own quota, and every minute of its book.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Clock } from '../../src/base/clock.ts'
import { QuotaWindow } from '../../src/base/quota-window.ts'
import { makePace, type Pace } from '../../src/gmail/pace.ts'
import { units } from '../../src/gmail/units.ts'
import { defaultQuota, Quota } from '../servers/gmail/quota.ts'
import { type FakeClock, makeFakeClock } from './fake-clock.ts'
import { never } from './scripted.ts'

const minute = 60_000
const account = 'owner@example.test'

/** Mulberry32: the same numbers for the same seed. */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Charged {
  /** On Gmail's clock. */
  readonly atMs: number
  readonly units: number
}

/** Gmail as far as its quota is concerned, on a clock of its own that runs a little fast or slow. */
class Judge {
  readonly quota: Quota
  readonly charged: Charged[] = []
  refused = 0
  readonly #clock: Clock

  constructor(clock: Clock, unitsPerMinute: number, drift = 0) {
    this.quota = new Quota({ ...defaultQuota, unitsPerMinute })
    this.#clock = { ...clock, monotonicMs: () => clock.monotonicMs() * (1 + drift) }
  }

  /** @returns whether it was let through */
  charge(endpoint: 'import' | 'messages.get' | 'labels.list'): boolean {
    const cost = { import: units.import, 'messages.get': units.get, 'labels.list': units.labelsList }[
      endpoint
    ]
    try {
      this.quota.charge(account, endpoint, this.#clock)
    } catch {
      this.refused += 1
      return false
    }
    this.charged.push({ atMs: this.#clock.monotonicMs(), units: cost })
    return true
  }

  /** Units in the minute that begins with `from`. */
  inMinute(from: number): number {
    let sum = 0
    for (const { atMs, units: cost } of this.charged) if (atMs >= from && atMs < from + minute) sum += cost
    return sum
  }

  busiestMinute(): number {
    return Math.max(...this.charged.map(({ atMs }) => this.inMinute(atMs)))
  }
}

interface Traffic {
  readonly clock: FakeClock
  readonly pace: Pace
  readonly judge: Judge
  /** ms on the way there, and on the way back. */
  readonly delays: () => readonly [number, number]
  readonly stopAtMs: number
  readonly lane?: (at: number) => 'import' | 'large-import' | 'call'
}

/** As many workers as a queue has places, each with work that never ends; the instants at which turns were given. */
async function drive({ clock, pace, judge, delays, stopAtMs, lane = () => 'import' }: Traffic) {
  const turns: number[] = []
  const work = async (worker: number): Promise<void> => {
    for (let at = worker; clock.monotonicMs() < stopAtMs; at += 1) {
      const kind = lane(at)
      const turn = await pace
        .turn(kind, kind === 'call' ? units.get : units.import, never)
        .catch(() => undefined)
      if (turn === undefined) {
        await clock.sleep(5_000)
        continue
      }
      turns.push(clock.monotonicMs())
      const [thereMs, backMs] = delays()
      await clock.sleep(thereMs)
      const passed = judge.charge(kind === 'call' ? 'messages.get' : 'import')
      await clock.sleep(backMs)
      if (passed) pace.succeeded()
      else {
        turn.refused()
        pace.limited(undefined, false)
      }
      turn.end()
    }
  }
  const workers = Promise.all([0, 1, 2, 3, 4, 5].map(work))
  for (let ended = false; !ended; ) {
    void workers.then(() => {
      ended = true
    })
    await clock.advance(1_000)
  }
  return turns
}

describe('the quota', () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    test(`is exceeded in no minute of Gmail’s, whatever the network does (${seed})`, async () => {
      const random = makeRandom(seed)
      const unitsPerMinute = [25, 100, 1_000, 6_000, 15_000][seed % 5] ?? 0
      const clock = makeFakeClock()
      const judge = new Judge(clock, unitsPerMinute, (random() - 0.5) / 600)
      const pace = makePace({ unitsPerMinute, importsInFlight: 3, clock, random })
      const longestMs = 10 ** (1 + random() * 3.5)
      await drive({
        ...{ clock, pace, judge },
        // Mostly quick, now and then very slow, and never the same there and back.
        delays: () => [random() ** 4 * longestMs, random() ** 4 * longestMs],
        stopAtMs: 5 * minute,
        lane: at => (random() < 0.1 ? 'call' : at % 7 === 0 ? 'large-import' : 'import'),
      })
      assert.equal(judge.refused, 0)
      assert.ok(judge.busiestMinute() <= unitsPerMinute)
      assert.ok(judge.charged.length > 5)
    })
  }

  test('is used to 98 % in the first minute of a backlog and in each behind the second, and no turn is long in coming', async () => {
    const clock = makeFakeClock()
    const judge = new Judge(clock, 6_000)
    const pace = makePace({ unitsPerMinute: 6_000, importsInFlight: 3, clock })
    const turns = await drive({ clock, pace, judge, delays: () => [50, 50], stopAtMs: 8 * minute })
    assert.equal(judge.refused, 0)
    const minutes = Array.from({ length: 300 }, (_, second) => 2 * minute + second * 1_000)
    for (const from of [0, ...minutes]) {
      const share = judge.inMinute(from) / 6_000
      assert.ok(share >= 0.98 && share <= 1, `${share} in the minute from ${from}`)
    }
    const gaps = turns.slice(1).map((atMs, index) => atMs - (turns[index] ?? 0))
    assert.ok(Math.max(...gaps) < 1_000, `${Math.max(...gaps)} ms without a turn`)
  })

  test('that drops in mid-run is found with few refusals, and used again where it comes back', async () => {
    const clock = makeFakeClock()
    const judge = new Judge(clock, 6_000)
    const pace = makePace({ unitsPerMinute: 6_000, importsInFlight: 3, clock, random: () => 0 })
    const run = (untilMs: number) => drive({ clock, pace, judge, delays: () => [50, 50], stopAtMs: untilMs })
    await run(2 * minute)
    assert.equal(judge.refused, 0)
    judge.quota.rules.unitsPerMinute = 1_500
    await run(12 * minute)
    assert.ok(judge.refused <= 12, `${judge.refused} refusals`)
    assert.ok(pace.unitsPerMinute < 2_000, `${pace.unitsPerMinute} units a minute`)
    const late = [9, 10, 11].reduce((sum, from) => sum + judge.inMinute(from * minute), 0) / 3
    assert.ok(late >= 0.85 * 1_500, `${late} units a minute of 1,500`)
    judge.quota.rules.unitsPerMinute = 6_000
    const refusedBefore = judge.refused
    await run(45 * minute)
    assert.equal(judge.refused, refusedBefore)
    assert.equal(pace.unitsPerMinute, 6_000)
    assert.ok(judge.inMinute(43 * minute) >= 0.98 * 6_000)
  })

  test('of one refusal that was an accident costs little: it is back within four minutes', async () => {
    const clock = makeFakeClock()
    const pace = makePace({ unitsPerMinute: 6_000, importsInFlight: 3, clock })
    pace.limited(undefined, false)
    assert.ok(pace.unitsPerMinute >= 3_000)
    await clock.advance(4 * minute)
    assert.equal(pace.unitsPerMinute, 6_000)
  })

  test('of a day, or too many at once, does not lower that of a minute', () => {
    const clock = makeFakeClock()
    const pace = makePace({ unitsPerMinute: 6_000, importsInFlight: 3, clock })
    pace.limited(clock.nowMs() + 3_600_000, false)
    pace.limited(undefined, true)
    assert.equal(pace.unitsPerMinute, 6_000)
  })

  test('of a project holds for all its accounts together', async () => {
    const clock = makeFakeClock()
    const judge = new Judge(clock, 2_000)
    const project = new QuotaWindow(2_000, clock.monotonicMs(), units.import)
    const share = () => makePace({ unitsPerMinute: 1_500, importsInFlight: 3, clock, project })
    const delays = (): readonly [number, number] => [50, 50]
    const stopAtMs = 4 * minute
    const turns = await Promise.all(
      [share(), share()].map(pace => drive({ clock, pace, judge, delays, stopAtMs })),
    )
    assert.equal(judge.refused, 0)
    assert.ok(judge.inMinute(2 * minute) >= 0.95 * 2_000, `${judge.inMinute(2 * minute)} units`)
    assert.ok(turns.every(({ length }) => length > 100))
  })

  test('counts what an earlier process used', async () => {
    const clock = makeFakeClock()
    const judge = new Judge(clock, 1_000)
    const delays = (): readonly [number, number] => [0, 0]
    const first = makePace({ unitsPerMinute: 1_000, importsInFlight: 3, clock })
    await drive({ clock, pace: first, judge, delays, stopAtMs: minute })
    const second = makePace({ unitsPerMinute: 1_000, importsInFlight: 3, clock })
    const now = clock.monotonicMs()
    second.addEarlier(
      units.import,
      judge.charged.map(({ atMs }) => now - atMs).filter(ms => ms < minute),
    )
    await drive({ clock, pace: second, judge, delays, stopAtMs: 3 * minute })
    assert.equal(judge.refused, 0)
  })
})
