/**
 * SPF beside pyspf, with 500 made worlds of a few domains whose records are drawn from all mechanisms, qualifiers,
 * modifiers and macros, some of them wrong. The draw is the same each time.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tableLookup } from '../../../src/authentication/dns.ts'
import { checkSpf } from '../../../src/authentication/verify-spf.ts'
import type { Zone } from '../../authentication/world.ts'
import { requireServer } from '../../servers/required.ts'
import { makeDraw } from '../draw.ts'
import { figures } from '../figures.ts'
import { judge, missingVerifiers } from './judge.ts'

const skip = requireServer('other verifiers', missingVerifiers())

interface SpfWorld {
  readonly name: string
  readonly zone: Zone
  readonly host: string
  readonly helo: string
  readonly sender: string
}

const domains = ['a.example', 'b.example', 'c.example', 'd.example'] as const
const addresses = ['203.0.113.5', '203.0.113.77', '198.51.100.9', '192.0.2.200'] as const
const addresses6 = ['2001:db8::5', '2001:db8:1::77', '2001:db8:ffff::9'] as const

function makeWorld(seed: number): SpfWorld {
  const draw = makeDraw(seed)
  const target = (): string =>
    draw([...domains, 'none.example', '%{d}', '%{o2}', '%{i}.x.example', '%{l}.example'])
  const term = (): string => {
    const qualifier = draw(['', '', '', '+', '-', '~', '?'])
    const body = draw([
      () => `ip4:${draw(addresses)}`,
      () => `ip4:${draw(addresses)}/${draw([8, 24, 25, 32, 33])}`,
      () => `ip6:${draw(addresses6)}`,
      () => `ip6:${draw(addresses6)}/${draw([32, 48, 64, 129])}`,
      () => 'a',
      () => `a:${target()}`,
      () => `a:${target()}/${draw([24, 32])}`,
      () => `a/${draw([24, 16])}//${draw([64, 48])}`,
      () => 'mx',
      () => `mx:${target()}`,
      () => `mx/${draw([24, 28])}`,
      () => `include:${draw([...domains, 'none.example'])}`,
      () => `include:${draw(domains)}`,
      () => `exists:${target()}`,
      () => 'ptr',
      () => `ptr:${draw(domains)}`,
      () => draw(['ipv4:1.2.3.4', 'a:', 'all:x', 'ip4:1.2.3', 'mx//64/24', 'nonsense', 'exists']),
    ])()
    return `${qualifier}${body}`
  }
  const record = (): string => {
    const terms = Array.from({ length: draw([1, 2, 3, 4]) }, term)
    const end = draw([
      '-all',
      '~all',
      '?all',
      '+all',
      '',
      `redirect=${draw(domains)}`,
      'later=%{d} -all',
      'exp=why.example -all',
    ])
    return ['v=spf1', ...terms, end].join(' ').trim()
  }
  const zone: Record<string, Record<string, readonly unknown[]>> = {}
  for (const domain of domains) {
    const hosts: Record<string, readonly unknown[]> = {}
    if (draw([true, true, false])) hosts.A = [draw(addresses), draw(addresses)]
    if (draw([true, false])) hosts.AAAA = [draw(addresses6)]
    if (draw([true, true, false])) {
      hosts.MX = [
        { priority: 10, exchange: draw(domains) },
        { priority: 20, exchange: 'none.example' },
      ]
    }
    const texts = draw([1, 1, 1, 1, 1, 1, 0, 2])
    if (texts > 0) hosts.TXT = ['another text', ...Array.from({ length: texts }, record)]
    zone[domain] = hosts
  }
  for (const address of addresses) {
    if (draw([true, false]))
      zone[`${address.split('.').toReversed().join('.')}.in-addr.arpa`] = { PTR: [draw(domains)] }
    if (draw([true, false])) zone[`${address}.x.example`] = { A: ['127.0.0.2'] }
  }
  const sender = `${draw(['ann', 'a', 'b'])}@${draw(domains)}`
  return {
    name: `world ${seed}`,
    zone,
    host: draw([...addresses, ...addresses, ...addresses6]),
    helo: draw(domains),
    sender: draw([sender, sender, sender, '']),
  }
}

const worlds = Array.from({ length: figures.beside.pyspf.cases }, (_, index) => makeWorld(index + 1))

/** node's shapes as judge.py takes them. */
const toCase = ({ zone, ...rest }: SpfWorld): unknown => ({
  ...rest,
  zone: Object.fromEntries(
    Object.entries(zone).map(([name, { TXT: texts, ...others }]) => [
      name,
      { ...others, ...(texts === undefined ? {} : { TXT: texts.map(text => [text]) }) },
    ]),
  ),
})

/** By what it says, or by what the record says. */
const rules: readonly {
  readonly why: string
  readonly holds: (theirs: string, ours: string, world: SpfWorld) => boolean
}[] = [
  {
    why: 'RFC 7208 section 4.6.4 counts terms that find nothing. It counts each host of an mx or ptr term that has no address.',
    holds: theirs => theirs.startsWith('permerror: SPF Permanent Error: Void lookup limit'),
  },
  {
    why: 'RFC 7208 section 4.6 has terms evaluated in their order, and one before it matched. It refuses an include of oneself at once.',
    holds: theirs => theirs.startsWith('permerror: SPF Permanent Error: include has trivial recursion'),
  },
  {
    why: 'RFC 7208 section 5.7: exists MUST have a domain. It takes the record’s own.',
    holds: (_theirs, ours, { zone }) =>
      ours === 'permerror' &&
      Object.values(zone).some(({ TXT: texts }) =>
        texts?.some(text => / [-+~?]?exists(?: |$)/.test(String(text))),
      ),
  },
]

describe('SPF beside pyspf', { skip }, () => {
  test(`${figures.beside.pyspf.cases} made worlds: each disagreement is explained`, async () => {
    const library = await import('mailauth')
    const theirs = judge('pyspf', worlds.map(toCase))
    const counts = { agree: 0, explained: 0 }
    const unexplained: string[] = []
    const words = new Set<string>()
    for (const [index, world] of worlds.entries()) {
      const { name, zone, host, helo, sender } = world
      const resolver = tableLookup(zone) as unknown as Parameters<typeof checkSpf>[1]
      const connection = { clientAddress: host, helo, envelopeSender: sender, senderTold: true }
      const { verdict } = await checkSpf(library, resolver, connection)
      const said = String(theirs[index])
      words.add(verdict)
      if (said.startsWith(`${verdict}:`)) counts.agree += 1
      else if (rules.some(({ holds }) => holds(said, verdict, world))) counts.explained += 1
      else unexplained.push(`${name}: ${said}, and we say ${verdict}`)
    }
    assert.deepEqual(unexplained, [])
    assert.deepEqual([...words].sort(), ['fail', 'neutral', 'none', 'pass', 'permerror', 'softfail'])
    const { cases, explained } = figures.beside.pyspf
    assert.deepEqual(counts, { agree: cases - explained, explained })
  })
})
