/** Cron expressions that are reckoned without node-cron, held against node-cron; and the ticks. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { createTask, validate } from 'node-cron'
import { isSchedule, nextRuns, startTicking } from '../../src/base/schedule.ts'

const file = fileURLToPath(new URL('../../src/base/schedule.ts', import.meta.url))

// Zones that put their clocks back have tests of their own: node-cron passes over an hour then.
process.env.TZ = 'UTC'

const field = (least: number, greatest: number, names = ''): fc.Arbitrary<string> => {
  const numbers = Array.from({ length: greatest - least + 1 }, (_, at) => String(least + at))
  const value = fc.constantFrom(...numbers, ...(names === '' ? [] : names.split(' ')))
  const range = fc.tuple(value, value).map(([a, b]) => `${a}-${b}`)
  const step = fc.integer({ min: 1, max: greatest })
  const part = fc.oneof(
    value,
    range,
    fc.tuple(range, step).map(([span, by]) => `${span}/${by}`),
    step.map(by => `*/${by}`),
  )
  return fc.oneof(
    { arbitrary: fc.constant('*'), weight: 3 },
    part,
    fc.array(part, { minLength: 2, maxLength: 3 }).map(parts => parts.join(',')),
  )
}
const expressions = fc
  .tuple(
    ...[field(0, 59), field(0, 59), field(0, 23), field(1, 31)],
    field(1, 12, 'jan Feb MAR apr may jun jul aug sep oct nov dec'),
    ...[field(0, 7, 'sun Mon TUE wed thu fri sat'), fc.boolean()],
  )
  .map(([seconds, minutes, hours, days, months, weekdays, short]) =>
    [...(short ? [] : [seconds]), minutes, hours, days, months, weekdays].join(' '),
  )

/** Runs of `expression` behind an instant, in a zone of its own. */
function runsIn(zone: string, expression: string, count: number, after: string): readonly string[] {
  const script = `const { nextRuns } = await import(${JSON.stringify(file)})
    console.log(JSON.stringify(nextRuns(${JSON.stringify(expression)}, ${count}, Date.parse(${JSON.stringify(after)}))))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { TZ: zone },
    encoding: 'utf8',
  })
  assert.notEqual(stdout, '', stderr)
  return (JSON.parse(stdout) as number[]).map(ms => new Date(ms).toISOString())
}

describe('schedules', () => {
  test('come when node-cron says that they come', () => {
    let compared = 0
    fc.assert(
      fc.property(expressions, expression => {
        assert.equal(isSchedule(expression), validate(expression), expression)
        fc.pre(isSchedule(expression))
        const task = createTask(expression, () => {})
        try {
          const ours = (): number | undefined => nextRuns(expression, 1, Date.now())[0]
          // A second may end in between.
          const before = ours()
          const [theirs] = task.getNextRuns(1)
          assert.ok([before, ours()].includes(theirs?.getTime()), expression)
          compared += 1
        } catch (error) {
          // A 31 February: node-cron throws, and for us there is none.
          if (error instanceof assert.AssertionError) throw error
          assert.deepEqual(nextRuns(expression, 1, Date.now()), [], expression)
        } finally {
          void task.destroy()
        }
      }),
      { numRuns: 300 },
    )
    assert.ok(compared > 200)
  })

  test('are what node-cron takes for one, and nothing else', () => {
    const pieces = fc.constantFrom(
      ...'0 5 7 59 60 99 * / - , */0 */5 1-5 5-1 L W # MON jan fri-mon Nov-feb Sunday 1-mon ? x 1/2 -1 1.5'.split(
        ' ',
      ),
    )
    const text = fc
      .array(
        fc.array(pieces, { minLength: 1, maxLength: 2 }).map(two => two.join('')),
        {
          minLength: 4,
          maxLength: 7,
        },
      )
      .map(fields => fields.join(' '))
    fc.assert(
      fc.property(text, expression => {
        const fields = expression.split(' ').length
        let theirs = false
        try {
          theirs = (fields === 5 || fields === 6) && validate(expression)
        } catch {}
        assert.equal(isSchedule(expression), theirs, expression)
      }),
      { numRuns: 2000 },
    )
    for (const never of ['* * 30 2 *', '0 * * 31 2,4,6,9,11 *', '* * 30-31 2 0'])
      assert.ok(!isSchedule(never), never)
    for (const expression of ['* * 29 2 *', '0 0 30,31 2,4 *']) assert.ok(isSchedule(expression), expression)
    for (const expression of ['0 9 * * MON-FRI', '0 0 L * *', '*/5 * * jan *']) {
      assert.ok(isSchedule(expression), expression)
      assert.equal(nextRuns(expression, 3, Date.now()).length, 3, expression)
    }
  })

  test('go on while clocks are put back, and find the day on which a midnight is left out', () => {
    // 2026-10-25 01:00 UTC: 03:00 becomes 02:00 in Berlin.
    for (const days of ['* * *', '* * SAT-SUN', '* oct-Jan *', '24-10 * *'])
      assert.deepEqual(
        runsIn('Europe/Berlin', `*/20 * ${days}`, 6, '2026-10-25T00:30:00Z').map(at => at.slice(11, 16)),
        ['00:40', '01:00', '01:20', '01:40', '02:00', '02:20'],
        days,
      )
    // 2026-03-29: 02:30 is left out in Berlin.
    assert.deepEqual(runsIn('Europe/Berlin', '30 2 * * *', 2, '2026-03-28T12:00:00Z'), [
      '2026-03-30T00:30:00.000Z',
      '2026-03-31T00:30:00.000Z',
    ])
    // 2024-09-08: Santiago goes from 23:59:59 to 01:00.
    assert.deepEqual(runsIn('America/Santiago', '0 1 8 9 *', 1, '2024-09-07T12:00:00Z'), [
      '2024-09-08T04:00:00.000Z',
    ])
    // Lord Howe Island puts clocks back by half an hour.
    assert.equal(runsIn('Australia/Lord_Howe', '15 * * * *', 30, '2026-04-04T00:00:00Z').length, 30)
  })

  for (const expression of ['* * * * * *', '* * * ? * *', '0 */5 * * * *', '0 */5 * ? * *'])
    for (const [days, how] of [
      [-10, 'back'],
      [9, 'forward'],
    ] as const)
      test(`go on within a minute where the clock is set ${how} by days: ${expression}`, t => {
        let nowMs = Date.parse('2026-05-04T10:00:00.500Z')
        const RealDate = Date
        /** The mocked one would turn the timers back with it. */
        class SetDate extends RealDate {
          constructor(...given: [] | [number]) {
            super(...((given.length === 0 ? [nowMs] : given) as [number]))
          }
          static override now(): number {
            return nowMs
          }
        }
        globalThis.Date = SetDate as DateConstructor
        t.after(() => {
          globalThis.Date = RealDate
        })
        t.mock.timers.enable({ apis: ['setTimeout'] })
        const calls: string[] = []
        const pass = (ms: number): void => {
          for (let passed = 0; passed < ms; passed += 500) {
            nowMs += 500
            t.mock.timers.tick(500)
          }
        }
        const stop = startTicking(expression, '', {
          onTick: () => calls.push('tick'),
          onLate: () => calls.push('late'),
        })
        pass(600_000)
        assert.deepEqual([...new Set(calls)], ['tick'])
        calls.length = 0
        nowMs += days * 24 * 3600_000
        pass(360_000)
        // What was due as it leapt is late, once.
        assert.deepEqual([...new Set(calls)], how === 'back' ? ['tick'] : ['late', 'tick'])
        assert.equal(calls.filter(call => call === 'late').length, how === 'back' ? 0 : 1)
        stop()
        calls.length = 0
        pass(600_000)
        assert.deepEqual(calls, [])
      })
})

describe('a moment of its own', () => {
  const from = +new Date(2026, 4, 4, 10)
  const names = Array.from({ length: 1000 }, (_, n) => `user${n}@example.test`)
  const momentOf = (expression: string, name: string): number => {
    const [first = 0] = nextRuns(expression, 1, from - 1, name)
    return first - from
  }

  for (const [expression, minutes] of [
    ['*/5 * * * *', 5],
    ['*/5 8-18 * * MON-FRI', 5],
    ['* * * * *', 1],
    ['*/15 10 * * *', 15],
    ['0 10 * * *', 1],
    ['*/7 * * * *', 1],
    ['0 */5 * * * *', 0],
  ] as const)
    test(`${expression}: within ${minutes} minutes, and steady`, () => {
      const moments = names.map(name => momentOf(expression, name))
      assert.deepEqual(
        moments,
        names.map(name => momentOf(expression, name)),
      )
      const spanMs = minutes * 60_000
      assert.ok(moments.every(ms => ms >= 0 && ms < Math.max(1, spanMs)))
      // None of sixty parts of it holds more than three times its share.
      const parts = moments.map(ms => Math.floor((ms * 60) / Math.max(1, spanMs)))
      const most = Math.max(...parts.map(part => parts.filter(other => other === part).length))
      if (minutes > 0) assert.ok(most <= (3 * names.length) / 60, `${most} at once`)
    })

  test('comes as often as the schedule says, and in the hours that it names', () => {
    for (const name of names.slice(0, 20)) {
      const runs = nextRuns('*/15 9,17 * * *', 8, from, name)
      const gaps = new Set(runs.slice(1).map((at, index) => at - (runs[index] ?? 0)))
      assert.ok(gaps.has(15 * 60_000) && gaps.size === 2, [...gaps].join(' '))
      assert.deepEqual(
        [...new Set(runs.map(at => new Date(at).getHours()))].toSorted((a, b) => a - b),
        [9, 17],
      )
    }
  })

  test('is none where the schedule is left to node-cron', () => {
    const expression = '0 9 L * *'
    assert.deepEqual(nextRuns(expression, 3, from, 'a'), nextRuns(expression, 3, from))
  })

  test('is when it ticks', t => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: from })
    const ticks: number[] = []
    const stops = names.slice(0, 3).map(name =>
      startTicking('*/5 * * * *', name, {
        onTick: () => ticks.push(Date.now() - from),
        onLate: assert.fail,
      }),
    )
    for (let passed = 0; passed < 300_000; passed += 10) t.mock.timers.tick(10)
    for (const stop of stops) stop()
    const moments = names.slice(0, 3).map(name => momentOf('*/5 * * * *', name))
    assert.deepEqual(
      ticks,
      moments.toSorted((a, b) => a - b).map(ms => Math.ceil(ms / 10) * 10),
    )
  })
})
