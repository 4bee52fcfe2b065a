/** The adapter against the independent stand-in for Gmail: what the stand-in's own ledger says is what counts. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Fault, type FaultCode, type FaultScope } from '../../src/base/fault.ts'
import type { HttpDeadlines } from '../../src/base/http.ts'
import { Secret } from '../../src/base/secret.ts'
import type { ApiAccount } from '../../src/config/config.ts'
import type { Gmail } from '../../src/gmail/gmail.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import {
  type GmailServer,
  type GmailServerOptions,
  type Fault as Played,
  presets,
  startGmailServer,
} from '../servers/gmail/gmail-server.ts'
import { least, reading } from '../servers/gmail/oauth.ts'
import { accountFor, anImport, faultOf, messageOf, never } from './scripted.ts'

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')
const mail = (text: string): Buffer =>
  Buffer.from(
    `From: a@example.com\r\nMessage-ID: <${randomBytes(8).toString('hex')}@example.com>\r\n\r\n${text}`,
    'latin1',
  )

interface Setting {
  readonly server?: GmailServerOptions
  readonly scopes?: readonly string[]
  readonly deadlines?: Partial<HttpDeadlines>
  readonly account?: Partial<ApiAccount>
}

async function start(t: TestContext, setting: Setting = {}): Promise<{ server: GmailServer; gmail: Gmail }> {
  const server = await startGmailServer(setting.server)
  const { url, authUrl, tokenUrl, revokeUrl, client } = server
  const gmail = makeGmail({
    account: accountFor({
      address: 'owner@example.test',
      credential: {
        kind: 'user',
        clientId: client.id,
        clientSecret: Secret.of(client.secret),
        refreshToken: Secret.of(server.grant(undefined, setting.scopes)),
      },
      ...setting.account,
    }),
    endpoints: { apiRoot: url, authUrl, tokenUrl, revokeUrl },
    clock: systemClock,
    deadlines: setting.deadlines ?? {},
  })
  t.after(async () => {
    await gmail.close()
    await server.close()
    assert.deepEqual(server.bugs, [])
  })
  return { server, gmail }
}

const uploads = (server: GmailServer): number =>
  server.ledger.entries.filter(({ endpoint }) => endpoint === 'import' || endpoint === 'insert').length

describe('Gmail holds', () => {
  test('exactly the octets that were given, with the labels that were asked for', async t => {
    const { server, gmail } = await start(t)
    const labelIds = await gmail.labelIds(['INBOX', 'UNREAD', '仕事/請求書'], never)
    const given = [
      mail('no final CRLF'),
      mail('NUL \0 and 8-bit \x83\x65\xff\r\n'),
      mail('--hikyaku-\r\n--hikyaku--\r\n\r\n--\r\n'),
      mail('bare\nLF and\rCR'),
      Buffer.concat([mail(''), randomBytes(3_000_000)]),
    ]
    for (const octets of given) {
      const answer = await gmail.import(messageOf(octets, 65_536), anImport({ labelIds }), never)
      assert.equal(answer.sentSha256, sha256(octets))
      const stored = server.messages().find(({ id }) => id === answer.id)
      assert.equal(stored?.sha256, sha256(octets))
      assert.deepEqual([...(stored?.labelIds ?? [])].sort(), [...labelIds].sort())
    }
    assert.equal(server.messages().length, given.length)
    assert.ok(server.mailbox().labels.some(({ name }) => name === '仕事'))
  })

  test('what insert was allowed to bring, after import refused it', async t => {
    const { server, gmail } = await start(t)
    const raw = messageOf(Buffer.from('Subject: no From at all\r\n\r\nx'))
    const fault = await faultOf(gmail.import(raw, anImport(), never))
    assert.deepEqual(
      [fault.code, fault.facts.words],
      ['gmail.message-refused', "Expected a single 'From' header"],
    )
    if ((await gmail.import(raw, anImport({ method: 'insert' }), never)).id !== '') {
      assert.equal(server.messages()[0]?.method, 'insert')
    }
  })

  test('what a look-up finds by Message-ID, once it is in the index', async t => {
    const { server, gmail } = await start(t, {
      scopes: reading,
      server: { rules: { indexLagMs: 'manual' }, prependReceived: false },
    })
    const octets = mail('find me')
    const messageId = /<(.*)>/.exec(octets.toString())?.[1] ?? ''
    const { id } = await gmail.import(messageOf(octets), anImport(), never)
    assert.deepEqual(await gmail.findByMessageId(messageId, never), [])
    server.indexNow()
    const [found] = await gmail.findByMessageId(`<${messageId}>`, never)
    assert.equal(found?.id, id)
    assert.deepEqual(found?.raw, octets)
    assert.equal(await gmail.read('18dead', never), undefined)
    assert.ok(server.ledger.entries.some(({ endpoint }) => endpoint === 'getProfile'))
  })
})

describe('an answer of Gmail', () => {
  const { rateLimited, status, storageFull, refused, unusable, acceptedThen } = presets
  const rows: [string, Played, FaultCode, FaultScope][] = [
    ['user-rate', rateLimited('user-rate'), 'gmail.rate-limited', 'account'],
    ['user-rate-403', rateLimited('user-rate-403'), 'gmail.rate-limited', 'account'],
    ['queries-403', rateLimited('queries-403'), 'gmail.rate-limited', 'account'],
    ['exhausted-429', rateLimited('exhausted-429'), 'gmail.rate-limited', 'account'],
    ['concurrent-429', rateLimited('concurrent-429'), 'gmail.rate-limited', 'account'],
    ['retry-after-header', rateLimited('retry-after-header'), 'gmail.rate-limited', 'account'],
    ['dailyLimitExceeded', presets.dailyLimitExceeded(), 'gmail.daily-limit', 'account'],
    ['API disabled', presets.apiDisabled(), 'gmail.api-disabled', 'account'],
    ['domain policy', presets.domainPolicy(), 'gmail.forbidden', 'account'],
    ['account suspended', presets.accountSuspended(), 'gmail.forbidden', 'account'],
    ['storage as Drive says it', storageFull('drive-403'), 'gmail.storage-full', 'account'],
    ['storage as Photos says it', storageFull('photos-400'), 'gmail.storage-full', 'account'],
    ['storage as mail might say it', storageFull('mail-403'), 'gmail.storage-full', 'account'],
    ['storage as 429', storageFull('exhausted-429'), 'gmail.storage-full', 'account'],
    ['Invalid From header', refused('Invalid From header'), 'gmail.message-refused', 'message'],
    ['Bad Request', refused('Bad Request'), 'gmail.message-unexplained', 'message'],
    ['413', presets.messageTooLarge(), 'message.too-large', 'message'],
    ['404', status(404), 'gmail.account-refused', 'account'],
    ['503 before the body', status(503, 'html', 'before-body'), 'gmail.server', 'account'],
    ['500 after the body', status(500), 'gmail.outcome-unknown', 'account'],
    ['502 HTML after acceptance', acceptedThen(502, 'html'), 'gmail.outcome-unknown', 'account'],
    ['504 empty after acceptance', acceptedThen(504, 'empty'), 'gmail.outcome-unknown', 'account'],
    ['cut JSON', unusable('cut-json'), 'gmail.outcome-unknown', 'message'],
    ['an empty 200', unusable('empty'), 'gmail.outcome-unknown', 'message'],
    ['a 200 without id', unusable('no-id'), 'gmail.outcome-unknown', 'message'],
    ['a 200 that is not JSON', unusable('not-json'), 'gmail.outcome-unknown', 'message'],
    ['a 200 null', unusable('null'), 'gmail.outcome-unknown', 'message'],
    ['a captive portal', presets.captivePortal(), 'gmail.outcome-unknown', 'message'],
    ['an answer cut on its way', { kind: 'cut-answer', afterOctets: 5 }, 'gmail.outcome-unknown', 'message'],
    ['a redirect', presets.redirect('http://127.0.0.1:1/'), 'gmail.not-google', 'account'],
  ]
  for (const [what, played, code, scope] of rows) {
    test(`(${what}) is ${code} for the ${scope}, after one upload`, async t => {
      const { server, gmail } = await start(t)
      server.faults.next('import', played)
      // Larger than what the sockets hold, so that an answer before the body comes before its end.
      const raw = messageOf(Buffer.concat([mail(''), Buffer.alloc(8_000_000, 'x\r\n')]), 65_536)
      const fault = await faultOf(gmail.import(raw, anImport(), never))
      assert.deepEqual([fault.code, fault.scope], [code, scope])
      assert.equal(uploads(server), 1)
      if (code === 'gmail.rate-limited') assert.ok((fault.notBeforeMs ?? 0) > Date.now())
    })
  }

  test('401 once is answered by a new token and one replay', async t => {
    const { server, gmail } = await start(t)
    server.faults.next('import', presets.unauthorizedAnswer())
    await gmail.import(messageOf(mail('x')), anImport(), never)
    assert.equal(uploads(server), 2)
    assert.equal(server.messages().length, 1)
  })

  test('is asked about once more just before it leaves, at the replay of a 401 too', async t => {
    const { server, gmail } = await start(t)
    let asked = 0
    const refusal = new Fault('journal.not-held')
    const assertMayLeave = (): void => {
      asked += 1
      if (asked === 2) throw refusal
    }
    server.faults.next('import', presets.unauthorizedAnswer())
    const import_ = gmail.import(messageOf(mail('x')), { ...anImport(), assertMayLeave }, never)
    await assert.rejects(import_, refusal)
    assert.deepEqual([asked, server.ledger.of('import').length, server.messages().length], [2, 1, 0])
  })

  test('leaves once its intent is kept, and not at all where it is broken', async t => {
    const { server, gmail } = await start(t)
    await gmail.import(messageOf(mail('before')), anImport(), never)
    const intent = Promise.withResolvers<void>()
    const import_ = gmail.import(messageOf(mail('x')), { ...anImport(), intent: intent.promise }, never)
    // Whatever else the account is asked for meanwhile is answered.
    await gmail.import(messageOf(mail('y')), anImport(), never)
    assert.equal(server.ledger.of('import').length, 2)
    intent.resolve()
    await import_
    assert.equal(server.messages().length, 3)
    const refusal = new Fault('state.io')
    const broken = Promise.reject(refusal)
    await assert.rejects(
      gmail.import(messageOf(mail('z')), { ...anImport(), intent: broken }, never),
      refusal,
    )
    assert.equal(server.messages().length, 3)
  })

  test('401 for ever ends after one replay', async t => {
    const { server, gmail } = await start(t)
    server.faults.always('import', presets.unauthorizedAnswer())
    assert.equal(
      (await faultOf(gmail.import(messageOf(mail('x')), anImport(), never))).code,
      'gmail.unauthorized',
    )
    assert.equal(uploads(server), 2)
  })

  test('invalid_grant stops the account before any message leaves', async t => {
    const { server, gmail } = await start(t)
    server.faults.always('token', presets.invalidGrant())
    assert.equal(
      (await faultOf(gmail.import(messageOf(mail('x')), anImport(), never))).code,
      'gmail.consent-ended',
    )
    assert.equal(uploads(server), 0)
    server.faults.clear()
    await gmail.import(messageOf(mail('x')), anImport(), never)
  })
})

describe('a connection that breaks', () => {
  const { reset, close, hang } = presets
  const rows: [string, Played, number][] = [
    ['by reset at the head', reset('before-body'), 0],
    ['by reset in the body', reset('mid-body', 1_000_000), 0],
    ['by reset after the body', reset('after-body'), 0],
    ['by reset after acceptance', reset('after-accept'), 1],
    ['by close in the body', close('mid-body', 1), 0],
    ['by close after acceptance', close('after-accept'), 1],
    ['by silence in the body', hang('mid-body', 1000), 0],
    ['by silence after acceptance', hang('after-accept'), 1],
  ]
  for (const [what, played, stored] of rows) {
    test(`${what} leaves an unknown outcome and is not repeated`, async t => {
      const silent = what.includes('silence')
      const { server, gmail } = await start(t, {
        deadlines: silent ? { answerMs: 1_000, progressMs: 300 } : {},
      })
      await gmail.import(messageOf(mail('a warm connection')), anImport(), never)
      server.faults.next('import', played)
      // Small where the time-out must find the whole upload taken in, else larger than what the sockets hold.
      const octets = stored > 0 ? 1_000 : 8_000_000
      const raw = messageOf(Buffer.concat([mail(''), Buffer.alloc(octets, 'x\r\n')]), 65_536)
      const fault = await faultOf(gmail.import(raw, anImport(), never))
      assert.deepEqual([fault.code, fault.scope], ['gmail.outcome-unknown', 'message'])
      assert.equal(uploads(server), 2)
      assert.equal(server.messages().length, 1 + stored)
    })
  }

  test('because Google is away is gmail.unreachable, and all is well when it is back', async t => {
    const { server, gmail } = await start(t)
    const raw = messageOf(mail('x'))
    await gmail.labelIds(['x'], never)
    await server.goOffline()
    assert.equal((await faultOf(gmail.import(raw, anImport(), never))).code, 'gmail.unreachable')
    await server.goOnline()
    await gmail.import(raw, anImport(), never)
    assert.equal(server.messages().length, 1)
  })
})

describe('the account', () => {
  test('without gmail.insert gets gmail.scope-missing', async t => {
    const { gmail } = await start(t, { scopes: ['gmail.labels'] })
    assert.equal(
      (await faultOf(gmail.import(messageOf(mail('x')), anImport(), never))).code,
      'gmail.scope-missing',
    )
  })

  test('in publishing status "Testing" knows when its consent ends', async t => {
    const { gmail } = await start(t, { server: { oauth: { testing: true } } })
    assert.equal(gmail.consentEndsAtMs, undefined)
    await gmail.canRead(never)
    const inMs = (gmail.consentEndsAtMs ?? 0) - Date.now()
    assert.ok(inMs > 6.9 * 86_400_000 && inMs <= 7 * 86_400_000)
  })

  test('is driven within the quota and with the imports in flight that were configured', async t => {
    const quota = { unitsPerMinute: 6000, maxConcurrent: 3 }
    const { server, gmail } = await start(t, { server: { quota }, account: { importsInFlight: 3 } })
    await Promise.all(
      Array.from({ length: 26 }, (_, at) => gmail.import(messageOf(mail(`${at}`)), anImport(), never)),
    )
    assert.equal(server.messages().length, 26)
    const connections = new Set(server.ledger.entries.map(({ connection }) => connection))
    assert.ok(connections.size <= 4, `${connections.size} connections`)
  })

  test('of a service account imports for its subject', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-service-'))
    t.after(() => rm(folder, { recursive: true }))
    const server = await startGmailServer()
    t.after(() => server.close())
    const service = server.oauth.createServiceAccount(least)
    const keyFile = join(folder, 'key.json')
    await writeFile(keyFile, JSON.stringify(service.key))
    const { url, authUrl, tokenUrl, revokeUrl } = server
    const gmail = makeGmail({
      account: accountFor({
        credential: { kind: 'service-account', keyFile, subject: 'owner@example.test' },
      }),
      endpoints: { apiRoot: url, authUrl, tokenUrl, revokeUrl },
      clock: systemClock,
    })
    t.after(() => gmail.close())
    await gmail.import(messageOf(mail('x')), anImport(), never)
    assert.equal(await gmail.canRead(never), false)
    assert.equal(server.messages().length, 1)
  })
})
