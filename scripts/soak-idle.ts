/**
 * A week of IDLE in a minute or two: played time, real Dovecot, a weather that changes each day (soak/idle-days.ts).
 *
 *   npm run soak:idle [-- --share 1] [--only half-open]
 *
 * Exit code 1 where a mail came late or never, where more logins were made than the day allows, or where `status` does
 * not say that all is well at the end of a day.
 */
import { parseArgs } from 'node:util'
import { playIdleWeek } from './soak/idle-week.ts'

const { values } = parseArgs({
  options: { share: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
})
const share = Number(values.share)
if (!(share > 0 && share <= 1)) {
  console.error('usage: npm run soak:idle [-- --share 0.2] [--only half-open]')
  process.exit(2)
}
const { days, realMs } = await playIdleWeek(share, values.only, line => console.log(line))
const hours = days.reduce((sum, day) => sum + day.hours, 0)
const isGood = days.every(({ complaints }) => complaints.length === 0)
console.log(
  `${(hours / 24).toFixed(1)} days in ${Math.round(realMs / 1000)} s: ${isGood ? 'no silent stall' : 'FAILED'}`,
)
process.exitCode = isGood ? 0 : 1
