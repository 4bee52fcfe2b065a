/**
 * A backlog from the source to Gmail by one pull: as fast as it goes, and under Gmail's quota (6,000 units a minute
 * and user; an import takes 25), which is to be used and never exceeded.
 */
import { startWorld } from '../../test/servers/world.ts'
import { build } from './build.ts'
import { mailOf } from './mail.ts'
import { atLeast, atMost, type BenchOptions, figure, type Measure } from './measure.ts'

const unitsPerMinute = 6_000
const unitsPerImport = 25
const account = 'owner@example.test'

export async function benchEndToEnd(options: BenchOptions): Promise<readonly Measure[]> {
  const cli = build(options.tell)
  const free = await carry(options.quick ? 200 : 2_000, cli, options, {})
  const lifted = [
    figure('end-to-end.rate', free.perSecond, 'messages/s, without a quota'),
    atLeast('end-to-end.whole', free.share, 'of the messages, octet for octet', 1),
  ]
  if (options.quick) return lifted
  // More than a minute's worth and less than two: the second minute begins where the first has spent everything.
  const messages = Math.floor((1.5 * unitsPerMinute) / unitsPerImport)
  const bound = await carry(messages, cli, options, { GMAIL_UNITS_PER_MINUTE: String(unitsPerMinute) })
  return [
    ...lifted,
    atLeast(
      'end-to-end.quota.used',
      bound.peakUnits / unitsPerMinute,
      'of the quota, in its busiest minute',
      0.98,
    ),
    atMost('end-to-end.quota.refused', bound.refused, 'refusals for the quota', 0),
    atLeast('end-to-end.quota.whole', bound.share, 'of the messages, octet for octet', 1),
  ]
}

async function carry(
  messages: number,
  cli: string,
  options: BenchOptions,
  env: Readonly<Record<string, string>>,
): Promise<{ perSecond: number; share: number; peakUnits: number; refused: number }> {
  const limited = env.GMAIL_UNITS_PER_MINUTE !== undefined
  options.tell(`end to end: ${messages} messages${limited ? ' under the quota' : ''}`)
  const quota = limited ? { quota: { unitsPerMinute } } : {}
  const world = await startWorld({ protocol: 'pop3', cli, env, gmail: { keepBodyOctets: 0, ...quota } })
  try {
    for (let serial = 0; serial < messages; serial += 1) await world.source.deliver(mailOf(serial, 4_000))
    const { code, stderr } = await world.run(['pull'], { timeoutMs: 300_000 })
    if (code !== 0) throw new Error(`the pull ended with ${code}\n${stderr.slice(-2_000)}`)
    const imports = world.gmail.ledger.of('import').filter(({ status }) => status === 200)
    const firstMs = imports[0]?.startedMonotonicMs ?? 0
    const lastMs = imports.at(-1)?.endedMonotonicMs ?? 0
    const stored = world.gmail.stored()
    const sent = await world.source.stored()
    const { peakUnitsPerMinute, refused } = world.gmail.quota.usage(account)
    return {
      perSecond: (imports.length * 1000) / (lastMs - firstMs),
      share: sent.filter(digest => stored.get(digest) === 1).length / messages,
      peakUnits: peakUnitsPerMinute,
      refused,
    }
  } finally {
    await world.stop()
  }
}
