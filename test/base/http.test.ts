/** One exchange with a server that does what it should not: no end, a connection that died, an answer too early. */
import assert from 'node:assert/strict'
import { createHash, randomFillSync } from 'node:crypto'
import { closeSync, fdatasync, openSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HttpTrouble, makeBody, sendRequest, usualHttpDeadlines } from '../../src/base/http.ts'
import { connectionsFor, type Served, serveHttp } from './serve-http.ts'

const never = new AbortController().signal
const chunk = Buffer.alloc(64 * 1024, 'x')

interface Running extends Served {
  /** Octets that came, of all connections. */
  received(): number
}

async function serve(
  t: TestContext,
  answer: (response: ServerResponse, serial: number) => void,
): Promise<Running> {
  let serial = 0
  const served = await serveHttp(t, 60_000, (request, response) => {
    serial += 1
    request.resume()
    request.on('error', () => {})
    answer(response, serial)
  })
  return {
    ...served,
    received: () => served.sockets.reduce((sum, socket) => sum + socket.bytesRead, 0),
  }
}

test('an answer without end is read to its limit and counts as cut', { timeout: 30_000 }, async t => {
  let sent = 0
  const { url } = await serve(t, response => {
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length
    }
    response.on('drain', more)
    more()
  })
  const request = { method: 'GET', url, headers: {}, answerLimit: 200_000 } as const
  const answer = await sendRequest(connectionsFor(t), request, usualHttpDeadlines, never)
  assert.equal(answer.cut, true)
  assert.ok(answer.body.length <= 200_000, `${answer.body.length}`)
  assert.ok(sent < 50_000_000, `${sent} octets were sent`)
})

test('a kept connection that was closed meanwhile is found dead before anything leaves', async t => {
  const { url, sockets } = await serve(t, response => response.end('{}'))
  const connections = connectionsFor(t)
  await sendRequest(connections, { method: 'GET', url, headers: {} }, usualHttpDeadlines, never)
  const body = {
    octets: 2,
    async *chunks() {
      yield Buffer.from('{}')
    },
  }
  const [kept] = sockets
  assert.ok(kept)
  // The FIN lies in the kernel when the next request takes the connection.
  kept.end()
  const end = performance.now() + 20
  while (performance.now() < end);
  const made = sendRequest(connections, { method: 'POST', url, headers: {}, body }, usualHttpDeadlines, never)
  await made.then(
    ({ status }) => assert.equal(status, 200),
    (thrown: unknown) => assert.equal(thrown instanceof HttpTrouble && thrown.phase, 'connect'),
  )
})

test('a kept connection whose end lies beside the word of the disk is found dead before anything leaves', async t => {
  const { url, sockets } = await serve(t, response => response.end('{}'))
  const connections = connectionsFor(t)
  await sendRequest(connections, { method: 'GET', url, headers: {} }, usualHttpDeadlines, never)
  const [kept] = sockets
  assert.ok(kept)
  const busy = (ms: number): void => {
    const end = performance.now() + ms
    while (performance.now() < end);
  }
  const file = openSync(fileURLToPath(import.meta.url), 'r')
  t.after(() => closeSync(file))
  const written = Promise.withResolvers<void>()
  const body = makeBody(Buffer.from('{}'))
  const request = { method: 'POST', url, headers: {}, body, intent: written.promise } as const
  const made = sendRequest(connections, request, usualHttpDeadlines, never)
  made.catch(() => {})
  // The request has its connection by now, and one turn of the event loop finds both: first the disk, then the FIN.
  await new Promise(resolve => setTimeout(resolve, 20))
  fdatasync(file, () => written.resolve())
  busy(20)
  kept.end()
  busy(20)
  await assert.rejects(made, thrown => thrown instanceof HttpTrouble && thrown.phase === 'connect')
})

test('a connection that idled for longer than half a minute, by the clock on the wall, is not used again', async t => {
  const { url, sockets } = await serve(t, response => response.end('{}'))
  let nowMs = 1_800_000_000_000
  const connections = connectionsFor(t, () => nowMs)
  const get = () => sendRequest(connections, { method: 'GET', url, headers: {} }, usualHttpDeadlines, never)
  await get()
  nowMs += 20_000
  await get()
  assert.equal(sockets.length, 1, 'kept')
  // The machine slept: its timers stood still meanwhile.
  nowMs += 8 * 3600_000
  await get()
  assert.equal(sockets.length, 2)
})

test('what is refused at once is not sent to its end', { timeout: 30_000 }, async t => {
  const octets = 50_000_000
  const { url, received } = await serve(t, response => {
    response.writeHead(413)
    response.end('too large')
  })
  let given = 0
  const body = {
    octets,
    async *chunks() {
      for (; given < octets; given += chunk.length) {
        yield chunk.subarray(0, Math.min(chunk.length, octets - given))
        await new Promise(resolve => setImmediate(resolve))
      }
    },
  }
  const answer = await sendRequest(
    connectionsFor(t),
    { method: 'POST', url, headers: {}, body },
    usualHttpDeadlines,
    never,
  )
  assert.deepEqual([answer.status, answer.bodySent], [413, false])
  assert.ok(given < octets / 2, `${given} octets were given, ${received()} came`)
})

test('what leaves is what the body gave, however slowly the other side reads and whatever the source does with its buffer', async t => {
  const octets = 5_000_003
  const sent = createHash('sha256')
  const came = createHash('sha256')
  const { url } = await serveHttp(t, 60_000, async (request, response) => {
    let reads = 0
    for await (const part of request) {
      came.update(part)
      // Now and then it stops, so that the line between us fills.
      reads += 1
      if (reads % 20 === 0) await new Promise(resolve => setTimeout(resolve, 5))
    }
    response.end('{}')
  })
  const own = Buffer.alloc(50_001)
  const body = {
    octets,
    async *chunks() {
      for (let given = 0; given < octets; given += own.length) {
        const piece = own.subarray(0, octets - given)
        randomFillSync(piece)
        sent.update(piece)
        yield piece
      }
    },
  }
  const request = { method: 'POST', url, headers: {}, body } as const
  const answer = await sendRequest(connectionsFor(t), request, usualHttpDeadlines, never)
  assert.deepEqual([answer.status, answer.bodySent], [200, true])
  assert.equal(came.digest('hex'), sent.digest('hex'))
})
