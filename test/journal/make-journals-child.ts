/** Makes new journals in `0`, `1`, ... of a folder, one after the other, each as a daemon does: under its lock. */
import { join } from 'node:path'
import { lockInstance } from '../../src/journal/lock.ts'
import { openJournal } from '../../src/journal/sqlite.ts'

const [folder = '', count = '0'] = process.argv.slice(2)
for (let n = 0; n < Number(count); n += 1) {
  const place = join(folder, String(n))
  const lock = lockInstance(place)
  const journal = await openJournal(place, 'run', () => {})
  // Whoever looks has the time to find it.
  await new Promise(resolve => setTimeout(resolve, 30))
  await journal.close()
  lock.release()
}
