/** What is opened ahead of an exchange, and what becomes of a connection that waited. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Connections } from '../../src/base/connections.ts'
import {
  type HttpAnswer,
  HttpTrouble,
  makeBody,
  sendRequest,
  usualHttpDeadlines,
} from '../../src/base/http.ts'
import { resetConnection } from '../servers/reset-connection.ts'
import { until } from '../servers/until.ts'
import { connectionsFor, type Served, serveHttp } from './serve-http.ts'

const never = new AbortController().signal

interface Counted extends Served {
  readonly requests: { readonly connection: number; readonly octets: number }[]
}

/** A server that answers every request with its serial number. */
async function serve(t: TestContext): Promise<Counted> {
  const requests: { connection: number; octets: number }[] = []
  const served = await serveHttp(t, 0, async (request, response) => {
    let octets = 0
    for await (const part of request) octets += part.length
    requests.push({ connection: served.sockets.indexOf(request.socket) + 1, octets })
    response.end(String(requests.length))
  })
  return { ...served, requests }
}

const post = (connections: Connections, url: URL): Promise<HttpAnswer> =>
  sendRequest(
    connections,
    { method: 'POST', url, headers: {}, body: makeBody(Buffer.from('mail')) },
    usualHttpDeadlines,
    never,
  )

/** As an upload does it: once more where nothing had left. */
const postAgain = (connections: Connections, url: URL): Promise<HttpAnswer> =>
  post(connections, url).catch((thrown: unknown) => {
    if (thrown instanceof HttpTrouble && thrown.reused && thrown.phase === 'connect')
      return post(connections, url)
    throw thrown
  })

/** Lets what was sent arrive in the kernel, and no turn of the event loop notice it. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('a connection that was opened ahead carries the next exchange, while it is being opened and once it stands', async t => {
  const { url, sockets, requests } = await serve(t)
  for (const waits of [true, false]) {
    const before = sockets.length
    const connections = connectionsFor(t)
    connections.openAhead(url, 3)
    if (waits) await until(() => sockets.length === before + 1, 'the connection')
    await post(connections, url)
    assert.equal(sockets.length, before + 1)
    assert.equal(requests.at(-1)?.connection, before + 1)
  }
})

test('however often it is asked for, one connection is opened ahead, and none where one waits', async t => {
  const { url, sockets } = await serve(t)
  const connections = connectionsFor(t)
  for (let time = 0; time < 20; time += 1) connections.openAhead(url, 3)
  await post(connections, url)
  for (let time = 0; time < 20; time += 1) connections.openAhead(url, 3)
  await post(connections, url)
  assert.equal(sockets.length, 1)
})

test('no connection is opened ahead where as many as may run are in use', async t => {
  const { url, sockets } = await serve(t)
  const connections = connectionsFor(t)
  const first = post(connections, url)
  connections.openAhead(url, 1)
  await first
  assert.equal(sockets.length, 1)
})

test('a connection that nobody used is dropped after half a minute', async t => {
  const { url, sockets } = await serve(t)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const connections = connectionsFor(t)
  connections.openAhead(url, 3)
  const deadline = performance.now() + 10_000
  const turn = () => new Promise(resolve => setImmediate(resolve))
  while (sockets.length === 0 && performance.now() < deadline) await turn()
  const closed = once(sockets[0] as Socket, 'close')
  t.mock.timers.tick(29_000)
  await turn()
  assert.equal(sockets[0]?.destroyed, false)
  t.mock.timers.tick(1_000)
  t.mock.timers.reset()
  await closed
})

test('a connection that was opened before the machine slept is not used', async t => {
  const { url, sockets, requests } = await serve(t)
  let nowMs = 1_800_000_000_000
  const connections = connectionsFor(t, () => nowMs)
  connections.openAhead(url, 3)
  await until(() => sockets.length === 1, 'the connection')
  nowMs += 3_600_000
  await post(connections, url)
  assert.equal(requests.at(-1)?.connection, 2)
})

test('a large upload before does not cost the next exchange its connection', async t => {
  const { url, sockets } = await serve(t)
  let nowMs = 1_800_000_000_000
  const connections = connectionsFor(t, () => nowMs)
  const large = post(connections, url)
  nowMs += 600_000
  await large
  nowMs += 20_000
  await post(connections, url)
  assert.equal(sockets.length, 1)
})

for (const [how, end] of [
  ['ended (FIN)', (socket: Socket) => socket.end()],
  ['was reset', (socket: Socket) => resetConnection(socket)],
  [
    'said something unasked and ended',
    (socket: Socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'),
  ],
  [
    'said unasked that all is well',
    (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  ],
] as const) {
  for (const noticed of [true, false]) {
    const when = noticed ? 'long before' : 'as the upload begins'
    test(`a connection ahead that ${how} ${when} costs no upload its certainty`, async t => {
      const { url, sockets, requests } = await serve(t)
      const connections = connectionsFor(t)
      connections.openAhead(url, 3)
      await until(() => sockets.length === 1, 'the connection')
      await new Promise(resolve => setImmediate(resolve))
      end(sockets[0] as Socket)
      if (noticed) await new Promise(resolve => setTimeout(resolve, 20))
      else block(20)
      const answer = await postAgain(connections, url)
      assert.deepEqual([answer.status, answer.body.toString(), answer.bodySent], [200, '1', true])
      assert.deepEqual(requests, [{ connection: 2, octets: 4 }])
    })

    test(`a kept connection that ${how} ${when} costs no upload its certainty`, async t => {
      const { url, sockets, requests } = await serve(t)
      const connections = connectionsFor(t)
      await post(connections, url)
      end(sockets[0] as Socket)
      if (noticed) await new Promise(resolve => setTimeout(resolve, 20))
      else block(20)
      const answer = await postAgain(connections, url)
      assert.deepEqual([answer.status, answer.body.toString(), answer.bodySent], [200, '2', true])
      assert.deepEqual(requests.at(-1), { connection: 2, octets: 4 })
    })
  }
}

test('a host that cannot be reached is nobody’s fault before the exchange', async t => {
  const connections = connectionsFor(t)
  for (const url of ['http://127.0.0.1:1/', 'https://127.0.0.1:1/', 'http://mail.example.test/'])
    connections.openAhead(new URL(url), 3)
  await new Promise(resolve => setTimeout(resolve, 20))
  const trouble = await post(connections, new URL('http://127.0.0.1:1/')).catch((thrown: unknown) => thrown)
  assert.ok(trouble instanceof HttpTrouble)
  assert.equal(trouble.phase, 'connect')
})
