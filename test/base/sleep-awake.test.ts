import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleepAwake } from '../../src/base/sleep-awake.ts'
import { makeFakeClock } from '../gmail/fake-clock.ts'

const never = new AbortController().signal

test('a hundred that wait are one timer more, and none when they are over', async () => {
  const clock = makeFakeClock()
  const waits = Array.from({ length: 100 }, () => sleepAwake(clock, 120_000, never))
  await clock.advance(100_000)
  assert.equal(clock.sleepers, 101)
  await clock.advance(20_000)
  assert.deepEqual(new Set(await Promise.all(waits)), new Set(['over']))
  assert.equal(clock.sleepers, 0)
})

test('all of them hear within five seconds that the machine slept, and of a clock that was set a little nobody does', async () => {
  const clock = makeFakeClock()
  const first = sleepAwake(clock, 120_000, never)
  await clock.advance(7_000)
  const later = sleepAwake(clock, 120_000, never)
  clock.jump(14_000)
  clock.jump(-3600_000)
  await clock.advance(10_000)
  assert.equal(clock.sleepers, 3)
  clock.jump(16_000)
  await clock.advance(5_000)
  assert.deepEqual(await Promise.all([first, later]), ['slept', 'slept'])
  assert.equal(clock.sleepers, 0)
})

test('an abort ends one of them alone, with its reason', async () => {
  const clock = makeFakeClock()
  const stop = new AbortController()
  const why = new Error('stopped')
  const waits = [sleepAwake(clock, 20_000, stop.signal), sleepAwake(clock, 20_000, never)] as const
  const stopped = assert.rejects(waits[0], why)
  await clock.advance(1_000)
  stop.abort(why)
  await stopped
  await clock.advance(19_000)
  assert.equal(await waits[1], 'over')
  assert.equal(clock.sleepers, 0)
})
