/** A worker whose pulls only say that they begin and end, each on a line with the wall clock. */
import { systemClock } from '../../src/base/clock.ts'
import { keepHolds } from '../../src/fleet/keep-holds.ts'
import { openPostgresJournal } from '../../src/journal/postgres/postgres.ts'

const [url = '', worker = '', capacity = ''] = process.argv.slice(2)
const say = (line: object): void =>
  void process.stdout.write(`${JSON.stringify({ ...line, worker, atMs: Date.now() })}\n`)
const fleet = await openPostgresJournal({ url, name: worker })
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())
await keepHolds(
  {
    holds: fleet.holds,
    worker,
    clock: systemClock,
    capacity: Number(capacity),
    mostAtOnce: 20,
    async work({ mailbox, fence }, signal) {
      say({ begin: mailbox, fence })
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
      say({ end: mailbox, fence })
    },
    onFault: ({ code }) => say({ fault: code }),
  },
  stopping.signal,
)
await fleet.close()
say({ left: true })
