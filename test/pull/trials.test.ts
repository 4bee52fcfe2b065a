/** Who of the suspects has its turn, and when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTrials, suspectsAtOnce } from '../../src/pull/trials.ts'

const never = new AbortController().signal

test('a few suspects of one end are in hand at once, and one of more ends without any other', async () => {
  const trials = makeTrials()
  const order: string[] = []
  const few = await Promise.all(Array.from({ length: suspectsAtOnce }, () => trials.enter(false)))
  assert.ok(few.every(leave => leave !== undefined))
  assert.equal(await trials.enter(false), undefined, 'no more of them')
  const sole = trials.enter(true, never).then(leave => {
    order.push('sole')
    return leave
  })
  const next = trials.enter(false, never).then(leave => {
    order.push('next')
    return leave
  })
  for (const leave of few.slice(1)) leave?.()
  await new Promise(setImmediate)
  assert.deepEqual(order, [], 'while another is in hand, and nobody overtakes it')
  few[0]?.()
  few[0]?.()
  const leaveSole = await sole
  await new Promise(setImmediate)
  assert.deepEqual(order, ['sole'])
  assert.equal(await trials.enter(false), undefined)
  leaveSole?.()
  assert.ok(await next)
  assert.deepEqual(order, ['sole', 'next'])
})

test('who gives up waiting holds up nobody behind it', async () => {
  const trials = makeTrials()
  const leave = await trials.enter(false)
  const tired = new AbortController()
  const sole = trials.enter(true, tired.signal)
  const next = trials.enter(false, never)
  tired.abort()
  assert.equal(await sole, undefined)
  const leaveNext = await next
  assert.ok(leaveNext)
  for (const over of [leave, leaveNext]) over?.()
  assert.ok(await trials.enter(true), 'all places are free again')
})
