/** A worker alone: takes one mailbox, then writes and renews until it may not, and says each on a line. */
import { asFault } from '../../src/base/fault.ts'
import { openPostgresJournal } from '../../src/journal/postgres/postgres.ts'

const [url = '', worker = ''] = process.argv.slice(2)
const fleet = await openPostgresJournal({ url, name: worker })
const [hold] = await fleet.holds.take(worker, 1)
if (hold === undefined) throw new Error('nothing to hold')
const journal = fleet.journalOf(hold)
for (let n = 1; ; n += 1) {
  try {
    await journal.setNote(`wish-wait ${worker}`, String(n))
    process.stdout.write(`${JSON.stringify({ ...hold, wrote: n })}\n`)
  } catch (thrown) {
    process.stdout.write(`${JSON.stringify({ refused: asFault(thrown).code })}\n`)
    break
  }
  await fleet.holds.renew(worker, 1)
  await new Promise(resolve => setTimeout(resolve, 200))
}
await fleet.close()
