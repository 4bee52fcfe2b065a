/** Mail beside those who ask: readers that read nothing, senders that never end, and scrapers, over 100,000 messages. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { mail } from '../faults/harness.ts'
import { freePorts, loopback } from '../servers/local.ts'
import { until } from '../servers/until.ts'
import { fillJournal } from './many-rows.ts'
import { ask, startPageWorld } from './page.ts'

const mails = 12

test('nobody who asks slowly, often or without listening keeps mail from Gmail', async t => {
  const [metricsPort = 0] = await freePorts(1)
  const metrics = `${loopback}:${metricsPort}`
  const world = await startPageWorld({
    env: { METRICS: metrics, SCHEDULE: '0 0 1 1 *' },
    prepare: world => fillJournal(world, 100_000),
  })
  t.after(() => world.stop())
  const owner = await world.signIn()
  await until(async () => (await ask(metrics, '/readyz')).status === 200, 'it is ready')
  let serial = 0
  /** ms from the mailbox to Gmail: the middle one, and the longest. */
  const carry = async (): Promise<readonly [number, number]> => {
    const took: number[] = []
    for (let i = 0; i < mails; i++) {
      const before = world.gmail.accepted.length
      const beganMs = performance.now()
      await world.source.deliver(mail(`burden-${serial++}`))
      await until(() => world.gmail.accepted.length === before + 1, 'it is in Gmail')
      took.push(performance.now() - beganMs)
    }
    took.sort((a, b) => a - b)
    return [took[mails / 2] ?? 0, took.at(-1) ?? 0]
  }
  await carry()
  const [usual, usualMost] = await carry()

  const sockets: Socket[] = []
  const dial = (address: string, text: string): Socket => {
    const [host = '', port] = address.split(':')
    const socket = connect({ host, port: Number(port) })
    socket.on('error', () => {}).write(text)
    sockets.push(socket)
    return socket
  }
  const ending = new AbortController()
  t.after(() => {
    ending.abort()
    for (const socket of sockets) socket.destroy()
  })
  const start = (work: () => Promise<unknown>, everyMs: number): void => {
    const repeat = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        await work().catch(() => {})
        await pause(everyMs)
      }
    }
    void repeat()
  }
  // Streams that nobody reads.
  for (let i = 0; i < 14; i++)
    dial(
      world.address,
      `GET ${owner.home}events HTTP/1.1\r\nHost: ${world.address}\r\nCookie: ${owner.cookie}\r\n\r\n`,
    ).pause()
  // Heads that never end, letter by letter; whoever is thrown out comes again.
  for (const [address, count] of [
    [metrics, 10],
    [world.address, 30],
  ] as const)
    for (let i = 0; i < count; i++) {
      let socket = dial(address, 'GET /metrics HTTP/1.1\r\nX-Slow: ')
      start(async () => {
        if (socket.destroyed) socket = dial(address, 'GET /metrics HTTP/1.1\r\nX-Slow: ')
        else socket.write('x')
      }, 300)
    }
  const scraped: number[] = []
  for (let i = 0; i < 2; i++)
    start(async () => {
      const beganMs = performance.now()
      if ((await ask(metrics, '/metrics')).status === 200) scraped.push(performance.now() - beganMs)
    }, 1000)
  start(() => owner.ask(owner.home), 500)
  start(() => owner.ask(`${owner.home}messages`), 500)
  await until(() => scraped.length > 3, 'it is scraped meanwhile')

  const [burdened, burdenedMost] = await carry()
  const ms = (value: number): string => `${Math.round(value)} ms`
  t.diagnostic(
    `from the mailbox to Gmail ${ms(usual)} (longest ${ms(usualMost)}) alone, ${ms(burdened)} (longest ` +
      `${ms(burdenedMost)}) beside them; ${scraped.length} scrapes of at most ${ms(Math.max(...scraped))}`,
  )
  assert.ok(burdened < usual + 400, 'the middle one')
  assert.ok(burdenedMost < 5000, 'the longest')
})
