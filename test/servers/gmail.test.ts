/** The Gmail stand-in, checked by Google's own client: what that client can use and tell apart is Gmail's shape. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type gmail_v1, gmail as googleGmail } from '@googleapis/gmail'
import { OAuth2Client } from 'google-auth-library'
import { type GmailServer, type GmailServerOptions, presets, startGmailServer } from './gmail/gmail-server.ts'
import { guardLoopback, type LoopbackGuard } from './gmail/loopback-guard.ts'

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** 8-bit octets, bare CR, bare LF, NUL, a lone dot, no final CRLF: whatever a string would spoil. */
const nasty = (id: string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `From: Tarou <tarou@example.test>\r\nMessage-ID: <${id}>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0900\r\n\r\n`,
    ),
    Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)),
    Buffer.from('\r\n.\r\n\r\n--\r\nno final line end'),
  ])

interface Desk {
  readonly server: GmailServer
  readonly api: gmail_v1.Gmail
  /** Per call: the constructor's is ignored for uploads. */
  readonly at: { rootUrl: string; retry: false }
}

let guard: LoopbackGuard
const open: GmailServer[] = []

async function desk(options: GmailServerOptions = {}, scopes?: readonly string[]): Promise<Desk> {
  const server = await startGmailServer(options)
  open.push(server)
  const auth = new OAuth2Client({
    clientId: server.client.id,
    clientSecret: server.client.secret,
    forceRefreshOnFailure: true,
    endpoints: {
      oauth2TokenUrl: server.tokenUrl,
      oauth2RevokeUrl: server.revokeUrl,
      oauth2AuthBaseUrl: server.authUrl,
    },
  })
  auth.setCredentials({ refresh_token: server.grant(undefined, scopes) })
  return { server, api: googleGmail({ version: 'v1', auth }), at: { rootUrl: server.url, retry: false } }
}

const everything = ['gmail.insert', 'gmail.labels', 'gmail.readonly', 'gmail.modify']

interface GoogleError {
  readonly status: number
  readonly message: string
  readonly reason: string | undefined
}

/** What Google's client makes of a failed call. */
async function failure(call: Promise<unknown>): Promise<GoogleError> {
  try {
    await call
  } catch (error) {
    assert(error instanceof Error)
    const { response } = error as {
      response?: { status?: number; data?: { error?: { errors?: { reason: string }[] } } }
    }
    return {
      status: response?.status ?? 0,
      message: error.message,
      reason: response?.data?.error?.errors?.[0]?.reason,
    }
  }
  throw new Error('the call succeeded')
}

describe('the Gmail stand-in, through the eyes of Google’s own client,', () => {
  before(() => {
    guard = guardLoopback()
  })
  beforeEach(() => {
    guard.refused.length = 0
  })
  after(async () => {
    for (const server of open) {
      await server.close()
      assert.deepEqual(server.bugs, [])
    }
    guard.remove()
  })

  it('stores the octets of a JSON raw import exactly', async () => {
    const { server, api, at } = await desk()
    const message = nasty('json@example.test')
    const { data } = await api.users.messages.import(
      { userId: 'me', requestBody: { raw: message.toString('base64url'), labelIds: ['INBOX', 'UNREAD'] } },
      at,
    )
    const [stored] = server.messages()
    assert.equal(stored?.id, data.id)
    assert.deepEqual(data.labelIds, ['INBOX', 'UNREAD'])
    assert.equal(stored?.sha256, sha256(message))
    assert.deepEqual(stored?.read(), message)
    assert.equal(stored?.internalDateMs, Date.parse('2026-11-02T01:00:00Z'))
    assert.deepEqual(guard.refused, [])
  })

  it('stores the octets of a media import exactly, without labels', async () => {
    const { server, api, at } = await desk()
    const message = nasty('media@example.test')
    const body = Readable.from([message.subarray(0, 100), message.subarray(100)])
    const { data } = await api.users.messages.import(
      { userId: 'me', media: { mimeType: 'message/rfc822', body } },
      at,
    )
    assert.equal(data.labelIds, undefined)
    assert.equal(server.messages()[0]?.sha256, sha256(message))
    assert.equal(server.ledger.of('import')[0]?.bodySha256, sha256(message))
  })

  it('stores the octets of a multipart import exactly, however the stream is cut', async () => {
    const { server, api, at } = await desk()
    for (const size of [1, 7, 64, 100_000]) {
      const message = nasty(`multipart-${size}@example.test`)
      const chunks = Array.from({ length: Math.ceil(message.length / size) }, (_, n) =>
        message.subarray(n * size, (n + 1) * size),
      )
      const { data } = await api.users.messages.import(
        {
          userId: 'me',
          neverMarkSpam: true,
          internalDateSource: 'receivedTime',
          requestBody: { labelIds: ['INBOX'] },
          media: { mimeType: 'message/rfc822', body: Readable.from(chunks) },
        },
        at,
      )
      const stored = server.messages().at(-1)
      assert.equal(stored?.id, data.id)
      assert.equal(stored?.sha256, sha256(message))
      assert.equal(stored?.neverMarkSpam, true)
      assert(Math.abs((stored?.internalDateMs ?? 0) - Date.now()) < 60_000)
      assert.equal(server.ledger.of('import').at(-1)?.message?.sha256, sha256(message))
    }
  })

  it('keeps a message of 12 MiB out of memory and gives it back whole', async () => {
    const { server, api, at } = await desk({}, everything)
    const message = Buffer.concat([nasty('large@example.test'), randomBytes(12 * 1024 * 1024)])
    const body = Readable.from([message])
    const { data } = await api.users.messages.import(
      { userId: 'me', media: { mimeType: 'message/rfc822', body } },
      at,
    )
    assert.equal(server.messages()[0]?.sha256, sha256(message))
    const { data: got } = await api.users.messages.get({ userId: 'me', id: data.id ?? '', format: 'raw' }, at)
    const raw = Buffer.from(got.raw ?? '', 'base64url')
    assert.match(raw.toString('latin1', 0, 200), /^Received: .*\r\n\tby gmailapi\.google\.com with HTTPREST;/)
    assert.equal(sha256(raw.subarray(raw.length - message.length)), sha256(message))
  })

  it('lists, makes and refuses labels as Gmail does', async () => {
    const { server, api, at } = await desk({ accounts: [{ email: 'me@example.test', labels: ['Rental'] }] })
    const { data: made } = await api.users.labels.create(
      { userId: 'me', requestBody: { name: '受信/会社' } },
      at,
    )
    const { data } = await api.users.labels.list({ userId: 'me' }, at)
    const names = new Map(data.labels?.map(label => [label.name, label.id]))
    assert.equal(names.get('受信/会社'), made.id)
    assert.equal(names.get('Rental'), 'Label_1')
    assert.equal(names.get('INBOX'), 'INBOX')
    assert.equal(
      (await failure(api.users.labels.create({ userId: 'me', requestBody: { name: 'RENTAL' } }, at))).status,
      409,
    )
    const raw = nasty('labels@example.test').toString('base64url')
    for (const labelIds of [['Label_99'], ['INBOX', 'SPAM'], ['SENT'], ['DRAFT'], ['Rental']]) {
      const error = await failure(
        api.users.messages.import({ userId: 'me', requestBody: { raw, labelIds } }, at),
      )
      assert.equal(error.status, 400)
      assert.match(error.message, /^Invalid label: /)
    }
    assert.deepEqual(server.messages(), [])
  })

  it('keeps what was asked of a label, changes it and lets it go', async () => {
    const { api, at } = await desk()
    const requestBody = { name: 'Rental', labelListVisibility: 'labelHide', messageListVisibility: 'hide' }
    const { data: created } = await api.users.labels.create({ userId: 'me', requestBody }, at)
    const id = created.id ?? ''
    assert.deepEqual(created, { id, type: 'user', ...requestBody })
    const { data: patched } = await api.users.labels.patch(
      { userId: 'me', id, requestBody: { labelListVisibility: 'labelShowIfUnread' } },
      at,
    )
    assert.deepEqual(patched, { ...created, labelListVisibility: 'labelShowIfUnread' })
    const { data: updated } = await api.users.labels.update(
      { userId: 'me', id, requestBody: { name: 'rental' } },
      at,
    )
    assert.deepEqual(
      [updated.name, updated.labelListVisibility, updated.messageListVisibility],
      ['rental', 'labelShow', 'show'],
    )
    const { data: got } = await api.users.labels.get({ userId: 'me', id }, at)
    assert.deepEqual(got, {
      ...updated,
      messagesTotal: 0,
      messagesUnread: 0,
      threadsTotal: 0,
      threadsUnread: 0,
    })
    assert.equal((await failure(api.users.labels.delete({ userId: 'me', id: 'INBOX' }, at))).status, 400)
    await api.users.labels.delete({ userId: 'me', id }, at)
    assert.equal((await failure(api.users.labels.get({ userId: 'me', id }, at))).status, 404)
  })

  it('refuses every field, value and parameter that Google does not describe, and says so at its end', async () => {
    const { server, api, at } = await desk({ violations: 'expected' }, everything)
    const raw = nasty('wrong@example.test').toString('base64url')
    const any = (body: object): object => body // what the client's own types would not let through
    const labels = (body: object) => api.users.labels.create({ userId: 'me', requestBody: any(body) }, at)
    const imports = (body: object, query: object = {}) =>
      api.users.messages.import({ userId: 'me', requestBody: any({ raw, ...body }), ...query }, at)
    for (const [call, words] of [
      [labels({ name: 'x', labels: [] }), /Unknown name "labels" at 'label': Cannot find field\.$/],
      [labels({ name: 'x', label_list_visibility: 'labelShow' }), /Unknown name "label_list_visibility"/],
      [labels({ name: 'x', constructor: 1 }), /Unknown name "constructor"/],
      [labels({ name: 'x', labelListVisibility: 'show' }), /'label\.label_list_visibility' .*"show"$/],
      [labels({ name: 'x', messageListVisibility: true }), /'label\.message_list_visibility' .*true$/],
      [labels({ name: 'x', messagesTotal: 2 ** 31 }), /'label\.messages_total' \(TYPE_INT32\), 2147483648$/],
      [labels({ name: 'x', color: { text: '#000000' } }), /Unknown name "text" at 'label\.color'/],
      [labels({ name: { a: 1 } }), /Unknown name "name" at 'label\.name': Proto field is not a message/],
      [imports({ labels: ['INBOX'] }), /Unknown name "labels" at 'message'/],
      [imports({ labelIds: [1] }), /'message\.label_ids\[0\]' \(TYPE_STRING\), 1$/],
      [imports({ raw: '%' }), /'message\.raw' \(TYPE_BYTES\), Base64 decoding failed for "%"$/],
      [
        imports({ payload: { headers: [{ key: 'x' }] } }),
        /Unknown name "key" at 'message\.payload\.headers\[0\]'/,
      ],
      [imports({}, { neverMarkSpam: 1 }), /'never_mark_spam' \(TYPE_BOOL\), "1"$/],
      [imports({}, { internalDateSource: 'date' }), /'internal_date_source' .*"date"$/],
      [imports({}, { labelIds: ['INBOX'] }), /Unknown name "labelIds": Cannot bind query parameter/],
      [api.users.messages.list({ userId: 'me', maxResults: -1 }, at), /'max_results' \(TYPE_UINT32\), "-1"$/],
      [
        api.users.messages.list(any({ userId: 'me', q: ['a', 'b'] }), at),
        /Unknown name "q": Proto field is not repeating/,
      ],
      [api.users.messages.get({ userId: 'me', id: '1', format: 'RAW' }, at), /'format' .*"RAW"$/],
    ] as const) {
      const { status, message, reason } = await failure(call)
      assert.deepEqual([status, reason], [400, 'invalid'], message)
      assert.match(message, words)
      assert.match(server.violations.at(-1) ?? '', words)
    }
    assert.equal(server.violations.length, 18)
    assert.deepEqual(server.messages(), [])
  })

  it('does not close in silence after a request that Google does not describe', async () => {
    const server = await startGmailServer()
    const headers = { authorization: `Bearer ${server.accessToken()}` }
    const response = await fetch(`${server.url}gmail/v1/users/me/labels`, { method: 'PUT', headers })
    assert.equal(response.status, 404)
    assert.match(await response.text(), /^<!DOCTYPE html>/)
    await assert.rejects(server.close(), /Gmail has no PUT \/gmail\/v1\/users\/me\/labels$/)
  })

  it('lets a token with gmail.insert and gmail.labels read nothing', async () => {
    const { api, at } = await desk()
    for (const call of [
      api.users.messages.list({ userId: 'me' }, at),
      api.users.messages.get({ userId: 'me', id: '1' }, at),
      api.users.getProfile({ userId: 'me' }, at),
      api.users.messages.delete({ userId: 'me', id: '1' }, at),
    ]) {
      const error = await failure(call)
      assert.equal(error.status, 403)
      assert.equal(error.reason, 'insufficientPermissions')
    }
  })

  it('is asked again with a fresh token after a 401, and tells the client of a dead consent', async () => {
    const { server, api, at } = await desk()
    server.faults.next('labels.list', presets.unauthorizedAnswer())
    await api.users.labels.list({ userId: 'me' }, at)
    const statuses = server.ledger.of('labels.list').map(entry => entry.status)
    assert.deepEqual(statuses, [401, 200])
    assert.equal(server.ledger.of('token').length, 2)
    server.oauth.killGrants('owner@example.test')
    assert.match((await failure(api.users.labels.list({ userId: 'me' }, at))).message, /invalid_grant/)
  })

  it('finds a message by Message-ID once the index has caught up, in the trash on request only', async () => {
    const { server, api, at } = await desk({ rules: { indexLagMs: 'manual' } }, everything)
    const raw = nasty('find@example.test').toString('base64url')
    const { data } = await api.users.messages.import(
      { userId: 'me', requestBody: { raw, labelIds: ['INBOX'] } },
      at,
    )
    const find = async (more: object = {}): Promise<unknown[]> =>
      (await api.users.messages.list({ userId: 'me', q: 'rfc822msgid:<find@example.test>', ...more }, at))
        .data.messages ?? []
    assert.deepEqual(await find(), [])
    server.indexNow()
    assert.deepEqual(await find(), [{ id: data.id, threadId: data.threadId }])
    await api.users.messages.trash({ userId: 'me', id: data.id ?? '' }, at)
    assert.deepEqual(await find(), [])
    assert.equal((await find({ includeSpamTrash: true })).length, 1)
    assert.equal((await api.users.getProfile({ userId: 'me' }, at)).data.emailAddress, 'owner@example.test')
  })

  it('keeps one copy of a Message-ID that is imported twice, and two that are inserted', async () => {
    const { server, api, at } = await desk()
    const send = (method: 'import' | 'insert', labelIds: string[], id: string) =>
      api.users.messages[method](
        { userId: 'me', requestBody: { raw: nasty(id).toString('base64url'), labelIds } },
        at,
      )
    const { data: first } = await send('import', ['INBOX'], 'twice@example.test')
    const { data: second } = await send('import', ['STARRED'], 'twice@example.test')
    assert.equal(second.id, first.id)
    assert.deepEqual(second.labelIds, ['INBOX', 'STARRED'])
    assert.equal(server.imports().get(first.id ?? ''), 2)
    await send('insert', [], 'inserted@example.test')
    await send('insert', [], 'inserted@example.test')
    assert.deepEqual([...server.stored().values()], [1, 2])
    assert.deepEqual(
      server.accepted.map(one => one.merged),
      [false, true, false, false],
    )
  })

  it('refuses a wrong From and an executable in Gmail’s words', async () => {
    const { server, api, at } = await desk()
    const words = async (text: string): Promise<string> =>
      (
        await failure(
          api.users.messages.import(
            { userId: 'me', requestBody: { raw: Buffer.from(text).toString('base64url') } },
            at,
          ),
        )
      ).message
    assert.equal(await words('Subject: none\r\n\r\nFrom: a@b.test\r\n'), "Expected a single 'From' header")
    assert.equal(await words('From: a@b.test\r\nfrom: c@d.test\r\n\r\n'), "Expected a single 'From' header")
    assert.equal(await words('From: nobody\r\n\r\n'), 'Invalid From header')
    assert.equal(await words('From: <>\r\n\r\n'), 'Invalid From header')
    const attachment = 'Content-Disposition: attachment;\r\n filename="report.exe"'
    assert.equal(await words(`From: a@b.test\r\n\r\n--x\r\n${attachment}\r\n\r\nMZ`), 'Invalid attachment')
    assert.match(await words(''), /payload message string/)
    assert.deepEqual(server.messages(), [])
  })

  it('answers a message that is too large with 413 and a page', async () => {
    const { api, at } = await desk({ rules: { maxMessageOctets: 1000 } })
    const body = Readable.from([nasty('big@example.test'), randomBytes(5000)])
    const error = await failure(
      api.users.messages.import(
        { userId: 'me', requestBody: {}, media: { mimeType: 'message/rfc822', body } },
        at,
      ),
    )
    assert.equal(error.status, 413)
  })

  it('is never reached by an upload whose rootUrl was given to the constructor alone', async () => {
    const { server } = await desk()
    const api = googleGmail({ version: 'v1', auth: 'key', rootUrl: server.url })
    const body = Readable.from([nasty('lost@example.test')])
    await assert.rejects(
      api.users.messages.import(
        { userId: 'me', media: { mimeType: 'message/rfc822', body } },
        { retry: false },
      ),
      /a test dialled gmail\.googleapis\.com/,
    )
    assert.deepEqual([...new Set(guard.refused)], ['gmail.googleapis.com'])
    assert.deepEqual(server.ledger.entries, [])
  })
})
