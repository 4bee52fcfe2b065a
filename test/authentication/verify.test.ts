import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authenticate } from '../../src/authentication/authenticate.ts'
import { boundForMessage, DnsError, type Lookup, makeDns, tableLookup } from '../../src/authentication/dns.ts'
import { unknownHost } from '../../src/authentication/stamped.ts'
import type { Verified } from '../../src/authentication/verify.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { makeKey, type SignOptions, sealArc, signDkim } from './signing.ts'
import { crlf, examine, messageOf, received, verifyBy, type Zone } from './world.ts'

type Done = Extract<Verified, { state: 'done' }>

const rsa = makeKey('rsa')
const ed25519 = makeKey('ed25519')

const keys: Zone = {
  's1._domainkey.a.example': { TXT: [rsa.record] },
  'e1._domainkey.a.example': { TXT: [ed25519.record] },
}

const plain = crlf(`From: Someone <someone@a.example>
To: owner@shop.example
Subject: Greetings
Date: Tue, 24 Nov 2026 09:00:00 +0900
Message-ID: <1@a.example>

Hello  there.
Second line.

`)

const at = { helo: 'out.a.example', address: '203.0.113.5', sender: 'bounce@a.example' }

async function verify(
  message: Buffer,
  zone: Zone,
  from: Parameters<typeof received>[1] = at,
  options: Parameters<typeof examine>[2] = {},
): Promise<Done> {
  const { verified } = await examine(received(message, from), zone, options)
  assert.equal(verified.state, 'done')
  return verified as Done
}

const dkimOf = async (options: Partial<SignOptions>, zone: Zone = keys, message = plain) =>
  (await verify(signDkim(message, { key: rsa, domain: 'a.example', ...options }), zone)).dkim

describe('DKIM is verified on the exact octets', () => {
  test('the example of RFC 8463 appendix A.3, both signatures', async () => {
    const message = crlf(`DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
`)
    const { dkim } = await verify(message, {
      'brisbane._domainkey.football.example.com': {
        TXT: ['v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='],
      },
      'test._domainkey.football.example.com': {
        TXT: [
          'v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
        ],
      },
    })
    assert.deepEqual(
      dkim.map(signature => [signature.algorithm, signature.verdict]),
      [
        ['ed25519-sha256', 'pass'],
        ['rsa-sha256', 'pass'],
      ],
    )
  })

  test('the example of RFC 6376 appendix A.2, as its errata 3192 and 4926 have it', async () => {
    const message = crlf(`DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
`)
    const key =
      'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB'
    const { verified } = await examine(message, {
      'brisbane._domainkey.example.com': { TXT: [`v=DKIM1; p=${key}`] },
    })
    assert.ok(verified.state === 'done')
    assert.deepEqual(
      verified.dkim.map(({ verdict, domain }) => [verdict, domain]),
      [['pass', 'example.com']],
    )
  })

  for (const headerCanon of ['relaxed', 'simple'] as const) {
    for (const bodyCanon of ['relaxed', 'simple'] as const) {
      test(`rsa and ed25519 with ${headerCanon}/${bodyCanon}`, async () => {
        assert.equal((await dkimOf({ headerCanon, bodyCanon }))[0]?.verdict, 'pass')
        const e1 = { key: ed25519, selector: 'e1', headerCanon, bodyCanon }
        assert.equal((await dkimOf(e1))[0]?.verdict, 'pass')
      })
    }
  }

  test('several signatures each have their own verdict', async () => {
    const inner = signDkim(plain, { key: rsa, domain: 'a.example' })
    const outer = signDkim(inner, { key: rsa, domain: 'gone.example' })
    const { dkim } = await verify(outer, keys)
    assert.deepEqual(
      dkim.map(signature => [signature.domain, signature.verdict, signature.why]),
      [
        ['gone.example', 'fail', 'no-key'],
        ['a.example', 'pass', undefined],
      ],
    )
  })

  test('8-bit Japanese bodies, in UTF-8 and in Shift_JIS octets, in any slices', async () => {
    const shiftJis = Buffer.from([0x82, 0xb1, 0x82, 0xf1, 0x82, 0xc9, 0x82, 0xbf, 0x82, 0xcd, 0x0d, 0x0a])
    for (const body of [Buffer.from('こんにちは、世界。\r\n飛脚です。\r\n'), shiftJis]) {
      const header = plain.subarray(0, plain.indexOf('\r\n\r\n') + 4)
      assert.equal((await dkimOf({}, keys, Buffer.concat([header, body])))[0]?.verdict, 'pass')
    }
  })

  test('one changed octet in the body or in a signed field breaks it', async () => {
    const signed = signDkim(plain, { key: rsa, domain: 'a.example' })
    const body = Buffer.from(signed)
    body[body.indexOf('Second')] = 0x54
    const subject = Buffer.from(signed)
    subject[subject.indexOf('Greetings')] = 0x48
    assert.equal((await verify(body, keys)).dkim[0]?.why, 'body-changed')
    assert.equal((await verify(subject, keys)).dkim[0]?.why, 'signature-wrong')
    assert.equal((await verify(signed, keys)).dkim[0]?.verdict, 'pass')
  })

  test('l= passes, and the unsigned rest is told', async () => {
    const signed = signDkim(plain, { key: rsa, domain: 'a.example', bodyLength: 7 })
    const { dkim } = await verify(Buffer.concat([signed, Buffer.from('Added.\r\n')]), keys)
    assert.equal(dkim[0]?.verdict, 'pass')
    assert.equal(dkim[0]?.why, 'partly-signed')
    assert.ok((dkim[0]?.unsignedOctets ?? 0) > 7)
  })

  test('an expired signature counts as of the moment when the host received it', async () => {
    const receivedAt = Date.parse('2026-11-24T00:00:00Z') / 1000
    assert.equal((await dkimOf({ expires: receivedAt - 60 }))[0]?.why, 'expired')
    assert.equal((await dkimOf({ expires: receivedAt + 60 }))[0]?.verdict, 'pass')
  })

  test('a missing key is an answer, a silent DNS is not', async () => {
    assert.deepEqual(
      (await dkimOf({}, {})).map(({ verdict, why }) => [verdict, why]),
      [['fail', 'no-key']],
    )
    const silent: Lookup = () => new Promise(() => {})
    const message = received(signDkim(plain, { key: rsa, domain: 'a.example' }), at)
    const { verified } = await examine(message, {}, { verify: { dns: silent, deadlineMs: 30 } })
    assert.equal(verified.state, 'done')
    if (verified.state !== 'done') return
    assert.deepEqual([verified.dkim[0]?.verdict, verified.dkim[0]?.why], ['unknown', 'dns'])
    assert.deepEqual([verified.spf.verdict, verified.dmarc.verdict], ['unknown', 'unknown'])
  })

  test('a DNS server that fails is not known, never a fail', async () => {
    for (const code of ['ESERVFAIL', 'EREFUSED', 'ECONNREFUSED', 'ETIMEOUT']) {
      const broken: Lookup = async () => {
        throw new DnsError(code, code)
      }
      const sealed = sealArc(signDkim(plain, { key: rsa, domain: 'a.example' }), {
        key: rsa,
        domain: 'a.example',
        instance: 1,
        state: 'none',
        results: 'x.example; spf=pass',
      })
      const { verified, forecast } = await examine(received(sealed, at), {}, { verify: verifyBy(broken) })
      assert.equal(verified.state, 'done')
      if (verified.state !== 'done') return
      const verdicts = [verified.spf, verified.dkim[0], verified.dmarc, verified.arc].map(
        part => part?.verdict,
      )
      assert.deepEqual(verdicts, ['unknown', 'unknown', 'unknown', 'unknown'], code)
      assert.equal(forecast?.plain.outcome, 'unknown')
    }
  })

  test('a revoked key, a key for another use and a From that is not signed', async () => {
    const zone = (record: string): Zone => ({ 's1._domainkey.a.example': { TXT: [record] } })
    assert.equal((await dkimOf({}, zone('v=DKIM1; p=')))[0]?.verdict, 'fail')
    assert.equal((await dkimOf({}, zone(`${rsa.record}; s=other`)))[0]?.why, 'key-unusable')
    assert.equal((await dkimOf({ fields: ['to', 'subject'] }))[0]?.why, 'from-not-signed')
  })

  test('an unsigned message has no signatures', async () => {
    assert.deepEqual((await verify(plain, keys)).dkim, [])
  })
})

const spfOf = async (record: string | undefined, from: Partial<typeof at> = {}, more: Zone = {}) => {
  const zone: Zone = { ...(record === undefined ? {} : { 'a.example': { TXT: [record] } }), ...more }
  return (await verify(plain, zone, { ...at, ...from })).spf
}

describe('SPF is asked about the client that the receiving host saw', () => {
  test('pass, softfail, fail, neutral, none', async () => {
    assert.equal((await spfOf('v=spf1 ip4:203.0.113.0/24 -all')).verdict, 'pass')
    assert.equal((await spfOf('v=spf1 ip4:198.51.100.1 ~all')).verdict, 'softfail')
    assert.equal((await spfOf('v=spf1 ip4:198.51.100.1 -all')).verdict, 'fail')
    assert.equal((await spfOf('v=spf1 ?all')).verdict, 'neutral')
    assert.equal((await spfOf(undefined)).verdict, 'none')
  })

  test('IPv6, a, mx, include and redirect', async () => {
    assert.equal(
      (await spfOf('v=spf1 ip6:2001:db8::/32 -all', { address: 'IPv6:2001:db8::5' })).verdict,
      'pass',
    )
    const more: Zone = {
      'spf.a.example': { TXT: ['v=spf1 ip4:203.0.113.5 -all'] },
      'out.a.example': { A: ['203.0.113.5'] },
    }
    assert.equal((await spfOf('v=spf1 include:spf.a.example -all', {}, more)).verdict, 'pass')
    assert.equal((await spfOf('v=spf1 redirect=spf.a.example', {}, more)).verdict, 'pass')
    assert.equal((await spfOf('v=spf1 a:out.a.example -all', {}, more)).verdict, 'pass')
    const mx: Zone = {
      ...more,
      'a.example': { TXT: ['v=spf1 mx -all'], MX: [{ exchange: 'out.a.example', priority: 10 }] },
    }
    assert.equal((await verify(plain, mx)).spf.verdict, 'pass')
  })

  test('more than ten look-ups, and a record that cannot be read, are permanent errors', async () => {
    const chain: Zone = {}
    for (let i = 0; i < 12; i += 1)
      chain[`i${i}.a.example`] = { TXT: [`v=spf1 include:i${i + 1}.a.example -all`] }
    const many = await spfOf('v=spf1 include:i0.a.example -all', {}, chain)
    assert.deepEqual([many.verdict, many.why], ['permerror', 'too-many-lookups'])
    const broken = await spfOf('v=spf1 ip4:300.0.0.1 nonsense:: -all')
    assert.deepEqual([broken.verdict, broken.why], ['permerror', 'record-error'])
  })

  test('a null envelope sender is asked by its HELO name', async () => {
    const zone: Zone = { 'out.a.example': { TXT: ['v=spf1 ip4:203.0.113.5 -all'] } }
    const { spf } = await verify(plain, zone, { ...at, sender: '' })
    assert.deepEqual([spf.verdict, spf.domain], ['pass', 'out.a.example'])
  })

  test('without a line of the host it cannot be known', async () => {
    const { verified } = await examine(plain, { 'a.example': { TXT: ['v=spf1 -all'] } })
    assert.equal(verified.state, 'done')
    if (verified.state !== 'done') return
    assert.deepEqual([verified.spf.verdict, verified.spf.why], ['unknown', 'no-client'])
  })

  test('the client is not taken from a line that a stranger wrote', async () => {
    const forged = Buffer.concat([
      crlf(
        'Received: from good (good.a.example [198.51.100.1]) by mx.host.example with ESMTP id 1; Tue, 24 Nov 2026 08:00:00 +0900\n',
      ),
      plain,
    ])
    const { spf } = await verify(forged, { 'a.example': { TXT: ['v=spf1 ip4:198.51.100.1 -all'] } })
    assert.deepEqual([spf.verdict, spf.clientAddress], ['fail', '203.0.113.5'])
  })
})

const from = (address: string): Buffer => Buffer.from(plain.toString().replace('someone@a.example', address))

describe('DMARC wants an aligned pass', () => {
  const spfPass: Zone = { 'a.example': { TXT: ['v=spf1 ip4:203.0.113.5 -all'] } }
  const policy = (record: string, name = '_dmarc.a.example'): Zone => ({ [name]: { TXT: [record] } })

  test('no record is none', async () => {
    const { dmarc } = await verify(plain, spfPass)
    assert.deepEqual([dmarc.verdict, dmarc.why, dmarc.domain], ['none', 'no-policy', 'a.example'])
  })

  test('aligned SPF or aligned DKIM is enough, neither is a fail', async () => {
    const reject = policy('v=DMARC1; p=reject')
    assert.equal((await verify(plain, { ...spfPass, ...reject })).dmarc.verdict, 'pass')
    const signed = signDkim(plain, { key: rsa, domain: 'a.example' })
    const other = { ...at, sender: 'x@b.example' }
    assert.equal((await verify(signed, { ...keys, ...reject }, other)).dmarc.verdict, 'pass')
    const failed = (await verify(plain, { ...spfPass, ...reject }, other)).dmarc
    assert.deepEqual([failed.verdict, failed.policy, failed.why], ['fail', 'reject', 'not-aligned'])
  })

  test('relaxed alignment takes a subdomain, strict does not', async () => {
    const sender = { ...at, sender: 'x@mail.a.example' }
    const zone: Zone = { 'mail.a.example': { TXT: ['v=spf1 ip4:203.0.113.5 -all'] } }
    assert.equal(
      (await verify(plain, { ...zone, ...policy('v=DMARC1; p=reject') }, sender)).dmarc.verdict,
      'pass',
    )
    const strict = { ...zone, ...policy('v=DMARC1; p=reject; aspf=s') }
    assert.equal((await verify(plain, strict, sender)).dmarc.verdict, 'fail')
    const signed = signDkim(from('someone@news.a.example'), { key: rsa, domain: 'a.example' })
    const relaxed = { ...keys, ...policy('v=DMARC1; p=none; sp=reject') }
    assert.equal((await verify(signed, relaxed)).dmarc.verdict, 'pass')
    assert.equal(
      (await verify(signed, { ...keys, ...policy('v=DMARC1; p=reject; adkim=s') })).dmarc.verdict,
      'fail',
    )
  })

  test('a subdomain gets sp', async () => {
    const { dmarc } = await verify(
      from('someone@news.a.example'),
      policy('v=DMARC1; p=none; sp=quarantine'),
      {
        ...at,
        sender: 'x@b.example',
      },
    )
    assert.deepEqual([dmarc.verdict, dmarc.policy], ['fail', 'quarantine'])
  })

  test('pct is told', async () => {
    const { dmarc } = await verify(plain, policy('v=DMARC1; p=reject; pct=20'), {
      ...at,
      sender: 'x@b.example',
    })
    assert.deepEqual([dmarc.policy, dmarc.percent], ['reject', 20])
  })

  test('what SPF could not tell leaves DMARC open, unless DKIM decides it', async () => {
    const zone = { ...keys, ...policy('v=DMARC1; p=reject') }
    const bare = await examine(plain, zone)
    assert.equal(bare.verified.state === 'done' && bare.verified.dmarc.verdict, 'unknown')
    const signed = await examine(signDkim(plain, { key: rsa, domain: 'a.example' }), zone)
    assert.equal(signed.verified.state === 'done' && signed.verified.dmarc.verdict, 'pass')
  })

  test('two From fields, or none, have no author', async () => {
    const two = Buffer.concat([Buffer.from('From: x@b.example\r\n'), plain])
    assert.equal((await verify(two, {})).dmarc.why, 'no-author')
    const without = Buffer.from(plain.toString().replace(/^From:.*\r\n/, ''))
    assert.equal((await verify(without, {})).dmarc.why, 'no-author')
  })
})

describe('ARC chains', () => {
  const zone: Zone = {
    'arc._domainkey.lists.example': { TXT: [rsa.record] },
    'arc._domainkey.b.example': { TXT: [ed25519.record] },
  }
  const one = sealArc(plain, {
    key: rsa,
    domain: 'lists.example',
    instance: 1,
    state: 'none',
    results: 'lists.example; spf=pass',
  })
  const two = sealArc(one, {
    key: ed25519,
    domain: 'b.example',
    instance: 2,
    state: 'pass',
    results: 'b.example; arc=pass',
  })

  test('a chain of one and of two sets is valid', async () => {
    assert.deepEqual((await verify(one, zone)).arc, { verdict: 'pass', instances: 1 })
    assert.deepEqual((await verify(two, zone)).arc, { verdict: 'pass', instances: 2 })
    assert.deepEqual((await verify(plain, zone)).arc, { verdict: 'none', instances: 0 })
  })

  test('a changed body, a changed result and a seal that says fail break it', async () => {
    const body = Buffer.from(two)
    body[body.indexOf('Second')] = 0x54
    const result = Buffer.from(two.toString().replace('lists.example; spf=pass', 'lists.example; spf=fail'))
    const fail = sealArc(one, {
      key: ed25519,
      domain: 'b.example',
      instance: 2,
      state: 'fail',
      results: 'b.example; arc=fail',
    })
    for (const broken of [body, result, fail]) {
      const { arc } = await verify(broken, zone)
      assert.deepEqual([arc.verdict, arc.why], ['fail', 'chain-broken'])
    }
  })
})

describe('Verification stays in its bounds', () => {
  test('where the library cannot be loaded the results are not known', async () => {
    const { verified, forecast, stamped } = await examine(
      received(plain, at),
      {},
      {
        verify: { load: () => Promise.reject(new Error('Node 22.13')) },
      },
    )
    assert.deepEqual(verified, { state: 'library-missing' })
    assert.equal(forecast, undefined)
    assert.equal(stamped.host, 'mx.host.example')
  })

  test('hundreds of signatures are not checked', async () => {
    const many = Buffer.concat([
      Buffer.from(
        'DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s1; l=1; h=from; bh=x; b=x\r\n'.repeat(500),
      ),
      plain,
    ])
    assert.deepEqual((await examine(many, keys)).verified, {
      state: 'message-too-complex',
      why: 'signatures',
    })
  })

  test('a line of megabytes is not checked, for the library would take its square', async () => {
    const long = Buffer.concat([
      signDkim(plain, { key: rsa, domain: 'a.example' }),
      Buffer.alloc(3_000_000, 0x78),
    ])
    assert.deepEqual((await examine(long, keys)).verified, {
      state: 'message-too-complex',
      why: 'line-octets',
    })
  })

  test('bare line feeds, whole or split anywhere, count as line ends like the library has it', async () => {
    const signed = signDkim(plain, { key: rsa, domain: 'a.example' })
    const bare = Buffer.from(signed.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    const mixed = Buffer.concat([signed.subarray(0, -4), Buffer.from('\n\r\n')])
    for (const message of [bare, mixed]) {
      for (const sliceOctets of [1, 7, message.length]) {
        const verify = verifyBy(tableLookup(keys))
        const raw = messageOf(message, sliceOctets)
        const { verified } = await authenticate(raw, { host: unknownHost, verify })
        assert.equal(verified.state === 'done' && verified.dkim[0]?.verdict, 'pass')
      }
    }
  })

  test('one message asks no more questions than allowed, and none after its deadline', async () => {
    let asked = 0
    const lookup: Lookup = async () => {
      asked += 1
      return []
    }
    const dns = boundForMessage(lookup, systemClock, 3, 10_000)
    for (let i = 0; i < 3; i += 1) await dns.lookup(`n${i}.example`, 'A')
    await assert.rejects(dns.lookup('n4.example', 'A'), { code: 'ETOOMANY' })
    assert.equal(asked, 3)
    await dns.lookup('N0.example', 'A')
    assert.equal(asked, 3)
    dns.close()
  })

  test('the greatest SPF record that the standard allows is known, also as it would have been forwarded', async () => {
    const zone: Record<string, Zone[string]> = {
      'a.example': {
        TXT: [`v=spf1 ${Array.from({ length: 10 }, (_, i) => `mx:m${i}.a.example`).join(' ')} -all`],
      },
      'mx.host.example': { A: ['203.0.113.200'] },
      '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
    }
    for (let i = 0; i < 10; i += 1) {
      const hosts = Array.from({ length: 10 }, (_, j) => `h${i}-${j}.a.example`)
      zone[`m${i}.a.example`] = { MX: hosts.map((exchange, priority) => ({ exchange, priority })) }
      for (const host of hosts) zone[host] = { A: ['198.51.100.1'] }
    }
    zone['h9-9.a.example'] = { A: [at.address] }
    const { spf, dmarc, forwardedSpf } = await verify(plain, zone)
    assert.deepEqual([spf.verdict, dmarc.verdict, forwardedSpf.verdict], ['pass', 'pass', 'fail'])
    zone['h9-9.a.example'] = { A: ['198.51.100.1'] }
    assert.equal((await verify(plain, zone)).spf.verdict, 'fail')
  })

  test('an answer is asked once, remembered for its time, and a failure is not remembered', async () => {
    let nowMs = 0
    const clock: Clock = { ...systemClock, monotonicMs: () => nowMs }
    const asked: string[] = []
    const lookup: Lookup = async name => {
      asked.push(name)
      if (name === 'down.example' && asked.length < 4) throw new DnsError('ESERVFAIL', 'down')
      return tableLookup({ 'a.example': { A: ['203.0.113.5'] } })(name, 'A')
    }
    const dns = makeDns({ lookup, clock, keepMs: 1000 })
    await Promise.all([dns('a.example', 'A'), dns('A.example', 'A')])
    await assert.rejects(dns('none.example', 'A'), { code: 'ENOTFOUND' })
    await assert.rejects(dns('none.example', 'A'), { code: 'ENOTFOUND' })
    assert.deepEqual(asked, ['a.example', 'none.example'])
    await assert.rejects(dns('down.example', 'A'), { code: 'ESERVFAIL' })
    await assert.rejects(dns('down.example', 'A'), { code: 'ENOTFOUND' })
    nowMs = 1001
    await dns('a.example', 'A')
    assert.deepEqual(asked, ['a.example', 'none.example', 'down.example', 'down.example', 'a.example'])
  })

  test('questions beyond the bound wait for their turn', async () => {
    let open = 0
    let most = 0
    const release: (() => void)[] = []
    const lookup: Lookup = async () => {
      open += 1
      most = Math.max(most, open)
      await new Promise<void>(resolve => release.push(resolve))
      open -= 1
      return []
    }
    const dns = makeDns({ lookup, clock: systemClock, inFlight: 2 })
    const all = Array.from({ length: 7 }, (_, i) => dns(`n${i}.example`, 'A'))
    const done = Promise.all(all)
    let settled = false
    done.then(() => {
      settled = true
    })
    while (!settled) {
      release.shift()?.()
      await new Promise(resolve => setImmediate(resolve))
    }
    assert.equal(most, 2)
  })
})
