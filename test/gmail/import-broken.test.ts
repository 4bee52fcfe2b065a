import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { resetConnection } from '../servers/reset-connection.ts'
import {
  anImport,
  faultOf,
  gmailFor,
  messageOf,
  never,
  sendJson,
  serve,
  serveRaw,
  unknownHost,
} from './scripted.ts'

const simple = messageOf(Buffer.from('From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n'))

describe('an upload that ends without an answer', () => {
  const message = messageOf(Buffer.alloc(3_000_000, 'abc\r\n'))

  /** Reads `octets` of the request after its head, then breaks the connection by RST or FIN. */
  const breakAfter = (octets: number, how: 'rst' | 'fin') => (socket: Socket) => {
    let got = Buffer.alloc(0)
    let head = -1
    let seen = 0
    socket.on('data', part => {
      if (head < 0) {
        got = Buffer.concat([got, part])
        head = got.indexOf('\r\n\r\n')
        seen = head < 0 ? 0 : got.length - head - 4
      } else {
        seen += part.length
      }
      if (head >= 0 && seen >= octets) {
        if (how === 'rst') resetConnection(socket)
        else socket.destroy()
      }
    })
  }

  for (const how of ['rst', 'fin'] as const) {
    for (const [where, octets] of [
      ['at the first octet of the body', 1],
      ['in mid-message', 1_500_000],
      ['at the last octet', 3_000_000 + 200],
    ] as const) {
      test(`by ${how} ${where} has an unknown outcome and is sent once`, async t => {
        let connections = 0
        const api = await serveRaw(t, socket => {
          connections += 1
          breakAfter(octets, how)(socket)
        })
        const gmail = await gmailFor(t, { api })
        const fault = await faultOf(gmail.import(message, anImport(), never))
        assert.deepEqual([fault.code, fault.scope], ['gmail.outcome-unknown', 'message'])
        assert.equal(connections, 1)
      })
    }
  }

  test('because nobody listens is gmail.unreachable', async t => {
    const gone = await serveRaw(t, () => {})
    const closed = gone.replace(/\d+$/, '1')
    const gmail = await gmailFor(t, { api: closed })
    const fault = await faultOf(gmail.import(simple, anImport(), never))
    assert.deepEqual(
      [fault.code, fault.facts.phase, fault.facts.reason],
      ['gmail.unreachable', 'connect', 'ECONNREFUSED'],
    )
  })

  test('because the name does not resolve is gmail.unreachable and blames the host of Google', async t => {
    const gmail = await gmailFor(t, { api: `http://${unknownHost}` })
    const fault = await faultOf(gmail.import(simple, anImport(), never))
    assert.deepEqual([fault.code, fault.facts.host], ['gmail.unreachable', unknownHost])
  })

  test('because TLS was never answered is gmail.unreachable', async t => {
    const api = await serveRaw(t, socket => socket.resume())
    const gmail = await gmailFor(t, { api: api.replace('http:', 'https:'), deadlines: { connectMs: 80 } })
    const fault = await faultOf(gmail.import(simple, anImport(), never))
    assert.deepEqual(
      [fault.code, fault.facts.reason, fault.facts.phase],
      ['gmail.unreachable', 'timeout', 'connect'],
    )
  })

  test('because the server stops reading has an unknown outcome after the progress time-out', async t => {
    const api = await serveRaw(t, socket => socket.pause())
    const gmail = await gmailFor(t, { api, deadlines: { progressMs: 100 } })
    const large = messageOf(Buffer.alloc(20_000_000), 65_536)
    const fault = await faultOf(gmail.import(large, anImport(), never))
    assert.deepEqual(
      [fault.code, fault.facts.phase, fault.facts.reason],
      ['gmail.outcome-unknown', 'send', 'timeout'],
    )
  })

  test('because the answer never comes has an unknown outcome after the answer time-out', async t => {
    const api = await serveRaw(t, socket => socket.resume())
    const gmail = await gmailFor(t, { api, deadlines: { answerMs: 80 } })
    const fault = await faultOf(gmail.import(simple, anImport(), never))
    assert.deepEqual(
      [fault.code, fault.facts.phase, fault.facts.reason],
      ['gmail.outcome-unknown', 'answer', 'timeout'],
    )
  })

  test('because the answer stops in its middle has an unknown outcome', async t => {
    const server = await serve(t, (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' })
      response.write('{"id":"18c"}')
    })
    const gmail = await gmailFor(t, { api: server.origin, deadlines: { answerMs: 100 } })
    assert.equal((await faultOf(gmail.import(simple, anImport(), never))).code, 'gmail.outcome-unknown')
  })

  for (const [what, body] of [
    ['cut', '{"id":"18c"'],
    ['empty', ''],
    ['a captive portal', '<html>Please log in</html>'],
    ['without id', '{}'],
  ]) {
    test(`but with a 200 that is ${what} has an unknown outcome`, async t => {
      const server = await serve(t, (_, response) => response.writeHead(200).end(body))
      const gmail = await gmailFor(t, { api: server.origin })
      const fault = await faultOf(gmail.import(simple, anImport(), never))
      assert.deepEqual([fault.code, fault.facts.status], ['gmail.outcome-unknown', 200])
      assert.equal(server.seen.length, 1)
    })
  }
})

describe('an answer before the end of the upload', () => {
  const early = (status: string, body: string) => (socket: Socket) => {
    // Answers at the first octets, then goes on reading, as Google's front end does.
    socket.once('data', () => {
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
    })
    socket.on('data', () => {})
  }
  const large = messageOf(Buffer.alloc(30_000_000), 65_536)

  test('with 413 is read as such', async t => {
    const gmail = await gmailFor(t, { api: await serveRaw(t, early('413 Too Large', '<p>too large</p>')) })
    assert.equal((await faultOf(gmail.import(large, anImport(), never))).code, 'message.too-large')
  })
  test('with 503 is the trouble of the server, for Gmail cannot have the message', async t => {
    const gmail = await gmailFor(t, { api: await serveRaw(t, early('503 No', '')) })
    assert.equal((await faultOf(gmail.import(large, anImport(), never))).code, 'gmail.server')
  })
  test('with 200 and an id is no success', async t => {
    const gmail = await gmailFor(t, { api: await serveRaw(t, early('200 OK', '{"id":"1"}')) })
    assert.equal((await faultOf(gmail.import(large, anImport(), never))).code, 'gmail.outcome-unknown')
  })
})

describe('an abort', () => {
  test('before anything left is the reason of the signal', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, { id: '1' }))
    const gmail = await gmailFor(t, { api: server.origin })
    await assert.rejects(gmail.import(simple, anImport(), AbortSignal.abort()), { name: 'AbortError' })
    assert.equal(server.seen.length, 0)
  })

  test('after the upload still lets the answer be read', async t => {
    const stop = new AbortController()
    const server = await serve(t, (_, response) => {
      stop.abort()
      setImmediate(() => sendJson(response, 200, { id: '1' }))
    })
    const gmail = await gmailFor(t, { api: server.origin })
    assert.equal((await gmail.import(simple, anImport(), stop.signal)).id, '1')
  })

  test('after the upload has an unknown outcome where no answer comes in time', async t => {
    const stop = new AbortController()
    const server = await serve(t, () => stop.abort())
    const gmail = await gmailFor(t, { api: server.origin, deadlines: { graceMs: 50 } })
    const fault = await faultOf(gmail.import(simple, anImport(), stop.signal))
    assert.deepEqual([fault.code, fault.facts.reason], ['gmail.outcome-unknown', 'aborted'])
  })
})
