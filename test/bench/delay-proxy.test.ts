/** The wire of the bench is as long as it says: its figures are worth what this is worth. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { type DelayProxy, startDelayProxy } from '../../scripts/bench/delay-proxy.ts'

const released: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const release of released.splice(0).reverse()) await release()
})

/** Greets, and says back what it hears. */
async function startEcho(greeting: string): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => {}))
    if (greeting !== '') socket.write(greeting)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  released.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port
}

async function startWire(greeting: string, roundTripMs: number): Promise<DelayProxy> {
  const wire = await startDelayProxy({ port: await startEcho(greeting) })
  wire.roundTripMs = roundTripMs
  released.push(() => wire.close())
  return wire
}

async function dial(wire: DelayProxy): Promise<Socket> {
  const socket = connect(wire.port, '127.0.0.1')
  released.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Resolves with the time once the text has come whole. */
async function arrival(socket: Socket, text: string): Promise<number> {
  let come = ''
  return new Promise(resolve =>
    socket.on('data', (chunk: Buffer) => {
      come += chunk.toString('latin1')
      if (come === text) resolve(performance.now())
    }),
  )
}

/** Timers of Node count whole milliseconds. */
const grain = 1

describe('a delaying proxy', () => {
  test('a greeting costs two round trips from the dialling, as TCP does', async () => {
    const wire = await startWire('hello', 60)
    const startMs = performance.now()
    const ms = (await arrival(await dial(wire), 'hello')) - startMs
    assert.ok(ms >= 120 - grain, `${ms} ms`)
  })

  test('a question costs one round trip, on a new connection two', async () => {
    const wire = await startWire('', 60)
    const startMs = performance.now()
    const socket = await dial(wire)
    socket.write('first')
    const first = (await arrival(socket, 'first')) - startMs
    assert.ok(first >= 120 - grain, `${first} ms`)
    socket.removeAllListeners('data')
    const askedMs = performance.now()
    socket.write('second')
    const second = (await arrival(socket, 'second')) - askedMs
    assert.ok(second >= 60 - grain, `${second} ms`)
  })

  test('nothing overtakes where the wire gets shorter, and nothing is lost', async () => {
    const wire = await startWire('', 80)
    const socket = await dial(wire)
    socket.setNoDelay(true)
    const sent = Array.from({ length: 50 }, (_, number) => `${number},`)
    const whole = arrival(socket, sent.join(''))
    for (const [number, piece] of sent.entries()) {
      if (number === 25) wire.roundTripMs = 0
      socket.write(piece)
      await new Promise(resolve => setImmediate(resolve))
    }
    await whole
    assert.deepEqual(wire.octets, { toServer: sent.join('').length, fromServer: sent.join('').length })
  })

  test('what each side says is heard when it is said, before the wire', async () => {
    const heard: [string, number][] = []
    const wire = await startDelayProxy({
      port: await startEcho(''),
      onClient: (said, atMs) => heard.push([`client ${said}`, atMs]),
      onServer: (said, atMs) => heard.push([`server ${said}`, atMs]),
    })
    wire.roundTripMs = 60
    released.push(() => wire.close())
    const socket = await dial(wire)
    socket.write('word')
    const atMs = await arrival(socket, 'word')
    assert.deepEqual(
      heard.map(([said]) => said),
      ['client word', 'server word'],
    )
    const [[, askedMs = 0] = [], [, answeredMs = 0] = []] = heard
    assert.ok(answeredMs - askedMs >= 30 - grain)
    assert.ok(atMs - answeredMs >= 30 - grain)
  })

  test('hanging up ends what stands; the next connection is taken', async () => {
    const wire = await startWire('hello', 20)
    const socket = await dial(wire)
    const ended = once(socket.resume(), 'close')
    await wire.hangUp()
    await ended
    await arrival(await dial(wire), 'hello')
    assert.equal(wire.connections, 2)
  })
})
