import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { RawMessage } from '../../src/message/message.ts'
import { until } from '../servers/until.ts'
import { makeFakeClock } from './fake-clock.ts'
import {
  anImport,
  faultOf,
  gmailFor,
  hurriedClock,
  messageOf,
  never,
  partsOf,
  sendJson,
  serve,
  serveRaw,
  serveTokens,
} from './scripted.ts'

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')
const simple = messageOf(Buffer.from('From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n'))

const difficult: Record<string, Uint8Array> = {
  'no final CRLF': Buffer.from('From: a\r\n\r\nend'),
  'a final CRLF': Buffer.from('From: a\r\n\r\nend\r\n'),
  'many final CRLFs': Buffer.from('From: a\r\n\r\nend\r\n\r\n\r\n'),
  'bare LF and bare CR': Buffer.from('From: a\n\nx\ry\n'),
  'NUL and every octet': Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256)),
  'raw Shift_JIS and ISO-2022-JP': Buffer.concat([
    Buffer.from('Subject: '),
    Buffer.from([0x83, 0x65, 0x83, 0x58, 0x83, 0x67]),
    Buffer.from('\r\n\r\n\x1b$B%F%9%H\x1b(B\r\n', 'latin1'),
  ]),
  'lines that look like delimiters': Buffer.from(
    'From: a\r\n\r\n--hikyaku-\r\n--hikyaku---\r\n--\r\n----\r\n--hikyaku',
  ),
  'a multipart upload inside': Buffer.from(
    'From: a\r\n\r\n--x\r\nContent-Type: application/json\r\n\r\n{"labelIds":["SPAM"]}\r\n--x--\r\n',
  ),
  'nothing but an empty line': Buffer.from('\r\n'),
  'one octet': Buffer.from('x'),
  'more than one piece': Buffer.alloc(200_000, 'line\r\n'),
}

describe('an import', () => {
  test('arrives octet for octet, whatever the message holds', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, { id: '18c', threadId: '18c' }))
    const gmail = await gmailFor(t, { api: server.origin })
    for (const [what, octets] of Object.entries(difficult)) {
      const answer = await gmail.import(messageOf(octets, 777), anImport(), never)
      const seen = server.seen.at(-1)
      assert.ok(seen)
      const { message, messageHead } = partsOf(seen)
      assert.equal(sha256(message), sha256(octets), what)
      assert.equal(answer.sentSha256, sha256(octets), what)
      assert.equal(messageHead, 'Content-Type: message/rfc822', what)
      assert.equal(seen.headers['content-length'], String(seen.body.length), what)
      assert.equal(seen.headers['transfer-encoding'], undefined, what)
    }
    assert.equal(server.connections, 1, 'one warm connection')
  })

  test('arrives octet for octet from a source that reuses its buffer', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, { id: '18c' }))
    const gmail = await gmailFor(t, { api: server.origin })
    const octets = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) % 256))
    for (const step of [100, 65_535, 65_536, 70_000]) {
      const buffer = Buffer.alloc(step)
      const raw: RawMessage = {
        ...messageOf(octets),
        async *chunks() {
          for (let at = 0; at < octets.length; at += step) {
            const length = octets.copy(buffer, 0, at, at + step)
            yield buffer.subarray(0, length)
          }
        },
      }
      await gmail.import(raw, anImport(), never)
      const seen = server.seen.at(-1)
      assert.ok(seen)
      assert.equal(sha256(partsOf(seen).message), sha256(octets), `chunks of ${step}`)
    }
  })

  test('says labels in the JSON part and all else in the query, in the spelling of Gmail', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, { id: '1' }))
    const gmail = await gmailFor(t, { api: `${server.origin}/` })
    await gmail.import(
      simple,
      anImport({ labelIds: ['UNREAD', 'Label_1'], neverMarkSpam: true, internalDateSource: 'receivedTime' }),
      never,
    )
    await gmail.import(simple, anImport({ method: 'insert' }), never)
    const [first, second] = server.seen
    assert.ok(first && second)
    assert.equal(first.method, 'POST')
    assert.equal(first.path, '/upload/gmail/v1/users/me/messages/import')
    assert.deepEqual(Object.fromEntries(first.query), {
      uploadType: 'multipart',
      internalDateSource: 'receivedTime',
      neverMarkSpam: 'true',
      processForCalendar: 'false',
    })
    assert.deepEqual(partsOf(first).json, { labelIds: ['UNREAD', 'Label_1'] })
    assert.equal(first.headers.authorization, 'Bearer ya29.token-1')
    assert.equal(second.path, '/upload/gmail/v1/users/me/messages')
    assert.deepEqual(Object.fromEntries(second.query), {
      uploadType: 'multipart',
      internalDateSource: 'dateHeader',
    })
  })

  test('is replayed once, from the first octet and with a new token, after a 401', async t => {
    const server = await serve(t, (seen, response) =>
      seen.headers.authorization === 'Bearer ya29.token-1'
        ? sendJson(response, 401, { error: { code: 401, errors: [{ reason: 'authError' }] } })
        : sendJson(response, 200, { id: '1' }),
    )
    const gmail = await gmailFor(t, { api: server.origin })
    await gmail.import(messageOf(Buffer.alloc(300_000, 'x\r\n')), anImport(), never)
    assert.equal(server.seen.length, 2)
    for (const seen of server.seen) assert.equal(partsOf(seen).message.length, 300_000)
  })

  test('that gets 401 for ever is sent twice and ends in gmail.unauthorized', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 401, {}))
    const gmail = await gmailFor(t, { api: server.origin })
    const fault = await faultOf(gmail.import(simple, anImport(), never))
    assert.equal(fault.code, 'gmail.unauthorized')
    assert.equal(server.seen.length, 2)
  })

  test('does not follow a redirect', async t => {
    const elsewhere = await serve(t, (_, response) => sendJson(response, 200, { id: '1' }))
    const server = await serve(t, (_, response) => {
      response.writeHead(308, { Location: `${elsewhere.origin}/upload` }).end()
    })
    const gmail = await gmailFor(t, { api: server.origin })
    assert.equal((await faultOf(gmail.import(simple, anImport(), never))).code, 'gmail.not-google')
    assert.equal(elsewhere.seen.length, 0)
  })

  test('is sent exactly once whatever 5xx comes, and the outcome is unknown', async t => {
    const server = await serve(t, (_, response) =>
      response.writeHead(503, { 'Retry-After': '7' }).end('<p>busy'),
    )
    const gmail = await gmailFor(t, { api: server.origin })
    const fault = await faultOf(gmail.import(simple, anImport(), never))
    assert.deepEqual([fault.code, fault.scope, fault.facts.status], ['gmail.outcome-unknown', 'account', 503])
    assert.ok((fault.notBeforeMs ?? 0) > Date.now() + 5000)
    assert.equal(server.seen.length, 1)
  })

  test('over the limit of Gmail is not sent at all', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, { id: '1' }))
    const gmail = await gmailFor(t, { api: server.origin })
    const huge: RawMessage = { ...simple, octets: 157_286_401 }
    assert.equal((await faultOf(gmail.import(huge, anImport(), never))).code, 'message.too-large')
    assert.equal(server.seen.length, 0)
  })

  for (const octets of [40, 500_000]) {
    test(`of ${octets} octets that changed since retrieval never becomes a complete request`, async t => {
      let got = Buffer.alloc(0)
      let closed = false
      const api = await serveRaw(t, socket => {
        socket.on('data', part => {
          got = Buffer.concat([got, part])
        })
        socket.on('close', () => {
          closed = true
        })
      })
      const gmail = await gmailFor(t, { api })
      const kept = Buffer.alloc(octets, 'a')
      const changed = Buffer.from(kept)
      changed[octets - 1] = 0x62
      const raw: RawMessage = { ...messageOf(kept), chunks: () => messageOf(changed).chunks() }
      const fault = await faultOf(gmail.import(raw, anImport(), never))
      assert.deepEqual([fault.code, fault.scope], ['state.io', 'message'])
      await until(() => closed, 'the connection is torn')
      const boundary = /boundary=(\S+)/.exec(got.toString('latin1'))?.[1]
      if (boundary !== undefined) assert.equal(got.includes(`--${boundary}--`), false)
    })
  }

  test('whose message cannot be read is torn, and the reason of the reader comes out', async t => {
    const api = await serveRaw(t, socket => socket.resume())
    const gmail = await gmailFor(t, { api })
    const raw: RawMessage = {
      ...messageOf(Buffer.alloc(100_000)),
      async *chunks() {
        yield Buffer.alloc(70_000)
        throw new Error('EIO')
      },
    }
    const fault = await faultOf(gmail.import(raw, anImport(), never))
    assert.match(String(fault.facts.what), /EIO/)
  })
})

describe('imports side by side', () => {
  test('are never more than the account allows, and keep their order', async t => {
    let now = 0
    let most = 0
    const held: (() => void)[] = []
    const server = await serve(t, (_, response) => {
      now += 1
      most = Math.max(most, now)
      held.push(() => {
        now -= 1
        sendJson(response, 200, { id: '1' })
      })
    })
    const account = { importsInFlight: 2 }
    const gmail = await gmailFor(t, { api: server.origin, account, clock: hurriedClock })
    const labels = Array.from({ length: 8 }, (_, at) => `Label_${at}`)
    const all = labels.map(label => gmail.import(simple, anImport({ labelIds: [label] }), never))
    for (let done = 0; done < labels.length; done += 1) {
      await until(() => held.length > 0, 'an import arrives')
      held.shift()?.()
    }
    await Promise.all(all)
    assert.equal(most, 2)
    const order = server.seen.map(seen => (partsOf(seen).json as { labelIds: string[] }).labelIds[0])
    // Two in flight may overtake each other by one place on their way.
    order.forEach((label, at) => {
      assert.ok(Math.abs(labels.indexOf(label ?? '') - at) <= 1, order.join())
    })
  })

  test('stop after a rate limit that names a far instant, without a further request', async t => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const server = await serve(t, (_, response) =>
      sendJson(response, 403, {
        error: { message: `Retry after ${at}`, errors: [{ reason: 'userRateLimitExceeded' }] },
      }),
    )
    const account = { importsInFlight: 1 }
    const gmail = await gmailFor(t, { api: server.origin, account, clock: hurriedClock })
    const faults = await Promise.all([1, 2, 3].map(() => faultOf(gmail.import(simple, anImport(), never))))
    for (const fault of faults) {
      assert.deepEqual([fault.code, fault.scope], ['gmail.rate-limited', 'account'])
      assert.ok((fault.notBeforeMs ?? 0) >= Date.parse(at) - 1000)
    }
    assert.equal(server.seen.length, 1)
  })
})

test('an idle connection that the server closed is replaced without a word', async t => {
  const server = await serve(t, (_, response) => {
    response.setHeader('Connection', 'close')
    sendJson(response, 200, { id: '1' })
  })
  const gmail = await gmailFor(t, { api: server.origin })
  await gmail.import(simple, anImport(), never)
  await gmail.import(simple, anImport(), never)
  assert.equal(server.connections, 2)
})

test('a connection kept over a suspend of the machine is not used again', async t => {
  const clock = makeFakeClock()
  const server = await serve(t, (_, response) => sendJson(response, 200, { id: '1' }))
  const gmail = await gmailFor(t, { api: server.origin, clock })
  await gmail.import(simple, anImport(), never)
  await gmail.import(simple, anImport(), never)
  assert.equal(server.connections, 1)
  clock.jump(1_800_000)
  await gmail.import(simple, anImport(), never)
  assert.equal(server.connections, 2)
})

test('close leaves no socket behind', async t => {
  const sockets: import('node:net').Socket[] = []
  const api = await serveRaw(t, socket => {
    sockets.push(socket)
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"id":"1"}'))
  })
  const tokens = await serveTokens(t)
  const gmail = await gmailFor(t, { api, tokens: tokens.origin })
  await gmail.import(simple, anImport(), never)
  const [socket] = sockets
  assert.ok(socket)
  const ended = once(socket, 'close')
  await gmail.close()
  await ended
})
