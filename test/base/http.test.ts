import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type TestContext, test } from 'node:test'
import { exchange, openConnections, usualDeadlines } from '../../src/base/http.ts'

/** An address of this computer that is not its loopback: what goes to it stays here all the same. */
const elsewhere = Object.values(networkInterfaces())
  .flatMap(list => list ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address
const skip = elsewhere === undefined && 'this computer has no address but its loopback'

async function listen(t: TestContext): Promise<{ port: number; connections(): number; heard(): string }> {
  let heard = ''
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => {}))
    socket.on('data', octets => {
      heard += octets.toString('latin1')
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
  })
  server.listen(0, elsewhere)
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address)
  return { port: address.port, connections: () => sockets.size, heard: () => heard }
}

const ask = (url: string, lookup?: unknown) => {
  const connections = openConnections()
  const http = new Agent({ lookup } as object)
  const request = { method: 'GET', url: new URL(url), headers: { Authorization: 'Bearer secret' } } as const
  return exchange({ ...connections, http }, request, usualDeadlines, new AbortController().signal)
}
const refused = { name: 'HttpTrouble', phase: 'connect', reason: 'clear-text' }

test('without TLS another computer is not even connected to', { skip }, async t => {
  const server = await listen(t)
  await assert.rejects(ask(`http://${elsewhere}:${server.port}/`), refused)
  assert.equal(server.connections(), 0)
})

test('without TLS localhost that resolves elsewhere is told nothing', { skip }, async t => {
  const server = await listen(t)
  const lookup = (_host: string, _options: object, done: (...found: unknown[]) => void): void =>
    done(null, [{ address: elsewhere, family: 4 }])
  await assert.rejects(ask(`http://localhost:${server.port}/`, lookup), refused)
  assert.equal(server.heard(), '')
})
