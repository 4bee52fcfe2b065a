import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Forecast, forecastForwarding } from '../../src/authentication/forecast.ts'
import type { Verified, VerifiedDkim } from '../../src/authentication/verify.ts'
import { articleZone, forwardingAddress, googleKey, googleReport, unsignedInvoice } from './article.ts'
import { makeKey, sealArc, signDkim } from './signing.ts'
import { crlf, examine, received, type Zone } from './world.ts'

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

  test('a sender without DKIM: refused or spam with p=quarantine, refused with p=reject, imported it is all right', async () => {
    const spam = await examine(unsignedInvoice(), articleZone('quarantine'), {
      verify: { forwardingAddress },
    })
    assert.equal(spam.forecast?.plain.outcome, 'refused-or-spam')
    assert.equal(spam.forecast?.cost, 'possibly-lost')
    const lost = await examine(unsignedInvoice(), articleZone('reject'), { verify: { forwardingAddress } })
    assert.equal(lost.forecast?.plain.outcome, 'refused')
    assert.equal(lost.forecast?.cost, 'lost')
    assert.equal(lost.forecast?.srs.outcome, 'refused')
    assert.deepEqual([lost.forecast?.arc.outcome, lost.forecast?.arc.certainty], ['delivered', 'depends'])
    assert.equal(lost.forecast?.direct.outcome, 'delivered')
    assert.equal(lost.forecast?.told, 'sender')
  })

  test('without a configured address the receiving server’s own is asked, else any stranger’s', async () => {
    const own = await examine(googleReport(googleKey), articleZone())
    assert.deepEqual(own.verified.state === 'done' && own.verified.forwardedSpf, {
      verdict: 'softfail',
      domain: 'google.com',
      address: forwardingAddress,
      from: 'host',
    })
    const { 'mail1042.conoha.ne.jp': _, ...zone } = articleZone()
    const stranger = await examine(googleReport(googleKey), zone)
    assert.deepEqual(stranger.verified.state === 'done' && stranger.verified.forwardedSpf, {
      verdict: 'softfail',
      domain: 'google.com',
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
    assert.equal(forecast({ dmarc: none }).plain.outcome, 'refused-or-spam')
    assert.equal(forecast({ dmarc: none }).cost, 'possibly-lost')
    assert.equal(reasons(forecast({ dmarc: none }).plain).at(-1), 'unauthenticated')
    assert.equal(forecast({ dmarc: none }).srs.outcome, 'delivered')
    const bare: Done = {
      ...base,
      dmarc: { verdict: 'none', domain: 'a.example', spfAligned: false, dkimAligned: false },
    }
    assert.equal(forecastForwarding(bare)?.plain.outcome, 'refused-or-spam')
    assert.equal(forecastForwarding(bare)?.direct.outcome, 'delivered')
  })

  test('pct is told and changes nothing, for RFC 9989 has dropped it', () => {
    for (const percent of [0, 10, 99]) assert.equal(forecast({ dmarc: { percent } }).plain.outcome, 'refused')
    assert.ok(!reasons(forecast({ dmarc: { percent: 100 } }).plain).includes('policy-percent'))
    const signed = [signature('pass', 'esp.example')]
    const part = forecast({ dkim: signed, dmarc: { policy: 'quarantine', percent: 30 } }).plain
    assert.equal(part.outcome, 'spam')
    assert.deepEqual(part.reasons.at(-1), { why: 'policy-percent', facts: { percent: 30 } })
  })

  test('mail that was bad on arrival is lost all the same, for the rental mailbox has it; a seal cannot help', () => {
    const found = forecast({ spf: { verdict: 'fail' }, dmarc: { verdict: 'fail' } })
    assert.equal(found.direct.outcome, 'refused')
    assert.equal(found.cost, 'lost')
    assert.ok(reasons(found.plain).includes('dmarc-never-reject'))
    assert.ok(reasons(forecast({}).plain).includes('dmarc-fail-reject'))
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

  test('SPF that had failed on arrival is not taken by a forward', () => {
    const signed = { dkim: [signature('pass')], dmarc: { dkimAligned: true } }
    assert.equal(forecast({ ...signed, spf: { verdict: 'pass' } }).cost, 'softfail')
    assert.equal(forecast({ ...signed, spf: { verdict: 'softfail' } }).cost, 'none')
  })

  test('without an envelope sender nothing is surely refused', () => {
    const spf = { verdict: 'unknown', domain: '', envelopeSender: '' } as const
    const forwardedSpf = { verdict: 'unknown', domain: '' } as const
    const found = forecast({ spf, forwardedSpf, dmarc: { verdict: 'unknown', spfAligned: false } })
    assert.deepEqual(
      [found.direct.outcome, found.plain.outcome, found.cost],
      ['unknown', 'unknown', 'unknown'],
    )
    assert.deepEqual(reasons(found.plain), ['spf-no-sender', 'dkim-none', 'dmarc-unknown'])
    assert.equal(found.told, 'unknown')
    // Whoever sent it, SRS puts another in his place, and nothing else speaks for From.
    assert.equal(found.srs.outcome, 'refused')
    const open = forecast({ spf, forwardedSpf, dmarc: { policy: 'none', spfAligned: false } })
    assert.deepEqual([open.plain.outcome, open.srs.outcome], ['unknown', 'unknown'])
    const signed = { dkim: [signature('pass')], dmarc: { dkimAligned: true, spfAligned: false } }
    assert.equal(forecast({ spf, forwardedSpf, ...signed }).plain.outcome, 'delivered')
  })

  test('an address that was guessed is called a guess', () => {
    assert.equal(reasons(forecast({ forwardedSpf: { from: 'host' } }).plain)[0], 'spf-forwarder-guess')
    assert.equal(reasons(forecast({ forwardedSpf: { from: 'configured' } }).plain)[0], 'spf-forwarder')
  })

  test('an ed25519 signature is none to Gmail, beside an RSA signature it does no harm', () => {
    const ed25519 = { ...signature('pass'), algorithm: 'ed25519-sha256' }
    const alone = forecast({ dkim: [ed25519], dmarc: { dkimAligned: true, rsaAligned: false } })
    assert.equal(alone.plain.outcome, 'refused')
    assert.deepEqual(reasons(alone.plain).slice(1, 2), ['dkim-ed25519'])
    const both = forecast({
      dkim: [ed25519, signature('pass')],
      dmarc: { dkimAligned: true, rsaAligned: true },
    })
    assert.equal(both.plain.outcome, 'delivered-softfail')
    const other = forecast({
      dkim: [ed25519, signature('pass', 'esp.example')],
      dmarc: { dkimAligned: true, rsaAligned: false },
    })
    assert.equal(other.plain.outcome, 'refused')
    const unread = { ...ed25519, verdict: 'unknown' as const }
    assert.equal(forecast({ dkim: [unread] }).plain.outcome, 'refused')
  })

  test('a chain that is there already may be trusted: possibly lost, not lost', () => {
    const found = forecast({
      arc: { verdict: 'pass', instances: 1 },
      dmarc: { verdict: 'fail', spfAligned: false },
    })
    assert.deepEqual(
      [found.plain.outcome, found.plain.certainty, found.plain.otherwise, found.cost],
      ['delivered', 'depends', 'refused', 'possibly-lost'],
    )
    assert.equal(reasons(found.plain).at(-1), 'arc-chain-there')
    const inbox = forecast({ arc: { verdict: 'pass', instances: 1 }, forwardedSpf: { verdict: 'pass' } })
    assert.equal(inbox.plain.certainty, 'expected')
  })
})

describe('The forecast on whole messages', () => {
  const host = 'mx.host.example'
  const letter = (from: string): Buffer =>
    crlf(
      `From: ${from}\nTo: owner@shop.example\nSubject: x\nDate: Tue, 24 Nov 2026 09:00:00 +0900\nMessage-ID: <1@a.example>\n\nText.\n`,
    )
  const at = { helo: 'out.a.example', address: '203.0.113.5', sender: 'x@a.example' }
  const forwarder: Zone = { [host]: { A: ['198.51.100.9'], TXT: ['v=spf1 a -all'] } }

  test('a bounce: Gmail asks for the forwarder’s own name, SRS does not touch it, and nobody hears of its loss', async () => {
    const bounce = received(letter('mailer-daemon@out.a.example'), { ...at, sender: '' })
    const zone: Zone = {
      ...forwarder,
      'out.a.example': { TXT: ['v=spf1 ip4:203.0.113.5 -all'] },
      '_dmarc.out.a.example': { TXT: ['v=DMARC1; p=reject'] },
    }
    const { forecast, verified } = await examine(bounce, zone)
    assert.ok(forecast && verified.state === 'done')
    assert.deepEqual(verified.forwardedSpf, {
      verdict: 'pass',
      domain: host,
      address: '198.51.100.9',
      from: 'host',
    })
    assert.equal(verified.spf.verdict, 'pass')
    assert.deepEqual([forecast.plain.outcome, forecast.srs.outcome], ['refused', 'refused'])
    assert.deepEqual(reasons(forecast.plain).slice(0, 1), ['spf-bounce'])
    assert.ok(reasons(forecast.srs).includes('spf-bounce-kept'))
    assert.equal(forecast.told, 'nobody')

    const { '_dmarc.out.a.example': _, ...lax } = zone
    assert.equal((await examine(bounce, lax)).forecast?.plain.outcome, 'delivered')
    const bare = { ...lax, [host]: { A: ['198.51.100.9'] } }
    const found = (await examine(bounce, bare)).forecast
    assert.deepEqual([found?.plain.outcome, found?.cost], ['refused-or-spam', 'possibly-lost'])
    assert.deepEqual(found?.plain.reasons[0], { why: 'spf-bounce', facts: { spf: 'none', domain: host } })
    const nameless = (await examine(bounce, { ...lax, [host]: {} })).forecast
    assert.deepEqual([nameless?.plain.outcome, nameless?.cost], ['unknown', 'unknown'])
  })

  test('no SPF record, no signature, a strict policy: lost, though nothing ever spoke for it', async () => {
    for (const [policy, outcome, cost] of [
      ['reject', 'refused', 'lost'],
      ['quarantine', 'refused-or-spam', 'possibly-lost'],
      ['none', 'refused-or-spam', 'possibly-lost'],
    ] as const) {
      const zone: Zone = { '_dmarc.a.example': { TXT: [`v=DMARC1; p=${policy}`] } }
      const { forecast } = await examine(received(letter('x@a.example'), at), zone)
      assert.deepEqual([forecast?.plain.outcome, forecast?.cost], [outcome, cost])
    }
    const { forecast } = await examine(received(letter('x@a.example'), at), {})
    assert.deepEqual([forecast?.plain.outcome, forecast?.cost], ['refused-or-spam', 'possibly-lost'])
  })

  test('a mail without Return-Path: not known, unless the host’s own results tell the sender', async () => {
    const zone: Zone = {
      ...forwarder,
      'a.example': { TXT: ['v=spf1 ip4:203.0.113.5 -all'] },
      '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
    }
    const without = (stamps: string): Buffer =>
      Buffer.from(
        received(letter('x@a.example'), { ...at, stamps })
          .toString('latin1')
          .replace(/^Return-Path:.*\r\n/, ''),
        'latin1',
      )
    const unknown = await examine(without(''), zone)
    assert.deepEqual([unknown.forecast?.plain.outcome, unknown.forecast?.cost], ['unknown', 'unknown'])
    assert.equal(unknown.verified.state === 'done' && unknown.verified.spf.why, 'no-sender')
    for (const sender of ['x@a.example', 'a.example']) {
      const told = await examine(
        without(`Authentication-Results: ${host}; spf=pass smtp.mailfrom=${sender}\n`),
        zone,
      )
      assert.equal(told.verified.state === 'done' && told.verified.spf.verdict, 'pass')
      assert.equal(told.forecast?.cost, 'lost')
    }
  })

  test('a signature of ed25519 alone carries nothing at Gmail', async () => {
    const key = makeKey('ed25519')
    const signed = signDkim(letter('x@a.example'), { key, domain: 'a.example', selector: 'e1' })
    const zone: Zone = {
      'e1._domainkey.a.example': { TXT: [key.record] },
      '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
    }
    const { forecast, verified } = await examine(received(signed, at), zone)
    assert.deepEqual(verified.state === 'done' && [verified.dmarc.verdict, verified.dmarc.rsaAligned], [
      'pass',
      false,
    ])
    assert.equal(forecast?.cost, 'lost')
    const rsa = makeKey('rsa')
    const both = signDkim(signed, { key: rsa, domain: 'a.example' })
    const found = await examine(received(both, at), {
      ...zone,
      's1._domainkey.a.example': { TXT: [rsa.record] },
    })
    assert.equal(found.verified.state === 'done' && found.verified.dmarc.rsaAligned, true)
    assert.equal(found.forecast?.plain.dmarc, 'pass')
  })

  test('the name of an algorithm in capitals is the same algorithm', async () => {
    const key = { ...makeKey('ed25519'), algorithm: 'ED25519-SHA256' as 'ed25519-sha256' }
    const rsa = makeKey('rsa')
    const own = signDkim(letter('x@a.example'), { key, domain: 'a.example', selector: 'e1' })
    const { forecast, verified } = await examine(
      received(signDkim(own, { key: rsa, domain: 'esp.example' }), at),
      {
        'e1._domainkey.a.example': { TXT: [key.record] },
        's1._domainkey.esp.example': { TXT: [rsa.record] },
        '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
      },
    )
    assert.equal(verified.state === 'done' && verified.dmarc.rsaAligned, false)
    assert.equal(forecast?.cost, 'lost')
  })

  test('a list’s mail with an ARC seal: possibly lost, and by whose seal', async () => {
    const key = makeKey('rsa')
    const sealed = sealArc(letter('x@a.example'), {
      key,
      domain: 'lists.example',
      instance: 1,
      state: 'none',
      results: 'lists.example; dmarc=pass header.from=a.example',
    })
    const zone: Zone = {
      'arc._domainkey.lists.example': { TXT: [key.record] },
      '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
    }
    const { forecast } = await examine(received(sealed, { ...at, sender: 'x@lists.example' }), zone)
    assert.deepEqual(forecast?.plain.reasons.at(-1), {
      why: 'arc-chain-there',
      facts: { sealer: 'lists.example' },
    })
    assert.equal(forecast?.cost, 'possibly-lost')
  })
})
