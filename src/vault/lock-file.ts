/** A lock between processes for the moment of a read-change-write. */
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../base/fault.ts'
import { type ProcessLock, takeProcessLock } from '../base/process-lock.ts'

/** A write takes milliseconds; one on a busy disk, seconds. */
const longestWaitMs = 10_000

/**
 * Runs `work` while no other process does the same for this lock file, which stays.
 * @throws Fault secret.not-kept with `file` and `reason: 'locked'` after 10 s of waiting
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + longestWaitMs
  let lock: ProcessLock | undefined
  for (;;) {
    lock = takeProcessLock(file)
    if (lock !== undefined) break
    if (performance.now() > until) throw new Fault('secret.not-kept', { facts: { file, reason: 'locked' } })
    await pause(10 + Math.random() * 20)
  }
  try {
    return await work()
  } finally {
    lock.release()
  }
}
