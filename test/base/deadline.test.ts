import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abortAfter, orAbort, waitAtMost, within } from '../../src/base/deadline.ts'
import { makeFakeClock } from '../gmail/fake-clock.ts'

const never = new AbortController().signal
const forever = new Promise<never>(() => {})
const late = () => new Error('late')
const why = new Error('stopped')
const failed = Promise.reject(new Error('failed'))
failed.catch(() => {})

/** Listeners that are still on the signal: what each race leaves behind would grow for as long as a daemon runs. */
function listeners(signal: AbortSignal): number {
  const [kind] = Object.getOwnPropertySymbols(signal).filter(symbol => String(symbol).includes('kEvents'))
  const events = kind && (signal as unknown as Record<symbol, Map<string, { size: number }>>)[kind]
  return events?.get('abort')?.size ?? 0
}

test('an abort ends the waiting and leaves nothing on the signal, and what was done stays done', async () => {
  const stop = new AbortController()
  assert.equal(await orAbort(Promise.resolve(1), stop.signal), 1)
  await assert.rejects(orAbort(failed, stop.signal), /failed/)
  assert.equal(listeners(stop.signal), 0)
  const waiting = orAbort(forever, stop.signal)
  assert.equal(listeners(stop.signal), 1)
  stop.abort(why)
  await assert.rejects(waiting, why)
  await assert.rejects(orAbort(Promise.resolve(1), stop.signal), why)
  await assert.rejects(orAbort(Promise.reject(new Error('unheard')), stop.signal), why)
})

test('a deadline throws what the caller says, frees its timer, and a rejection behind it is no crash', async () => {
  const clock = makeFakeClock()
  assert.equal(await within(Promise.resolve(1), 50, clock, never, late), 1)
  assert.equal(clock.sleepers, 0)
  const work = Promise.withResolvers<never>()
  const waiting = assert.rejects(within(work.promise, 50, clock, never, late), /late/)
  await clock.advance(49)
  assert.equal(clock.sleepers, 1)
  await clock.advance(1)
  await waiting
  work.reject(new Error('behind it'))
  const stop = new AbortController()
  const aborted = assert.rejects(within(forever, 50, clock, stop.signal, late), why)
  stop.abort(why)
  await aborted
  assert.equal(clock.sleepers, 0)
})

test('who only waits is told whether it ended well, and never throws', async () => {
  const clock = makeFakeClock()
  assert.equal(await waitAtMost(Promise.resolve(), 50, clock), true)
  assert.equal(await waitAtMost(failed, 50, clock), false)
  const waiting = waitAtMost(forever, 50, clock)
  await clock.advance(50)
  assert.equal(await waiting, false)
  assert.equal(await waitAtMost(forever, 50, clock, AbortSignal.abort(why)), false)
  assert.equal(clock.sleepers, 0)
})

test('work that can be aborted is: in time, at the caller’s abort, and at its own end', async () => {
  const clock = makeFakeClock()
  const untilAborted = (signal: AbortSignal) => orAbort(forever, signal)
  const waiting = assert.rejects(abortAfter(50, clock, never, untilAborted, late), /late/)
  await clock.advance(50)
  await waiting
  const stop = new AbortController()
  const aborted = assert.rejects(abortAfter(50, clock, stop.signal, untilAborted), why)
  stop.abort(why)
  await aborted
  const begun = await abortAfter(50, clock, never, async signal => signal)
  assert.equal(begun.aborted, true)
  assert.equal(clock.sleepers, 0)
  const usual = assert.rejects(abortAfter(50, clock, never, untilAborted), { name: 'TimeoutError' })
  await clock.advance(50)
  await usual
})
