import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { CodeChallengeMethod, JWT, OAuth2Client } from 'google-auth-library'
import type { Clock } from '../../../src/base/clock.ts'
import { type GmailServer, type GmailServerOptions, startGmailServer } from './gmail-server.ts'
import { idTokenKeys } from './id-token.ts'

const open: GmailServer[] = []

async function start(options: GmailServerOptions = {}): Promise<GmailServer> {
  const server = await startGmailServer(options)
  open.push(server)
  return server
}

/** A clock that stands still until it is told. */
class Hand implements Clock {
  ms = Date.parse('2026-11-25T00:00:00Z')
  nowMs = (): number => this.ms
  monotonicMs = (): number => this.ms
  after = (): never => {
    throw new Error('nothing is timed here')
  }
  sleep = (): Promise<void> => Promise.reject(new Error('nothing sleeps here'))
}

function clientOf(server: GmailServer, redirectUri?: string): OAuth2Client {
  return new OAuth2Client({
    clientId: server.client.id,
    clientSecret: server.client.secret,
    ...(redirectUri === undefined ? {} : { redirectUri }),
    endpoints: {
      oauth2TokenUrl: server.tokenUrl,
      oauth2RevokeUrl: server.revokeUrl,
      oauth2AuthBaseUrl: server.authUrl,
    },
  })
}

const post = (url: string, form: Record<string, string>): Promise<Response> =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })

async function said(answer: Promise<Response>): Promise<[number, string]> {
  const response = await answer
  const { error } = (await response.json()) as { error: string }
  return [response.status, error]
}

const insert = 'https://www.googleapis.com/auth/gmail.insert'
const labels = 'https://www.googleapis.com/auth/gmail.labels'

/** Does with the page what a browser would: its hidden fields, and the boxes that were ticked. */
async function consent(url: string, granted: readonly string[], decision = 'allow'): Promise<URL> {
  const page = await (await fetch(url)).text()
  const form = new URLSearchParams()
  for (const [, name = '', value = ''] of page.matchAll(
    /<input type=hidden name="?(\w+)"? value="([^"]*)">/g,
  ))
    form.append(
      name,
      value.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))),
    )
  form.append('account', /name=account id="[^"]*" value="([^"]*)" checked/.exec(page)?.[1] ?? '')
  for (const scope of granted) form.append('granted', scope)
  form.append('decision', decision)
  const answer = await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
  assert.equal(answer.status, 302)
  return new URL(answer.headers.get('location') ?? '')
}

describe('Google’s OAuth server, stood in for,', () => {
  afterEach(async () => {
    for (const server of open.splice(0)) {
      await server.close()
      assert.deepEqual(server.bugs, [])
    }
  })

  it('gives a desktop client tokens for a code, with PKCE and the scopes that were ticked', async () => {
    const server = await start()
    const listener = createServer((_, response) => response.end('done')).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const redirect = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`
    const client = clientOf(server, redirect)
    const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync()
    const url = client.generateAuthUrl({
      access_type: 'offline',
      prompt: 'consent',
      scope: [insert, labels],
      state: 'a "state" & more',
      code_challenge_method: CodeChallengeMethod.S256,
      ...(codeChallenge === undefined ? {} : { code_challenge: codeChallenge }),
    })
    const back = await consent(url, [insert])
    const arrived = once(listener, 'request') as Promise<[IncomingMessage]>
    await (await fetch(back)).text()
    assert.equal((await arrived)[0].url, back.pathname + back.search)
    listener.close()
    listener.closeAllConnections()
    assert.equal(back.searchParams.get('state'), 'a "state" & more')

    const code = back.searchParams.get('code') ?? ''
    const { tokens } = await client.getToken({ code, codeVerifier })
    assert.equal(tokens.scope, insert)
    assert.match(tokens.refresh_token ?? '', /^1\/\/0/)
    assert(
      tokens.expiry_date !== undefined &&
        tokens.expiry_date !== null &&
        tokens.expiry_date > Date.now() + 3_500_000,
    )
    await assert.rejects(client.getToken({ code, codeVerifier }), /invalid_grant/)
    client.setCredentials({ refresh_token: tokens.refresh_token ?? null })
    assert.match((await client.getAccessToken()).token ?? '', /^ya29\./)
    await client.revokeToken(tokens.refresh_token ?? '')
    await assert.rejects(client.refreshAccessToken(), /invalid_grant/)
  })

  it('refuses a wrong verifier, another redirect and an unknown client', async () => {
    const server = await start()
    const redirect_uri = 'http://127.0.0.1:1/'
    const url = new URL(server.authUrl)
    const fields = {
      client_id: server.client.id,
      response_type: 'code',
      redirect_uri,
      scope: insert,
      code_challenge: 'A'.repeat(43),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
    const code = async (): Promise<string> => (await consent(url.href, [])).searchParams.get('code') ?? ''
    const { id: client_id, secret: client_secret } = server.client
    const form = { grant_type: 'authorization_code', client_id, client_secret, redirect_uri }
    const token = async (more: Record<string, string>): Promise<[number, string]> =>
      said(post(server.tokenUrl, { ...form, code: await code(), ...more }))
    assert.deepEqual(await token({ code_verifier: 'v'.repeat(43) }), [400, 'invalid_grant'])
    assert.deepEqual(await token({}), [400, 'invalid_grant'])
    assert.deepEqual(await token({ redirect_uri: 'http://127.0.0.1:2/' }), [400, 'redirect_uri_mismatch'])
    assert.deepEqual(await token({ client_id: 'other' }), [401, 'invalid_client'])
    assert.deepEqual(await token({ client_secret: 'other' }), [401, 'invalid_client'])
    assert.equal((await consent(url.href, [], 'cancel')).searchParams.get('error'), 'access_denied')
    for (const [name, value] of [
      ['redirect_uri', 'https://example.test/'],
      ['redirect_uri', 'urn:ietf:wg:oauth:2.0:oob'],
      ['scope', 'gmail.insert'],
      ['response_type', 'token'],
      ['code_challenge_method', 'plain'],
    ] as const) {
      const wrong = new URL(url)
      wrong.searchParams.set(name, value)
      assert.equal((await fetch(wrong)).status, 400, name)
    }
  })

  it('ends access tokens by the clock, and refresh tokens of "Testing" after seven days', async () => {
    const clock = new Hand()
    const server = await start({ clock, oauth: { testing: true } })
    const { id: client_id, secret: client_secret } = server.client
    const form = { grant_type: 'refresh_token', client_id, client_secret, refresh_token: server.grant() }
    const answer = (await (await post(server.tokenUrl, form)).json()) as Record<string, string | number>
    assert.equal(answer.refresh_token_expires_in, 604_800)
    assert.equal(answer.scope, `${insert} ${labels}`)
    const list = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${answer.access_token}` }
      const response = await fetch(`${server.url}gmail/v1/users/me/labels`, { headers })
      await response.text()
      return response.status
    }
    assert.equal(await list(), 200)
    clock.ms += 3_600_001
    assert.equal(await list(), 401)
    clock.ms += 7 * 86_400_000
    assert.deepEqual(await said(post(server.tokenUrl, form)), [400, 'invalid_grant'])
  })

  it('says with an ID token whose a token is, at the code and at each refresh, as Google’s client checks it', async () => {
    const server = await start({ accounts: ['owner@example.test', 'person@gmail.com'] })
    const issuers = ['https://accounts.google.com', 'accounts.google.com']
    const client = clientOf(server)
    const read = async (scopes: readonly string[], account: string) => {
      client.setCredentials({ refresh_token: server.grant(account, scopes) })
      const { credentials } = await client.refreshAccessToken()
      const { id_token: idToken } = credentials
      if (idToken === undefined || idToken === null) return undefined
      const ticket = await client.verifySignedJwtWithCertsAsync(
        idToken,
        idTokenKeys(),
        server.client.id,
        issuers,
      )
      const digest = createHash('sha256')
        .update(credentials.access_token ?? '')
        .digest()
      assert.equal(ticket.getPayload()?.at_hash, digest.subarray(0, 16).toString('base64url'))
      return ticket.getPayload()
    }
    const person = await read([insert, 'openid', 'email'], 'person@gmail.com')
    assert.equal(person?.email, 'person@gmail.com')
    assert.equal(person?.email_verified, true)
    assert.equal(person?.hd, undefined)
    const owner = await read([insert, 'openid'], 'owner@example.test')
    assert.equal(owner?.email, undefined)
    assert.equal(owner?.hd, 'example.test')
    assert.match(owner?.sub ?? '', /^\d{21}$/)
    assert.notEqual(owner?.sub, person?.sub)
    assert.equal((await read([insert, 'openid'], 'owner@example.test'))?.sub, owner?.sub)
    assert.equal(await read([insert], 'owner@example.test'), undefined)
    server.oauth.rules.idToken = ({ but }) => but({ iss: 'accounts.google.com' })
    assert.equal((await read([insert, 'openid'], 'owner@example.test'))?.iss, 'accounts.google.com')
    server.oauth.rules.idToken = ({ text }) => text.replace(/.(?=.{9}$)/, was => (was === 'A' ? 'B' : 'A'))
    await assert.rejects(read([insert, 'openid'], 'owner@example.test'), /Invalid token signature/)
    server.oauth.rules.idToken = ({ but }) => but({ aud: 'another' })
    await assert.rejects(read([insert, 'openid'], 'owner@example.test'), /audience/)
  })

  it('verifies the signature of a service account', async () => {
    const server = await start()
    const account = server.oauth.createServiceAccount(['gmail.insert'])
    const assertion = async (
      scope: string,
      spoil: (jwt: string) => string,
    ): Promise<[number, string | undefined]> => {
      // Google's client signs; its token URL is hard-coded, so the assertion is caught and posted here.
      let form = new URLSearchParams()
      const jwt = new JWT({
        email: account.email,
        subject: 'owner@example.test',
        scopes: [scope],
        key: account.key.private_key ?? '',
      })
      const adapter = async (options: { data?: unknown }): Promise<object> => {
        form = new URLSearchParams(options.data as URLSearchParams)
        return {
          status: 200,
          data: { access_token: 'none', expires_in: 1 },
          headers: new Headers(),
          config: options,
        }
      }
      jwt.transporter.defaults.adapter = adapter as never
      await jwt.getAccessToken()
      form.set('assertion', spoil(form.get('assertion') ?? ''))
      const response = await post(server.tokenUrl, Object.fromEntries(form))
      const body = (await response.json()) as { scope?: string; error?: string }
      return [response.status, body.error ?? body.scope]
    }
    const asIs = (jwt: string): string => jwt
    const flipped = (jwt: string): string => jwt.replace(/.(?=.{9}$)/, octet => (octet === 'A' ? 'B' : 'A'))
    assert.deepEqual(await assertion(insert, asIs), [200, insert])
    assert.deepEqual(await assertion(insert, flipped), [400, 'invalid_grant'])
    assert.deepEqual(await assertion(labels, asIs), [401, 'unauthorized_client'])
  })
})
