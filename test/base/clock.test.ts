/** Deadlines of a process that does not always get its processor. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { callAfter } from '../../src/base/clock.ts'

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
