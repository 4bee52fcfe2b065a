/** The bounds before a verification, and the process behind them, over every message of the hostile corpus. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { complexityBounds, findComplexity } from '../../src/authentication/complexity.ts'
import { tableLookup } from '../../src/authentication/dns.ts'
import { makeLooker } from '../../src/authentication/look.ts'
import { unknownHost } from '../../src/authentication/stamped.ts'
import { systemClock } from '../../src/base/clock.ts'
import { articleZone, googleKey, googleReport } from '../authentication/article.ts'
import { messageOf } from '../authentication/world.ts'
import { corpus } from '../messages/corpus.ts'
import { hostileMessages } from './messages.ts'

const { headerOctets } = complexityBounds
const judge = (header: string, octets = header.length): string | undefined =>
  findComplexity(Buffer.from(header, 'latin1'), octets)

describe('the bounds of the real world', () => {
  test('no honest message of the corpus breaks one', async () => {
    for (const { name, octets } of corpus()) {
      const header = await messageOf(octets).header(headerOctets + 1)
      assert.equal(findComplexity(header, octets.length), undefined, name)
    }
  })

  const edges: readonly (readonly [why: string, within: string, beyond: string])[] = [
    ['header-octets', `X: ${'a'.repeat(headerOctets - 3)}`, `X: ${'a'.repeat(headerOctets - 2)}`],
    ['fields', 'X:\r\n'.repeat(1000), 'X:\r\n'.repeat(1001)],
    ['field-lines', `X: a${'\r\n a'.repeat(99)}`, `X: a${'\r\n a'.repeat(100)}`],
    ['field-lines', `X: a\r\n${'a\r\n'.repeat(99)}`, `X: a\r\n${'a\r\n'.repeat(100)}`],
    ['white-space', `X:${' '.repeat(1024)}a`, `X:${' '.repeat(1025)}a`],
    ['white-space', `X:${'\t\xa0\v\f'.repeat(256)}a`, `X:${'\t\xa0\v\f'.repeat(256)} a`],
    ['signatures', 'DKIM-Signature:\r\n'.repeat(10), 'DKIM-Signature:\r\n'.repeat(11)],
    ['signatures', 'dkim-signature \t: v\r\n'.repeat(10), 'DKIM-SIGNATURE\r\n :\r\n'.repeat(11)],
    ['arc-fields', 'ARC-Seal:\r\n'.repeat(30), 'ARC-Seal:\r\n'.repeat(31)],
    ['signature-tags', `DKIM-Signature: ${'a=b;'.repeat(50)}`, `DKIM-Signature: ${'a=b;'.repeat(51)}`],
    [
      'signed-names',
      `DKIM-Signature: h=${'a:'.repeat(99)}a; b=x`,
      `DKIM-Signature: h=${'a:'.repeat(100)}a; b=x`,
    ],
    ['signed-names', `ARC-Seal: h=${'a:'.repeat(99)}a`, `ARC-Seal: H =\r\n ${'a:'.repeat(100)}a`],
    [
      'signed-names',
      `DKIM-Signature: z=${'a:b|'.repeat(150)}; h=a`,
      `DKIM-Signature: z=${'a:b|'.repeat(200)}; h=a`,
    ],
  ]
  for (const [why, within, beyond] of edges) {
    test(`${why}: one more than ${JSON.stringify(within.slice(0, 24))}...`, () => {
      assert.equal(judge(within), undefined)
      assert.equal(judge(beyond), why)
    })
  }

  test('signatures times octets', () => {
    const two = 'DKIM-Signature: a\r\nARC-Message-Signature: b\r\n\r\n'
    assert.equal(judge(two, complexityBounds.signedOctets / 2), undefined)
    assert.equal(judge(two, complexityBounds.signedOctets / 2 + 1), 'signed-octets')
    assert.equal(judge('Subject: a\r\n\r\n', complexityBounds.signedOctets * 2), undefined)
  })
})

describe('a look at each hostile message', () => {
  const looker = makeLooker(systemClock, tableLookup(articleZone('reject')), {
    deadlineMs: 4000,
    idleMs: 200,
  })
  after(() => looker.close())

  for (const { name, complexity, octets } of hostileMessages) {
    test(`${name}: takes this thread less than 200 ms of CPU time in all`, async t => {
      const raw = messageOf(octets(), 64 * 1024)
      // The spool finds the header's end while it reads; here only what is done with it counts.
      const header = await raw.header(headerOctets + 1)
      const began = process.threadCpuUsage()
      const authentication = await looker.look(
        { ...raw, header: async () => header },
        {
          host: unknownHost,
          verify: true,
          forwardingAddress: undefined,
        },
      )
      const { user, system } = process.threadCpuUsage(began)
      const ms = (user + system) / 1000
      t.diagnostic(`${Math.round(ms)} ms here; ${JSON.stringify(authentication?.verified).slice(0, 70)}`)
      assert.ok(ms < 200, `${ms} ms`)
      assert.ok(authentication)
      const { verified } = authentication
      if (complexity === undefined)
        assert.ok(['done', 'broken-off', 'message-too-complex'].includes(verified.state))
      else assert.deepEqual(verified, { state: 'message-too-complex', why: complexity })
      assert.ok(JSON.stringify(authentication).length < 100 * 1024)
    })
  }

  test('an honest one after them all is verified, and then the process is gone', async () => {
    const raw = messageOf(googleReport(googleKey))
    const subject = { host: unknownHost, verify: true, forwardingAddress: undefined }
    const authentication = await looker.look(raw, subject)
    assert.equal(
      authentication?.verified.state === 'done' && authentication.verified.dkim[0]?.verdict,
      'pass',
    )
    const end = performance.now() + 10_000
    while (looker.isAtWork && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 20))
    assert.equal(looker.isAtWork, false)
  })
})
