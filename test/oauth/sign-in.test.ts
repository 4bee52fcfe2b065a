import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { startDeviceSignIn } from '../../src/oauth/device.ts'
import { startBrowserSignIn } from '../../src/oauth/redirect.ts'
import type { OAuthSettings } from '../../src/oauth/settings.ts'
import type { TokenAnswer } from '../../src/oauth/token-answer.ts'
import { type FakeClock, makeFakeClock } from '../gmail/fake-clock.ts'
import { sendJson, serve } from '../gmail/scripted.ts'
import { errorAnswer, jsonAnswer, refusals } from '../servers/identity/answers.ts'
import type { IdentityServer } from '../servers/identity/identity-server.ts'
import { until } from '../servers/until.ts'
import { asked, faultOf, never, settingsAt, startIdentity, user } from './tokens-for.ts'

describe('signing in by a code', () => {
  async function begin(t: Parameters<typeof startIdentity>[0]) {
    const clock = makeFakeClock(Date.now())
    const identity = await startIdentity(t, { nowMs: clock.nowMs })
    const settings = settingsAt(identity, {}, 'consumers')
    const signIn = await startDeviceSignIn(settings, clock, never)
    return { clock, identity, signIn, settings }
  }
  /** Lets the interval go by until so many requests were answered. */
  async function pass(clock: FakeClock, identity: IdentityServer, requests: number): Promise<void> {
    while (asked(identity) < requests) {
      await until(() => clock.sleepers === 1, 'it waits')
      const before = asked(identity)
      await clock.advance(5_000)
      await until(() => asked(identity) > before || clock.sleepers === 1, 'it asked')
    }
  }

  test('asks no more often than it is told, and ends in tokens', async t => {
    const { clock, identity, signIn } = await begin(t)
    assert.match(signIn.userCode, /^[A-Z]{9}$/)
    assert.equal(signIn.verificationUrl, 'https://www.microsoft.com/link')
    assert.equal(signIn.livesForMs, 900_000)
    const waiting = signIn.wait(never)
    await pass(clock, identity, 3)
    identity.approve(signIn.userCode, user)
    await until(() => clock.sleepers === 1, 'it waits')
    await clock.advance(5_000)
    const { accessToken, refreshToken, scopes } = await waiting
    assert.equal(identity.userOf(accessToken), user)
    assert.ok(refreshToken)
    assert.deepEqual(scopes, ['https://outlook.office.com/IMAP.AccessAsUser.All'])
    const errors = identity.ledger.map(({ error }) => error)
    assert.deepEqual(errors, [
      '',
      'authorization_pending',
      'authorization_pending',
      'authorization_pending',
      '',
    ])
  })

  test('asks five seconds less often from each slow_down on, and twice less where nobody answers', async t => {
    const { clock, identity, signIn } = await begin(t)
    const atMs: number[] = []
    const start = clock.monotonicMs()
    const waiting = signIn.wait(never)
    identity.failNext(errorAnswer(refusals.slowDown))
    identity.failNext(errorAnswer(refusals.slowDown))
    identity.failNext({ status: 503, headers: {}, body: '' })
    while (atMs.length < 5) {
      await until(() => clock.sleepers === 1, 'it waits')
      await clock.advance(1_000)
      if (asked(identity) > atMs.length) atMs.push((clock.monotonicMs() - start) / 1000)
      else {
        // The request may be on its way still.
        await until(() => clock.sleepers === 1 || asked(identity) > atMs.length, 'it goes on')
        if (asked(identity) > atMs.length) atMs.push((clock.monotonicMs() - start) / 1000)
      }
    }
    // 5; then 10 and 15; then 30 after an answer that was none; then as before.
    const gaps = atMs.map((at, index) => Math.round(at - (atMs[index - 1] ?? 0)))
    assert.deepEqual(gaps, [5, 10, 15, 30, 30])
    identity.approve(signIn.userCode, user)
    await until(() => clock.sleepers === 1, 'it waits')
    await clock.advance(30_000)
    await waiting
  })

  for (const [title, act, reason] of [
    ['that is declined', (identity: IdentityServer, code: string) => identity.decline(code), 'declined'],
    ['that has ended', (identity: IdentityServer) => identity.expireDevices(), 'code-ended'],
  ] as const)
    test(`${title} is told, and is no fault of an earlier sign-in`, async t => {
      const { clock, identity, signIn } = await begin(t)
      const waiting = signIn.wait(never)
      act(identity, signIn.userCode)
      await clock.advance(5_000)
      const { facts } = await faultOf(waiting, 'oauth.sign-in-failed')
      assert.equal(facts.reason, reason)
    })

  test('nobody waits longer than the code lives, whatever is answered', async t => {
    const { clock, identity, signIn } = await begin(t)
    identity.away = { status: 502, headers: {}, body: 'x' }
    const waiting = faultOf(signIn.wait(never), 'oauth.sign-in-failed')
    for (let at = 0; at < 40 && clock.monotonicMs() < 900_000; at += 1) {
      await until(() => clock.sleepers === 1, 'it waits')
      await clock.advance(60_000)
    }
    assert.equal((await waiting).facts.reason, 'code-ended')
  })

  test('a service that wants to be asked all the time is asked once a second', async t => {
    let tries = -1
    const server = await serve(t, (_, response) => {
      tries += 1
      if (tries > 0) return sendJson(response, 400, { error: 'authorization_pending' })
      const address = { verification_uri: 'https://login.example/device', interval: 0.001 }
      return sendJson(response, 200, { device_code: 'd', user_code: 'ABCD', expires_in: 900, ...address })
    })
    const endpoints = { tokenUrl: server.origin, deviceUrl: server.origin, authUrl: undefined }
    const client: OAuthSettings = {
      ...{ provider: 'openid', endpoints, scopes: ['mail'], clientId: 'c' },
      ...({ proof: { kind: 'public' }, grant: { kind: 'app' } } as const),
    }
    const clock = makeFakeClock()
    const stop = new AbortController()
    const waiting = (await startDeviceSignIn(client, clock, never)).wait(stop.signal).catch(() => {})
    for (const asked of [1, 2, 3]) {
      await until(() => clock.sleepers === 1, 'it waits')
      await clock.advance(900)
      assert.equal(tries, asked - 1)
      await clock.advance(100)
      await until(() => tries === asked, 'it asks')
    }
    stop.abort()
    await waiting
  })

  test('what no person should be shown is not shown', async t => {
    const good = {
      device_code: 'd',
      user_code: 'ABCD',
      verification_uri: 'https://login.example/device',
      expires_in: 900,
    }
    let given: object = good
    const server = await serve(t, (_, response) => sendJson(response, 200, given))
    const endpoints = { tokenUrl: server.origin, deviceUrl: server.origin, authUrl: undefined }
    const client: OAuthSettings = {
      ...{ provider: 'openid', endpoints, scopes: ['mail'], clientId: 'c' },
      ...({ proof: { kind: 'public' }, grant: { kind: 'app' } } as const),
    }
    const clock = makeFakeClock()
    assert.equal((await startDeviceSignIn(client, clock, never)).userCode, 'ABCD')
    for (const bad of [
      { verification_uri: 'http://login.example/device' },
      { verification_uri: 'javascript:alert(1)' },
      { verification_uri: 'https://x@login.example/' },
      { user_code: 'AB\u001b[2JCD' },
      { user_code: 'A'.repeat(41) },
      { user_code: '' },
      { device_code: 7 },
    ]) {
      given = { ...good, ...bad }
      await faultOf(startDeviceSignIn(client, clock, never), 'oauth.unknown-answer')
    }
  })

  test('a stop ends the wait', async t => {
    const { clock, signIn } = await begin(t)
    const stop = new AbortController()
    const waiting = signIn.wait(stop.signal)
    await until(() => clock.sleepers === 1, 'it waits')
    stop.abort(new Error('left'))
    await assert.rejects(waiting, /left/)
  })
})

describe('signing in by a browser', () => {
  async function begin(t: Parameters<typeof startIdentity>[0], own: Partial<OAuthSettings> = {}) {
    const identity = await startIdentity(t)
    const signIn = await startBrowserSignIn(settingsAt(identity, own), makeFakeClock(Date.now()), user)
    t.after(() => signIn.close())
    return { identity, signIn }
  }
  /** What a browser does that follows one redirect. */
  const visit = async (url: string): Promise<string> =>
    (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
  /** `localhost` may be the other family's. */
  const toUs = (url: string): string => url.replace('//localhost:', '//127.0.0.1:')

  test('comes back with a code that is exchanged with its verifier', async t => {
    const { identity, signIn } = await begin(t)
    identity.signedIn = user
    const back = await visit(signIn.url)
    assert.match(back, /^http:\/\/localhost:\d+\/\?/)
    const waiting = signIn.wait(never)
    await fetch(toUs(back), { headers: { host: new URL(back).host }, redirect: 'manual' })
    const { accessToken, refreshToken } = await waiting
    assert.equal(identity.userOf(accessToken), user)
    assert.ok(refreshToken)
    const [asking, exchange] = identity.ledger
    assert.equal(asking?.form.code_challenge_method, 'S256')
    assert.equal(asking?.form.login_hint, user)
    assert.equal(exchange?.form.code_verifier?.length, 43)
    assert.ok(!signIn.url.includes(exchange?.form.code_verifier ?? '-'))
  })

  test('takes the address that was copied from a browser elsewhere, cut lines and all', async t => {
    const { identity, signIn } = await begin(t)
    identity.signedIn = user
    const back = await visit(signIn.url)
    assert.equal(signIn.isPartOfUrl(back), false)
    assert.equal(signIn.isPartOfUrl(back.slice(0, 120)), true)
    const cut = `${back.slice(0, 90)}\n  ${back.slice(90)}`
    const answer: TokenAnswer = await signIn.acceptPasted(cut, never)
    assert.equal(identity.userOf(answer.accessToken), user)
    const { facts } = await faultOf(signIn.acceptPasted(back, never), 'oauth.sign-in-failed')
    assert.equal(facts.reason, 'code-ended', 'a code works once')
    for (const other of [
      'https://login.microsoftonline.com/common',
      'nothing',
      back.replace('state=', 'state=x'),
    ])
      await faultOf(signIn.acceptPasted(other, never), 'usage.invalid')
  })

  test('that is declined is told in the provider’s words, without code or state', async t => {
    const { signIn } = await begin(t)
    const back = await visit(signIn.url)
    const fault = await faultOf(signIn.acceptPasted(back, never), 'oauth.sign-in-failed')
    assert.equal(fault.facts.reason, 'declined')
    assert.match(String(fault.facts.words), /AADSTS65004/)
    assert.ok(!inspect(fault).includes(new URL(back).searchParams.get('state') ?? '-'))
  })

  test('hears nobody who lacks the state, or calls it by another name', async t => {
    const { identity, signIn } = await begin(t)
    identity.signedIn = user
    const back = toUs(await visit(signIn.url))
    let settled = false
    const waiting = signIn.wait(never).finally(() => {
      settled = true
    })
    const wrong = new URL(back)
    wrong.searchParams.set('state', 'x'.repeat(43))
    assert.equal((await fetch(wrong, { redirect: 'manual' })).status, 400)
    assert.equal((await fetch(`http://127.0.0.1:${signIn.port}/`)).status, 404)
    assert.equal(settled, false)
    await fetch(back, { redirect: 'manual' })
    assert.ok((await waiting).accessToken)
  })
})

test('an answer of the wrong size is not read on', async t => {
  const identity = await startIdentity(t)
  identity.failNext(jsonAnswer(200, { access_token: 'a', filler: 'x'.repeat(300_000) }))
  const signIn = await startBrowserSignIn(settingsAt(identity), makeFakeClock(Date.now()), undefined)
  t.after(() => signIn.close())
  identity.signedIn = user
  const back = (await fetch(signIn.url, { redirect: 'manual' })).headers.get('location') ?? ''
  await faultOf(signIn.acceptPasted(back, never), 'oauth.unknown-answer')
})
