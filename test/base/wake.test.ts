import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { makeWake } from '../../src/base/wake.ts'

const never = (): AbortSignal => new AbortController().signal
/** Long enough to be no answer, short enough for a test that fails. */
const longMs = 10_000

test('who waits hears a ring at once, with its reason', async () => {
  const wake = makeWake()
  const heard = wake.wait(longMs, never())
  wake.ring('news')
  assert.equal(await heard, 'news')
})

test('a ring while nobody waits is heard by the next who does, and only once', async () => {
  const wake = makeWake()
  wake.ring('schedule')
  assert.equal(await wake.wait(longMs, never()), 'schedule')
  assert.equal(await wake.wait(0, never()), undefined)
})

test('a hundred rings are one', async () => {
  const wake = makeWake()
  for (let n = 0; n < 100; n += 1) wake.ring(`ring ${n}`)
  assert.equal(await wake.wait(longMs, never()), 'ring 99')
  assert.equal(await wake.wait(0, never()), undefined)
})

test('news drown nothing that asks for more, and are drowned by it', async () => {
  const wake = makeWake()
  for (const reason of ['schedule', 'uploaded', 'owner']) {
    wake.ring(reason)
    wake.ring('news')
    assert.equal(await wake.wait(longMs, never()), reason)
    wake.ring('news')
    wake.ring(reason)
    assert.equal(await wake.wait(longMs, never()), reason)
  }
})

test('without a ring the wait ends with its time', async () => {
  assert.equal(await makeWake().wait(1, never()), undefined)
  assert.equal(await makeWake().wait(-5, never()), undefined)
})

test('a wait longer than a timer of Node can be does not end at once', async () => {
  const wake = makeWake()
  let over = false
  const heard = wake.wait(Number.POSITIVE_INFINITY, never()).then(reason => {
    over = true
    return reason
  })
  // Node takes a delay that it cannot hold for 1 ms.
  await new Promise(resolve => setTimeout(resolve, 10))
  assert.equal(over, false)
  wake.ring('owner')
  assert.equal(await heard, 'owner')
})

test('an abort ends the wait, also one that came before it, and no listener is left', async () => {
  const wake = makeWake()
  const controller = new AbortController()
  const heard = wake.wait(longMs, controller.signal)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1)
  controller.abort()
  assert.equal(await heard, undefined)
  assert.equal(await wake.wait(longMs, controller.signal), undefined)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('a ring after the wait has ended is kept for the next', async () => {
  const wake = makeWake()
  assert.equal(await wake.wait(0, never()), undefined)
  wake.ring('late')
  assert.equal(await wake.wait(longMs, never()), 'late')
})

test("the owner's word is not drowned by a later ring", async () => {
  const wake = makeWake()
  wake.ring('owner')
  wake.ring('schedule')
  assert.equal(await wake.wait(longMs, never()), 'owner')
})
