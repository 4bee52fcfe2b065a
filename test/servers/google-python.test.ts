/** The Gmail stand-in, driven by Google's Python client: a second reader of Gmail's shapes, with habits of its own. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import { type GmailServer, type GmailServerOptions, presets, startGmailServer } from './gmail/gmail-server.ts'
import { type Call, callByPython, googleClientMissing, type Result } from './google-client.ts'
import { requireServer } from './required.ts'

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')
const everything = ['gmail.insert', 'gmail.labels', 'gmail.readonly', 'gmail.modify']

/** 8-bit octets, bare CR, bare LF, NUL, a lone dot, "From " at a line's start, no final line end. */
const nasty = (id: string, octets = 256): Buffer =>
  Buffer.concat([
    Buffer.from(`From: Tarou <tarou@example.test>\r\nMessage-ID: <${id}>\r\nSubject: x\r\n\r\n`),
    Buffer.from(Array.from({ length: octets }, (_, octet) => octet)),
    Buffer.from('\r\n.\r\nFrom here\n\r\n--\r\nno final line end'),
  ])

/** The client's multipart takes no octet above 127: Python's generator of message/* parts encodes them as ASCII. */
const ascii = (id: string): Buffer => nasty(id, 128)

const open: GmailServer[] = []

async function start(options: GmailServerOptions = {}): Promise<GmailServer> {
  const server = await startGmailServer(options)
  open.push(server)
  return server
}

function resultOf(result: Result | undefined): Readonly<Record<string, unknown>> {
  assert.equal(result?.error, undefined)
  assert(typeof result?.value === 'object')
  return result.value
}

/** Every refusal that the stand-in's own rules give, and the answer that Google gives. */
const wrong: readonly (readonly [Call, RegExp])[] = [
  [
    { resource: 'labels', method: 'create', arguments: { body: { labels: ['x'] } } },
    /^Invalid JSON payload received\. Unknown name "labels" at 'label': Cannot find field\.$/,
  ],
  [
    {
      resource: 'labels',
      method: 'create',
      arguments: { body: { name: 'x', labelListVisibility: 'maybe' } },
    },
    /^Invalid value at 'label\.label_list_visibility' \(type\.googleapis\.com\/.*\), "maybe"$/,
  ],
  [
    { resource: 'labels', method: 'create', arguments: { body: { name: ['x'], color: 'red' } } },
    /^Invalid JSON .* at 'label\.name': Proto field is not repeating.*\nInvalid value at 'label\.color'/,
  ],
  [
    { resource: 'messages', method: 'insert', arguments: { body: { raw: 'RnJvbQ==', labelIds: 'INBOX' } } },
    /^Invalid value at 'message\.label_ids'/,
  ],
  [
    {
      resource: 'messages',
      method: 'import',
      arguments: { body: { labels: ['INBOX'] } },
      message: ascii('w'),
    },
    /Unknown name "labels" at 'message': Cannot find field\./,
  ],
]

describe('the Gmail stand-in, driven by Google’s Python client,', {
  skip: requireServer('google-python', googleClientMissing()),
}, () => {
  afterEach(async () => {
    for (const server of open.splice(0)) {
      await server.close()
      assert.deepEqual(server.bugs, [])
    }
  })

  it('takes multipart with LF, media, JSON and resumable uploads octet for octet', async () => {
    const server = await start()
    const body = { labelIds: ['INBOX', 'UNREAD'] }
    const small = ascii('multipart@example.test')
    const media = nasty('media@example.test')
    const json = nasty('json@example.test')
    const large = Buffer.concat([nasty('resumable@example.test'), randomBytes(600_000)])
    const query = { internalDateSource: 'receivedTime', neverMarkSpam: true }
    const results = await callByPython(
      server,
      ['gmail.insert'],
      [
        { resource: 'messages', method: 'import', arguments: { body, ...query }, message: small },
        { resource: 'messages', method: 'import', message: media },
        {
          resource: 'messages',
          method: 'import',
          arguments: { body, ...query },
          message: large,
          resumable: true,
        },
        {
          resource: 'messages',
          method: 'insert',
          arguments: { body: { ...body, raw: json.toString('base64url') }, internalDateSource: 'dateHeader' },
        },
      ],
    )
    assert.deepEqual(
      server.messages().map(message => message.sha256),
      [small, media, large, json].map(sha256),
    )
    assert.deepEqual(
      server.messages().map(({ id }) => id),
      results.map(result => resultOf(result).id),
    )
    assert.deepEqual(
      server
        .messages()
        .map(({ labelIds, neverMarkSpam, method }) => [labelIds.length, neverMarkSpam, method]),
      [
        [2, true, 'import'],
        [0, false, 'import'],
        [2, true, 'import'],
        [2, false, 'insert'],
      ],
    )
    assert.equal(results[2]?.chunks, 3)
    assert.equal(server.ledger.of('upload-session').length, 3)
    const heads = server.ledger.of('import')[0]?.body.toString('latin1') ?? ''
    assert.match(
      heads,
      /^--[^\r\n]+\n(?:[^\r\n]+\n)+\n\{/,
      'the client ends the lines of its part heads with LF',
    )
  })

  it('makes, lists, changes and deletes labels, and keeps what was asked of them', async () => {
    const server = await start({ accounts: [{ email: 'owner@example.test', labels: ['Rental'] }] })
    const hidden = { name: '受信/会社', labelListVisibility: 'labelHide', messageListVisibility: 'hide' }
    const color = { textColor: '#000000', backgroundColor: '#ffffff' }
    const [created, changed, got, listed, deleted, gone] = await callByPython(
      server,
      ['gmail.labels'],
      [
        { resource: 'labels', method: 'create', arguments: { body: hidden } },
        { resource: 'labels', method: 'patch', arguments: { id: 'Label_1', body: { name: 'Other', color } } },
        { resource: 'labels', method: 'get', arguments: { id: 'Label_2' } },
        { resource: 'labels', method: 'list' },
        { resource: 'labels', method: 'delete', arguments: { id: 'Label_2' } },
        { resource: 'labels', method: 'get', arguments: { id: 'Label_2' } },
      ],
    )
    assert.deepEqual(resultOf(created), { id: 'Label_2', type: 'user', ...hidden })
    assert.deepEqual(resultOf(changed), {
      ...{ id: 'Label_1', name: 'Other', type: 'user', color },
      ...{ labelListVisibility: 'labelShow', messageListVisibility: 'show' },
    })
    assert.equal(resultOf(got).labelListVisibility, 'labelHide')
    assert.deepEqual((resultOf(listed).labels as unknown[]).slice(-2), [resultOf(changed), resultOf(created)])
    assert.equal(deleted?.value, '')
    assert.equal(gone?.error?.status, 404)
    assert.equal(gone?.error?.reason, 'Requested entity was not found.')
  })

  it('finds by Message-ID, reads in every format, and tells the profile', async () => {
    const server = await start()
    const message = ascii('find@example.test')
    const id = '18c0000000000001'
    const get = (format: string, more = {}): Call => ({
      resource: 'messages',
      method: 'get',
      arguments: { id, format, ...more },
    })
    const [imported, found, none, raw, metadata, minimal, profile] = await callByPython(server, everything, [
      { resource: 'messages', method: 'import', arguments: { body: { labelIds: ['INBOX'] } }, message },
      {
        resource: 'messages',
        method: 'list',
        arguments: { q: 'rfc822msgid:<find@example.test>', maxResults: 5 },
      },
      { resource: 'messages', method: 'list', arguments: { q: 'rfc822msgid:other@example.test' } },
      get('raw'),
      get('metadata', { metadataHeaders: ['Subject', 'Message-ID'] }),
      get('minimal'),
      { resource: 'users', method: 'getProfile' },
    ])
    assert.equal(resultOf(imported).id, id)
    assert.deepEqual(resultOf(found).messages, [{ id, threadId: id }])
    assert.equal('messages' in resultOf(none), false)
    const octets = Buffer.from(String(resultOf(raw).raw), 'base64url')
    assert.deepEqual(octets.subarray(octets.length - message.length), message)
    assert.deepEqual(resultOf(metadata).payload, {
      headers: [
        { name: 'Message-ID', value: '<find@example.test>' },
        { name: 'Subject', value: 'x' },
      ],
    })
    assert.equal('payload' in resultOf(minimal) || 'raw' in resultOf(minimal), false)
    assert.deepEqual(
      [resultOf(profile).emailAddress, resultOf(profile).messagesTotal],
      ['owner@example.test', 1],
    )
  })

  it('refreshes a token over loopback, and again after a 401', async () => {
    const server = await start()
    server.faults.next('labels.list', presets.unauthorizedAnswer())
    const [listed] = await callByPython(server, ['gmail.labels'], [{ resource: 'labels', method: 'list' }])
    assert(Array.isArray(resultOf(listed).labels))
    assert.deepEqual(
      server.ledger.entries.map(({ endpoint, status }) => `${endpoint} ${status}`),
      ['token 200', 'labels.list 401', 'token 200', 'labels.list 200'],
    )
  })

  it('refuses what Google does not describe, in words that the client shows', async () => {
    const server = await start({ violations: 'expected' })
    const results = await callByPython(
      server,
      ['gmail.insert', 'gmail.labels'],
      wrong.map(([call]) => call),
    )
    for (const [n, [call, words]] of wrong.entries()) {
      const error = results[n]?.error
      assert.deepEqual([error?.status, error?.code, error?.name], [400, 400, 'INVALID_ARGUMENT'], call.method)
      assert.match(error?.reason ?? '', words)
      assert.equal(error?.errors[0]?.reason, 'invalid')
      assert.equal(error?.details?.[0]?.['@type'], 'type.googleapis.com/google.rpc.BadRequest')
      assert(server.ledger.entries.some(({ violations }) => words.test(violations.join('\n'))))
    }
    assert.deepEqual(server.messages(), [])
    assert.deepEqual(
      server.mailbox().labels.filter(({ type }) => type === 'user'),
      [],
    )
  })

  it('gives faults whose status, reason and details the client can tell apart', async () => {
    const server = await start()
    const faults = [
      presets.rateLimited('queries-403'),
      presets.rateLimited('exhausted-429'),
      presets.apiDisabled(),
      presets.accountSuspended(),
      presets.domainPolicy(),
      presets.refused('Invalid From header'),
      presets.status(400),
    ]
    for (const fault of faults) server.faults.next('labels.list', fault)
    const list: Call = { resource: 'labels', method: 'list' }
    const denied: Call = { resource: 'users', method: 'getProfile' }
    const errors = (await callByPython(server, ['gmail.labels'], [...faults.map(() => list), denied])).map(
      ({ error }) => error,
    )
    assert.deepEqual(
      errors[2]?.details?.map(detail => String(detail['@type']).replace(/^type\.googleapis\.com\//, '')),
      ['google.rpc.ErrorInfo', 'google.rpc.LocalizedMessage', 'google.rpc.Help'],
    )
    for (const error of errors) {
      assert.equal(error?.code, error?.status)
      assert.equal(typeof error?.errors[0]?.reason, 'string')
      assert.notEqual(error?.reason, '')
    }
    assert.deepEqual(
      errors.map(error => [
        error?.status,
        error?.name,
        error?.errors[0]?.reason,
        error?.details?.[0]?.reason,
      ]),
      [
        [403, 'PERMISSION_DENIED', 'rateLimitExceeded', 'RATE_LIMIT_EXCEEDED'],
        [429, 'RESOURCE_EXHAUSTED', 'rateLimitExceeded', undefined],
        [403, 'PERMISSION_DENIED', 'accessNotConfigured', 'SERVICE_DISABLED'],
        [403, 'PERMISSION_DENIED', 'forbidden', undefined],
        [403, 'PERMISSION_DENIED', 'domainPolicy', undefined],
        [400, 'INVALID_ARGUMENT', 'invalidArgument', undefined],
        [400, 'INVALID_ARGUMENT', 'badRequest', undefined],
        [403, 'PERMISSION_DENIED', 'insufficientPermissions', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'],
      ],
    )
  })
})
