/** Deadlines of a process that does not always get its processor. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { callAfter, systemClock } from '../../src/base/clock.ts'

/** As a process that is stopped, or that others keep from its processor. */
function standStill(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

test('a process that stood still reads what came meanwhile before its deadline strikes, and then it strikes', async t => {
  const server = createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => {
    client.destroy()
    server.close()
  })
  await once(client, 'connect')
  const seen: string[] = []
  client.on('data', () => seen.push('answer'))
  for (let time = 1; time <= 3; time += 1) {
    const struck = Promise.withResolvers<void>()
    client.write('question')
    callAfter(40, () => {
      seen.push('deadline')
      struck.resolve()
    })
    standStill(100)
    await turnOfLoop()
    standStill(100)
    await struck.promise
  }
  assert.deepEqual(seen, Array.from({ length: 3 }, () => ['answer', 'deadline']).flat())
})

test('a deadline that is ended does not strike, and one beyond what a timer can be is no millisecond', async () => {
  let struck = 0
  const strike = (): void => {
    struck += 1
  }
  const ends = [1, Number.POSITIVE_INFINITY, 2 ** 31].map(ms => callAfter(ms, strike))
  ends[0]?.()
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.equal(struck, 0)
  for (const end of ends) end()
})

const day = 24 * 3600_000
const tooLongs = [2 ** 31, 40 * day, Number.POSITIVE_INFINITY]

test('a wait that is too long for a timer of Node is none that is over at once', async t => {
  const warnings: string[] = []
  const onWarning = ({ name }: Error): void => void warnings.push(name)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const over: number[] = []
  const stop = new AbortController()
  const ends = tooLongs.map(ms => systemClock.after(ms, () => over.push(ms)))
  const sleeps = tooLongs.map(ms =>
    systemClock.sleep(ms, stop.signal, 'beside').then(
      () => over.push(ms),
      () => {},
    ),
  )
  // Timers are called in their order: one that Node took for 1 ms is before this.
  await systemClock.sleep(20)
  for (const end of ends) end()
  stop.abort()
  await Promise.all(sleeps)
  assert.deepEqual([over, warnings], [[], []])
})

test('a sleep of forty days takes forty days, and an abort ends it at any time', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const stop = new AbortController()
  const over: string[] = []
  systemClock.sleep(40 * day).then(() => over.push('over'))
  systemClock.sleep(40 * day, stop.signal).catch(() => over.push('aborted'))
  const first = 2 ** 31 - 1
  t.mock.timers.tick(first)
  // Both are on the second of their timers.
  stop.abort()
  t.mock.timers.tick(40 * day - first - 1)
  await turnOfLoop()
  assert.deepEqual(over, ['aborted'])
  t.mock.timers.tick(1)
  await turnOfLoop()
  assert.deepEqual(over, ['aborted', 'over'])
  t.mock.timers.tick(100 * day)
  await turnOfLoop()
  assert.equal(over.length, 2)
})

test('a delay that is no number is over at once, as Node takes it, and keeps nothing busy', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  callAfter(Number.NaN, resolve)
  await Promise.race([
    promise,
    systemClock.sleep(5_000, undefined, 'beside').then(() => assert.fail('it waits')),
  ])
})
