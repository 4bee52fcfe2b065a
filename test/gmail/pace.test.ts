import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makePace, type Pace } from '../../src/gmail/pace.ts'
import { units } from '../../src/gmail/units.ts'
import { type FakeClock, makeFakeClock } from './fake-clock.ts'
import { faultOf, never } from './scripted.ts'

const paceFor = (unitsPerMinute = 6000, importsInFlight = 3): { pace: Pace; clock: FakeClock } => {
  const clock = makeFakeClock()
  return { clock, pace: makePace({ unitsPerMinute, importsInFlight, clock, random: () => 0 }) }
}

/** Takes turns until told to stop, ending each at once; the times at which they came, ms. */
const takeAll = (pace: Pace, clock: FakeClock, count: number): number[] => {
  const times: number[] = []
  for (let at = 0; at < count; at += 1) {
    void pace.turn('import', units.import, never).then(turn => {
      times.push(clock.monotonicMs())
      turn.end()
    })
  }
  return times
}

describe('the pace', () => {
  test('lets a few messages leave at once', async () => {
    const { pace, clock } = paceFor()
    const times = takeAll(pace, clock, 24)
    await clock.advance(0)
    assert.deepEqual(times, new Array(24).fill(0))
  })

  for (const unitsPerMinute of [25, 100, 6000, 15_000]) {
    test(`never grants more than ${unitsPerMinute} units in any minute, and nearly as many`, async () => {
      const { pace, clock } = paceFor(unitsPerMinute)
      const perMinute = unitsPerMinute / units.import
      const times = takeAll(pace, clock, Math.ceil(perMinute * 5))
      await clock.advance(20 * 60_000)
      assert.equal(times.length, Math.ceil(perMinute * 5))
      for (const [first, atMs] of times.entries()) {
        const inMinute = times.filter(time => time >= atMs && time <= atMs + 60_000).length
        assert.ok(inMinute <= perMinute, `${inMinute} from message ${first}`)
      }
      assert.ok((times.at(-1) ?? 0) <= 5.05 * 60_000, `the last at ${times.at(-1)}`)
    })
  }

  test('at 6,000 units a minute is 24 at once and then one every 277 ms', async () => {
    const { pace, clock } = paceFor()
    const times = takeAll(pace, clock, 27)
    await clock.advance(10_000)
    assert.deepEqual(times.slice(23), [0, 277, 554, 831])
  })

  test('is first come, first served, whatever the lane and the cost', async () => {
    const { pace, clock } = paceFor(6000, 1)
    const order: string[] = []
    const take = (name: string, lane: 'import' | 'call', cost: number) =>
      pace.turn(lane, cost, never).then(turn => {
        order.push(name)
        turn.end()
      })
    await Promise.all([
      take('a', 'import', 25),
      take('b', 'call', 1),
      take('c', 'import', 25),
      take('d', 'call', 5),
    ])
    assert.deepEqual(order, ['a', 'b', 'c', 'd'])
    assert.equal(clock.sleepers, 0)
  })

  test('lets who gave up leave the queue, and serves the others', async () => {
    const { pace } = paceFor(6000, 1)
    const first = await pace.turn('import', 25, never)
    const stop = new AbortController()
    const second = pace.turn('import', 25, stop.signal)
    const third = pace.turn('import', 25, never)
    stop.abort()
    await assert.rejects(second, { name: 'AbortError' })
    first.end()
    first.end()
    ;(await third).end()
  })

  test('holds everything until the instant that Gmail named', async () => {
    const { pace, clock } = paceFor()
    const until = pace.limited(clock.nowMs() + 20_000, false)
    assert.equal(until, clock.nowMs() + 20_000)
    const times = takeAll(pace, clock, 2)
    await clock.advance(19_999)
    assert.deepEqual(times, [])
    await clock.advance(1)
    assert.deepEqual(times, [20_000, 20_000])
  })

  test('does not keep callers waiting for an instant that is far: they get the fault with the instant', async () => {
    const { pace, clock } = paceFor(6000, 1)
    await pace.turn('import', 25, never)
    const waiting = faultOf(pace.turn('import', 25, never))
    const atMs = clock.nowMs() + 3_600_000
    pace.limited(atMs, false)
    for (const fault of [await waiting, await faultOf(pace.turn('call', 1, never))]) {
      assert.deepEqual([fault.code, fault.notBeforeMs], ['gmail.rate-limited', atMs])
    }
  })

  test('is held by the monotonic clock: a jump of the wall clock neither ends nor prolongs a pause', async () => {
    const { pace, clock } = paceFor()
    pace.limited(clock.nowMs() + 10_000, false)
    clock.jump(86_400_000)
    const times = takeAll(pace, clock, 1)
    await clock.advance(9_999)
    assert.deepEqual(times, [])
    await clock.advance(1)
    assert.equal(times.length, 1)
  })

  test('doubles its pauses from one second to 64 where no instant is named, and begins small after a success', async () => {
    const { pace, clock } = paceFor()
    const pauses: number[] = []
    const limit = async (): Promise<void> => {
      const ms = pace.limited(undefined, false) - clock.nowMs()
      pauses.push(ms)
      await clock.advance(ms)
    }
    for (let at = 0; at < 8; at += 1) await limit()
    pace.succeeded()
    await limit()
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000, 1000])
  })

  test('takes the limits of imports that were in flight together as one', async () => {
    const { pace, clock } = paceFor()
    for (let at = 0; at < 3; at += 1) assert.equal(pace.limited(undefined, false), clock.nowMs() + 1000)
  })

  test('lowers the imports in flight to one after "too many", and raises them slowly', async () => {
    const { pace, clock } = paceFor(6000, 3)
    pace.limited(undefined, true)
    await clock.advance(1000)
    const turns: string[] = []
    const take = () =>
      pace.turn('import', 25, never).then(turn => {
        turns.push('x')
        return turn
      })
    const first = take()
    void take()
    await clock.advance(0)
    assert.equal(turns.length, 1)
    ;(await first).end()
    for (let at = 0; at < 19; at += 1) pace.succeeded()
    assert.equal(pace.inFlightLimit, 1)
    pace.succeeded()
    assert.equal(pace.inFlightLimit, 2)
    for (let at = 0; at < 100; at += 1) pace.succeeded()
    assert.equal(pace.inFlightLimit, 3)
  })
})
