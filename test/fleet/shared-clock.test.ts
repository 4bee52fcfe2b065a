/** The wall clock that workers share, against a database that is ahead, behind, slow or away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../src/base/clock.ts'
import { startSharedClock } from '../../src/fleet/shared-clock.ts'

const hourMs = 3600_000
const startMs = Date.UTC(2026, 10, 26)

/** A computer whose clock is played, and what it sleeps is passed by hand. */
function playComputer(aheadMs: number) {
  let [passedMs, ahead] = [0, aheadMs]
  let wake: (() => void) | undefined
  const own: Clock = {
    nowMs: () => startMs + passedMs + ahead,
    monotonicMs: () => passedMs,
    after: () => assert.fail('nothing is timed here'),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        wake = () => {
          passedMs += ms
          resolve()
        }
      }),
  }
  return {
    own,
    databaseMs: () => startMs + passedMs,
    pass: (ms: number) => {
      passedMs += ms
    },
    step: (ms: number) => {
      ahead += ms
    },
    async look() {
      wake?.()
      for (let turns = 0; turns < 20; turns += 1) await Promise.resolve()
    },
  }
}

test('goes by the database, tells a computer that is off once, and follows when it is set right', async () => {
  const computer = playComputer(hourMs)
  const told: number[] = []
  const ending = new AbortController()
  const options = {
    own: computer.own,
    ask: async () => computer.databaseMs(),
    onOff: (ms: number) => told.push(ms),
  }
  const clock = await startSharedClock(options, ending.signal)
  assert.equal(clock.nowMs(), computer.databaseMs())
  computer.pass(5000)
  assert.equal(clock.nowMs(), computer.databaseMs())
  await computer.look()
  assert.deepEqual(told, [hourMs])
  computer.step(-hourMs)
  await computer.look()
  assert.equal(clock.nowMs(), computer.databaseMs())
  computer.step(-2 * hourMs)
  await computer.look()
  assert.equal(clock.nowMs(), computer.databaseMs())
  assert.deepEqual(told, [hourMs, -2 * hourMs])
  ending.abort()
})

test('reads a good clock as it is, and believes no late answer and none that is no time', async () => {
  const computer = playComputer(1500)
  let answer = async (): Promise<number> => computer.databaseMs()
  const told: number[] = []
  const ending = new AbortController()
  const options = { own: computer.own, ask: () => answer(), onOff: (ms: number) => told.push(ms) }
  const clock = await startSharedClock(options, ending.signal)
  const asOwn = (): void => assert.equal(clock.nowMs(), computer.own.nowMs())
  asOwn()
  for (const wrong of [
    async () => Number.NaN,
    async () => {
      throw new Error('the database is away')
    },
    async () => {
      const asked = computer.databaseMs()
      computer.pass(30_000)
      return asked
    },
  ]) {
    answer = wrong
    await computer.look()
    asOwn()
  }
  assert.deepEqual(told, [])
  ending.abort()
})
