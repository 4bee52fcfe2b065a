/**
 * The soak: virtual days of mail over three mailboxes through storms of faults, restarts, kills and clock jumps, on
 * the real adapters and real sockets; the servers' own books decide whether a message was lost, repeated or removed
 * too early.
 *
 *   npm run soak -- --days 30 [--messages 100000] [--seed N] [--rate 0.05]
 *
 * Exit code 1, with the seed, where the oracle finds fault.
 */
import { parseArgs } from 'node:util'
import { soak } from './soak/soak.ts'

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    messages: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rate: { type: 'string', default: '0.05' },
  },
})
const [days, messages, seed, rate] = [values.days, values.messages, values.seed, values.rate].map(Number)
if (
  days === undefined ||
  messages === undefined ||
  seed === undefined ||
  rate === undefined ||
  !(Number.isInteger(days) && days >= 1 && days <= 366) ||
  !(Number.isInteger(messages) && messages >= 1 && messages <= 1_000_000) ||
  !Number.isInteger(seed) ||
  !(rate >= 0 && rate < 1)
) {
  console.error('usage: npm run soak -- [--days N] [--messages N] [--seed N] [--rate 0.05]')
  process.exit(2)
}

console.log(`seed ${seed}: ${days} days, ${messages} messages`)
const { complaints, lines } = await soak({ days, messages, seed, rate }, line => console.log(line))
for (const line of lines) console.log(line)
for (const complaint of complaints) console.error(`seed ${seed}: ${complaint}`)
console.log(complaints.length === 0 ? 'O1 to O6 hold' : `FAILED; again with --seed ${seed}`)
process.exitCode = complaints.length === 0 ? 0 : 1
