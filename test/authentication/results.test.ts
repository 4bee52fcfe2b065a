import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  readAuthenticationResults,
  readReceivedSpf,
} from '../../src/authentication/authentication-results.ts'
import { readFields } from '../../src/authentication/header-fields.ts'
import { readReceived } from '../../src/authentication/received.ts'
import { readStamped } from '../../src/authentication/results.ts'
import { unknownHost } from '../../src/authentication/stamped.ts'
import { readTrace } from '../../src/authentication/trace.ts'
import { crlf, stampedOf } from './world.ts'

const read = (value: string) => readAuthenticationResults(Buffer.from(value))
const trace = (text: string) => readTrace(readFields(crlf(text), new Set(['received'])), unknownHost)
const line = (value: string) => readReceived({ index: 0, name: 'received', value: Buffer.from(value) })

const border =
  'Received: from out.sender.example (out.sender.example [203.0.113.5])\n by mx.host.example (Postfix) with ESMTPS id 4QABC\n for <me@shop.example>; Tue, 24 Nov 2026 09:00:00 +0900\n'
const foreign =
  'Received: from app (unknown [10.9.9.9]) by out.sender.example with ESMTP id 9; Tue, 24 Nov 2026 08:59:00 +0900\n'

describe('Authentication-Results is read in the shapes that servers write', () => {
  test('Gmail: properties, comments with words about the sender, several methods', () => {
    const field = read(
      'mx.google.com;\r\n dkim=pass header.i=@google.com header.s=20230601 header.b=AbC=;\r\n spf=softfail (google.com: domain of transitioning a@google.com does not designate 150.95.219.104 as permitted sender) smtp.mailfrom=a@google.com;\r\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=google.com',
    )
    assert.equal(field.authservId, 'mx.google.com')
    assert.deepEqual(
      field.results.map(result => [result.method, result.result]),
      [
        ['dkim', 'pass'],
        ['spf', 'softfail'],
        ['dmarc', 'pass'],
      ],
    )
    assert.deepEqual(field.results[0]?.properties, {
      'header.i': '@google.com',
      'header.s': '20230601',
      'header.b': 'AbC=',
    })
    assert.match(field.results[1]?.comment ?? '', /does not designate 150\.95\.219\.104/)
  })

  test('OpenDKIM with a queue id behind the name', () => {
    const field = read(
      'mail.host.example/C741440440; dkim=pass (1024-bit key; secure) header.d=a.example header.i=@a.example header.b="x;y"',
    )
    assert.equal(field.authservId, 'mail.host.example')
    assert.equal(field.queueId, 'C741440440')
    assert.equal(field.results[0]?.comment, '1024-bit key; secure')
    assert.equal(field.results[0]?.properties['header.b'], 'x;y')
  })

  test('amavisd-new with a comment behind the name, and a version', () => {
    assert.equal(
      read('mail.host.example (amavisd-new); dkim=pass header.d=a.example').authservId,
      'mail.host.example',
    )
    assert.equal(read('mail.host.example 1; spf=pass').authservId, 'mail.host.example')
  })

  test('NTT WebARENA with the recipient as name and home-made methods', () => {
    const field = read('me@shop.example; dkim=pass (2048-bit key) header.i=@a.example; x-dkim-adsp=none')
    assert.equal(field.authservId, 'me@shop.example')
    assert.deepEqual(
      field.results.map(result => result.method),
      ['dkim', 'x-dkim-adsp'],
    )
    assert.equal(
      read('me@shop.example; sender-id=pass header.from=a@a.example; spf=pass smtp.mfrom=a@a.example')
        .results[1]?.properties['smtp.mfrom'],
      'a@a.example',
    )
  })

  test('Exchange Online without a name', () => {
    const field = read(
      'spf=pass (sender IP is 203.0.113.5) smtp.mailfrom=a.example; dkim=none (message not signed) header.d=none;dmarc=pass action=none header.from=a.example;compauth=pass reason=100',
    )
    assert.equal(field.authservId, '')
    assert.deepEqual(
      field.results.map(result => `${result.method}=${result.result}`),
      ['spf=pass', 'dkim=none', 'dmarc=pass', 'compauth=pass'],
    )
    assert.equal(field.results[2]?.properties.action, 'none')
  })

  test('no results at all, and several answers of one method', () => {
    assert.deepEqual(read('host.example; none').results, [])
    assert.equal(
      read('h.example; dkim=fail header.d=a; dkim=pass header.d=b; dkim=neutral header.d=c').results.length,
      3,
    )
  })

  test('quoted strings, quoted local parts and escaped quotes', () => {
    const field = read(
      '"h.example"; spf=pass reason="he said \\"yes\\"; really" smtp.mailfrom="a b"@a.example',
    )
    assert.equal(field.authservId, 'h.example')
    assert.equal(field.results[0]?.properties.reason, 'he said "yes"; really')
    assert.match(field.results[0]?.properties['smtp.mailfrom'] ?? '', /a b"?@a\.example/)
  })

  test('Received-SPF with its pairs', () => {
    const result = readReceivedSpf(
      Buffer.from(
        'Pass (mailfrom) identity=mailfrom; client-ip=203.0.113.5; helo=out.a.example; envelope-from=a@a.example; receiver=<UNKNOWN>',
      ),
    )
    assert.equal(result?.result, 'pass')
    assert.equal(result?.properties['client-ip'], '203.0.113.5')
    assert.equal(result?.properties['envelope-from'], 'a@a.example')
  })
})

describe('Received lines tell from whom the host took the message', () => {
  test('Postfix: the address it saw, not the HELO name', () => {
    const received = line(
      'from [192.0.2.99] (unknown [203.0.113.5]) by mx.host.example (Postfix) with ESMTP id 4Q; Tue, 24 Nov 2026 09:00:00 +0900 (JST)',
    )
    assert.equal(received.clientAddress, '203.0.113.5')
    assert.equal(received.reverseName, undefined)
    assert.equal(received.queueId, '4Q')
    assert.equal(received.atMs, Date.parse('2026-11-24T00:00:00Z'))
  })

  test('Exim: a HELO name that looks like an address is not taken for the client', () => {
    const received = line(
      'from [203.0.113.5] (helo=[192.0.2.99]) by mx.host.example with esmtps (Exim 4.98) (envelope-from <a@a.example>) id 1x; Tue, 24 Nov 2026 00:00:00 +0000',
    )
    assert.equal(received.clientAddress, '203.0.113.5')
    assert.equal(received.envelopeSender, 'a@a.example')
  })

  test('qmail, sendmail, Exchange and IPv6', () => {
    assert.equal(
      line(
        'from unknown (HELO out.a.example) (203.0.113.5) by mx.host.example with SMTP; 24 Nov 2026 00:00:00 -0000',
      ).clientAddress,
      '203.0.113.5',
    )
    assert.equal(
      line(
        'from out.a.example (u@out.a.example [203.0.113.5] (may be forged)) by mx.host.example (8.17/8) with ESMTP id x; Tue, 24 Nov 2026 00:00:00 GMT',
      ).clientAddress,
      '203.0.113.5',
    )
    assert.equal(
      line(
        'from a.example (2001:db8::5) by mx.host.example (2001:db8::1) with Microsoft SMTP Server; Tue, 24 Nov 2026 00:00:00 +0000',
      ).clientAddress,
      '2001:db8::5',
    )
    assert.equal(
      line(
        'from a.example (a.example [IPv6:2001:db8::5]) by mx.host.example with ESMTP id y; Tue, 24 Nov 2026 00:00:00 +0000',
      ).clientAddress,
      '2001:db8::5',
    )
  })

  test('a reverse name counts only where the server has confirmed it', () => {
    const name = (value: string) => line(`${value}; Tue, 24 Nov 2026 00:00:00 +0000`).reverseName
    assert.equal(
      name('from x (ok.host.example [203.0.113.5]) by mx.host.example (Postfix) with ESMTP id y'),
      'ok.host.example',
    )
    assert.equal(
      name('from ok.host.example ([203.0.113.5] helo=x) by mx.host.example with esmtp (Exim 4.98) id y'),
      'ok.host.example',
    )
    assert.equal(
      name(
        'from x (evil.host.example [203.0.113.5] (may be forged)) by mx.host.example (8.18/8) with ESMTP id y',
      ),
      undefined,
    )
    assert.equal(
      name('from evil.host.example (HELO x) (203.0.113.5) by mx.host.example with SMTP'),
      undefined,
    )
    assert.equal(
      name('from x (unknown [203.0.113.5]) by mx.host.example (Postfix) with ESMTP id y'),
      undefined,
    )
  })

  test('hops inside the host are passed over down to the border', () => {
    const found = trace(
      `Received: from mx1.host.example by store.host.example with LMTP id 1; Tue, 24 Nov 2026 09:00:02 +0900
Received: from localhost (localhost [127.0.0.1]) by mx1.host.example (Postfix) with ESMTP id 2; Tue, 24 Nov 2026 09:00:01 +0900
Received: from out.sender.example (out.sender.example [203.0.113.5]) by mx1.host.example (Postfix) with ESMTPS id 3; Tue, 24 Nov 2026 09:00:00 +0900
${foreign}`,
    )
    assert.equal(found.border?.queueId, '3')
    assert.equal(found.border?.clientAddress, '203.0.113.5')
    assert.equal(found.firstForeignIndex, 3)
  })

  test('a stranger who writes a Received line in the host name below the border gains nothing', () => {
    const found = trace(
      `${border}Received: from bank.example (bank.example [198.51.100.7]) by mx.host.example (Postfix) with ESMTP id 1; Tue, 24 Nov 2026 08:00:00 +0900\n`,
    )
    assert.equal(found.border?.clientAddress, '203.0.113.5')
    assert.equal(found.firstForeignIndex, 1)
  })

  test('mail from another customer of the same host: the hand-over is the border, not the login', () => {
    const found = trace(
      `Received: from sv2.host.example (sv2.host.example [203.0.113.2]) by sv1.host.example (Postfix) with ESMTPS id 1; Tue, 24 Nov 2026 09:00:00 +0900
Received: from [192.168.0.2] (home.isp.example [198.51.100.20]) by sv2.host.example (Postfix) with ESMTPSA id 2; Tue, 24 Nov 2026 08:59:59 +0900\n`,
    )
    assert.equal(found.border?.clientAddress, '203.0.113.2')
  })
})

describe('Only what the host itself wrote is trusted', () => {
  const pass = (id: string) =>
    `Authentication-Results: ${id}; spf=pass smtp.mailfrom=a@a.example; dkim=pass header.d=a.example; dmarc=pass header.from=a.example\n`

  test('a line in the host name above the border is trusted', () => {
    const stamped = stampedOf(`${pass('mx.host.example')}${border}${foreign}From: a@a.example\n\n`)
    assert.deepEqual(stamped.dmarc, {
      result: 'pass',
      by: 'mx.host.example',
      trust: 'trusted',
      header: 'authentication-results',
    })
    assert.equal(stamped.host, 'mx.host.example')
  })

  test('another server of the host may stamp, a stranger may not', () => {
    assert.equal(stampedOf(`${pass('filter.host.example')}${border}\n`).fields[0]?.trust, 'trusted')
    const stamped = stampedOf(`${pass('mx.google.com')}${border}\n`)
    assert.equal(stamped.fields[0]?.trust, 'untrusted')
    assert.equal(stamped.fields[0]?.why, 'foreign-id')
    assert.equal(stamped.dkim, undefined)
  })

  test('a forged line below the first foreign Received line is untrusted, and shown', () => {
    const stamped = stampedOf(`${border}${foreign}${pass('mx.host.example')}From: a@a.example\n\n`, {
      confirmedIds: ['mx.host.example'],
    })
    assert.equal(stamped.fields[0]?.trust, 'untrusted')
    assert.equal(stamped.fields[0]?.why, 'below-foreign')
    assert.equal(stamped.spf, undefined)
  })

  test('below the border and above the first foreign line it is unproven until the owner confirmed the name', () => {
    const text = `${border}${pass('mx.host.example')}${foreign}\n`
    assert.equal(stampedOf(text).dkim?.trust, 'unproven')
    assert.equal(stampedOf(text, { confirmedIds: ['MX.host.example'] }).dkim?.trust, 'trusted')
  })

  test('the queue id of this very message proves a line below the border; another one does not', () => {
    assert.equal(stampedOf(`${border}${pass('mx.host.example/4QABC')}${foreign}\n`).dkim?.trust, 'trusted')
    assert.equal(stampedOf(`${border}${pass('mx.host.example/4QXYZ')}${foreign}\n`).dkim?.trust, 'unproven')
  })

  test('of two answers to one question below the border the lower one is the forgery', () => {
    const fail = 'Authentication-Results: mx.host.example; dkim=fail header.d=a.example\n'
    const forged = 'Authentication-Results: mx.host.example; dkim=pass header.d=a.example\n'
    const stamped = stampedOf(`${border}${fail}${forged}\n`, { confirmedIds: ['mx.host.example'] })
    assert.equal(stamped.dkim?.result, 'fail')
    assert.deepEqual(
      stamped.fields.map(field => [field.trust, field.why]),
      [
        ['trusted', 'confirmed'],
        ['untrusted', 'repeated'],
      ],
    )
    const above = stampedOf(`${fail}${border}${forged}\n`, { confirmedIds: ['mx.host.example'] })
    assert.equal(above.dkim?.result, 'fail')
    assert.equal(above.fields[1]?.why, 'repeated')
  })

  test('Gmail’s way, Received-SPF and then Authentication-Results below its own Received line, is no repetition', () => {
    const spf = 'Received-SPF: pass (x) client-ip=203.0.113.5;\n'
    const stamped = stampedOf(`${border}${spf}${pass('mx.host.example')}${foreign}\n`, {
      confirmedIds: ['mx.host.example'],
    })
    assert.equal(stamped.dmarc?.trust, 'trusted')
    assert.equal(stamped.spf?.result, 'pass')
  })

  test('the recipient as name counts when it is the address that the host delivered to', () => {
    assert.equal(stampedOf(`${pass('me@shop.example')}${border}\n`).spf?.trust, 'trusted')
    assert.equal(stampedOf(`${pass('you@shop.example')}${border}\n`).spf, undefined)
  })

  test('without any Received line nothing is trusted', () => {
    const stamped = stampedOf(`${pass('mx.host.example')}From: a@a.example\n\n`, {
      names: ['mx.host.example'],
    })
    assert.equal(stamped.fields[0]?.why, 'no-trace')
    assert.equal(stamped.spf, undefined)
  })

  test('SpamAssassin counts only where nothing else stands, and only above the border', () => {
    const status =
      'X-Spam-Status: No, score=-1.1 tests=DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,\n\tSPF_PASS autolearn=ham\n'
    assert.equal(stampedOf(`${status}${border}\n`).spf?.result, 'pass')
    assert.equal(stampedOf(`${status}${border}\n`).dkim?.header, 'x-spam-status')
    assert.equal(stampedOf(`${border}${status}\n`).spf, undefined)
    assert.equal(
      stampedOf(`Authentication-Results: mx.host.example; spf=fail\n${status}${border}\n`).spf?.result,
      'fail',
    )
  })

  test('Received-SPF of the host counts, and hardfail is fail', () => {
    const field = 'Received-SPF: Softfail (mailfrom) client-ip=203.0.113.5; receiver=mx.host.example\n'
    assert.equal(stampedOf(`${field}${border}\n`).spf?.result, 'softfail')
    assert.equal(stampedOf(`${field.replace('mx.host', 'mx.other')}${border}\n`).spf, undefined)
    assert.equal(
      stampedOf(`Authentication-Results: mx.host.example; dkim=hardfail\n${border}\n`).dkim?.result,
      'fail',
    )
  })

  test('the ARC chain tells its state and its length; its results are not the host’s', () => {
    const stamped = stampedOf(
      `ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=lists.example; s=x; b=AA\nARC-Authentication-Results: i=2; mx.host.example; spf=pass\nARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=x; b=AA\n${border}\n`,
    )
    assert.deepEqual(stamped.chain, { instances: 2, state: 'pass', sealedBy: 'lists.example' })
    assert.equal(stamped.fields[0]?.instance, 2)
    assert.equal(stamped.spf, undefined)
  })
})

describe('Hostile headers cost bounded time and gain no trust', () => {
  test('a name folded in the middle is no name of ours', () => {
    const stamped = stampedOf(`Authentication-Results: mx.ho\n st.example; dkim=pass\n${border}\n`)
    assert.equal(stamped.fields[0]?.why, 'no-id')
    assert.notEqual(stamped.dkim?.trust, 'trusted')
  })

  test('a method folded in the middle is no answer', () => {
    assert.equal(
      stampedOf(`Authentication-Results: mx.host.example; dk\n im=pass\n${border}\n`).dkim,
      undefined,
    )
  })

  test('NULs and 8-bit octets in the name make it another name', () => {
    for (const octet of [0x00, 0x80, 0xff]) {
      const header = Buffer.concat([
        Buffer.from('Authentication-Results: mx.host.example'),
        Buffer.from([octet]),
        Buffer.from('; dkim=pass\r\n'),
        crlf(`${border}\n`),
      ])
      assert.equal(stampedOf(header).dkim, undefined)
    }
  })

  test('comments nested a hundred deep, and one that never ends', () => {
    const nested = `${'('.repeat(100)}x${')'.repeat(100)}`
    assert.equal(
      read(`h.example ${nested}; ${nested} spf ${nested} = ${nested} pass ${nested}`).results[0]?.result,
      'pass',
    )
    assert.deepEqual(read(`h.example; (((( spf=pass`).results, [])
  })

  test('a comment cannot smuggle a semicolon or a name', () => {
    assert.equal(read('evil.example (; mx.host.example;) ; dkim=pass').authservId, 'evil.example')
  })

  test('5,000 forged lines are counted, not kept', () => {
    const forged = 'Authentication-Results: mx.host.example; dkim=pass header.d=bank.example\n'.repeat(5000)
    const stamped = stampedOf(
      `Authentication-Results: mx.host.example; dkim=fail\n${border}${foreign}${forged}\n`,
    )
    assert.equal(stamped.dkim?.result, 'fail')
    assert.ok(stamped.fields.length <= 40)
    assert.equal(stamped.fields.length + stamped.leftOut, 5001)
    assert.ok(JSON.stringify(stamped).length < 20_000)
  })

  test('twice the input takes about twice the time', () => {
    const shapes: Record<string, (n: number) => string> = {
      fields: n =>
        'Authentication-Results: mx.host.example; dkim=pass (x) header.d=a.example\r\n'.repeat(n * 10),
      comments: n =>
        `Authentication-Results: mx.host.example ${'('.repeat(n * 200)}${')'.repeat(n * 200)}; spf=pass\r\n`,
      open: n => `Authentication-Results: mx.host.example; spf=pass ${'('.repeat(n * 400)}\r\n`,
      folds: n => `Authentication-Results: mx.host.example;${'\r\n d=k'.repeat(n * 100)}\r\n`,
      quotes: n => `Authentication-Results: mx.host.example; spf=pass x="${'\\"'.repeat(n * 200)}\r\n`,
      marks: n => `Authentication-Results: ${'=;'.repeat(n * 200)}\r\n`,
      received: n => `Received: ${'from a ([1.2.3.4] by '.repeat(n * 20)}\r\n`,
    }
    for (const [name, shape] of Object.entries(shapes)) {
      const cpuMs = (n: number): number => {
        const header = Buffer.from(`${shape(n)}${border.replace(/\n/g, '\r\n')}\r\n`)
        let best = Number.POSITIVE_INFINITY
        for (let round = 0; round < 5; round += 1) {
          const start = process.cpuUsage()
          readStamped(header, unknownHost)
          const used = process.cpuUsage(start)
          best = Math.min(best, (used.user + used.system) / 1000)
        }
        return best
      }
      cpuMs(100)
      const once = Math.max(0.5, cpuMs(200))
      const eightfold = cpuMs(1600)
      // Linear is 8; quadratic would be 64.
      assert.ok(eightfold / once < 30, `${name}: ${once} ms for n, ${eightfold} ms for 8 n`)
    }
  })

  test('random values neither throw nor gain trust without the name', () => {
    const runs = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 10_000)
    const piece = fc.constantFrom(
      'mx.host.example',
      'mx.evil.example',
      ';',
      '=',
      '(',
      ')',
      '"',
      '\\',
      ' ',
      '\r\n ',
      'dkim=pass',
      'spf=',
      'i=1',
      '\u0000',
      'é',
      '/',
      '1',
      '@',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, above) => {
        const value = pieces.join('')
        const field = `Authentication-Results: ${value}\r\nARC-Authentication-Results: ${value}\r\nReceived-SPF: ${value}\r\n`
        const own = border.replace(/\n/g, '\r\n')
        const stamped = readStamped(Buffer.from(`${above ? field + own : own + field}\r\n`), unknownHost)
        for (const found of stamped.fields) {
          if (found.trust !== 'trusted') continue
          if (!above) assert.fail(`trusted below the border: ${value}`)
          // In the host's own block Received-SPF needs no name.
          if (found.header === 'received-spf' && found.by === '') continue
          assert.match(found.by, /host\.example$/)
        }
        JSON.stringify(stamped)
      }),
      { numRuns: runs },
    )
  })
})
