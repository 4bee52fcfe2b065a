/** A lock between processes for the moment of a read-change-write. Survives kill -9 of its holder. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../fault.ts'

const ignore = (): void => {}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM' // there, and somebody else's
  }
}

/** Takes away a dead holder's lock, by rename: of several who try only one gets it, and it looks at what it got. */
async function removeIfDead(lock: string): Promise<boolean> {
  const holder = await readFile(lock, 'utf8').catch(() => '')
  const pid = Number.parseInt(holder, 10)
  if (!(pid > 0) || isRunning(pid)) return false
  const aside = `${lock}.${randomBytes(8).toString('hex')}`
  if (
    !(await rename(lock, aside).then(
      () => true,
      () => false,
    ))
  )
    return false
  if ((await readFile(aside, 'utf8')) !== holder) await link(aside, lock).catch(ignore) // a new holder's: give it back
  await unlink(aside)
  return true
}

/**
 * Runs `work` while no other process does the same for this lock file.
 * @throws Fault secret.not-kept with `reason: 'locked'` after 10 s of waiting
 */
export async function withLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lock), { recursive: true, mode: 0o700 })
  const mine = `${process.pid} ${randomBytes(8).toString('hex')}\n`
  const until = performance.now() + 10_000
  for (;;) {
    try {
      await writeFile(lock, mine, { flag: 'wx', mode: 0o600 })
      break
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
      if (await removeIfDead(lock)) continue
      if (performance.now() > until)
        throw new Fault('secret.not-kept', { facts: { file: lock, reason: 'locked' } })
      await pause(10 + Math.random() * 20)
    }
  }
  try {
    return await work()
  } finally {
    await unlink(lock).catch(ignore)
  }
}
