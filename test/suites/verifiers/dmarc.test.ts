/**
 * DMARC beside libopendmarc, with 1,000 messages: author domains at and below an organisational domain of one and of
 * two labels, SPF and DKIM of domains that are aligned and that only look so, and records with every tag that decides.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeKey, signDkim } from '../../authentication/signing.ts'
import { crlf, examine, received, type Zone } from '../../authentication/world.ts'
import { requireServer } from '../../servers/required.ts'
import { figures } from '../figures.ts'
import { type Explanation, findUnexplained, judge, missingVerifiers } from './judge.ts'

const skip = requireServer('other verifiers', missingVerifiers())

const organizations = ['brand.com', 'brand.co.jp'] as const
const authors = ['', 'mail.', 'news.mail.'] as const
/** `@` stands for the organisational domain. */
const spfDomains = ['@', 'mail.@', 'bounce.@', 'bad@', 'other.net', '@.other.net', 'co.jp'] as const
const spfVerdicts = ['pass', 'fail', 'none'] as const
const dkimDomains = ['', '@', 'mail.@', 'news.mail.@', 'sig.@', 'bad@', 'other.net', '@.other.net'] as const
const records = [
  'v=DMARC1; p=none',
  'v=DMARC1; p=quarantine; sp=none',
  'v=DMARC1; p=reject',
  'v=DMARC1; p=reject; sp=quarantine; aspf=s',
  'v=DMARC1; p=none; sp=reject; adkim=s',
  'v=DMARC1; p=quarantine; adkim=s; aspf=s; rua=mailto:x@brand.com',
  'v=DMARC1;p=reject;adkim=r;aspf=r',
] as const

interface DmarcCase {
  readonly name: string
  readonly from: string
  readonly organization: string
  readonly spfDomain: string
  readonly spf: (typeof spfVerdicts)[number]
  readonly dkimDomain: string
  readonly record: string
}

/** A thousand of all that can be made of the lists, the same ones each time; the step has no factor of their number. */
function makeCases(): DmarcCase[] {
  const lists = [organizations, authors, spfDomains, spfVerdicts, dkimDomains, records] as const
  const all = lists.reduce((product, list) => product * list.length, 1)
  return Array.from({ length: figures.beside.OpenDMARC.cases }, (_, index) => {
    let rest = (index * 5077) % all
    const pick = <T>(list: readonly T[]): T => {
      const value = list[rest % list.length] as T
      rest = Math.floor(rest / list.length)
      return value
    }
    const organization = pick(organizations)
    const from = `${pick(authors)}${organization}`
    const spfDomain = pick(spfDomains).replace('@', organization)
    const spf = pick(spfVerdicts)
    const dkimDomain = pick(dkimDomains).replace('@', organization)
    const record = pick(records)
    const name = `From ${from}, SPF ${spf} ${spfDomain}, DKIM ${dkimDomain || 'none'}, ${record}`
    return { name, from, organization, spfDomain, spf, dkimDomain, record }
  })
}

const key = makeKey('ed25519')
const spfRecords = {
  pass: 'v=spf1 ip4:203.0.113.5 -all',
  fail: 'v=spf1 -all',
  none: 'no record of SPF',
} as const

async function ourVerdict({
  from,
  organization,
  spfDomain,
  spf,
  dkimDomain,
  record,
}: DmarcCase): Promise<string> {
  const text = crlf(
    `From: x@${from}\nTo: owner@shop.example\nSubject: x\nDate: Tue, 24 Nov 2026 09:00:00 +0900\n\nx\n`,
  )
  const message = dkimDomain === '' ? text : signDkim(text, { key, domain: dkimDomain })
  const zone: Zone = {
    [`_dmarc.${organization}`]: { TXT: [record] },
    [spfDomain]: { TXT: [spfRecords[spf]] },
    ...(dkimDomain === '' ? {} : { [`s1._domainkey.${dkimDomain}`]: { TXT: [key.record] } }),
  }
  const arrival = { helo: 'out.example', address: '203.0.113.5', sender: `bounce@${spfDomain}` }
  const { verified } = await examine(received(message, arrival), zone)
  assert.ok(verified.state === 'done')
  assert.equal(verified.spf.verdict, spf)
  const { verdict, policy } = verified.dmarc
  return verdict === 'fail' ? `fail ${policy}` : verdict
}

const cases = makeCases()

/** Both are its own; it passes what we fail. */
const rules: readonly { readonly why: string; readonly holds: (given: DmarcCase) => boolean }[] = [
  {
    why: 'Strict alignment wants the very same domain (RFC 9989 section 3.2.10.2). Where the author domain is the organisational one, it takes one below it as well.',
    holds: ({ from, organization, spf, spfDomain, dkimDomain, record }) =>
      from === organization &&
      ((record.includes('adkim=s') && dkimDomain.endsWith(`.${from}`)) ||
        (record.includes('aspf=s') && spf === 'pass' && spfDomain.endsWith(`.${from}`))),
  },
  {
    why: 'It takes a public suffix (co.jp), under which anybody may have a name, for aligned with every domain below it.',
    holds: ({ from, spf, spfDomain, record }) =>
      spf === 'pass' &&
      from.endsWith(`.${spfDomain}`) &&
      !organizations.includes(spfDomain as never) &&
      !record.includes('aspf=s'),
  },
]

describe('DMARC beside libopendmarc', { skip }, () => {
  test(`${figures.beside.OpenDMARC.cases} cases: each disagreement is explained`, async () => {
    assert.equal(new Set(cases.map(dmarcCase => dmarcCase.name)).size, figures.beside.OpenDMARC.cases)
    const theirs = judge(
      'OpenDMARC',
      cases.map(dmarcCase => ({
        ...dmarcCase,
        organization: dmarcCase.from === dmarcCase.organization ? null : dmarcCase.organization,
      })),
    )
    const verdicts: Parameters<typeof findUnexplained>[2][number][] = []
    for (const [index, dmarcCase] of cases.entries()) {
      verdicts.push({
        name: dmarcCase.name,
        ours: await ourVerdict(dmarcCase),
        theirs: String(theirs[index]),
      })
    }
    const failed = new Set(verdicts.filter(({ ours }) => ours.startsWith('fail')).map(({ name }) => name))
    const explanations = rules.map(
      ({ why, holds }): Explanation => ({
        verifier: 'OpenDMARC',
        cases: cases.filter(holds).flatMap(({ name }) => (failed.has(name) ? [name] : [])),
        why,
      }),
    )
    const explained = explanations.reduce((sum, explanation) => sum + explanation.cases.length, 0)
    assert.equal(explained, figures.beside.OpenDMARC.explained)
    assert.deepEqual(findUnexplained('OpenDMARC', explanations, verdicts), [])
  })
})
