import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Fault, type FaultCode, type FaultRetry } from '../../src/base/fault.ts'
import type { HttpAnswer } from '../../src/base/http.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { findMicrosoftCode } from '../../src/oauth/microsoft.ts'
import type { OAuthProvider } from '../../src/oauth/settings.ts'
import { readTokenAnswer } from '../../src/oauth/token-answer.ts'

const nowMs = Date.UTC(2026, 10, 26)
const answer = (status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer => ({
  ...{ status, headers, cut: false, bodySent: true },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
})
const url = new URL('https://login.microsoftonline.com/common/oauth2/v2.0/token')
const read = (given: HttpAnswer, provider: OAuthProvider = 'microsoft') =>
  readTokenAnswer(given, { provider, url, secrets: ['s3cret-value'], nowMs })
function refused(given: HttpAnswer, provider: OAuthProvider = 'microsoft'): Fault {
  try {
    read(given, provider)
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('it was taken')
}
/** As Microsoft words an error. */
const said = (error: string, code: number): object => ({
  error,
  error_description: `AADSTS${code}: Words of it. Trace ID: 0aa1c2de-0000-4000-8000-0123456789ab Correlation ID: x Timestamp: y`,
  error_codes: [code],
  trace_id: '0aa1c2de-0000-4000-8000-0123456789ab',
})

describe('a token answer', () => {
  test('is a token, its life, the next refresh token and the scopes', () => {
    const good = {
      access_token: 'at',
      token_type: 'Bearer',
      expires_in: 3599,
      refresh_token: 'rt',
      scope: 'a b',
    }
    assert.deepEqual(read(answer(200, good)), {
      accessToken: 'at',
      livesForMs: 3_599_000,
      refreshToken: 'rt',
      refreshTokenLivesForMs: undefined,
      scopes: ['a', 'b'],
    })
    assert.equal(read(answer(200, { ...good, expires_in: '3599' })).livesForMs, 3_599_000)
    for (const life of [undefined, 0, -1, 'soon', Number.POSITIVE_INFINITY, null])
      assert.equal(read(answer(200, { ...good, expires_in: life })).livesForMs, 3_600_000)
    // A login shows it behind a space.
    for (const token of ['two words', '', ' ', 'a\x01auth=x', 'ä', 'x'.repeat(16_385)])
      assert.equal(refused(answer(200, { ...good, access_token: token })).code, 'oauth.unknown-answer')
    assert.equal(read(answer(200, { ...good, refresh_token: 'two words' })).refreshToken, 'two words')
    assert.equal(
      read(answer(200, { ...good, token_type: 'bearer', refresh_token: 7 })).refreshToken,
      undefined,
    )
  })

  const later = 'later'
  const owner = 'owner'
  const cases: readonly (readonly [HttpAnswer, FaultCode, FaultRetry, string?])[] = [
    [answer(400, said('invalid_grant', 50173)), 'oauth.sign-in-ended', owner, 'revoked'],
    [answer(400, said('invalid_grant', 70008)), 'oauth.sign-in-ended', owner, 'unused'],
    [answer(400, said('invalid_grant', 700082)), 'oauth.sign-in-ended', owner, 'unused'],
    [answer(400, said('invalid_grant', 65001)), 'oauth.sign-in-ended', owner, 'consent'],
    [answer(400, said('interaction_required', 50076)), 'oauth.sign-in-ended', owner, 'second-factor'],
    [answer(400, said('interaction_required', 50079)), 'oauth.sign-in-ended', owner, 'second-factor'],
    [answer(400, said('invalid_grant', 53003)), 'oauth.sign-in-ended', owner, 'conditional-access'],
    [answer(400, said('invalid_grant', 50034)), 'oauth.sign-in-ended', owner, 'no-such-user'],
    [answer(400, said('invalid_grant', 50057)), 'oauth.sign-in-ended', owner, 'user-disabled'],
    [answer(400, said('invalid_grant', 50126)), 'oauth.sign-in-ended', owner, 'wrong-password'],
    [answer(400, said('invalid_grant', 135011)), 'oauth.sign-in-ended', owner, 'device'],
    [answer(401, said('invalid_client', 7000218)), 'oauth.client-refused', owner, 'public-flows-off'],
    [answer(401, said('invalid_client', 7000215)), 'oauth.client-refused', owner, 'wrong-secret'],
    [answer(401, said('invalid_client', 7000222)), 'oauth.client-refused', owner, 'secret-ended'],
    [answer(400, said('unauthorized_client', 700016)), 'oauth.client-refused', owner, 'no-such-app'],
    [answer(400, said('invalid_request', 90002)), 'oauth.request-refused', owner, 'no-such-tenant'],
    [answer(400, said('invalid_resource', 500011)), 'oauth.request-refused', owner, 'no-such-resource'],
    [answer(400, said('invalid_scope', 28002)), 'oauth.request-refused', owner, 'permissions'],
    // A code that nobody knows changes nothing of what the error word says.
    [answer(400, said('invalid_grant', 987654)), 'oauth.sign-in-ended', owner],
    [answer(400, said('something_new', 987654)), 'oauth.unknown-answer', later],
    // Nor does one that is known, but for those that Microsoft calls passing.
    [answer(400, said('something_new', 50173)), 'oauth.unknown-answer', later, 'revoked'],
    [answer(400, said('invalid_grant', 50196)), 'oauth.limited', later, 'too-many'],
    [answer(400, said('invalid_grant', 90033)), 'oauth.server', later, 'passing'],
    [answer(400, said('temporarily_unavailable', 1)), 'oauth.server', later],
    [answer(500, said('invalid_grant', 50173)), 'oauth.server', later, 'revoked'],
    [answer(503, '<html>busy</html>'), 'oauth.server', later],
    [answer(429, {}), 'oauth.limited', later],
    [answer(302, ''), 'oauth.not-provider', later],
    [answer(200, '<!DOCTYPE html><p>Sign in to the hotel</p>'), 'oauth.not-provider', later],
    [answer(200, {}), 'oauth.unknown-answer', later],
    [answer(200, { access_token: 'at', token_type: 'PoP' }), 'oauth.unknown-answer', later],
    [answer(200, { access_token: 'with\nline', token_type: 'Bearer' }), 'oauth.unknown-answer', later],
    [answer(400, ''), 'oauth.unknown-answer', later],
    [answer(403, '[]'), 'oauth.unknown-answer', later],
    [answer(400, { error: { code: 'invalid_grant' } }), 'oauth.unknown-answer', later],
    [answer(400, { error: '__proto__' }), 'oauth.unknown-answer', later],
  ]
  for (const [given, code, retry, reason] of cases)
    test(`${given.status} ${String(given.body).slice(0, 60)} is ${code}, ${retry}`, () => {
      const fault = refused(given)
      assert.deepEqual([fault.code, fault.retry, fault.scope], [code, retry, 'mailbox'])
      assert.equal(fault.facts.reason, reason)
    })

  test('with Retry-After is tried no earlier', () => {
    assert.equal(refused(answer(503, '', { 'retry-after': '90' })).notBeforeMs, nowMs + 90_000)
    assert.equal(refused(answer(429, {}, { 'retry-after': '17' })).notBeforeMs, nowMs + 17_000)
  })

  test('is told with the code, without trace, token or another provider’s name', () => {
    const fault = refused(answer(400, said('invalid_grant', 50173)))
    assert.equal(fault.facts.words, 'AADSTS50173: Words of it.')
    assert.equal(fault.facts.trace, '0aa1c2de-0000-4000-8000-0123456789ab')
    const google = refused(
      answer(400, { error: 'invalid_grant', error_description: 's3cret-value' }),
      'google',
    )
    assert.equal(google.facts.provider, 'Google')
    assert.equal(google.facts.words, '[secret]')
    assert.equal(google.facts.code, undefined)
    assert.match(describeFault(google, 'en').what, /^The sign-in at Google/)
    const openid = refused(answer(400, { error: 'invalid_client' }), 'openid')
    assert.match(describeFault(openid, 'en').what, /^login\.microsoftonline\.com does not accept the app/)
  })

  test('whatever it is, it is a token or a fault of the mailbox, and permanent only by a word of the RFCs', () => {
    const known =
      /^(invalid_(grant|client|request|scope|resource|target)|(interaction|login|consent)_required|access_denied|unauthorized_client|unsupported_grant_type)$/
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), fc.oneof(fc.json(), fc.string()), (status, body) => {
        try {
          read(answer(status, body))
        } catch (thrown) {
          assert.ok(thrown instanceof Fault && thrown.code.startsWith('oauth.'))
          if (thrown.retry === 'owner') assert.match(String(thrown.facts.error), known)
        }
      }),
    )
  })
})

test('each reason of Microsoft’s codes has words and a remedy of its own in both languages', () => {
  const numbers = [
    50173, 70008, 70043, 700084, 65001, 90094, 50076, 53003, 135011, 50034, 50057, 50053, 50126, 50105,
    700016, 7000112, 7000218, 700025, 7000215, 7000222, 700027, 90002, 50194, 500011, 70011, 50011,
  ]
  for (const language of ['en', 'ja'] as const) {
    const remedies = new Set<string>()
    for (const number of numbers) {
      const error = ['invalid_client', 'invalid_grant'][number > 100_000 ? 0 : 1] ?? ''
      const { what, next } = describeFault(refused(answer(400, said(error, number))), language)
      const plain = describeFault(refused(answer(400, said(error, 987_654_321))), language)
      assert.match(what, new RegExp(`AADSTS${number}`))
      assert.notEqual(what.replaceAll(/AADSTS\d+/g, ''), plain.what.replaceAll(/AADSTS\d+/g, ''), `${number}`)
      remedies.add(next)
    }
    assert.ok(remedies.size >= 15, `${remedies.size} remedies`)
  }
})

test('a code is read from the words first, then from the list, and from nothing else', () => {
  assert.deepEqual(findMicrosoftCode({ error_description: 'AADSTS50173: x AADSTS90033' }), {
    code: 'AADSTS50173',
    reason: 'revoked',
  })
  assert.equal(findMicrosoftCode({ error_codes: [700082] })?.reason, 'unused')
  for (const none of [
    {},
    { error_codes: [] },
    { error_codes: ['1'] },
    { error_codes: [-4] },
    { error_codes: 'x' },
  ])
    assert.equal(findMicrosoftCode(none), undefined)
})
