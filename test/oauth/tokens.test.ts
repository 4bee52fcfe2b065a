import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Fault } from '../../src/base/fault.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeOAuthTokens } from '../../src/oauth/tokens.ts'
import { needsOpenssl } from '../servers/certificates.ts'
import { errorAnswer, jsonAnswer, refusals } from '../servers/identity/answers.ts'
import { until } from '../servers/until.ts'
import {
  asked,
  faultOf,
  imapScope,
  never,
  Place,
  rig,
  settingsAt,
  startIdentity,
  user,
} from './tokens-for.ts'

describe('an access token of a mailbox', () => {
  test('is asked for once by many, and kept while it lives', async t => {
    const { identity, tokens, clock } = await rig(t)
    const all = await Promise.all([1, 2, 3, 4].map(() => tokens.get(never)))
    assert.equal(new Set(all).size, 1)
    assert.equal(identity.userOf(all[0] ?? ''), user)
    await clock.advance(3_000_000)
    assert.equal(await tokens.get(never), all[0])
    assert.equal(asked(identity), 1)
    assert.deepEqual(Object.keys(identity.ledger[0]?.form ?? {}).sort(), [
      'client_id',
      'grant_type',
      'refresh_token',
      'scope',
    ])
  })

  test('is renewed before it ends without anybody waiting for it', async t => {
    const { identity, tokens, clock } = await rig(t)
    const first = await tokens.get(never)
    await clock.advance(3_245_000)
    await until(() => asked(identity) === 2 && clock.sleepers === 1, 'the next token')
    const second = await tokens.get(never)
    assert.notEqual(second, first)
    assert.equal(identity.userOf(second), user)
    assert.equal(asked(identity), 2)
  })

  test('of many mailboxes are renewed at different times', async t => {
    const { identity, settings, clock } = await rig(t)
    const early = makeOAuthTokens({ settings, clock, random: () => 1 })
    t.after(() => early.close())
    await early.get(never)
    await clock.advance(3_185_000) // 60 s before the latest
    await until(() => asked(identity) === 2, 'the early one')
  })

  test('that the mail server refused is replaced at once, and once for all who hold it', async t => {
    const { identity, tokens } = await rig(t)
    const refused = await tokens.get(never)
    const [one, other] = await Promise.all([tokens.get(never, refused), tokens.get(never, refused)])
    assert.equal(one, other)
    assert.notEqual(one, refused)
    assert.equal(await tokens.get(never, refused), one, 'of a token that was replaced already')
    assert.equal(asked(identity), 2)
  })

  test('is renewed by whichever clock goes on', async t => {
    const { identity, tokens, clock } = await rig(t)
    const first = await tokens.get(never)
    clock.jump(-86_400_000)
    assert.equal(await tokens.get(never), first, 'a wall clock set back makes it no younger and no older')
    clock.jump(2 * 86_400_000)
    assert.notEqual(await tokens.get(never), first, 'the machine slept')
    assert.equal(asked(identity), 2)
  })

  for (const skewMs of [-3 * 86_400_000, 3 * 86_400_000])
    test(`is good on a computer whose clock is ${skewMs / 86_400_000} days off`, async t => {
      const { identity, tokens, clock } = await rig(t, { nowMs: Date.now })
      clock.jump(skewMs)
      const token = await tokens.get(never)
      assert.equal(identity.userOf(token), user)
      assert.equal(await tokens.get(never), token)
    })

  test('is used on while it is good and the provider is away, and asked for no earlier than Retry-After says', async t => {
    const { identity, tokens, clock } = await rig(t)
    const token = await tokens.get(never)
    await clock.advance(3_235_000)
    identity.away = { status: 503, headers: {}, body: '' }
    await clock.advance(200_000)
    assert.equal(await tokens.get(never), token)
    await clock.advance(200_000)
    await faultOf(tokens.get(never), 'oauth.server')
    await until(() => clock.sleepers === 0, 'nobody asks beside any more')
    identity.away = jsonAnswer(429, { error: 'x' }, { 'Retry-After': '120' })
    const fault = await faultOf(tokens.get(never), 'oauth.limited')
    assert.equal(fault.notBeforeMs, clock.nowMs() + 120_000)
    identity.away = undefined
    assert.equal(identity.userOf(await tokens.get(never)), user)
  })
})

describe('a refresh token', () => {
  test('that takes the place of another is durable before the access token is given out', async t => {
    const { identity, place, tokens } = await rig(t)
    const before = place.value
    await tokens.get(never)
    assert.equal(place.kept.length, 1)
    assert.notEqual(place.value, before)
    await tokens.get(never, await tokens.get(never))
    assert.equal(identity.ledger[1]?.form.refresh_token, place.kept[0])
  })

  test('that could not be kept is used all the same, and kept the next time; a new process goes on with the old one', async t => {
    const { identity, place, tokens, makeTokens } = await rig(t)
    const first = place.value
    place.closed = new Fault('secret.not-kept', { facts: { reason: 'locked' } })
    const token = await tokens.get(never)
    assert.equal((await tokens.look(never)).unkept?.code, 'secret.not-kept')
    await tokens.get(never, token)
    assert.notEqual(identity.ledger[1]?.form.refresh_token, first, 'the newer one')
    assert.equal(place.value, first)
    // Killed here: the old one is what there is, and Microsoft takes it.
    assert.equal(identity.userOf(await makeTokens().get(never)), user)
    place.closed = undefined
    await tokens.get(never, await tokens.get(never))
    assert.equal(place.kept.length, 1)
    assert.equal((await tokens.look(never)).unkept, undefined)
  })

  test('of a provider that takes each once is not lost where two processes renew at one time', async t => {
    const { identity, tokens, makeTokens } = await rig(t, { rotation: 'strict' })
    await tokens.get(never)
    const other = makeTokens()
    // The other one has read the old token, and the first one's is durable before its request leaves.
    let letGo = (): void => {}
    identity.hold = new Promise(resolve => {
      letGo = resolve
    })
    const waiting = other.get(never)
    await until(() => identity.held === 1, 'it was read, and its request has left')
    identity.hold = undefined
    letGo()
    assert.equal(identity.userOf(await waiting), user)
    assert.equal(identity.userOf(await tokens.get(never, await tokens.get(never))), user)
  })

  test('that the owner renewed meanwhile counts at once', async t => {
    const { identity, place, tokens } = await rig(t)
    const token = await tokens.get(never)
    identity.revoke(user, refusals.revoked)
    await faultOf(tokens.get(never, token), 'oauth.sign-in-ended')
    place.value = identity.grantTo(user)
    assert.equal(identity.userOf(await tokens.get(never)), user)
  })

  test('that is not there is told as a sign-in that is missing', async t => {
    const { identity, settings, clock } = await rig(t)
    const refreshToken = new Place('')
    const tokens = makeOAuthTokens({
      settings: { ...settings, grant: { kind: 'user', refreshToken } },
      clock,
    })
    t.after(() => tokens.close())
    await faultOf(tokens.get(never), 'oauth.sign-in-missing')
    assert.equal(asked(identity), 0)
  })

  test('stands in no fault, whatever the provider says of it', async t => {
    const { identity, place, tokens } = await rig(t)
    identity.failNext(
      jsonAnswer(400, { error: 'invalid_grant', error_description: `AADSTS70000: ${place.value} is bad` }),
    )
    const fault = await faultOf(tokens.get(never), 'oauth.sign-in-ended')
    assert.ok(!inspect(fault, { depth: 9 }).includes(place.value))
    assert.match(String(fault.facts.words), /AADSTS70000/)
  })

  test('without the scope that is needed is told, and nothing logs in with it', async t => {
    const popScope = 'https://outlook.office.com/POP.AccessAsUser.All'
    const { identity, place, tokens } = await rig(t, {}, { scopes: [imapScope, popScope, 'offline_access'] })
    place.value = identity.grantTo(user, `${imapScope} ${popScope} offline_access`)
    identity.withheld = imapScope
    const { facts } = await faultOf(tokens.get(never), 'oauth.scope-missing')
    assert.equal(facts.what, imapScope)
  })
})

describe('a token of the app itself', () => {
  const secrets = [{ value: 'app~secret' }, { value: 'old~secret', expired: true }]
  const scopes = ['https://outlook.office365.com/.default']
  const secretOf = (value: string) =>
    ({ kind: 'secret', secret: Secret.of(value), isOptional: false }) as const

  test('is asked for by client credentials', async t => {
    const { identity, tokens } = await rig(
      t,
      { app: { isPublic: false, secrets } },
      { grant: { kind: 'app' }, scopes, proof: secretOf('app~secret') },
    )
    assert.equal(identity.userOf(await tokens.get(never)), `app:${identity.app.clientId}`)
    assert.equal(identity.ledger[0]?.form.scope, scopes[0])
  })

  for (const [value, code, aadsts, reason] of [
    ['other', 'oauth.client-refused', 'AADSTS7000215', 'wrong-secret'],
    ['old~secret', 'oauth.client-refused', 'AADSTS7000222', 'secret-ended'],
  ] as const)
    test(`with ${value} is refused with ${aadsts}`, async t => {
      const app = { isPublic: false, secrets }
      const { tokens } = await rig(t, { app }, { grant: { kind: 'app' }, scopes, proof: secretOf(value) })
      const { facts, retry } = await faultOf(tokens.get(never), code)
      assert.deepEqual([facts.code, facts.reason, retry], [aadsts, reason, 'owner'])
    })

  test('is signed for with a certificate, by the provider’s clock', { skip: needsOpenssl() }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'hikyaku-oauth-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const [key, cert, file] = ['key.pem', 'cert.pem', 'both.pem'].map(name => join(folder, name))
    if (key === undefined || cert === undefined || file === undefined) return
    const how = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=app', '-days', '2']
    execFileSync('openssl', [...how, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    writeFileSync(file, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'), { mode: 0o600 })
    const certificates = [readFileSync(cert, 'utf8')]
    const own = { grant: { kind: 'app' }, scopes, proof: { kind: 'certificate', file } } as const
    const { identity, tokens, clock } = await rig(
      t,
      { app: { isPublic: false, certificates }, nowMs: Date.now },
      own,
    )
    assert.equal(identity.userOf(await tokens.get(never)), `app:${identity.app.clientId}`)
    // Refused once with a clock that is wrong, it is told by how much, and the next one fits.
    clock.jump(-86_400_000)
    const again = makeOAuthTokens({ settings: settingsAt(identity, own), clock })
    t.after(() => again.close())
    const { facts } = await faultOf(again.get(never), 'oauth.client-refused')
    assert.equal(facts.code, 'AADSTS700027')
    assert.ok(Math.abs(Number(facts.skewSeconds) - 86_400) < 60)
    assert.equal(identity.userOf(await again.get(never)), `app:${identity.app.clientId}`)
  })
})

test('a stop waits a moment for a request that is under way, and keeps what it brings', async t => {
  const { identity, place, tokens } = await rig(t, { rotation: 'strict' })
  const answers = Promise.withResolvers<void>()
  identity.hold = answers.promise
  const asking = tokens.get(never)
  await until(() => identity.held === 1, 'it is asked')
  const before = place.value
  const closing = tokens.close()
  answers.resolve()
  await closing
  assert.notEqual(place.value, before)
  assert.equal(identity.userOf(await asking), user)
})

test('a stop ends a request that is under way for longer', async t => {
  const { identity, tokens, clock } = await rig(t)
  identity.hold = new Promise(() => {})
  const asking = tokens.get(never)
  asking.catch(() => {})
  await until(() => identity.held === 1, 'it is asked')
  const closing = tokens.close()
  await clock.advance(1000)
  await faultOf(asking, 'oauth.unreachable')
  await closing
})

test('a provider that is not there is told by its host', async t => {
  const identity = await startIdentity(t)
  const settings = settingsAt(identity, { grant: { kind: 'user', refreshToken: new Place('x') } })
  await identity.close()
  t.mock.method(identity, 'close', async () => {})
  const tokens = makeOAuthTokens({ settings, clock: (await rig(t)).clock })
  t.after(() => tokens.close())
  const { facts, retry } = await faultOf(tokens.get(never), 'oauth.unreachable')
  assert.deepEqual([facts.host, facts.reason, retry], ['127.0.0.1', 'ECONNREFUSED', 'later'])
})

test('every answer of the stand-in that is an error is read as what it is', async t => {
  const { identity, place, makeTokens } = await rig(t)
  const expected = {
    revoked: ['oauth.sign-in-ended', 'revoked', 'owner'],
    unused: ['oauth.sign-in-ended', 'unused', 'owner'],
    noConsent: ['oauth.sign-in-ended', 'consent', 'owner'],
    secondFactor: ['oauth.sign-in-ended', 'second-factor', 'owner'],
    conditionalAccess: ['oauth.sign-in-ended', 'conditional-access', 'owner'],
    noSuchApp: ['oauth.client-refused', 'no-such-app', 'owner'],
    publicFlowsOff: ['oauth.client-refused', 'public-flows-off', 'owner'],
    noSuchTenant: ['oauth.request-refused', 'no-such-tenant', 'owner'],
    scope: ['oauth.request-refused', 'permissions', 'owner'],
    unavailable: ['oauth.server', 'passing', 'later'],
  } as const
  for (const [name, [code, reason, retry]] of Object.entries(expected)) {
    const refusal = refusals[name as keyof typeof expected]
    identity.failNext(errorAnswer(refusal))
    const before = place.value
    const fault = await faultOf(makeTokens().get(never), code)
    assert.deepEqual(
      [fault.facts.code, fault.facts.reason, fault.retry],
      [`AADSTS${refusal.code}`, reason, retry],
    )
    assert.equal(place.value, before)
  }
})
