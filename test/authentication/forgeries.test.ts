/**
 * Forgeries: mail that a stranger, a neighbour at the same provider or a careless forwarder made, in which lines claim
 * that bank.example passed. None may be shown as trusted, or verified as a pass. Beside them, mail that is as it says,
 * in the shapes of real hosts, which must go on being trusted.
 *
 * bank.example sends from 203.0.113.7 alone, signs nothing here and has p=reject. Whoever forges sits at 198.51.100.66.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReceivingHost } from '../../src/authentication/stamped.ts'
import { crlf, examine, type Zone } from './world.ts'

const zone: Zone = {
  'bank.example': { TXT: ['v=spf1 ip4:203.0.113.7 -all'] },
  'mail.bank.example': { TXT: ['v=spf1 ip4:203.0.113.7 -all'] },
  '_dmarc.bank.example': { TXT: ['v=DMARC1; p=reject'] },
}

const at = 'Tue, 24 Nov 2026 09:00:00 +0900'
const letter = `From: Bank <info@bank.example>
To: me@shop.example
Subject: Your account
Date: ${at}
Message-ID: <1@bank.example>

Click here.
`
const returnPath = 'Return-Path: <info@bank.example>\n'
const from = (client: string, by: string, rest = '(Postfix) with ESMTP id 4QABC'): string =>
  `Received: from ${client}\n\tby ${by} ${rest}\n\tfor <me@shop.example>; ${at}\n`
const stranger = 'mail.bank.example (unknown [198.51.100.66])'
const bank = 'mail.bank.example (mail.bank.example [203.0.113.7])'
const border = from(stranger, 'mx.host.example')
const forgedHop = from(bank, 'mx.host.example', '(Postfix) with ESMTPS id 4QAAA')
const results = (id: string): string =>
  `Authentication-Results: ${id}; spf=pass smtp.mailfrom=info@bank.example; dkim=pass header.d=bank.example; dmarc=pass header.from=bank.example\n`
const receivedSpf = (more: string): string =>
  `Received-SPF: pass (ok) client-ip=203.0.113.7; envelope-from=info@bank.example; helo=mail.bank.example;${more}\n`

interface Case {
  readonly what: string
  readonly lines: string
  readonly host?: Partial<ReceivingHost>
}

const mx = { names: ['mx.host.example'] }
const onlyDkim = { ...mx, confirmedIds: ['mx.host.example:dkim'] }

const sakura = 'www1234.sakura.ne.jp'
const neighbour = (by: string): string =>
  from('ik1-413-38519.vs.sakura.ne.jp (ik1-413-38519.vs.sakura.ne.jp [198.51.100.66])', by)

const forgeries: readonly Case[] = [
  { what: 'results below the border', lines: border + results('mx.host.example') },
  { what: 'results in upper case', lines: border + results('MX.HOST.EXAMPLE') },
  {
    what: 'results with a quoted name and a comment',
    lines: `${border}${results('"mx.host.example" (ok) 1')}`,
  },
  { what: 'results with another queue id', lines: border + results('mx.host.example/4QZZZ') },
  { what: 'results in a sister’s name', lines: border + results('filter.host.example') },
  { what: 'results with a look-alike letter', lines: border + results('mx.hоst.example') },
  { what: 'results with a dot at the end', lines: border + results('mx.host.example.') },
  { what: 'results in the recipient’s name', lines: border + results('me@shop.example') },
  { what: 'results of the registered domain', lines: border + results('host.example') },
  {
    what: 'results without a name',
    lines: `${border}Authentication-Results: spf=pass; dkim=pass; dmarc=pass\n`,
  },
  {
    what: 'only ARC-Authentication-Results',
    lines: `${border}${results('x').replace('Authentication-Results: x', 'ARC-Authentication-Results: i=1; mx.host.example')}`,
    host: mx,
  },
  { what: 'Received-SPF without a receiver', lines: border + receivedSpf('') },
  {
    what: 'Received-SPF without a receiver, where the name is confirmed',
    lines: border + receivedSpf(''),
    host: { ...mx, confirmedIds: ['mx.host.example'] },
  },
  {
    what: 'Received-SPF in the host’s name, where the name is confirmed',
    lines: border + receivedSpf(' receiver=mx.host.example'),
    host: { ...mx, confirmedIds: ['mx.host.example'] },
  },
  {
    what: 'Received-SPF in the host’s name, where SPF is confirmed for the other field',
    lines: border + receivedSpf(' receiver=mx.host.example'),
    host: { ...mx, confirmedIds: ['mx.host.example:spf+dkim'] },
  },
  {
    what: 'Received-SPF below a border line that tells no address',
    lines: from('mail.bank.example', 'mx.host.example', 'with SMTP id 1') + receivedSpf(''),
    host: { ...mx, confirmedIds: ['mx.host.example'] },
  },
  { what: 'no Received line at all', lines: results('mx.host.example'), host: mx },
  { what: 'two names in one line', lines: border + results('mx.host.example mx.google.com') },
  {
    what: 'rules of SpamAssassin below the border',
    lines: `${border}X-Spam-Status: No, tests=DKIM_VALID_AU,SPF_PASS,DMARC_PASS\n`,
  },
  {
    what: 'results below a line of a stranger',
    lines: border + from(bank, 'mail.other.example') + results('mx.host.example'),
  },
  {
    what: 'a method that the host does not stamp, in a line of its own',
    lines: `${border}Authentication-Results: mx.host.example; dkim=none\n${results('mx.host.example')}`,
    host: { ...mx, confirmedIds: ['mx.host.example'] },
  },
  {
    what: 'a method that the host does not stamp, where its methods are listed',
    lines: `${border}Authentication-Results: mx.host.example; spf=pass; dmarc=pass\n`,
    host: onlyDkim,
  },
  {
    what: 'more methods than the host stamps, in one line',
    lines: border + results('mx.host.example'),
    host: onlyDkim,
  },
  {
    what: 'a signature that is not there, where the host stamps nothing about it',
    lines: `${border}Authentication-Results: mx.host.example; dkim=pass header.d=bank.example\n`,
    host: onlyDkim,
  },
  {
    what: 'a hop of the host, below the border',
    lines: border + results('mx.host.example') + forgedHop,
    host: mx,
  },
  {
    what: 'a neighbour with a name of the provider, who goes on in the host’s name',
    lines: neighbour(sakura) + results(sakura) + from(bank, sakura),
  },
  {
    what: 'the same, with the mailbox’s host name known',
    lines: neighbour(sakura) + results(sakura) + from(bank, sakura),
    host: { names: [sakura] },
  },
  {
    what: 'the same, in a sister’s name',
    lines: neighbour(sakura) + from(bank, 'mx5.sakura.ne.jp') + results(sakura),
    host: { names: [sakura], confirmedIds: [sakura] },
  },
  {
    what: 'a subscriber of the same provider whose address has a name there',
    lines:
      from('p1234.tokyo.ocn.ne.jp (p1234.tokyo.ocn.ne.jp [198.51.100.66])', 'mx.ocn.ne.jp') +
      from(bank, 'mx.ocn.ne.jp'),
  },
  {
    what: 'another customer under a name of a whole prefecture',
    lines:
      from('evil.tokyo.jp (evil.tokyo.jp [198.51.100.66])', 'mail.shop.tokyo.jp') +
      from(bank, 'mail.shop.tokyo.jp'),
  },
  {
    what: 'a neighbour who calls himself by the host’s very name',
    lines: from('mx.host.example (vps7.host.example [198.51.100.66])', 'mx.host.example') + forgedHop,
    host: { ...mx, machines: ['mx1.host.example'] },
  },
  {
    what: 'a reverse name of the host that its software does not confirm',
    lines: from('x (mx.host.example [198.51.100.66])', 'mail.host.example', 'with ESMTP id 7') + forgedHop,
    host: mx,
  },
  {
    what: 'a neighbour’s script that submits on the same machine',
    lines: `Received: by mx.host.example (Postfix, from userid 1007)\n\tid 4QABC; ${at}\n${results('mx.host.example')}${forgedHop}`,
    host: mx,
  },
  {
    what: 'a script under qmail',
    lines: `Received: (qmail 4711 invoked by uid 1007); ${at}\n${results('mx.host.example')}${forgedHop}`,
    host: mx,
  },
  {
    what: 'a local submission under Exim',
    lines:
      from('web7', 'mx.host.example', 'with local (Exim 4.98) (envelope-from <info@bank.example>) id 1x') +
      forgedHop,
    host: mx,
  },
  {
    what: 'a customer of the host who logged in',
    lines:
      from('[203.0.113.7] (vps7 [198.51.100.66])', 'mx.host.example', '(Postfix) with ESMTPSA id 4Q') +
      forgedHop,
    host: mx,
  },
  {
    what: 'a host behind a proxy that shows 172.18.0.1 for everybody',
    lines:
      from('mail.bank.example (unknown [172.18.0.1])', 'mx.host.example') +
      forgedHop +
      results('mx.host.example'),
    host: mx,
  },
  {
    what: 'the same, with the host’s name as HELO',
    lines: from('mx.host.example (unknown [172.18.0.1])', 'mx.host.example') + forgedHop,
    host: mx,
  },
  {
    what: 'the same, with results between',
    lines:
      from('mail.bank.example (unknown [172.18.0.1])', 'mx.host.example') +
      results('mx.host.example') +
      forgedHop,
    host: mx,
  },
  {
    what: 'the same, where the host has another name inside its container',
    lines: from('mail.host.example (unknown [10.42.0.1])', '3f2a1b9c') + from(bank, 'mail.host.example'),
    host: { names: ['mail.host.example'] },
  },
  {
    what: 'the same, with a sister’s name',
    lines:
      from('mx1.host.example (unknown [192.168.1.1])', 'mx.host.example') + from(bank, 'mx1.host.example'),
    host: mx,
  },
  {
    what: 'the same behind a carrier’s NAT',
    lines:
      from('mx1.host.example (unknown [100.64.0.1])', 'mx.host.example') + from(bank, 'mx1.host.example'),
    host: mx,
  },
  {
    what: 'the same over IPv6',
    lines: from('mx.host.example (unknown [IPv6:fd00::1])', 'mx.host.example') + forgedHop,
    host: mx,
  },
  {
    what: 'a tunnel on the host’s own machine',
    lines:
      from('mail.bank.example (localhost [127.0.0.1])', 'mx.host.example') + from(bank, 'mx9.host.example'),
    host: mx,
  },
  {
    what: 'a HELO name that is another’s address',
    lines: from('[203.0.113.7] (unknown [198.51.100.66])', 'mx.host.example'),
  },
  {
    what: 'a HELO name with an address in brackets, under qmail',
    lines: from('unknown (HELO [203.0.113.7]) (198.51.100.66)', 'mx.host.example', 'with SMTP'),
  },
  {
    what: 'an ident answer with an address, under Exim',
    lines: from(
      '[198.51.100.66] (helo=mail.bank.example ident=x@[203.0.113.7])',
      'mx.host.example',
      'with esmtp (Exim 4.98) (envelope-from <info@bank.example>) id 1x',
    ),
  },
  {
    what: 'a HELO name of several words that plays LMTP',
    lines: from('x by mx.host.example with LMTP (y [198.51.100.66])', 'mx.host.example') + forgedHop,
    host: mx,
  },
  {
    what: 'a HELO name of several words that plays the whole line',
    lines:
      from(
        'mail.bank.example (mail.bank.example [203.0.113.7]) by mx.host.example (y [198.51.100.66])',
        'mx.host.example',
      ) + forgedHop,
    host: mx,
  },
  {
    what: 'a HELO name that brings its own queue id',
    lines: from('x id 4QEVIL (y [198.51.100.66])', 'mx.host.example') + results('mx.host.example/4QEVIL'),
    host: mx,
  },
  {
    what: 'a HELO name that brings its own envelope sender and login',
    lines:
      from(
        'x (Authenticated) (envelope-from <info@bank.example>) (y [198.51.100.66])',
        'mx.host.example',
        'with ESMTP id 4Q',
      ) + results('mx.host.example'),
    host: mx,
  },
  {
    what: 'Microsoft 365 on what it sends',
    lines: `${from('x.outbound.protection.outlook.com (unknown [198.51.100.66])', sakura)}Authentication-Results: ${sakura}; dkim=pass (signature was verified) header.d=none;${sakura}; dmarc=pass action=none header.from=bank.example;\n`,
    host: { names: [sakura] },
  },
  {
    what: 'the form of Exchange Online at a host that is not Exchange Online',
    lines: `${border}Authentication-Results: spf=pass (sender IP is 203.0.113.7) smtp.mailfrom=bank.example; dkim=pass header.d=bank.example;dmarc=pass action=none header.from=bank.example;compauth=pass reason=100\n`,
  },
  {
    what: 'a stranger who writes Microsoft’s hops',
    lines:
      from('a.prod.outlook.com (unknown [198.51.100.66])', 'mx.host.example') +
      `Authentication-Results: spf=pass; dkim=pass; dmarc=pass action=none\n` +
      from('b.prod.outlook.com (2603:10b6:1::1)', 'a.prod.outlook.com', 'with HTTPS') +
      from(bank, 'b.prod.outlook.com'),
  },
  {
    what: 'a stranger who writes Google’s hops',
    lines:
      from('mail-x.google.com (unknown [198.51.100.66])', 'mx.host.example') +
      `Received: by 2002:a05:6a10:1::1 with SMTP id x; ${at}\n` +
      from(bank, 'mx.google.com') +
      results('mx.google.com'),
  },
]

const trustedPasses = ({ stamped }: Awaited<ReturnType<typeof examine>>): string[] =>
  (['spf', 'dkim', 'dmarc', 'arc'] as const).filter(
    method => stamped[method]?.trust === 'trusted' && stamped[method].result === 'pass',
  )

describe('Forgeries', () => {
  assert.ok(forgeries.length >= 40)
  for (const { what, lines, host } of forgeries) {
    test(`${what}: not trusted, not verified`, async () => {
      const found = await examine(crlf(returnPath + lines + letter), zone, host === undefined ? {} : { host })
      assert.deepEqual(trustedPasses(found), [], JSON.stringify(found.stamped.fields))
      for (const { trust, results } of found.stamped.fields)
        if (trust === 'trusted') assert.ok(results.every(({ result }) => result !== 'pass'))
      const { verified } = found
      if (verified.state !== 'done') return assert.fail(verified.state)
      assert.notEqual(verified.spf.verdict, 'pass')
      assert.notEqual(verified.spf.clientAddress, '203.0.113.7')
      assert.notEqual(verified.dmarc.verdict, 'pass')
      assert.notEqual(found.forecast?.direct.dmarc, 'pass')
    })
  }
})

interface Legitimate extends Case {
  /** What the host stamped and is trusted for. */
  readonly trusted: string
  /** SPF as verified; with it the client that was asked about. */
  readonly spf?: 'pass' | 'unknown'
}

const own = (id: string): string => results(id)
const m365 = 'MW2NAM12FT066.mail.protection.outlook.com'

const legitimate: readonly Legitimate[] = [
  {
    what: 'one machine that stamps above',
    lines: own('mx.host.example') + from(bank, 'mx.host.example'),
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'another machine of the host that stamps above',
    lines: own('filter.host.example') + from(bank, 'mx.host.example'),
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'a store that takes it by LMTP over a socket',
    lines:
      from('mx1.host.example', 'store.host.example', 'with LMTP id 1') +
      own('mx1.host.example') +
      from(bank, 'mx1.host.example'),
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'a store that takes it by LMTP over the inner network',
    lines:
      from('mx1.host.example ([10.0.0.5])', 'store.host.example', 'with LMTP id 1') +
      own('mx1.host.example') +
      from(bank, 'mx1.host.example'),
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'a filter on the same machine (amavisd-new)',
    lines:
      own('mx.host.example') +
      from('localhost (localhost [127.0.0.1])', 'mx.host.example') +
      from(
        'mx.host.example ([127.0.0.1])',
        'localhost',
        '(mx.host.example [127.0.0.1]) (amavisd-new, port 10024) with ESMTP id 2',
      ) +
      from(bank, 'mx.host.example'),
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'an inner machine whose private address has its name',
    lines:
      from('mx1.host.example (mx1.host.example [192.168.3.4])', 'store.host.example') +
      own('mx1.host.example') +
      from(bank, 'mx1.host.example'),
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'an inner machine without a name for its private address, once it is known',
    lines:
      from('mx1.host.example (unknown [10.0.0.5])', 'store.host.example') +
      own('mx1.host.example') +
      from(bank, 'mx1.host.example'),
    host: { machines: ['mx1.host.example'] },
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'an inner machine, known by its address',
    lines:
      from('gw (unknown [10.0.0.5])', 'store.host.example') + own('store.host.example') + from(bank, 'gw'),
    host: { machines: ['10.0.0.5'] },
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'a machine with a public address, once its very name is known',
    lines:
      from('mx1.host.example (mx1.host.example [192.0.2.40])', 'store.host.example') +
      own('mx1.host.example') +
      from(bank, 'mx1.host.example'),
    host: { machines: ['mx1.host.example'] },
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'the mailbox’s own server in front of its store',
    lines:
      from('mx1.host.example (mx1.host.example [192.0.2.40])', 'store.host.example') +
      own('mx1.host.example') +
      from(bank, 'mx1.host.example'),
    host: { names: ['mx1.host.example'] },
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'a machine that may be a neighbour’s: nothing is claimed to have failed',
    lines:
      from('mx1.host.example (mx1.host.example [192.0.2.40])', 'store.host.example') +
      own('mx1.host.example') +
      from(bank, 'mx1.host.example'),
    trusted: '',
    spf: 'unknown',
  },
  {
    what: 'qmail’s note above its server’s line',
    lines: `${own('mx.host.example')}Received: (qmail 1 invoked from network); ${at}\n${from('unknown (HELO mail.bank.example) (203.0.113.7)', 'mx.host.example', 'with SMTP')}`,
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'results below the border with the queue id of this message',
    lines: `${from(bank, 'mx.host.example')}DKIM-Signature: v=1\n${own('mx.host.example/4QABC')}`,
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'results below the border under a name that is confirmed for them',
    lines: `${from(bank, 'mx.host.example')}${own('mx.host.example')}DKIM-Signature: v=1\n`,
    host: { confirmedIds: ['mx.host.example:spf+dkim+dmarc'] },
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'the first line below the border under a name that is confirmed without methods',
    lines: from(bank, 'mx.host.example') + own('mx.host.example'),
    host: { confirmedIds: ['mx.host.example'] },
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'the recipient’s address as name, above (NTT WebARENA)',
    lines: own('me@shop.example') + from(bank, 'mx.host.example'),
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'Received-SPF of the host’s own block, without a receiver',
    lines: receivedSpf('') + from(bank, 'mx.host.example'),
    trusted: 'spf',
  },
  {
    what: 'Gmail, whose inner lines name no client',
    lines: `Received: by 2002:a05:6a10:1::1 with SMTP id x; ${at}\n${own('mx.google.com')}${from(bank, 'mx.google.com', 'with ESMTPS id y')}`,
    trusted: 'spf dkim dmarc',
  },
  {
    what: 'a mailbox at Microsoft 365, whose lines bear no name',
    lines:
      from(
        'PH0PR11MB1.namprd11.prod.outlook.com (2603:10b6:510:1::17)',
        'SA1PR11MB2.namprd11.prod.outlook.com',
        'with HTTPS',
      ) +
      from(
        'MW2NAM12FT066.eop-nam12.prod.protection.outlook.com (2603:10b6:303:2:cafe::30)',
        'PH0PR11MB1.namprd11.prod.outlook.com',
        '(2603:10b6:510:1::17) with Microsoft SMTP Server id 15.20',
      ) +
      'Authentication-Results: spf=pass (sender IP is 203.0.113.7) smtp.mailfrom=bank.example; dkim=pass (signature was verified) header.d=bank.example;dmarc=pass action=none header.from=bank.example;compauth=pass reason=100\n' +
      `Received-SPF: Pass (protection.outlook.com: domain of bank.example designates 203.0.113.7 as permitted sender) receiver=protection.outlook.com; client-ip=203.0.113.7; helo=mail.bank.example; pr=C\n` +
      from('mail.bank.example (203.0.113.7)', m365, '(10.13.181.90) with Microsoft SMTP Server id 15.20'),
    trusted: 'spf dkim dmarc',
  },
]

describe('Mail that is as it says is trusted', () => {
  for (const { what, lines, host, trusted, spf = 'pass' } of legitimate) {
    test(what, async () => {
      const found = await examine(crlf(returnPath + lines + letter), zone, host === undefined ? {} : { host })
      assert.equal(trustedPasses(found).join(' '), trusted, JSON.stringify(found.stamped.fields))
      const { verified } = found
      if (verified.state !== 'done') return assert.fail(verified.state)
      assert.equal(verified.spf.verdict, spf, JSON.stringify(verified.spf))
      assert.equal(verified.dmarc.verdict, spf)
    })
  }

  test('a sender who is not allowed is told as that, behind inner machines, too', async () => {
    const lines =
      from('mx1.host.example', 'store.host.example', 'with LMTP id 1') + from(stranger, 'mx1.host.example')
    const { verified } = await examine(crlf(returnPath + lines + letter), zone)
    assert.equal(verified.state === 'done' && verified.spf.verdict, 'fail')
  })

  test('a host behind a proxy is told as not known, and why', async () => {
    const lines = from('mail.bank.example (unknown [172.18.0.1])', 'mx.host.example')
    const { verified, stamped } = await examine(crlf(returnPath + lines + letter), zone)
    assert.deepEqual(
      verified.state === 'done' && [verified.spf.verdict, verified.spf.why, verified.dmarc.verdict],
      ['unknown', 'client-hidden', 'unknown'],
    )
    assert.equal(stamped.host, 'mx.host.example')
  })

  test('Microsoft 365 on what it sends is known as such, and nobody is asked to confirm it', async () => {
    const line =
      'Authentication-Results: i-love.sakura.ne.jp; dkim=none (message not signed)\n header.d=none;i-love.sakura.ne.jp; dmarc=none action=none header.from=bank.example;\n'
    for (const by of ['www1234.sakura.ne.jp', 'i-love.sakura.ne.jp']) {
      const { stamped } = await examine(crlf(returnPath + from(bank, by) + line + letter), zone)
      assert.deepEqual([stamped.fields[0]?.trust, stamped.fields[0]?.why], ['untrusted', 'outgoing-form'])
      assert.deepEqual([stamped.dkim, stamped.dmarc], [undefined, undefined])
    }
  })
})
