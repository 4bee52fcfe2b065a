/** Deletion "after 14 days" must not happen because somebody set the clock: the steady clock errs on the late side. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Clock } from '../../src/base/clock.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { makeSteadyClock, mostOverRestart } from '../../src/pull/steady-clock.ts'

const dayMs = 24 * 3600_000
const slackMs = 60_000

async function journalFor(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-steady-'))
  const journal = await openJournal(folder, 'run', () => {})
  t.after(async () => {
    await journal.close()
    await rm(folder, { recursive: true, force: true })
  })
  return journal
}

/** Two clocks that a test sets apart from each other. */
class TwoClocks implements Clock {
  wallMs = Date.UTC(2026, 10, 25)
  monotonic = 5_000_000
  nowMs = (): number => this.wallMs
  monotonicMs = (): number => this.monotonic
  after = (): never => {
    throw new Error('nothing is timed here')
  }
  sleep = (): Promise<void> => Promise.resolve()
  pass(ms: number): void {
    this.wallMs += ms
    this.monotonic += ms
  }
}

test('in quiet times it goes as the wall clock goes', async t => {
  const clock = new TwoClocks()
  const steady = makeSteadyClock(await journalFor(t), clock)
  assert.equal(await steady.readMs(), 0)
  clock.pass(1234)
  assert.equal(await steady.readMs(), 1234)
  clock.pass(30 * dayMs)
  assert.equal(await steady.readMs(), 1234 + 30 * dayMs)
})

test('a wall clock set forward by ten years moves it by a minute at most', async t => {
  const clock = new TwoClocks()
  const steady = makeSteadyClock(await journalFor(t), clock)
  await steady.readMs()
  clock.wallMs += 3650 * dayMs
  assert.ok((await steady.readMs()) <= slackMs)
  clock.pass(1000)
  assert.ok((await steady.readMs()) <= slackMs + 1000)
})

test('a wall clock set back stops it for a moment, and it never goes back', async t => {
  const clock = new TwoClocks()
  const steady = makeSteadyClock(await journalFor(t), clock)
  await steady.readMs()
  clock.pass(dayMs)
  const before = await steady.readMs()
  clock.wallMs -= 400 * dayMs
  assert.equal(await steady.readMs(), before)
  clock.pass(1000)
  assert.equal(await steady.readMs(), before + 1000)
})

test('over a restart it goes on from where it was, and believes at most a day of the wall clock', async t => {
  const journal = await journalFor(t)
  const clock = new TwoClocks()
  const first = makeSteadyClock(journal, clock)
  await first.readMs()
  clock.pass(5000)
  assert.equal(await first.readMs(), 5000)
  clock.wallMs += 3600_000
  // Another process: its monotonic clock has another beginning.
  clock.monotonic = 17
  assert.equal(await makeSteadyClock(journal, clock).readMs(), 5000 + 3600_000)
  clock.wallMs += 3650 * dayMs
  assert.equal(await makeSteadyClock(journal, clock).readMs(), 5000 + 3600_000 + dayMs)
})

test('whatever happens to the wall clock it is never ahead of proven time', async t => {
  const journal = await journalFor(t)
  const step = fc.record({ wall: fc.integer({ min: -1e12, max: 1e12 }), real: fc.nat(1e9) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
      const clock = new TwoClocks()
      await journal.setNote('steady-clock', `${clock.wallMs} 0`)
      const steady = makeSteadyClock(journal, clock)
      let last = await steady.readMs()
      for (const { wall, real } of steps) {
        clock.pass(real)
        clock.wallMs += wall
        const now = await steady.readMs()
        assert.ok(now >= last && now - last <= real + slackMs, `${last} -> ${now} in ${real}`)
        last = now
      }
    }),
    { numRuns: 30 },
  )
})

test('no restart alone is believed enough to end the shortest wait, and many restarts are', async t => {
  const most = mostOverRestart([
    { do: 'keep' },
    { do: 'delete', afterMs: dayMs },
    { do: 'delete', afterMs: 0 },
    { do: 'delete', afterMs: 30 * dayMs },
  ])
  assert.equal(most, dayMs / 2)
  assert.equal(mostOverRestart([{ do: 'keep' }, { do: 'delete', afterMs: 30 * dayMs }]), dayMs)
  const journal = await journalFor(t)
  const clock = new TwoClocks()
  assert.equal(await makeSteadyClock(journal, clock, most).readMs(), 0)
  clock.wallMs += dayMs + 1
  assert.equal(await makeSteadyClock(journal, clock, most).readMs(), dayMs / 2)
  // A timer that starts a process each minute.
  for (let minutes = 0; minutes < 12 * 60; minutes += 1) {
    clock.pass(60_000)
    await makeSteadyClock(journal, clock, most).readMs()
  }
  assert.equal(await makeSteadyClock(journal, clock, most).readMs(), dayMs)
})

test('who needs no reading lets it go on once an hour, and it is as far as if it had been read each minute', async t => {
  const clock = new TwoClocks()
  const journal = await journalFor(t)
  const notes = new Set<string | undefined>()
  const steady = makeSteadyClock(journal, clock)
  for (let minute = 0; minute < 150; minute += 1) {
    await steady.goOn()
    notes.add(await journal.note('steady-clock'))
    clock.pass(60_000)
  }
  assert.equal(notes.size, 3)
  assert.equal(await makeSteadyClock(journal, clock).readMs(), 150 * 60_000)
})
