/** The arithmetic of the bench, and that a goal cannot be met by a figure that is not there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latencyMeasures, type Sample } from '../../scripts/bench/latency-measures.ts'
import { atLeast, atMost, figure, median, percentile } from '../../scripts/bench/measure.ts'
import { latencyPicture } from '../../scripts/bench/picture.ts'
import { tableOf } from '../../scripts/bench/table.ts'

test('a percentile is one of the values, by its rank', () => {
  const values = Array.from({ length: 20 }, (_, index) => 20 - index)
  assert.equal(percentile(values, 0.95), 19)
  assert.equal(percentile(values, 1), 20)
  assert.equal(median([3, 1, 2]), 2)
  assert.ok(Number.isNaN(percentile([], 0.5)))
})

test('what could not be measured is missed, in either direction', () => {
  assert.equal(atMost('a', Number.NaN, 'ms', 30).met, false)
  assert.equal(atLeast('a', Number.NaN, 'ms', 30).met, false)
  assert.equal(atMost('a', 30, 'ms', 30).met, true)
  assert.equal(atLeast('a', 30, 'ms', 30).met, true)
  assert.equal(atMost('a', 30.01, 'ms', 30).met, false)
})

test('each line of the table with a goal ends met or missed', () => {
  const table = tableOf([atMost('a', 1, 'ms', 2), atLeast('b', 1, 'of 2', 2, 'why'), figure('c', 1, 'ms')])
  assert.match(table, /^a .*\(at most 2\) met$/m)
  assert.match(table, /^b .*\[why\] {2}\(at least 2\) missed$/m)
  assert.match(table, /^c {2}1 ms$/m)
  assert.match(table, /\n1 met, 1 missed$/)
})

test('latency is judged against round trips, and against fetchmail where it was there', () => {
  const sample = { side: 'hikyaku', roundTripMs: 100, quiet: false, ms: 379, untilUploadMs: 250 } as const
  const peer: Sample = { ...sample, side: 'fetchmail', ms: 760 }
  const of = (samples: readonly Sample[]) =>
    new Map(
      latencyMeasures(samples, ['hikyaku', 'fetchmail'], [100]).map(({ name, value, met }) => [
        name,
        { value, met },
      ]),
    )
  const both = of([sample, peer])
  assert.deepEqual(both.get('latency.100ms.row.hikyaku.p50'), { value: 379, met: true })
  assert.deepEqual(both.get('latency.100ms.row.hikyaku.trips.p50'), { value: 2.5, met: true })
  assert.deepEqual(both.get('latency.100ms.row.ratio'), { value: 0.499, met: true })
  assert.equal(both.get('latency.100ms.first.hikyaku.p50')?.met, false, 'no sample is not a good sample')
  assert.equal(of([sample]).has('latency.100ms.row.ratio'), false)
})

test('the picture shows what was measured of each side, and is not made of one side alone', () => {
  const ours = figure('latency.100ms.row.hikyaku.p50', 300, 'ms')
  const theirs = figure('latency.100ms.row.fetchmail.p50', 600, 'ms')
  const picture = latencyPicture([ours, theirs], 'a <caption> & more') ?? ''
  assert.match(picture, /a &lt;caption> &amp; more/)
  const lengths = [...picture.matchAll(/<rect x="170"[^>]* width="([\d.]+)"/g)].map(([, length]) =>
    Number(length),
  )
  assert.deepEqual(lengths, [235, 470])
  assert.match(picture, />300 ms</)
  assert.equal(latencyPicture([ours], ''), undefined)
})
