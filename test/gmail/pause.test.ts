import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makePace } from '../../src/gmail/pace.ts'
import { makeFakeClock } from './fake-clock.ts'
import { never } from './scripted.ts'

test('a shorter pause does not end a longer one that Gmail asked for', async () => {
  const clock = makeFakeClock()
  const pace = makePace({ unitsPerMinute: 6000, importsInFlight: 3, clock, random: () => 0 })
  pace.limited(clock.nowMs() + 20_000, false)
  pace.limited(clock.nowMs() + 2_000, false)
  let leftAtMs: number | undefined
  void pace.turn('import', 25, never).then(() => {
    leftAtMs = clock.monotonicMs()
  })
  await clock.advance(19_000)
  assert.equal(leftAtMs, undefined)
  await clock.advance(2_000)
  assert.equal(leftAtMs, 20_000)
})
