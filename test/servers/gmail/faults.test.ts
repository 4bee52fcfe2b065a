import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Clock } from '../../../src/base/clock.ts'
import {
  type Fault,
  type GmailServer,
  type GmailServerOptions,
  presets,
  startGmailServer,
} from './gmail-server.ts'

class Hand implements Clock {
  ms = Date.parse('2026-11-25T00:00:00Z')
  nowMs = (): number => this.ms
  monotonicMs = (): number => this.ms
  after = (): never => {
    throw new Error('nothing is timed here')
  }
  sleep = (): Promise<void> => Promise.resolve()
}

let server: GmailServer
let token: string

async function start(options: GmailServerOptions = {}): Promise<void> {
  server = await startGmailServer(options)
  token = server.accessToken()
}

const message = (id: string, octets = 0): Buffer =>
  Buffer.concat([Buffer.from(`From: a@b.test\r\nMessage-ID: <${id}>\r\n\r\ntext`), randomBytes(octets)])

async function send(
  mail: Buffer,
  signal?: AbortSignal,
): Promise<{ status: number; text: string; headers: Headers }> {
  const body = Buffer.concat([
    Buffer.from(
      '--b\r\nContent-Type: application/json\r\n\r\n{"labelIds": ["INBOX"]}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n',
    ),
    mail,
    Buffer.from('\r\n--b--\r\n'),
  ])
  const response = await fetch(`${server.url}upload/gmail/v1/users/me/messages/import?uploadType=multipart`, {
    method: 'POST',
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/related; boundary=b' },
    body: new Uint8Array(body),
    ...(signal === undefined ? {} : { signal }),
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

interface Envelope {
  error: { code: number; message: string; status?: string; errors: { domain: string; reason: string }[] }
}

describe('the Gmail stand-in', () => {
  beforeEach(() => start())
  afterEach(async () => {
    await server.close()
    assert.deepEqual(server.bugs, [])
  })

  it('plays each fault once, at its stage, and the ledger says whether the message was stored', async () => {
    const cases: [Fault, 'stored' | 'not stored', number | 'no answer'][] = [
      [presets.status(500), 'not stored', 500],
      [presets.status(502, 'html', 'before-body'), 'not stored', 502],
      [presets.acceptedThen(503), 'stored', 503],
      [presets.acceptedThen(504, 'html'), 'stored', 504],
      [presets.status(429, 'empty'), 'not stored', 429],
      [presets.reset('before-body'), 'not stored', 'no answer'],
      [presets.reset('mid-body', 100), 'not stored', 'no answer'],
      [presets.reset('after-body'), 'not stored', 'no answer'],
      [presets.reset('after-accept'), 'stored', 'no answer'],
      [presets.close('after-accept'), 'stored', 'no answer'],
      [presets.close('after-body'), 'not stored', 'no answer'],
      [{ kind: 'cut-answer', afterOctets: 10 }, 'stored', 'no answer'],
      [presets.unusable('cut-json'), 'stored', 200],
      [presets.unusable('empty'), 'stored', 200],
      [presets.unusable('no-id'), 'stored', 200],
      [presets.captivePortal(), 'not stored', 200],
      [presets.redirect('https://example.test/'), 'not stored', 302],
      [presets.redirect('https://example.test/', 308, true), 'stored', 308],
      [presets.messageTooLarge(), 'not stored', 413],
      [{ kind: 'slow', ms: 1 }, 'stored', 200],
      [{ kind: 'slow', ms: 0, drip: true }, 'stored', 200],
    ]
    for (const [index, [fault, stored, status]] of cases.entries()) {
      const name = `${index}: ${JSON.stringify(fault)}`
      const mail = message(`fault-${index}@example.test`)
      server.faults.next('import', fault)
      const got = await send(mail).then(
        answer => answer.status,
        () => 'no answer' as const,
      )
      assert.equal(got, status, name)
      const sha256 = createHash('sha256').update(mail).digest('hex')
      assert.equal(server.stored().get(sha256), stored === 'stored' ? 1 : undefined, name)
      assert.equal(server.ledger.entries.at(-1)?.fault, fault.kind)
      assert.equal((await send(message(`after-${index}@example.test`))).status, 200, `after ${name}`)
    }
    assert.equal(server.faults.pending, 0)
  })

  it('hangs at every stage until the client leaves', async () => {
    for (const stage of ['before-body', 'mid-body', 'after-body', 'after-accept'] as const) {
      const leaving = new AbortController()
      server.faults.next('import', presets.hang(stage))
      const count = server.ledger.of('import').length + 1
      const sent = assert.rejects(send(message(`hang-${stage}@example.test`), leaving.signal))
      await server.ledger.waitFor(entry => entry.outcome === 'hung', count)
      leaving.abort()
      await sent
      await server.ledger.waitFor(
        entry => entry.endedMonotonicMs !== undefined && entry.outcome === 'hung',
        count,
      )
      assert.equal(server.messages().length, stage === 'after-accept' ? 1 : 0)
    }
  })

  it('holds an answer until it is let go, and counts requests at the same time', async () => {
    let letGo = (): void => undefined
    const until = new Promise<void>(resolve => {
      letGo = resolve
    })
    server.faults.next('import', { kind: 'hold', until }, 3)
    const sent = [1, 2, 3].map(n => send(message(`hold-${n}@example.test`)))
    await server.ledger.waitFor(entry => entry.message !== undefined, 3)
    assert.equal(server.quota.usage('owner@example.test').peakConcurrent, 3)
    letGo()
    assert.deepEqual(
      (await Promise.all(sent)).map(({ status }) => status),
      [200, 200, 200],
    )
  })

  it('refuses a request too many at the same time', async () => {
    server.quota.rules.maxConcurrent = 2
    let letGo = (): void => undefined
    const until = new Promise<void>(resolve => {
      letGo = resolve
    })
    server.faults.next('import', { kind: 'hold', until }, 2)
    const held = [1, 2].map(n => send(message(`held-${n}@example.test`)))
    await server.ledger.waitFor(entry => entry.message !== undefined, 2)
    const refused = await send(message('held-3@example.test'))
    assert.equal(refused.status, 429)
    assert.match(refused.text, /Too many concurrent requests for user/)
    letGo()
    await Promise.all(held)
    assert.equal((await send(message('held-3@example.test'))).status, 200)
  })

  it('says its errors in Gmail’s envelope', async () => {
    const cases: [Fault, number, string, string][] = [
      [presets.rateLimited('user-rate'), 429, 'usageLimits', 'rateLimitExceeded'],
      [presets.rateLimited('user-rate-403'), 403, 'usageLimits', 'userRateLimitExceeded'],
      [presets.rateLimited('exhausted-429'), 429, 'global', 'rateLimitExceeded'],
      [presets.dailyLimitExceeded(), 403, 'usageLimits', 'dailyLimitExceeded'],
      [presets.apiDisabled(), 403, 'usageLimits', 'accessNotConfigured'],
      [presets.domainPolicy(), 403, 'global', 'domainPolicy'],
      [presets.storageFull('drive-403'), 403, 'global', 'storageQuotaExceeded'],
      [presets.refused('Bad Request'), 400, 'global', 'badRequest'],
      [presets.unauthorizedAnswer(), 401, 'global', 'authError'],
    ]
    for (const [fault, status, domain, reason] of cases) {
      server.faults.next('import', fault)
      const answer = await send(message('envelope@example.test'))
      const { error } = JSON.parse(answer.text) as Envelope
      assert.equal(answer.status, status)
      assert.equal(error.code, status)
      assert.deepEqual([error.errors[0]?.domain, error.errors[0]?.reason], [domain, reason])
    }
    token = 'dead'
    const { error } = JSON.parse((await send(message('x@example.test'))).text) as Envelope
    assert.deepEqual(
      [error.code, error.status, error.errors[0]?.reason],
      [401, 'UNAUTHENTICATED', 'authError'],
    )
  })

  it('limits the units of a sliding minute and names the instant to come back', async () => {
    await server.close()
    const clock = new Hand()
    await start({ clock, quota: { unitsPerMinute: 75 } })
    for (const n of [1, 2, 3]) {
      assert.equal((await send(message(`quota-${n}@example.test`))).status, 200)
      clock.ms += 1000
    }
    const refused = await send(message('quota-4@example.test'))
    assert.equal(refused.status, 403)
    assert.match(refused.text, /Retry after 2026-11-25T00:01:00\.000Z/)
    clock.ms = Date.parse('2026-11-25T00:01:00Z')
    assert.equal((await send(message('quota-4@example.test'))).status, 200)
    assert.equal((await send(message('quota-5@example.test'))).status, 403)
    assert.equal(server.quota.usage('owner@example.test').refused, 2)
  })

  it('goes offline and comes back on the same port, with what it held', async () => {
    await send(message('kept@example.test'))
    await server.goOffline()
    await assert.rejects(send(message('lost@example.test')))
    await server.goOnline()
    assert.equal((await send(message('back@example.test'))).status, 200)
    assert.equal(server.messages().length, 2)
  })

  it('notes a client that leaves in the middle of a body, and leaves no file behind', async t => {
    const { TMPDIR } = process.env
    const folder = mkdtempSync(join(tmpdir(), 'stand-in-test-'))
    process.env.TMPDIR = folder
    t.after(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = TMPDIR
      rmdirSync(folder)
    })
    assert.equal((await send(message('large@example.test', 2_000_000))).status, 200)
    assert.equal(readdirSync(folder).length, 1)
    const leaving = new AbortController()
    const body = new ReadableStream({
      pull: async stream => {
        if ((server.ledger.of('import')[1]?.bodyOctets ?? 0) === 0) stream.enqueue(randomBytes(1000))
        else leaving.abort()
        await new Promise(setImmediate)
      },
    })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' }
    const url = `${server.url}upload/gmail/v1/users/me/messages/import?uploadType=media`
    await assert.rejects(
      fetch(url, { method: 'POST', headers, body, duplex: 'half', signal: leaving.signal } as RequestInit),
    )
    const [gone] = await server.ledger.waitFor(entry => entry.outcome === 'client-gone')
    assert((gone?.bodyOctets ?? 0) > 0)
    assert.equal(server.messages().length, 1)
    await server.close()
    assert.deepEqual(readdirSync(folder), [])
  })
})
