import assert from 'node:assert/strict'
import http from 'node:http'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Clock } from '../../src/base/clock.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import { type ConsentInProgress, startConsent } from '../../src/google/consent.ts'
import { exchangeCode, revokeConsent } from '../../src/google/consent-exchange.ts'
import { identityScopes, leastScopes } from '../../src/google/scopes.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { subjectOf } from '../servers/gmail/id-token.ts'
import type { OAuthRules } from '../servers/gmail/oauth.ts'

let gmail: GmailServer
let consent: ConsentInProgress
const clock: Clock = { ...systemClock, nowMs: () => 1_700_000_000_000 }
const never = new AbortController().signal

beforeEach(async () => {
  gmail = await startGmailServer({ accounts: ['shop@example.test', 'other@example.test'] })
  consent = await startConsent({
    client: gmail.client,
    scopes: leastScopes,
    authUrl: gmail.authUrl,
    loginHint: 'shop@example.test',
  })
})
afterEach(async () => {
  await consent.close()
  await gmail.close()
  assert.deepEqual(gmail.bugs, [])
})

interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: string
  readonly headers: http.IncomingHttpHeaders
}

function request(target: string, options: http.RequestOptions = {}, form?: URLSearchParams): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = http.request(target, { agent: false, ...options }, answer => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const { statusCode: status = 0, headers } = answer
        resolve({ status, location: headers.location, headers, body: Buffer.concat(chunks).toString() })
      })
    })
    client.on('error', reject)
    client.end(form?.toString())
  })
}

/** The owner's answer on Google's page. @returns where Google sends the browser */
async function decide(url: string, granted: readonly string[], decision = 'allow'): Promise<string> {
  const form = new URLSearchParams(new URL(url).searchParams)
  form.set('account', 'shop@example.test')
  form.set('decision', decision)
  for (const scope of granted) form.append('granted', scope)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await request(gmail.authUrl, { method: 'POST', headers }, form)
  assert.ok(answer.location, answer.body)
  return answer.location
}

const options = (signal: AbortSignal = never) => ({
  client: gmail.client,
  tokenUrl: gmail.tokenUrl,
  scopes: leastScopes,
  clock,
  signal,
})

/** A whole sign-in with the identity, its request changed on the way as somebody might who read it. */
async function signedIn(changed: Readonly<Record<string, string>>) {
  const asked = [...leastScopes, ...identityScopes]
  const started = await startConsent({ client: gmail.client, scopes: asked, authUrl: gmail.authUrl })
  try {
    const url = new URL(started.url)
    for (const [name, value] of Object.entries(changed)) url.searchParams.set(name, value)
    const code = started.acceptPastedUrl(await decide(url.href, leastScopes))
    return { given: await exchangeCode(code, { ...options(), scopes: asked }), asked }
  } finally {
    await started.close()
  }
}

async function faultOf(work: () => unknown): Promise<Fault> {
  try {
    await work()
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown))
    return thrown
  }
  throw new assert.AssertionError({ message: 'no fault' })
}

describe('consent in a browser on this machine', () => {
  it('asks as Google wants desktop programs to ask', () => {
    const query = new URL(consent.url).searchParams
    assert.equal(query.get('access_type'), 'offline')
    assert.equal(query.get('prompt'), 'consent')
    assert.equal(query.get('login_hint'), 'shop@example.test')
    assert.equal(query.get('code_challenge_method'), 'S256')
    assert.equal(query.get('redirect_uri'), `http://127.0.0.1:${consent.port}`)
    assert.equal(query.get('scope'), leastScopes.join(' '))
  })

  it('ends with a refresh token that Google takes, and with a page without the code in its address', async () => {
    const waiting = consent.waitForRedirect(never)
    const back = await request(await decide(consent.url, leastScopes))
    assert.deepEqual([back.status, back.location], [303, '/done'])
    const page = await request(`http://127.0.0.1:${consent.port}/done`)
    assert.match(page.body, /close this window/)
    assert.match(page.body, /ターミナルに戻って/)
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
    const given = await exchangeCode(await waiting, options())
    assert.deepEqual([...given.scopes].sort(), [...leastScopes].sort())
    assert.equal(given.endsAtMs, undefined)
    assert.equal(await revokeConsent(given.refreshToken, gmail.revokeUrl, never), 'revoked')
    assert.equal(await revokeConsent(given.refreshToken, gmail.revokeUrl, never), 'already-ended')
  })

  it('goes on waiting when a stranger knocks, and is not found under another name', async () => {
    const waiting = consent.waitForRedirect(never)
    const base = `http://127.0.0.1:${consent.port}`
    assert.equal((await request(`${base}/?code=stolen&state=guess`)).status, 400)
    assert.equal((await request(`${base}/?error=access_denied`)).status, 400)
    assert.equal((await request(`${base}/favicon.ico`)).status, 404)
    const right = await decide(consent.url, leastScopes)
    assert.equal((await request(right, { headers: { host: 'evil.example' } })).status, 404)
    assert.equal((await request(right, { method: 'POST' })).status, 405)
    await request(right)
    assert.equal((await waiting).code, new URL(right).searchParams.get('code'))
  })

  it('says that the owner declined', async () => {
    const waiting = faultOf(() => consent.waitForRedirect(never))
    const back = await request(await decide(consent.url, [], 'cancel'))
    assert.equal(back.location, '/declined')
    const fault = await waiting
    assert.deepEqual([fault.code, fault.facts.reason], ['gmail.consent-missing', 'access_denied'])
  })

  it('stops waiting when told to, and frees the port', async () => {
    const abort = new AbortController()
    const waiting = consent.waitForRedirect(abort.signal)
    abort.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    await consent.close()
    await assert.rejects(request(`http://127.0.0.1:${consent.port}/done`), { code: 'ECONNREFUSED' })
  })
})

describe('the one-time address', () => {
  it('leads to Google’s page once, for a GET under its own name, and holds nothing of it', async () => {
    const { oneTimeUrl } = consent
    assert.match(oneTimeUrl, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/)
    assert.equal((await request(oneTimeUrl, { headers: { host: 'evil.example' } })).status, 404)
    const head = await request(oneTimeUrl, { method: 'HEAD' })
    assert.deepEqual([head.status, head.location], [200, undefined])
    assert.equal((await request(oneTimeUrl, { method: 'POST' })).status, 405)
    assert.equal((await request(`${oneTimeUrl.slice(0, -1)}_x`)).status, 404)
    const first = await request(oneTimeUrl)
    assert.deepEqual([first.status, first.location], [302, consent.url])
    assert.equal(first.headers['cache-control'], 'no-store')
    assert.equal(first.headers['referrer-policy'], 'no-referrer')
  })

  it('G16: that was visited twice ends the sign-in, and the browser is told', async () => {
    const waiting = faultOf(() => consent.waitForRedirect(never))
    await request(consent.oneTimeUrl)
    const second = await request(consent.oneTimeUrl)
    assert.deepEqual([second.status, second.location], [410, undefined])
    assert.match(second.body, /used already/)
    assert.match(second.body, /すでに使われて/)
    assert.ok(!second.body.includes('state'))
    const fault = await waiting
    assert.deepEqual([fault.code, fault.facts.reason], ['gmail.consent-missing', 'address-taken'])
  })
})

describe('consent with a pasted address', () => {
  it('takes it as browsers, terminals and chat programs mangle it', async () => {
    const right = await decide(consent.url, leastScopes)
    const code = new URL(right).searchParams.get('code')
    const wrapped = right.replace(/(.{40})/g, '$1\n  ')
    const forms = [
      right,
      ` ${wrapped}\r\n`,
      right.slice(7),
      `<${right}>`,
      `"${right}"`,
      new URL(right).search,
    ]
    for (const text of forms) assert.equal(consent.acceptPastedUrl(text).code, code, text)
    assert.ok((await exchangeCode(consent.acceptPastedUrl(right), options())).refreshToken)
  })

  it('explains what was pasted instead, and repeats none of it', async () => {
    const right = await decide(consent.url, leastScopes)
    const cases: readonly (readonly [string, string])[] = [
      ['', 'not-an-address'],
      ['4/0AbCdEf', 'not-an-address'],
      [consent.url.replace(/^.*?\?/, 'https://accounts.google.com/o/oauth2/v2/auth?'), 'google-page'],
      [right.replace('127.0.0.1', 'example.jp'), 'other-address'],
      [right.replace(/code=[^&]+&?/, ''), 'cut-off'],
      [right.replace(/state=[^&]+/, 'state=of-yesterday'), 'other-attempt'],
      ['x'.repeat(10_000), 'other-address'],
    ]
    for (const [text, reason] of cases) {
      const fault = await faultOf(() => consent.acceptPastedUrl(text))
      assert.equal(fault.code, 'usage.invalid')
      assert.deepEqual(fault.facts, { what: 'pasted-url', reason })
      assert.equal(fault.cause, undefined)
    }
    const declined = await decide(consent.url, [], 'cancel')
    assert.equal((await faultOf(() => consent.acceptPastedUrl(declined))).code, 'gmail.consent-missing')
  })
})

describe('the exchange of the code', () => {
  it('names the box that was left unticked', async () => {
    const [insert = '', labels = ''] = leastScopes
    const only = async (scope: string) =>
      faultOf(async () =>
        exchangeCode(consent.acceptPastedUrl(await decide(consent.url, [scope])), options()),
      )
    const fault = await only(labels)
    assert.deepEqual([fault.code, fault.facts.what], ['gmail.scope-missing', 'gmail.insert'])
    assert.equal((await only(insert)).facts.what, 'gmail.labels')
  })

  it('tells whose permission it is, whatever name and order the scopes come back in', async () => {
    const { given, asked } = await signedIn({})
    assert.deepEqual(given.identity, {
      subject: subjectOf('shop@example.test'),
      address: 'shop@example.test',
    })
    assert.ok(given.scopes.includes('https://www.googleapis.com/auth/userinfo.email'))
    assert.ok(!given.scopes.includes('email'))
    assert.notDeepEqual(given.scopes, asked)
    gmail.oauth.rules.idToken = ({ but }) => but({ iss: 'accounts.google.com', email_verified: 'true' })
    assert.equal((await signedIn({})).given.identity?.address, 'shop@example.test')
  })

  it('keeps no permission of which Google does not say whose it is', async () => {
    const spoilers: readonly (readonly [string, OAuthRules['idToken'], string])[] = [
      ['missing', () => undefined, 'gmail.account-unproved'],
      ['unreadable', () => 'garbage', 'gmail.account-unproved'],
      ['unreadable', () => 'a.bnVsbA.c', 'gmail.account-unproved'],
      ['unreadable', () => 'a.W10', 'gmail.account-unproved'],
      ['too-long', ({ but }) => but({ pad: 'x'.repeat(500_000) }), 'gmail.account-unproved'],
      ['', ({ but }) => but({ pad: 'x'.repeat(1_000_000) }), 'gmail.unknown-answer'],
      ['audience', ({ but }) => but({ aud: 'another-client' }), 'gmail.account-unproved'],
      ['audience', ({ but }) => but({ aud: [] }), 'gmail.account-unproved'],
      ['issuer', ({ but }) => but({ iss: 'https://accounts.google.com.evil' }), 'gmail.account-unproved'],
      ['expired', ({ but }) => but({ exp: 1_600_000_000 }), 'gmail.account-unproved'],
      ['expired', ({ but }) => but({ exp: 'never' }), 'gmail.account-unproved'],
      ['subject', ({ but }) => but({ sub: undefined }), 'gmail.account-unproved'],
      ['subject', ({ but }) => but({ sub: 'a b' }), 'gmail.account-unproved'],
      ['unverified', ({ but }) => but({ email_verified: false }), 'gmail.account-unproved'],
      ['unverified', ({ but }) => but({ email_verified: undefined }), 'gmail.account-unproved'],
      ['unverified', ({ but }) => but({ email: undefined }), 'gmail.account-unproved'],
      ['unverified', ({ but }) => but({ email: 'a@b\n@c' }), 'gmail.account-unproved'],
    ]
    for (const [reason, idToken, code] of spoilers) {
      gmail.oauth.rules.idToken = idToken
      const fault = await faultOf(() => signedIn({}))
      assert.equal(fault.code, code, reason)
      if (reason !== '') assert.equal(fault.facts.reason, reason)
      assert.ok(!JSON.stringify(fault.facts).includes('xxxx'))
    }
  })

  it('asks again where somebody took the identity out of the request', async () => {
    const fault = await faultOf(() => signedIn({ scope: leastScopes.join(' ') }))
    assert.deepEqual([fault.code, fault.facts.what], ['gmail.scope-missing', 'openid email'])
  })

  it('detects the seven days of a project in "Testing"', async () => {
    gmail.oauth.rules.testing = true
    const given = await exchangeCode(
      consent.acceptPastedUrl(await decide(consent.url, leastScopes)),
      options(),
    )
    // In whole seconds of Google's clock, and one may have begun meanwhile.
    const livesMs = (given.endsAtMs ?? 0) - clock.nowMs()
    assert.ok(livesMs > 604_780_000 && livesMs <= 604_800_000, String(livesMs))
  })

  it('says of a code used twice that it must be done again, not that a consent ended', async () => {
    const code = consent.acceptPastedUrl(await decide(consent.url, leastScopes))
    await exchangeCode(code, options())
    const fault = await faultOf(() => exchangeCode(code, options()))
    assert.deepEqual([fault.code, fault.facts.reason], ['gmail.consent-missing', 'code-ended'])
  })

  it('blames the client for a wrong secret, and shows neither secret, code nor verifier', async () => {
    const code = consent.acceptPastedUrl(await decide(consent.url, leastScopes))
    const client = { ...gmail.client, secret: 'GOCSPX-wrong-secret' }
    const fault = await faultOf(() => exchangeCode(code, { ...options(), client }))
    assert.equal(fault.code, 'gmail.client-invalid')
    const shown = JSON.stringify([fault.facts, fault.message, fault.stack, String(fault.cause)])
    for (const secret of [client.secret, code.code, code.verifier]) assert.ok(!shown.includes(secret))
  })

  it('has a deadline, and tells an unreachable Google from a silent one', async () => {
    const silent = http.createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise(resolve => silent.once('listening', resolve))
    const address = silent.address()
    assert.ok(typeof address === 'object' && address !== null)
    const code = { code: 'c', verifier: 'v', redirectUri: 'http://127.0.0.1:1' }
    const tokenUrl = `http://127.0.0.1:${address.port}/token`
    const deadlines = { answerMs: 200 }
    assert.equal(
      (await faultOf(() => exchangeCode(code, { ...options(), tokenUrl, deadlines }))).code,
      'gmail.unreachable',
    )
    silent.closeAllConnections()
    await new Promise(resolve => silent.close(resolve))
    assert.equal(
      (await faultOf(() => exchangeCode(code, { ...options(), tokenUrl }))).code,
      'gmail.unreachable',
    )
  })
})
