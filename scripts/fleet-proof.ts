/**
 * The proof of a fleet: Dovecot with 1,000 users, several `hikyaku worker` processes, 20,000 messages; workers and the
 * database are killed, stopped and ended in turns, as a seed decides. The servers' own books are the judge.
 *
 *   npm run fleet:proof [-- --mailboxes 1000] [--messages 20000] [--workers 5] [--blows 18] [--seed N] [--logs FOLDER]
 *
 * Exit code 1, with the seed, where the oracle finds fault.
 */
import { parseArgs } from 'node:util'
import { prove } from './fleet/proof.ts'
import { makeScreen } from './fleet/screen.ts'
import { findMissing } from './fleet/stage.ts'

const { values } = parseArgs({
  options: {
    mailboxes: { type: 'string', default: '1000' },
    messages: { type: 'string', default: '20000' },
    workers: { type: 'string', default: '5' },
    blows: { type: 'string', default: '18' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    logs: { type: 'string' },
  },
})
const options = {
  mailboxes: Number(values.mailboxes),
  messages: Number(values.messages),
  workers: Number(values.workers),
  blows: Number(values.blows),
  seed: Number(values.seed),
  logs: values.logs,
}
const within = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most
if (
  !within(options.mailboxes, 2, 2000) ||
  !within(options.messages, 1, 100_000) ||
  !within(options.workers, 2, 20) ||
  !within(options.blows, 0, 1000) ||
  !Number.isInteger(options.seed)
) {
  console.error(
    'usage: npm run fleet:proof [-- --mailboxes N] [--messages N] [--workers N] [--blows N] [--seed N] [--logs FOLDER]',
  )
  process.exit(2)
}
const missing = findMissing()
for (const what of missing) console.error(`The proof needs a server that is not here: ${what}.`)
if (missing.length > 0) process.exit(2)

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupt.abort(new Error(name)))
console.log(`seed ${options.seed}`)
const { complaints, lines } = await prove(options, makeScreen(process.stdout), interrupt.signal)
for (const line of lines) console.log(line)
for (const complaint of complaints) console.error(`seed ${options.seed}: ${complaint}`)
console.log(complaints.length === 0 ? 'O1 to O6 hold' : `FAILED; again with --seed ${options.seed}`)
process.exit(complaints.length === 0 ? 0 : 1)
