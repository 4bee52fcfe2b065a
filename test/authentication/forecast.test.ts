import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Forecast, forecastForwarding } from '../../src/authentication/forecast.ts'
import type { Verified, VerifiedDkim } from '../../src/authentication/verify.ts'
import { articleZone, forwardingAddress, googleKey, googleReport, unsignedInvoice } from './article.ts'
import { examine } from './world.ts'

type Done = Extract<Verified, { state: 'done' }>

const signature = (verdict: VerifiedDkim['verdict'], domain = 'a.example'): VerifiedDkim => ({
  verdict,
  domain,
  selector: 's',
  algorithm: 'rsa-sha256',
})

/** Sent well: SPF passes and is aligned, nothing signed, p=reject. */
const base: Done = {
  state: 'done',
  asOf: '2026-11-24T00:00:00.000Z',
  spf: {
    verdict: 'pass',
    domain: 'a.example',
    clientAddress: '203.0.113.5',
    helo: 'h',
    envelopeSender: 'x@a.example',
  },
  dkim: [],
  dmarc: { verdict: 'pass', domain: 'a.example', policy: 'reject', spfAligned: true, dkimAligned: false },
  arc: { verdict: 'none', instances: 0 },
  forwardedSpf: { verdict: 'softfail', address: '198.51.100.9', from: 'configured' },
}

function forecast(
  change: Partial<{ [K in keyof Done]: Done[K] extends object ? Partial<Done[K]> : never }> & {
    dkim?: readonly VerifiedDkim[]
  },
): Forecast {
  const merged = {
    ...base,
    spf: { ...base.spf, ...change.spf },
    dkim: change.dkim ?? base.dkim,
    dmarc: { ...base.dmarc, ...change.dmarc },
    arc: { ...base.arc, ...change.arc },
    forwardedSpf: { ...base.forwardedSpf, ...change.forwardedSpf },
  }
  const found = forecastForwarding(merged)
  assert.ok(found)
  return found
}

const reasons = (way: Forecast['plain']): string[] => way.reasons.map(reason => reason.why)

describe('The two cases of the article', () => {
  test('a signed report of google.com, forwarded: SPF softfail, DKIM and DMARC pass, delivered', async () => {
    const { verified, forecast, stamped } = await examine(googleReport(googleKey), articleZone(), {
      verify: { forwardingAddress },
    })
    assert.equal(verified.state, 'done')
    if (verified.state !== 'done' || forecast === undefined) return assert.fail()
    assert.equal(verified.forwardedSpf.verdict, 'softfail')
    assert.deepEqual(
      [verified.spf.verdict, verified.dkim[0]?.verdict, verified.dmarc.verdict],
      ['pass', 'pass', 'pass'],
    )
    assert.equal(forecast.plain.outcome, 'delivered-softfail')
    assert.equal(forecast.plain.dmarc, 'pass')
    assert.equal(forecast.cost, 'softfail')
    assert.deepEqual(
      [stamped.spf, stamped.dkim, stamped.dmarc].map(answer => [answer?.result, answer?.trust]),
      [
        ['pass', 'trusted'],
        ['pass', 'trusted'],
        ['pass', 'trusted'],
      ],
    )
  })

  test('a sender without DKIM: p=quarantine goes to spam, p=reject is refused, imported it is all right', async () => {
    const spam = await examine(unsignedInvoice(), articleZone('quarantine'), {
      verify: { forwardingAddress },
    })
    assert.equal(spam.forecast?.plain.outcome, 'spam')
    assert.equal(spam.forecast?.cost, 'spam')
    const lost = await examine(unsignedInvoice(), articleZone('reject'), { verify: { forwardingAddress } })
    assert.equal(lost.forecast?.plain.outcome, 'refused')
    assert.equal(lost.forecast?.cost, 'lost')
    assert.equal(lost.forecast?.srs.outcome, 'refused')
    assert.deepEqual([lost.forecast?.arc.outcome, lost.forecast?.arc.certainty], ['delivered', 'depends'])
    assert.equal(lost.forecast?.direct.outcome, 'delivered')
  })

  test('without a configured address the receiving server’s own is asked, else any stranger’s', async () => {
    const own = await examine(googleReport(googleKey), articleZone())
    assert.deepEqual(own.verified.state === 'done' && own.verified.forwardedSpf, {
      verdict: 'softfail',
      address: forwardingAddress,
      from: 'host',
    })
    const { 'mail1042.conoha.ne.jp': _, ...zone } = articleZone()
    const stranger = await examine(googleReport(googleKey), zone)
    assert.deepEqual(stranger.verified.state === 'done' && stranger.verified.forwardedSpf, {
      verdict: 'softfail',
      address: '',
      from: 'stranger',
    })
  })
})

describe('The forecast reasons over verified results', () => {
  test('an aligned signature carries a forward whatever SPF says', () => {
    const found = forecast({ dkim: [signature('pass')], dmarc: { dkimAligned: true } })
    assert.equal(found.plain.outcome, 'delivered-softfail')
    assert.equal(found.srs.outcome, 'delivered')
    assert.deepEqual(reasons(found.plain), ['spf-forwarder', 'dkim-survives', 'dmarc-pass-dkim'])
    assert.deepEqual(reasons(found.arc).at(-1), 'arc-not-needed')
  })

  test('a signature of another domain does not', () => {
    const found = forecast({ dkim: [signature('pass', 'esp.example')] })
    assert.equal(found.plain.outcome, 'refused')
    assert.deepEqual(reasons(found.plain), ['spf-forwarder', 'dkim-survives-other', 'dmarc-fail-reject'])
  })

  test('a sender that lists the forwarder loses nothing', () => {
    const found = forecast({ forwardedSpf: { verdict: 'pass' } })
    assert.equal(found.plain.outcome, 'delivered')
    assert.equal(found.cost, 'none')
  })

  test('p=none and no record: delivered with a signature, else Gmail’s own rule', () => {
    const none = { policy: 'none' } as const
    assert.equal(
      forecast({ dmarc: none, dkim: [signature('pass', 'esp.example')] }).plain.outcome,
      'delivered-softfail',
    )
    assert.equal(forecast({ dmarc: none }).plain.outcome, 'spam')
    assert.equal(reasons(forecast({ dmarc: none }).plain).at(-1), 'unauthenticated')
    assert.equal(forecast({ dmarc: none }).srs.outcome, 'delivered')
    const bare: Done = {
      ...base,
      dmarc: { verdict: 'none', domain: 'a.example', spfAligned: false, dkimAligned: false },
    }
    assert.equal(forecastForwarding(bare)?.plain.outcome, 'spam')
    assert.equal(forecastForwarding(bare)?.direct.outcome, 'delivered')
  })

  test('pct: none of it takes the weaker policy, a part is told', () => {
    assert.equal(forecast({ dmarc: { percent: 0 } }).plain.outcome, 'spam')
    const part = forecast({ dmarc: { policy: 'quarantine', percent: 30 } }).plain
    assert.equal(part.outcome, 'spam')
    assert.deepEqual(part.reasons.at(-1), { why: 'policy-percent', facts: { percent: 30 } })
  })

  test('mail that was bad on arrival costs nothing, and a seal cannot help it', () => {
    const found = forecast({ spf: { verdict: 'fail' }, dmarc: { verdict: 'fail' } })
    assert.equal(found.direct.outcome, 'refused')
    assert.equal(found.cost, 'none')
    assert.equal(found.arc.outcome, 'refused')
    assert.equal(reasons(found.arc).at(-1), 'arc-nothing-good')
  })

  test('a broken ARC chain on arrival takes the seal’s worth', () => {
    const found = forecast({ arc: { verdict: 'fail' } })
    assert.equal(found.arc.outcome, 'refused')
    assert.equal(reasons(found.arc).at(-1), 'arc-broken')
  })

  test('what is not known stays not known, and is never called lost', () => {
    assert.equal(forecast({ dkim: [signature('unknown')] }).plain.outcome, 'unknown')
    assert.equal(forecast({ forwardedSpf: { verdict: 'unknown' } }).plain.outcome, 'unknown')
    assert.equal(forecast({ forwardedSpf: { verdict: 'unknown' } }).cost, 'unknown')
    const noPolicy: Done = {
      ...base,
      dmarc: { verdict: 'unknown', domain: 'a.example', spfAligned: false, dkimAligned: false },
    }
    assert.equal(forecastForwarding(noPolicy)?.plain.outcome, 'unknown')
    assert.equal(forecastForwarding({ state: 'off' }), undefined)
  })
})
