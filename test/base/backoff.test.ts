import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoffMs } from '../../src/base/backoff.ts'

test('the wait doubles with each failure in a row, up to the longest', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7].map(failures => backoffMs(failures, 1000, 30_000, 1))
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
})

test('the wait is never less than half of its step and never more than the step, whatever the numbers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 100_000_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, firstMs, mostMs, random) => {
        const step = backoffMs(failures, firstMs, mostMs, 1)
        const wait = backoffMs(failures, firstMs, mostMs, random)
        assert.ok(wait >= Math.floor(step / 2) && wait <= step && step <= mostMs, `${wait} of ${step}`)
      },
    ),
  )
})

test('many who wait do not come back together', () => {
  const waits = new Set(Array.from({ length: 100 }, (_, n) => backoffMs(3, 1000, 60_000, n / 100)))
  assert.equal(waits.size, 100)
})
