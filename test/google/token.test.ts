import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import { Secret } from '../../src/base/secret.ts'
import { gmailScopes } from '../../src/google/scopes.ts'
import {
  clientSecretForTests,
  faultOf,
  leastScope,
  never,
  readScope,
  refreshTokenForTests,
  sendJson,
  serve,
  serveRaw,
  unknownHost,
} from '../gmail/scripted.ts'
import { resetConnection } from '../servers/reset-connection.ts'
import { until } from '../servers/until.ts'
import { form, granted, tokensFor } from './tokens-for.ts'

describe('a token', () => {
  test('is asked for with the refresh token, and kept while it lives', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, granted('ya29.1')))
    const { tokens, clock } = tokensFor(t, server.origin)
    assert.equal((await tokens.get('insert', never)).value, 'ya29.1')
    await clock.advance(3_200_000)
    assert.equal((await tokens.get('insert', never)).value, 'ya29.1')
    assert.equal(server.seen.length, 1)
    assert.deepEqual(form(server.seen[0]), {
      grant_type: 'refresh_token',
      refresh_token: refreshTokenForTests,
      client_id: 'client.apps.googleusercontent.com',
      client_secret: clientSecretForTests,
    })
  })

  test('is renewed five minutes before it ends', async t => {
    let serial = 0
    const server = await serve(t, (_, response) => sendJson(response, 200, granted(`ya29.${++serial}`)))
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    await clock.advance(3_300_000)
    assert.equal((await tokens.get('insert', never)).value, 'ya29.2')
  })

  test('is renewed before that without anybody waiting for it, hour after hour', async t => {
    let serial = 0
    const server = await serve(t, (_, response) => sendJson(response, 200, granted(`ya29.${++serial}`)))
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    for (let hour = 2; hour <= 4; hour += 1) {
      await clock.advance(3_200_000)
      assert.equal(server.seen.length, hour - 1, 'not long before')
      await clock.advance(60_000)
      await until(() => server.seen.length === hour, 'the next token')
      // Whoever asks is answered without a request of its own.
      await until(() => clock.sleepers === 1, 'the token is there, and the next one is waited for')
      assert.equal((await tokens.get('insert', never)).value, `ya29.${hour}`)
      assert.equal(server.seen.length, hour)
    }
  })

  test('that nobody can renew is asked for every half a minute while it is good, and then no more', async t => {
    let away = false
    const server = await serve(t, (_, response) =>
      away ? response.writeHead(503).end() : sendJson(response, 200, granted('ya29.1')),
    )
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    away = true
    await clock.advance(3_239_000)
    for (let asked = 2; asked <= 13; asked += 1) {
      await until(() => server.seen.length === asked && clock.sleepers === 1, `request ${asked}`)
      await clock.advance(30_000)
    }
    await until(() => clock.sleepers === 0, 'the end')
    await clock.advance(3_600_000)
    assert.equal(server.seen.length, 13)
    away = false
    assert.equal((await tokens.get('insert', never)).value, 'ya29.1')
  })

  test('is not renewed beside where the owner has to act: the next mail tells it', async t => {
    let ended = false
    const server = await serve(t, (_, response) =>
      ended
        ? sendJson(response, 400, { error: 'invalid_grant' })
        : sendJson(response, 200, granted('ya29.1')),
    )
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    ended = true
    await clock.advance(3_239_000)
    await until(() => server.seen.length === 2 && clock.sleepers === 0, 'the refusal')
    await clock.advance(600_000)
    assert.equal(server.seen.length, 2)
    assert.equal((await faultOf(tokens.get('insert', never))).code, 'gmail.consent-ended')
  })

  test('is renewed where the wall clock went on alone, as after a suspend', async t => {
    let serial = 0
    const server = await serve(t, (_, response) => sendJson(response, 200, granted(`ya29.${++serial}`)))
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    clock.jump(8 * 3_600_000)
    assert.equal((await tokens.get('insert', never)).value, 'ya29.2')
  })

  test('with a short life is not asked for anew at each call', async t => {
    const server = await serve(t, (_, response) =>
      sendJson(response, 200, granted('ya29.1', { expires_in: 60 })),
    )
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    await tokens.get('insert', never)
    assert.equal(clock.sleepers, 0, 'nor beside')
    assert.equal(server.seen.length, 1)
  })

  test('is asked for once by many who need it at once, and one who gives up stops no other', async t => {
    const waiting: ServerResponse[] = []
    const server = await serve(t, (_, response) => waiting.push(response))
    const { tokens } = tokensFor(t, server.origin)
    const impatient = new AbortController()
    const one = tokens.get('insert', impatient.signal)
    const others = [1, 2, 3].map(() => tokens.get('insert', never))
    await until(() => waiting.length > 0, 'the request')
    impatient.abort()
    await assert.rejects(one, { name: 'AbortError' })
    for (const response of waiting) sendJson(response, 200, granted('ya29.1'))
    assert.deepEqual(
      (await Promise.all(others)).map(({ value }) => value),
      ['ya29.1', 'ya29.1', 'ya29.1'],
    )
    assert.equal(server.seen.length, 1)
  })

  test('is used on while it is good and the token server is away', async t => {
    let away = false
    const server = await serve(t, (_, response) =>
      away ? response.writeHead(503).end() : sendJson(response, 200, granted('ya29.1')),
    )
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    away = true
    await clock.advance(3_400_000)
    assert.equal((await tokens.get('insert', never)).value, 'ya29.1')
    assert.equal((await tokens.get('insert', never)).value, 'ya29.1')
    assert.equal(server.seen.length, 2, 'a server that fails is not asked at each call')
    await clock.advance(300_000)
    assert.equal((await faultOf(tokens.get('insert', never))).code, 'gmail.server')
  })

  test('that Gmail rejected is replaced, but a rejected old one does not cost the new one', async t => {
    let serial = 0
    const server = await serve(t, (_, response) => sendJson(response, 200, granted(`ya29.${++serial}`)))
    const { tokens } = tokensFor(t, server.origin)
    const old = await tokens.get('insert', never)
    tokens.reject(old)
    assert.equal((await tokens.get('insert', never)).value, 'ya29.2')
    tokens.reject(old)
    assert.equal((await tokens.get('insert', never)).value, 'ya29.2')
  })
})

describe('a consent', () => {
  test('without gmail.insert is gmail.scope-missing, and a wider one is seen without a restart', async t => {
    let scope: string = gmailScopes.labels
    const server = await serve(t, (_, response) => sendJson(response, 200, granted('ya29.1', { scope })))
    const { tokens } = tokensFor(t, server.origin)
    const fault = await faultOf(tokens.get('insert', never))
    assert.deepEqual([fault.code, fault.facts.what], ['gmail.scope-missing', 'gmail.insert'])
    for (scope of [gmailScopes.insert, gmailScopes.modify, gmailScopes.full]) {
      await tokens.get('insert', never)
      tokens.reject(await tokens.get('insert', never))
    }
  })

  test('without gmail.readonly cannot read, and gmail.metadata is not enough', async t => {
    const scope = `${leastScope} https://www.googleapis.com/auth/gmail.metadata`
    const server = await serve(t, (_, response) => sendJson(response, 200, granted('ya29.1', { scope })))
    const { tokens } = tokensFor(t, server.origin)
    assert.equal((await faultOf(tokens.get('read', never))).code, 'gmail.scope-missing')
  })

  test('that ended is gmail.consent-ended, and a new one is picked up without a restart', async t => {
    const server = await serve(t, (seen, response) =>
      form(seen).refresh_token === '1//new'
        ? sendJson(response, 200, granted('ya29.1', { scope: readScope }))
        : sendJson(response, 400, {
            error: 'invalid_grant',
            error_description: 'Token has been expired or revoked.',
          }),
    )
    let stored = '1//old'
    const { tokens } = tokensFor(t, server.origin, {
      credential: {
        kind: 'user',
        clientId: 'c',
        clientSecret: Secret.of('s'),
        refreshToken: new Secret(async () => stored),
      },
    })
    const fault = await faultOf(tokens.get('insert', never))
    assert.deepEqual([fault.code, fault.retry], ['gmail.consent-ended', 'owner'])
    assert.equal(fault.facts.words, 'Token has been expired or revoked.')
    stored = '1//new'
    assert.equal((await tokens.get('read', never)).value, 'ya29.1')
  })

  test('given while the app is in "Testing" tells when it ends', async t => {
    const server = await serve(t, (_, response) =>
      sendJson(response, 200, granted('ya29.1', { refresh_token_expires_in: 604_799 })),
    )
    const { tokens, clock } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    assert.equal(tokens.consentEndsAtMs, clock.nowMs() + 604_799_000)
  })

  test('that was never given is gmail.consent-missing', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, granted('ya29.1')))
    const credential = {
      kind: 'user',
      clientId: 'c',
      clientSecret: Secret.of('s'),
      refreshToken: new Secret(async () => {
        throw new Fault('secret.missing')
      }),
    } as const
    const { tokens } = tokensFor(t, server.origin, { credential })
    assert.equal((await faultOf(tokens.get('insert', never))).code, 'gmail.consent-missing')
    assert.equal(server.seen.length, 0)
  })
})

describe('a token server that answers', () => {
  const rows: [string, number, string | object, FaultCode][] = [
    ['invalid_client', 401, { error: 'invalid_client' }, 'gmail.client-invalid'],
    ['unauthorized_client', 401, { error: 'unauthorized_client' }, 'gmail.client-mismatch'],
    ['deleted_client', 401, { error: 'deleted_client' }, 'gmail.client-disabled'],
    ['disabled_client', 401, { error: 'disabled_client' }, 'gmail.client-disabled'],
    ['invalid_grant', 400, { error: 'invalid_grant' }, 'gmail.consent-ended'],
    // https://github.com/googleapis/google-auth-library-nodejs/issues/1961
    ['invalid_rapt', 400, { error: 'invalid_grant', error_subtype: 'invalid_rapt' }, 'gmail.session-control'],
    [
      'rapt_required',
      400,
      { error: 'invalid_grant', error_subtype: 'rapt_required' },
      'gmail.session-control',
    ],
    ['admin_policy_enforced', 400, { error: 'admin_policy_enforced' }, 'gmail.admin-policy'],
    ['org_internal', 403, { error: 'org_internal' }, 'gmail.org-internal'],
    ['access_denied', 400, { error: 'access_denied' }, 'gmail.forbidden'],
    ['rate_limit_exceeded', 403, { error: 'rate_limit_exceeded' }, 'gmail.rate-limited'],
    [
      'a rate limit in the envelope of an API',
      403,
      { error: { code: 403, message: 'Rate Limit Exceeded', errors: [{ reason: 'rateLimitExceeded' }] } },
      'gmail.rate-limited',
    ],
    ['an unknown error', 400, { error: 'new_error' }, 'gmail.unknown-answer'],
    ['nothing', 400, '', 'gmail.unknown-answer'],
    ['429', 429, '', 'gmail.rate-limited'],
    ['500', 500, '<html>', 'gmail.server'],
    ['503 with invalid_grant', 503, { error: 'invalid_grant' }, 'gmail.server'],
    ['a redirect', 302, '', 'gmail.not-google'],
    ['HTML with 200', 200, '<html>log in</html>', 'gmail.not-google'],
    ['JSON without a token', 200, {}, 'gmail.unknown-answer'],
  ]
  for (const [what, status, body, code] of rows) {
    test(`${what} gives ${code} for the account, after one request and without a secret`, async t => {
      const server = await serve(t, (seen, response) => {
        const echo = form(seen)
        if (typeof body === 'string')
          response.writeHead(status, { Location: 'http://127.0.0.1:1/' }).end(body)
        else
          sendJson(response, status, {
            ...body,
            error_description: `bad ${echo.refresh_token} ${echo.client_secret}`,
          })
      })
      const { tokens } = tokensFor(t, server.origin)
      const fault = await faultOf(tokens.get('insert', never))
      assert.equal(fault.code, code)
      assert.equal(fault.scope, 'account')
      assert.equal(server.seen.length, 1)
      const everything = inspect(fault, { depth: 20, showHidden: true }) + String(fault.stack)
      assert.doesNotMatch(everything, /that-must-not-leak/)
    })
  }

  test('with a clock far from ours tells the difference', async t => {
    const server = await serve(t, (_, response) => {
      response.setHeader('Date', new Date(Date.UTC(2026, 10, 25, 10)).toUTCString())
      sendJson(response, 400, { error: 'invalid_grant' })
    })
    const { tokens } = tokensFor(t, server.origin)
    assert.equal((await faultOf(tokens.get('insert', never))).facts.skewSeconds, 3600)
  })

  test('never is gmail.unreachable, without a secret in it or in its cause', async t => {
    const silent = await serveRaw(t, socket => socket.resume())
    const cut = await serveRaw(t, socket => socket.once('data', () => resetConnection(socket)))
    for (const origin of [silent, cut, `http://${unknownHost}`, 'http://127.0.0.1:1']) {
      const { tokens } = tokensFor(t, origin, {}, 100)
      const fault = await faultOf(tokens.get('insert', never))
      assert.equal(fault.code, 'gmail.unreachable', origin)
      assert.doesNotMatch(inspect(fault, { depth: 20, showHidden: true }), /that-must-not-leak/)
    }
  })
})
