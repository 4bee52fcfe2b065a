/** A worker that only tells: its turn, its hook and its log are real, its waits are short. */
import { keepTelling } from '../../src/alerts/fleet-alerts.ts'
import { systemClock } from '../../src/base/clock.ts'
import { makeNoticeBooks } from '../../src/fleet/notice-books.ts'
import { openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { makeLog } from '../../src/log/log.ts'

const [url = '', instance = '', hook = '', turnMs = ''] = process.argv.slice(2)
const fleet = await openPostgresJournal({ url, name: instance })
const stopping = new AbortController()
const cut = new AbortController()
process.once('SIGTERM', () => stopping.abort())
process.once('SIGUSR2', () => cut.abort())
await keepTelling(
  {
    alerts: { afterMinutes: 30, webhook: { reveal: async () => hook } as never, ping: undefined },
    words: chooseWords('en'),
    clock: systemClock,
    log: makeLog({ level: 'info', format: 'json', language: 'en' }),
    books: makeNoticeBooks(fleet, instance),
    timing: { quietMs: 300, mostMs: 5000, lookMs: 50, turnMs: Number(turnMs), againMs: 300 },
  },
  stopping.signal,
  cut.signal,
)
await fleet.close()
