/** `hikyaku run` as its users run it, with verification on, watched from outside while strangers write to it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { type DnsServer, startDnsServer } from '../authentication/dns-server.ts'
import type { GmailServerOptions } from '../servers/gmail/gmail-server.ts'
import type { Running } from '../servers/hikyaku.ts'
import { type Protocol, type ServerKind, sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'

const preloads = ['../pull/dns-preload.ts', './loop-preload.ts'].flatMap(path => [
  '--import',
  new URL(path, import.meta.url).href,
])

export interface Watched {
  readonly world: World
  readonly dns: DnsServer
  daemon: Running
  /** Another process on the same state directory. */
  start(): void
  /** Delivers; resolves when the last stands in Gmail; how long it took from its delivery, ms. */
  deliver(...messages: readonly Buffer[]): Promise<number>
  /** A message like any other, of its own. */
  innocent(): Buffer
  /** Begins to measure anew. */
  reset(): Promise<void>
  /** Longest stretch of the main thread without a breath, CPU ms; most memory held, MiB. */
  measure(): Promise<{ readonly loopMs: number; readonly rssMiB: number }>
  stop(): Promise<void>
}

export async function watchDaemon(options: {
  readonly protocol: Protocol
  readonly server?: ServerKind
  readonly env?: Readonly<Record<string, string>>
  readonly gmail?: GmailServerOptions
}): Promise<Watched> {
  const dns = await startDnsServer({})
  const schedule = options.protocol === 'pop3' ? { SCHEDULE: '* * * * * *' } : {}
  const world = await startWorld({
    ...options,
    env: { VERIFY: 'yes', HIKYAKU_TEST_DNS: dns.server, ALERT_MAIL: 'no', ...schedule, ...options.env },
  })
  const loop = join(world.folder, 'loop')
  await writeFile(loop, '0')
  const start = (): Running => world.start(['run'], { env: { HIKYAKU_TEST_LOOP: loop }, nodeArgs: preloads })
  let serial = 0
  const self: Watched = {
    world,
    dns,
    daemon: start(),
    start() {
      self.daemon = start()
    },
    async deliver(...messages) {
      for (const octets of messages.slice(0, -1)) await world.source.deliver(octets)
      const last = messages.at(-1)
      if (last === undefined) return 0
      const began = performance.now()
      await world.source.deliver(last)
      const digest = sha256(last)
      await until(() => world.gmail.stored().has(digest), 'the message in Gmail', 60_000)
      return performance.now() - began
    },
    innocent() {
      serial += 1
      return sampleMail(serial)
    },
    async reset() {
      self.daemon.kill('SIGUSR2')
      // proc(5): the high-water mark begins anew.
      await writeFile(`/proc/${self.daemon.pid}/clear_refs`, '5').catch(() => {})
    },
    async measure() {
      const status = await readFile(`/proc/${self.daemon.pid}/status`, 'utf8')
      const rssMiB = Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024)
      return { loopMs: Number(await readFile(loop, 'utf8')), rssMiB }
    },
    async stop() {
      await world.stop()
      await dns.close()
    },
  }
  return self
}

/** How many copies of each message Gmail holds, as a sorted list. */
export const copies = (world: World): readonly number[] => [...new Set(world.gmail.stored().values())]
