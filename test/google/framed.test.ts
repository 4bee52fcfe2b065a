/** Google's library frames the requests and does nothing else: it repeats none, tells nobody of one, keeps no error. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import { systemClock } from '../../src/base/clock.ts'
import { exchangeCode, revokeConsent } from '../../src/google/consent-exchange.ts'
import {
  clientSecretForTests,
  faultOf,
  leastScope,
  never,
  refreshTokenForTests,
  sendJson,
  serve,
  serveRaw,
} from '../gmail/scripted.ts'
import { resetConnection } from '../servers/reset-connection.ts'
import { form, granted, tokensFor } from './tokens-for.ts'

const client = { id: 'client.apps.googleusercontent.com', secret: clientSecretForTests }
const consent = { code: '4/code-for-tests', verifier: 'v'.repeat(64), redirectUri: 'http://127.0.0.1:1' }
const scopes = leastScope.split(' ')
const secrets = [clientSecretForTests, refreshTokenForTests, consent.code, consent.verifier]

/** Each kind of request, to a token server at this address. */
const requests = {
  refresh: (origin: string, t: Parameters<typeof tokensFor>[0]) =>
    tokensFor(t, origin).tokens.get('insert', never),
  code: (origin: string) =>
    exchangeCode(consent, { client, tokenUrl: `${origin}/token`, scopes, clock: systemClock, signal: never }),
  revocation: (origin: string) => revokeConsent(refreshTokenForTests, `${origin}/revoke`, never),
}

for (const [kind, ask] of Object.entries(requests)) {
  describe(`the request of a ${kind}`, () => {
    for (const status of [401, 429, 500, 503]) {
      test(`is sent once where the answer is ${status}, and nothing secret is in what comes of it`, async t => {
        const server = await serve(t, (_, response) => sendJson(response, status, { error: 'backendError' }))
        const fault = await faultOf(ask(server.origin, t))
        assert.equal(server.seen.length, 1)
        const shown = inspect(fault, { depth: 20, showHidden: true }) + JSON.stringify(fault.facts)
        for (const secret of secrets) assert.ok(!shown.includes(secret), shown)
      })
    }

    test('is sent once where the connection breaks, and nothing secret is in what comes of it', async t => {
      let connections = 0
      const origin = await serveRaw(t, socket => {
        connections += 1
        socket.once('data', () => resetConnection(socket))
      })
      const fault = await faultOf(ask(origin, t))
      assert.deepEqual([fault.code, connections], ['gmail.unreachable', 1])
      const shown = inspect(fault, { depth: 20, showHidden: true })
      for (const secret of secrets) assert.ok(!shown.includes(secret), shown)
    })

    test('has nothing in its address, and is a form', async t => {
      const server = await serve(t, (_, response) =>
        sendJson(response, 200, granted('ya29.1', { refresh_token: refreshTokenForTests })),
      )
      await ask(server.origin, t)
      const [seen] = server.seen
      assert.deepEqual([seen?.method, seen?.query.size], ['POST', 0])
      assert.equal(seen?.headers['content-type'], 'application/x-www-form-urlencoded')
      assert.equal(seen?.headers['content-length'], String(seen?.body.length))
      if (kind === 'revocation') assert.deepEqual(form(seen), { token: refreshTokenForTests })
    })
  })
}

test('the library’s log of its own tells nothing, whoever switches it on', async t => {
  const server = await serve(t, (_, response) =>
    sendJson(response, 200, granted('ya29.told-to-nobody', { refresh_token: refreshTokenForTests })),
  )
  const child = fileURLToPath(new URL('quiet-child.ts', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', child, server.origin],
    { env: { ...process.env, GOOGLE_SDK_NODE_LOGGING: '*', HTTPS_PROXY: 'http://127.0.0.1:1' } },
  )
  assert.deepEqual([stdout, stderr, server.seen.length], ['done\n', '', 3])
})
