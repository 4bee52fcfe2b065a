/** A day of open pages, played in seconds: streams that come and go by the thousand leave nothing behind. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeEvents } from '../../src/web/events.ts'
import { until } from '../servers/until.ts'

interface Held {
  readonly rss: number
  /** Octets of the heap, and of buffers beside it, once what nobody needs is gone. */
  readonly held: number
  readonly handles: number
  readonly files: number
  readonly looks: number
}

const mib = (octets: number): string => (octets / 1024 / 1024).toFixed(1)

describe('the stream of events', () => {
  it('holds nothing of those that were opened and closed, however many', {
    skip: existsSync('/proc/self/fd') ? false : 'needs /proc',
  }, async t => {
    const child = fork(join(import.meta.dirname, 'events-child.ts'), [], {
      // Young objects are to be cleared away early, so that what the system sees is what is held.
      execArgv: ['--expose-gc', '--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'],
    })
    t.after(() => child.kill('SIGKILL'))
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    const ask = async (what: 'measure' | 'looks'): Promise<Held> => {
      child.send(what)
      const [held] = (await once(child, 'message')) as [Held]
      return held
    }
    const measure = (): Promise<Held> => ask('measure')
    const sockets = new Set<Socket>()
    t.after(() => {
      for (const socket of sockets) socket.destroy()
    })
    /** A page that is open. @param reads whether it reads what it is sent */
    const open = async (reads = true): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1')
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
      socket.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
      const [head] = await once(socket, 'data')
      assert.match(String(head), /^HTTP\/1\.1 200/)
      if (reads) socket.resume()
      else socket.pause()
      return socket
    }
    const churn = async (count: number): Promise<void> => {
      for (let left = count; left > 0; left -= 6) {
        const all = await Promise.all(Array.from({ length: 6 }, () => open()))
        for (const [at, socket] of all.entries()) at % 2 === 0 ? socket.destroy() : socket.end()
        await until(() => all.every(socket => socket.destroyed), 'they are closed')
      }
    }
    let news = 0
    const stays = await Promise.all([open(), open(), open()])
    stays[0]?.on('data', (chunk: Buffer) => (news += String(chunk).split('event: news').length - 1))
    await Promise.all([open(false), open(false), open(false)])
    await churn(600)
    const before = await measure()
    await churn(1200)
    const looks = (): Promise<number> => ask('looks').then(held => held.looks)
    await until(async () => (await looks()) > before.looks + 4400, 'signs of life of a day and more', 60_000)
    const after = await measure()
    t.diagnostic(
      `${after.looks} looks, ${news} news to one that reads, 1800 streams opened and closed: ` +
        `RSS ${mib(before.rss)} -> ${mib(after.rss)} MiB, held ${mib(before.held)} -> ${mib(after.held)} MiB, ` +
        `sockets ${before.handles} -> ${after.handles}, files ${before.files} -> ${after.files}`,
    )
    assert.ok(news > 300)
    assert.ok(after.looks > 4320, 'more signs of life than a day has')
    assert.ok(
      stays.every(socket => !socket.destroyed),
      'who reads stays',
    )
    assert.equal(after.handles, before.handles)
    assert.equal(after.files, before.files)
    assert.ok(after.held - before.held < 1024 * 1024, 'memory')
    assert.ok(after.rss - before.rss < 16 * 1024 * 1024, 'memory as the system sees it')
  })

  it('drops who reads nothing, and lets the next one in', async () => {
    let looks = 0
    const events = makeEvents(async () => String(looks++), { most: 1, lookMs: 1, beatMs: 60_000 })
    const { signal } = new AbortController()
    const stream = events.open(signal)
    assert.ok(stream)
    assert.equal(events.open(signal), undefined, 'as many as may be are open')
    let next: ReadableStream<Uint8Array> | undefined
    await until(() => {
      next = events.open(signal)
      return next !== undefined
    }, 'the first is dropped')
    // What was put into it before it was dropped is all that it holds.
    let pieces = 0
    for await (const _ of stream) pieces += 1
    assert.ok(pieces <= 20, `${pieces} pieces`)
    await next?.cancel()
    events.close()
  })
})
