import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeReader } from '../../src/web/layout.ts'
import { drawSparkline, sparklineMails } from '../../src/web/sparkline.ts'

const draw = (latenciesMs: readonly number[]): string =>
  String(drawSparkline(makeReader('en'), latenciesMs) ?? '')

const pointsOf = (drawn: string): number[][] =>
  (/points="([^"]*)"/.exec(drawn)?.[1] ?? '').split(' ').map(point => point.split(',').map(Number))

test('the line goes from the oldest mail to the newest, the longest on top', () => {
  const points = pointsOf(draw([400, 60_000, 2000]))
  const [oldest, slow, newest] = points
  assert.equal(points.length, 3)
  assert.ok((oldest?.[0] ?? 0) < (slow?.[0] ?? 0) && (slow?.[0] ?? 0) < (newest?.[0] ?? 0))
  assert.ok((slow?.[1] ?? 99) < (oldest?.[1] ?? 0) && (oldest?.[1] ?? 99) < (newest?.[1] ?? 0))
})

test('what it shows is said in words, in both languages', () => {
  assert.match(
    draw([400, 60_000, 2000]),
    /aria-label="The last 3 mails took from 0\.4 s to 1 min, the newest 0\.4 s"/,
  )
  assert.match(
    String(drawSparkline(makeReader('ja'), [400, 2000])),
    /aria-label="最近の 2 通は 0\.4 秒〜2 秒/,
  )
})

test('it stays within its frame whatever the journal holds, and shows a bounded number of mails', () => {
  const odd = [
    0,
    -5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    9e15,
    1,
    100,
    ...Array.from({ length: 500 }, (_, n) => n),
  ]
  for (const [x = -1, y = -1] of pointsOf(draw(odd))) assert.ok(x >= 0 && x <= 200 && y >= 0 && y <= 32)
  assert.ok(pointsOf(draw(odd)).length <= sparklineMails)
  assert.doesNotMatch(draw(odd), /NaN|Infinity|style=/)
})

test('mails that took about the same time make a level line, and fewer than two make none', () => {
  const heights = pointsOf(draw([1000, 1100, 1050])).map(([, y]) => y ?? 0)
  assert.ok(Math.max(...heights) - Math.min(...heights) < 4)
  assert.equal(draw([500]), '')
  assert.equal(draw([]), '')
})
