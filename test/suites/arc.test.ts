/** ARC chains made clause by clause, through our own verification: none is read otherwise than its clause asks. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DnsError, type Lookup, tableLookup } from '../../src/authentication/dns.ts'
import { makeKey, signDkim } from '../authentication/signing.ts'
import { examine, verifyBy } from '../authentication/world.ts'
import { makeArcCases, makeChain } from './arc-cases.ts'
import { figures } from './figures.ts'

const cases = makeArcCases()

describe('ARC, clause by clause', () => {
  test(`there are ${figures.arc} cases, and no two of them have one name`, () => {
    assert.equal(cases.length, figures.arc)
    assert.equal(new Set(cases.map(arcCase => arcCase.name)).size, cases.length)
  })

  test(`${figures.arc} of them are right`, async () => {
    const wrong: string[] = []
    for (const { name, clause, verdict, message, zone } of cases) {
      const { verified } = await examine(message, zone)
      const found = verified.state === 'done' ? verified.arc.verdict : verified.state
      if (found !== verdict) wrong.push(`${clause}: ${name}: ${found}, not ${verdict}`)
    }
    assert.deepEqual(wrong, [])
  })

  test('a chain beyond our bound, which is below that of the RFC, is not verified and no fail', async () => {
    const { message, zone } = makeChain(11)
    const { verified } = await examine(message, zone)
    assert.deepEqual(verified, { state: 'message-too-complex', why: 'arc-fields' })
  })

  test('where a key of the chain cannot be asked for it is not known, and no fail', async () => {
    const { message, zone } = makeChain(2)
    const table = tableLookup(zone)
    const lookup: Lookup = (name, type) =>
      name === 'arc._domainkey.l1.example'
        ? Promise.reject(new DnsError('ESERVFAIL', name))
        : table(name, type)
    const { verified } = await examine(message, {}, { verify: verifyBy(lookup) })
    assert.deepEqual(verified.state === 'done' && verified.arc, {
      verdict: 'unknown',
      why: 'dns',
      instances: 2,
    })
  })

  test('sets that are no chain are a fail, even where the key of a signature beside them cannot be asked for', async () => {
    const { message, zone } = makeChain(2)
    const broken = Buffer.from(message.toString('latin1').replace(/^ARC-Seal: i=1;.*\r\n/m, ''), 'latin1')
    const signed = signDkim(broken, { key: makeKey('ed25519'), domain: 'down.example' })
    const table = tableLookup(zone)
    const lookup: Lookup = (name, type) =>
      name.endsWith('down.example') ? Promise.reject(new DnsError('ESERVFAIL', name)) : table(name, type)
    const { verified } = await examine(signed, {}, { verify: verifyBy(lookup) })
    assert.ok(verified.state === 'done')
    assert.deepEqual([verified.dkim[0]?.verdict, verified.arc.verdict], ['unknown', 'fail'])
  })
})
