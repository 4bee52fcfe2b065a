/** Authentication-Results read beside python3-authres: authserv-id, methods, results and properties. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { readAuthenticationResults } from '../../../src/authentication/authentication-results.ts'
import { requireServer } from '../../servers/required.ts'
import { figures } from '../figures.ts'
import { judge, missingVerifiers } from './judge.ts'
import { resultsShapes } from './results-shapes.ts'

const skip = requireServer('other verifiers', missingVerifiers())

/** As one line: `id | method=result property=value ...`. */
function showReading(
  id: string,
  results: readonly { method: string; result: string; properties: object }[],
): string {
  const shown = results.map(({ method, result, properties }) =>
    [`${method}=${result}`, ...Object.entries(properties).map(([name, value]) => `${name}=${value}`)].join(
      ' ',
    ),
  )
  return [id, ...shown].join(' | ')
}

/** Where the two differ: what we read, and why. */
const explained: Readonly<Record<string, readonly [ours: string, why: string]>> = {
  'B.7, comments everywhere': [
    'foo.example.net | dkim=fail policy.expired=1362471462',
    'It cannot read this example of the RFC.',
  ],
  Fastmail: [
    'mx1.messagingengine.com | arc=none | bimi=skipped | dkim=pass header.d=a.example header.i=@a.example header.b=AbCdEfGh header.a=rsa-sha256 header.s=s1 x-bits=2048 | dmarc=pass policy.published-domain-policy=none header.from=a.example',
    'A property without a dot is not of the grammar; it ends its reading there, and we keep it.',
  ],
  Yahoo: [
    'atlas101.free.mail.ne1.yahoo.com | dkim=pass header.i=@a.example header.s=s1 | spf=pass smtp.mailfrom=a.example | dmarc=pass header.from=a.example',
    'It refuses a semicolon at the end.',
  ],
  'Yahoo Japan': [
    ' | domainkeys=neutral | dkim=pass | header.i=@a.example',
    'It refuses what stands behind the authserv-id. We read the results, without a name, so that they prove nothing.',
  ],
  'Microsoft 365, inbound': [
    ' | spf=pass smtp.mailfrom=a.example | dkim=pass header.d=a.example | dmarc=pass action=none header.from=a.example | compauth=pass reason=100',
    'It refuses a field without an authserv-id.',
  ],
  'Microsoft 365, outbound': [
    'shop.example | dkim=none header.d=none | dmarc=none action=none header.from=a.example',
    'It refuses the second authserv-id amid the results.',
  ],
  'a quoted authserv-id': [
    'mx host | spf=pass smtp.mailfrom=a.example',
    'RFC 8601 section 2.2 allows a quoted string; it does not.',
  ],
  'capitals in all words': [
    'MX.Host.Example | spf=pass smtp.mailfrom=A.Example | dkim=fail header.d=A.Example',
    'It puts the authserv-id in small letters; we do so when we compare it.',
  ],
  'an escaped quotation mark': [
    'mx.host.example | spf=fail reason=it said "no" smtp.mailfrom=a.example',
    'It keeps the escapes of a quoted string (RFC 5322 section 3.2.4).',
  ],
  'a quoted local part': [
    'mx.host.example | spf=pass smtp.mailfrom=a b@a.example',
    'It keeps the quotation marks; the words are the same.',
  ],
  'a semicolon at the end': [
    'mx.host.example | spf=pass smtp.mailfrom=a.example',
    'It refuses a semicolon at the end.',
  ],
}

describe('Authentication-Results beside authres', { skip }, () => {
  test(`${figures.beside.authres.cases} shapes: each difference is explained`, () => {
    assert.equal(resultsShapes.length, figures.beside.authres.cases)
    assert.equal(Object.keys(explained).length, figures.beside.authres.explained)
    const theirs = judge(
      'authres',
      resultsShapes.map(([, value]) => ({ value })),
    )
    for (const [index, [name, value]] of resultsShapes.entries()) {
      const { authservId, results } = readAuthenticationResults(Buffer.from(value))
      const ours = {
        id: authservId,
        results: results.map(({ method, result, properties }) => ({ method, result, properties })),
      }
      const explanation = explained[name]
      if (explanation === undefined) assert.deepEqual(ours, theirs[index], name)
      else {
        assert.equal(showReading(authservId, ours.results), explanation[0], name)
        assert.ok(!isDeepStrictEqual(ours, theirs[index]), `${name}: no difference to explain`)
      }
    }
  })
})
