import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { retry } from '../../src/base/retry.ts'
import { makeFakeClock } from '../gmail/fake-clock.ts'

function rig() {
  const clock = makeFakeClock()
  const slept: number[] = []
  const sleep = async (ms: number): Promise<void> => void slept.push(ms)
  const policy = {
    ...{ tries: 4, firstMs: 1000, mostMs: 3000, longestMs: 10_000, clock: { ...clock, sleep } },
    signal: new AbortController().signal,
    isPassing: ({ code }: Fault) => code === 'gmail.server',
  }
  let calls = 0
  const failing =
    (fault: unknown, times = Infinity) =>
    async (): Promise<number> => {
      calls += 1
      if (calls <= times) throw fault
      return calls
    }
  return { clock, slept, policy, failing, calls: () => calls }
}
const passing = (notBeforeMs?: number) =>
  new Fault('gmail.server', notBeforeMs === undefined ? {} : { notBeforeMs })

test('passing trouble is waited out, longer each time, and the last fault is thrown', async () => {
  const { policy, failing, slept, calls } = rig()
  assert.equal(await retry(failing(passing(), 2), policy), 3)
  assert.deepEqual(slept, [1000, 2000])
  const fault = passing()
  const second = rig()
  await assert.rejects(retry(second.failing(fault), second.policy), fault)
  assert.deepEqual([second.slept, second.calls(), calls()], [[1000, 2000, 3000], 4, 3])
})

test('the instant that the other side named is kept, and one too far away is not waited for', async () => {
  const { clock, policy, failing, slept } = rig()
  await retry(failing(passing(clock.nowMs() + 7000), 1), policy)
  assert.deepEqual(slept, [7000])
  const far = rig()
  await assert.rejects(retry(far.failing(passing(clock.nowMs() + 10_001)), far.policy), Fault)
  assert.deepEqual([far.slept, far.calls()], [[], 1])
})

test('what does not pass is thrown at once, and progress begins the counting anew', async () => {
  for (const thrown of [new Fault('gmail.unknown-answer'), new Error('bug')]) {
    const { policy, failing, calls } = rig()
    await assert.rejects(retry(failing(thrown), policy), thrown)
    assert.equal(calls(), 1)
  }
  const { policy, failing, slept } = rig()
  assert.equal(await retry(failing(passing(), 9), { ...policy, hasProgressed: () => true }), 10)
  assert.ok(slept.every(ms => ms === 1000))
})
