import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { learnHost } from '../../src/authentication/learn.ts'
import { crlf, stampedOf } from './world.ts'

const at = 'Tue, 24 Nov 2026 09:00:00 +0900'
const senders = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example']

/** One message from each of two hosts of five senders, with what the host writes between. */
const mail = (lines: (sender: string, place: number) => string, count = 10): Buffer[] =>
  Array.from({ length: count }, (_, place) => {
    const sender = senders[place % senders.length] ?? ''
    return crlf(`${lines(sender, place)}From: x@${sender}\nDKIM-Signature: v=1\nSubject: x\n\n`)
  })
const hop = (client: string, by: string, rest = '(Postfix) with ESMTP id 1'): string =>
  `Received: from ${client}\n\tby ${by} ${rest}; ${at}\n`
const outside = (sender: string, by: string): string => hop(`out.${sender} (out.${sender} [203.0.113.5])`, by)
const earlier = (sender: string): string => hop('app (unknown [10.9.9.9])', `out.${sender}`)
const nothing = { receivingServers: [], authservIds: [] }

describe('What set-up learns from the mail that is there', () => {
  test('inner machines without a name for their private address, and two in a row', () => {
    const found = learnHost(
      mail(sender =>
        [
          hop('gate.host.example (unknown [10.0.0.7])', 'store.host.example'),
          hop('mx1.host.example (unknown [10.0.0.5])', 'gate.host.example'),
          outside(sender, 'mx1.host.example'),
          earlier(sender),
        ].join(''),
      ),
      'pop.host.example',
    )
    assert.deepEqual(found.receivingServers, [
      '10.0.0.7',
      'gate.host.example',
      '10.0.0.5',
      'mx1.host.example',
    ])
  })

  test('machines with public addresses, where the last one takes no mail from elsewhere', () => {
    const lines = (sender: string, place: number): string => {
      const mx = place % 2 === 0 ? '1' : '2'
      return (
        hop(`mx${mx}.host.example (mx${mx}.host.example [192.0.2.${mx}])`, 'store.host.example') +
        outside(sender, `mx${mx}.host.example`)
      )
    }
    const { receivingServers } = learnHost(mail(lines), 'pop.host.example')
    assert.deepEqual([...receivingServers].sort(), [
      '192.0.2.1',
      '192.0.2.2',
      'mx1.host.example',
      'mx2.host.example',
    ])
    // One message came straight from outside: then a neighbour could have written as much.
    const direct = outside('z.example', 'store.host.example')
    const mixed = [...mail(lines), crlf(`${direct}From: x@z.example\n\n`)]
    assert.deepEqual(learnHost(mixed, 'pop.host.example'), nothing)
  })

  test('nothing of a host behind a proxy, for there the senders differ in what stands below', () => {
    const proxied = (sender: string): string => hop(`out.${sender} (unknown [172.18.0.1])`, 'mx.host.example')
    assert.deepEqual(
      learnHost(
        mail(sender => proxied(sender) + earlier(sender)),
        'mx.host.example',
      ),
      nothing,
    )
    assert.deepEqual(learnHost(mail(proxied), 'mx.host.example'), nothing)
    const forged = hop('mx9.host.example (unknown [172.18.0.1])', 'mx.host.example')
    const mixed = mail((sender, place) =>
      place === 3 ? proxied(sender) + earlier(sender) : forged + outside(sender, 'mx9.host.example'),
    )
    assert.deepEqual(learnHost(mixed, 'mx.host.example'), nothing)
  })

  test('what is stamped below the border on every message, and only that', () => {
    const stamped = (sender: string, place: number): string =>
      `${outside(sender, 'mx.host.example')}Authentication-Results: mx.host.example; spf=pass smtp.mailfrom=x@${sender}\n` +
      (place === 4 ? '' : `Authentication-Results: mx.host.example; dkim=pass header.d=${sender}\n`) +
      `Received-SPF: pass (ok) receiver=mx.host.example; client-ip=203.0.113.5\n` +
      `Authentication-Results: ${sender}; dmarc=pass\n${earlier(sender)}`
    const found = learnHost(mail(stamped), 'mx.host.example')
    assert.deepEqual(found, { receivingServers: [], authservIds: ['mx.host.example:received-spf+spf'] })
    const message = mail(stamped)[0] ?? Buffer.alloc(0)
    assert.equal(stampedOf(message).spf?.trust, 'unproven')
    const known = stampedOf(message, { confirmedIds: found.authservIds })
    assert.deepEqual([known.spf?.trust, known.dkim?.trust], ['trusted', 'unproven'])
  })

  test('nothing of what Microsoft 365 stamps on outgoing mail, of few messages, or of one sender’s', () => {
    const form = 'mx.host.example; dkim=none header.d=none;mx.host.example; dmarc=none action=none;'
    const outgoing = (sender: string): string =>
      `${outside(sender, 'mx.host.example')}Authentication-Results: ${form}\n`
    assert.deepEqual(learnHost(mail(outgoing), 'mx.host.example'), nothing)
    const plain = (sender: string): string =>
      `${outside(sender, 'mx.host.example')}Authentication-Results: mx.host.example; spf=pass\n`
    assert.deepEqual(learnHost(mail(plain, 7), 'mx.host.example'), nothing)
    assert.deepEqual(
      learnHost(
        mail(() => plain('a.example')).map(header =>
          Buffer.from(header.toString('latin1').replace(/From: x@.*\r/, 'From: x@a.example\r'), 'latin1'),
        ),
        'mx.host.example',
      ),
      nothing,
    )
    assert.deepEqual(learnHost([], 'mx.host.example'), nothing)
    assert.deepEqual(learnHost([Buffer.alloc(100, 0xff)], 'mx.host.example'), nothing)
  })
})
