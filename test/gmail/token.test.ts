import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import type { AccountConfig } from '../../src/config/config.ts'
import { Fault, type FaultCode } from '../../src/fault.ts'
import { type Connections, openConnections, usualDeadlines } from '../../src/gmail/http.ts'
import { gmailScopes } from '../../src/gmail/scopes.ts'
import { makeTokens, type Tokens } from '../../src/gmail/token.ts'
import { Secret } from '../../src/vault/vault.ts'
import { type FakeClock, makeFakeClock } from './fake-clock.ts'
import {
  accountFor,
  clientSecretForTests,
  faultOf,
  leastScope,
  never,
  readScope,
  refreshTokenForTests,
  type Seen,
  sendJson,
  serve,
  serveRaw,
  unknownHost,
  until,
} from './scripted.ts'

interface Made {
  readonly tokens: Tokens
  readonly clock: FakeClock
}

function tokensFor(
  t: TestContext,
  origin: string,
  account: Partial<AccountConfig> = {},
  connectMs = 15_000,
): Made {
  const clock = makeFakeClock()
  const connections: Connections = openConnections()
  const tokens = makeTokens({
    account: accountFor(account),
    tokenUrl: `${origin}/token`,
    clock,
    deadlines: { ...usualDeadlines, connectMs, answerMs: connectMs },
    connections,
  })
  t.after(() => {
    tokens.close()
    connections.close()
  })
  return { tokens, clock }
}

const granted = (value: string, own: object = {}) => ({
  access_token: value,
  expires_in: 3599,
  scope: leastScope,
  token_type: 'Bearer',
  ...own,
})
const form = (seen: Seen | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(seen?.body.toString()))

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
    const { tokens } = tokensFor(t, server.origin)
    await tokens.get('insert', never)
    await tokens.get('insert', never)
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
    await clock.advance(3_400_000)
    away = true
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
    ['unauthorized_client', 401, { error: 'unauthorized_client' }, 'gmail.client-invalid'],
    ['invalid_grant', 400, { error: 'invalid_grant' }, 'gmail.consent-ended'],
    ['admin_policy_enforced', 400, { error: 'admin_policy_enforced' }, 'gmail.forbidden'],
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
    const cut = await serveRaw(t, socket => socket.once('data', () => socket.resetAndDestroy()))
    for (const origin of [silent, cut, `http://${unknownHost}`, 'http://127.0.0.1:1']) {
      const { tokens } = tokensFor(t, origin, {}, 100)
      const fault = await faultOf(tokens.get('insert', never))
      assert.equal(fault.code, 'gmail.unreachable', origin)
      assert.doesNotMatch(inspect(fault, { depth: 20, showHidden: true }), /that-must-not-leak/)
    }
  })
})

describe('a service account', () => {
  const keyFor = async (t: TestContext, text?: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-key-'))
    t.after(() => rm(folder, { recursive: true }))
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const file = join(folder, 'key.json')
    await writeFile(
      file,
      text ?? JSON.stringify({ client_email: 'bot@p.iam.gserviceaccount.com', private_key: pem }),
    )
    return {
      publicKey,
      credential: { kind: 'service-account', keyFile: file, subject: 'a@example.com' } as const,
    }
  }
  const claims = (seen: Seen | undefined): Record<string, unknown> =>
    JSON.parse(Buffer.from(form(seen).assertion?.split('.')[1] ?? '', 'base64url').toString())

  test('signs a JWT for its subject and sends it to the configured token URL', async t => {
    const server = await serve(t, (_, response) =>
      sendJson(response, 200, { access_token: 'ya29.s', expires_in: 3599 }),
    )
    const { publicKey, credential } = await keyFor(t)
    const { tokens } = tokensFor(t, server.origin, { credential })
    const token = await tokens.get('read', never)
    assert.equal(token.value, 'ya29.s')
    const [seen] = server.seen
    assert.equal(form(seen).grant_type, 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [head, payload, signature = ''] = form(seen).assertion?.split('.') ?? []
    const verify = createVerify('RSA-SHA256').update(`${head}.${payload}`)
    assert.ok(verify.verify(publicKey, signature, 'base64url'))
    const { iss, sub, aud, scope } = claims(seen)
    assert.deepEqual(
      [iss, sub, aud],
      ['bot@p.iam.gserviceaccount.com', 'a@example.com', `${server.origin}/token`],
    )
    assert.equal(scope, readScope)
  })

  test('that may not read is content with the least scopes', async t => {
    const server = await serve(t, (seen, response) =>
      String(claims(seen).scope).includes('readonly')
        ? sendJson(response, 401, { error: 'unauthorized_client' })
        : sendJson(response, 200, { access_token: 'ya29.s', expires_in: 3599 }),
    )
    const { credential } = await keyFor(t)
    const { tokens } = tokensFor(t, server.origin, { credential })
    assert.deepEqual((await tokens.get('insert', never)).scopes, leastScope.split(' '))
    assert.equal((await faultOf(tokens.get('read', never))).code, 'gmail.scope-missing')
  })

  test('that Google does not know is gmail.client-invalid', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 400, { error: 'invalid_grant' }))
    const { credential } = await keyFor(t)
    const { tokens } = tokensFor(t, server.origin, { credential })
    assert.equal((await faultOf(tokens.get('insert', never))).code, 'gmail.client-invalid')
  })

  test('whose key file is broken is secret.unreadable and shows nothing of the key', async t => {
    for (const text of [
      '{"private_key": "-----BEGIN that-must-not-leak',
      '{}',
      '{"client_email":"a","private_key":"that-must-not-leak"}',
    ]) {
      const { credential } = await keyFor(t, text)
      const { tokens } = tokensFor(t, 'http://127.0.0.1:1', { credential })
      const fault = await faultOf(tokens.get('insert', never))
      assert.deepEqual([fault.code, fault.scope], ['secret.unreadable', 'account'])
      assert.doesNotMatch(inspect(fault, { depth: 20 }), /that-must-not-leak/)
    }
  })
})

test('proxy variables divert neither tokens nor uploads', async t => {
  let proxied = 0
  const proxy = await serveRaw(t, socket => {
    proxied += 1
    socket.destroy()
  })
  const server = await serve(t, (seen, response) =>
    sendJson(response, 200, seen.path === '/token' ? granted('ya29.1') : { id: '18c' }),
  )
  const program = `
    import { makeGmail } from '${new URL('../../src/gmail/google.ts', import.meta.url)}'
    import * as scripted from '${new URL('./scripted.ts', import.meta.url)}'
    import { systemClock } from '${new URL('../../src/clock.ts', import.meta.url)}'
    const gmail = makeGmail({ account: scripted.accountFor(), clock: systemClock,
      endpoints: scripted.endpointsFor('${server.origin}', '${server.origin}') })
    const { id } = await gmail.import(scripted.messageOf(Buffer.from('x')), scripted.anImport(), scripted.never)
    await gmail.close()
    console.log(id)`
  const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY']
  const env = {
    ...process.env,
    NODE_USE_ENV_PROXY: '1',
    NO_PROXY: '',
    no_proxy: '',
    ...Object.fromEntries(variables.map(name => [name, proxy])),
  }
  const out = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '-e', program], { env }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    ),
  )
  assert.equal(out.trim(), '18c')
  assert.equal(proxied, 0)
})
