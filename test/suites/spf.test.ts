/**
 * The RFC 7208 suite through our own verification: once as it is called (`checkSpf`, with the connection as data), and
 * once the whole way, from a message with the receiving host's lines on top to the verdict that comes back from the
 * verifying process. DNS is the suite's own, as an injected look-up in node's shapes behind our cache and bounds.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type Lookup, makeDns } from '../../src/authentication/dns.ts'
import { makeLooker } from '../../src/authentication/look.ts'
import { isPrivate } from '../../src/authentication/names.ts'
import { unknownHost } from '../../src/authentication/stamped.ts'
import { checkSpf } from '../../src/authentication/verify-spf.ts'
import { systemClock } from '../../src/base/clock.ts'
import { crlf, messageOf, received } from '../authentication/world.ts'
import { requireServer } from '../servers/required.ts'
import { figures } from './figures.ts'
import { missingSpfSuite, readSpfSuite } from './spf-suite.ts'

const skip = requireServer('the RFC 7208 suite', missingSpfSuite)
const scenarios = skip === false ? readSpfSuite() : []

/** RFC 7208's word for what we tell; a time-out is its `temperror` and our "not known". */
const wordOf = (verdict: string): string => (verdict === 'unknown' ? 'temperror' : verdict)

/** Jumps on with each scenario, for they give different answers to one question and answers are remembered. */
let nowMs = 0
const clock = { ...systemClock, monotonicMs: () => nowMs }

describe('The RFC 7208 suite', { skip }, () => {
  test(`is right in ${figures.spf} of ${figures.spf} cases, with the connection as data`, async () => {
    const library = await import('mailauth')
    const wrong: string[] = []
    let cases = 0
    for (const { description, lookup, cases: given } of scenarios) {
      const dns = makeDns({ lookup, clock: systemClock }) as unknown as Parameters<typeof checkSpf>[1]
      for (const { name, helo, host, sender, results } of given) {
        const connection = { clientAddress: host, helo, envelopeSender: sender, senderTold: true }
        const { verdict } = await checkSpf(library, dns, connection)
        cases += 1
        if (!results.includes(wordOf(verdict)))
          wrong.push(`${description}: ${name}: ${verdict}, not ${results}`)
      }
    }
    assert.deepEqual(wrong, [])
    assert.equal(cases, figures.spf)
  })

  test('is as right through the verifying process, with the connection in a Received line', async () => {
    let lookup: Lookup = async () => []
    const looker = makeLooker(clock, (name, type) => lookup(name, type))
    after(() => looker.close())
    const wrong: string[] = []
    let privateClients = 0
    for (const scenario of scenarios) {
      nowMs += 3_600_000
      lookup = scenario.lookup
      for (const { name, helo, host, sender, results } of scenario.cases) {
        const address = host.includes(':') ? `IPv6:${host}` : host
        const raw = messageOf(received(crlf('Subject: x\n\nx\n'), { helo, address, sender }))
        const found = await looker.look(raw, {
          host: unknownHost,
          verify: true,
          forwardingAddress: undefined,
        })
        assert.ok(found?.verified.state === 'done', `${name}: ${found?.verified.state}`)
        const { verdict } = found.verified.spf
        // A private address is a proxy's, and not the client's: SPF is not known.
        const expected = isPrivate(host) ? ['temperror'] : results
        if (isPrivate(host)) privateClients += 1
        if (!expected.includes(wordOf(verdict))) {
          wrong.push(`${scenario.description}: ${name}: ${verdict}, not ${expected}`)
        }
      }
    }
    assert.deepEqual(wrong, [])
    assert.equal(privateClients, figures.spfOfPrivateClients)
  })
})
