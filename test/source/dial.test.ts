import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect as netConnect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type DialMemory, dialServer } from '../../src/source/dial.ts'
import { freePorts } from '../servers/local.ts'
import { mailboxAt, never, rejectsWith } from './pop3-helpers.ts'

const v4 = { address: '127.0.0.1', family: 4 }
const v6 = { address: '::1', family: 6 }

async function listen(t: TestContext, host: string, port = 0): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => sockets.add(socket.on('error', () => {})))
  server.listen(port, host)
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address)
  return address.port
}

/**
 * A port on ::1 on which connecting neither succeeds nor fails, as on a dead route: a process that listens with
 * the shortest queue and never accepts, and its queue filled.
 */
async function deadPort(t: TestContext): Promise<number> {
  // Not one that the kernel gives for ::1: on 127.0.0.1 somebody else may have it.
  const [port = 0] = await freePorts(1)
  const script = `
    require('node:net').createServer().listen({ port: ${port}, host: '::1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, 'up')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60000)
    })`
  const child: ChildProcess = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const fillers: Socket[] = []
  t.after(async () => {
    for (const socket of fillers) socket.destroy()
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  assert.ok(child.stdout)
  await once(child.stdout, 'data')
  // Linux queues one more than it was asked for.
  for (let at = 0; at < 2; at += 1) {
    const filler = netConnect(port, '::1').on('error', () => {})
    fillers.push(filler)
    await once(filler, 'connect')
  }
  return port
}

/** A clock on which the pause before the next address never ends: what connects needed no waiting. */
const impatient: Clock = {
  ...systemClock,
  sleep: (ms, signal) => (ms === 250 ? new Promise(() => {}) : systemClock.sleep(ms, signal)),
}

const options = { clock: systemClock, connectMs: 5000, signal: never }

test('a dead IPv6 route costs less than a second, and nothing the next time', async t => {
  const port = await deadPort(t)
  await listen(t, '127.0.0.1', port)
  const memory: DialMemory = {}
  const { server } = mailboxAt(port, { host: 'mail.example', security: 'tls' })
  const timed = async (clock: Clock): Promise<number> => {
    const started = performance.now()
    const socket = await dialServer(server, { ...options, clock, memory, lookup: async () => [v6, v4] })
    assert.equal(socket.remoteFamily, 'IPv4')
    socket.destroy()
    return performance.now() - started
  }
  // The best of some first times: a busy machine is not the route's.
  const firstTimes: number[] = []
  while (firstTimes.length < 5 && Math.min(...firstTimes) >= 1000) {
    delete memory.family
    firstTimes.push(await timed(systemClock))
  }
  const first = Math.min(...firstTimes)
  assert.ok(first >= 200, `the dead route was not dead: ${first} ms`)
  assert.ok(first < 1000, `${first} ms`)
  assert.equal(memory.family, 4)
  await timed(impatient)
})

test('a refused address is passed over at once', async t => {
  const port = await listen(t, '127.0.0.1')
  const { server } = mailboxAt(port)
  const socket = await dialServer(server, { ...options, clock: impatient, lookup: async () => [v6, v4] })
  socket.destroy()
})

test('what goes wrong has its own name', async t => {
  const { server } = mailboxAt(await deadPort(t))
  const lookup = async () => [v6]
  const late = await rejectsWith('source.timeout', dialServer(server, { ...options, connectMs: 50, lookup }))
  assert.deepEqual(late.facts, { host: '127.0.0.1', port: server.port, phase: 'connect', seconds: 0.05 })
  await rejectsWith('source.unreachable', dialServer(mailboxAt(1).server, options))
  const noName = mailboxAt(1, { host: 'no-such-host.invalid', security: 'tls' }).server
  const notFound = Object.assign(new Error('queryA'), { code: 'ENOTFOUND' })
  await rejectsWith(
    'source.unknown-host',
    dialServer(noName, { ...options, lookup: () => Promise.reject(notFound) }),
  )
  await rejectsWith('source.unknown-host', dialServer(noName, { ...options, lookup: async () => [] }))
  const forever = () => new Promise<never>(() => {})
  await rejectsWith('source.timeout', dialServer(noName, { ...options, connectMs: 20, lookup: forever }))
})

test('dialling can be aborted', async t => {
  const { server } = mailboxAt(await deadPort(t))
  const stop = new AbortController()
  const dialling = dialServer(server, { ...options, signal: stop.signal, lookup: async () => [v6] })
  setImmediate(() => stop.abort())
  await assert.rejects(dialling, { name: 'AbortError' })
})
