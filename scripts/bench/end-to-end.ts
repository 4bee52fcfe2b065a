/**
 * A backlog from the source to Gmail: as fast as it goes, under Gmail's quota (6,000 units a minute and user; an import
 * takes 25), which is to be used and never exceeded, and under one that drops to a quarter in mid-run, which is to be
 * found with few refusals.
 */
import { until } from '../../test/servers/until.ts'
import { startWorld } from '../../test/servers/world.ts'
import { build } from './build.ts'
import { mailOf } from './mail.ts'
import { atLeast, atMost, type BenchOptions, figure, type Measure } from './measure.ts'

const unitsPerMinute = 6_000
const unitsPerImport = 25
const account = 'owner@example.test'
const dropped = 1_500

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
  // Both wait for the quota nearly all the time, so they do it side by side.
  const [bound, drop] = await Promise.all([
    carry(messages, cli, options, { GMAIL_UNITS_PER_MINUTE: String(unitsPerMinute) }),
    carryThroughDrop(cli, options),
  ])
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
    figure('end-to-end.drop.used', drop.used, 'of the quota that is left, from the drop on'),
    atMost('end-to-end.drop.refused', drop.refused, 'refusals until it is found', 6),
    atLeast('end-to-end.drop.whole', drop.share, 'of the messages, octet for octet and once', 1),
  ]
}

/** The daemon goes on by itself; a single pull would end at the first refusal. */
async function carryThroughDrop(
  cli: string,
  options: BenchOptions,
): Promise<{ used: number; refused: number; share: number }> {
  const messages = 120
  options.tell(`end to end: ${messages} messages under a quota that drops`)
  const env = { GMAIL_UNITS_PER_MINUTE: String(unitsPerMinute) }
  const gmail = { keepBodyOctets: 0, quota: { unitsPerMinute } }
  const world = await startWorld({ protocol: 'pop3', cli, env, gmail })
  try {
    for (let serial = 0; serial < messages; serial += 1) await world.source.deliver(mailOf(serial, 4_000))
    const running = world.start(['run'])
    const accepted = (): number => world.gmail.accepted.length
    await until(() => accepted() >= messages / 3, 'a third of the messages', 60_000)
    world.gmail.quota.rules.unitsPerMinute = dropped
    const before = accepted()
    const beganMs = performance.now()
    await until(() => accepted() >= messages, 'the rest of the messages', 240_000)
    const minutes = (performance.now() - beganMs) / 60_000
    running.kill('SIGTERM')
    await running.ended
    const stored = world.gmail.stored()
    const sent = await world.source.stored()
    return {
      // What had been used in the minute before the drop had to pass first.
      used: ((messages - before) * unitsPerImport) / (minutes * dropped),
      refused: world.gmail.quota.usage(account).refused,
      share: sent.filter(digest => stored.get(digest) === 1).length / messages,
    }
  } finally {
    await world.stop()
  }
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
