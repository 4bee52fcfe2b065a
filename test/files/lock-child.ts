/** Holds or takes the vault's lock in a process of its own. `hold FILE`: says so and waits; `count FILE MARK N`. */
import { closeSync, openSync, unlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { withProcessLock } from '../../src/base/process-lock.ts'
import { sealedFileVault } from '../../src/vault/sealed-file.ts'

const locked = () => new Error('locked')
const withLock = (path: string, work: () => Promise<void>) => withProcessLock(path, 10_000, locked, work)

const [action, file = '', more = '', times = '1'] = process.argv.slice(2)
if (action === 'hold') {
  await withLock(file, async () => {
    process.stdout.write(`held by ${process.pid}\n`)
    await pause(600_000)
  })
} else if (action === 'set') {
  await sealedFileVault(file, {}).set(more, 'kept')
  process.stdout.write(`set by ${process.pid}\n`)
} else {
  for (let turn = 0; turn < Number(times); turn += 1)
    await withLock(file, async () => {
      closeSync(openSync(more, 'wx')) // fails where somebody else is inside
      await pause(Math.random() * 3)
      unlinkSync(more)
    })
}
