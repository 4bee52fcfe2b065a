/** What a large message costs the whole daemon in memory. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Protocol } from '../../test/servers/source-server.ts'
import { until } from '../../test/servers/until.ts'
import { startWorld } from '../../test/servers/world.ts'
import { sampleMail } from '../sandbox/mail.ts'
import { build } from './build.ts'
import { atMost, type BenchOptions, figure, type Measure } from './measure.ts'

const mebi = 1 << 20

/** The most memory while a message of 100 MiB passes, above what the idle daemon held. Linux tells it exactly. */
export async function benchMemory(options: BenchOptions): Promise<Measure[]> {
  if (process.platform !== 'linux') {
    options.tell('memory: only measured on Linux')
    return []
  }
  const measures: Measure[] = []
  for (const protocol of ['pop3', 'imap'] as const) {
    options.tell(`memory while 100 MiB pass over ${protocol}`)
    measures.push(...(await memoryOver(protocol, options.tell)))
  }
  return measures
}

async function memoryOver(protocol: Protocol, tell: BenchOptions['tell']): Promise<Measure[]> {
  const often = { SCHEDULE: '*/1 * * * * *', LOG_LEVEL: 'debug', LOG_FORMAT: 'json' }
  const world = await startWorld({ protocol, cli: build(tell), gmail: { keepBodyOctets: 0 }, env: often })
  try {
    const running = world.start(['run'])
    const { pid } = running
    const memory = async (field: 'VmRSS' | 'VmHWM'): Promise<number> => {
      const status = await readFile(`/proc/${pid}/status`, 'latin1')
      return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
    }
    await world.source.deliver(sampleMail(0))
    await until(() => world.gmail.accepted.length === 1, 'the first message', 60_000)
    // Idle is what it holds once the first message is behind it: three more looks at the mailbox.
    const looks = (): number => (running.stderr() + running.stdout()).split('pullDone').length
    const from = looks()
    await until(() => looks() >= from + 3, 'three quiet pulls', 60_000)
    // Forgets the peak of the start (proc(5), clear_refs 5): from here on it is the peak of the message.
    await writeFile(`/proc/${pid}/clear_refs`, '5')
    const idle = await memory('VmRSS')
    const head = 'From: a@example.jp\r\nMessage-ID: <large@bench.example>\r\n\r\n'
    const octets = Buffer.alloc(100 * mebi, `${'0123456789abcdef'.repeat(4)}\r\n`)
    octets.set(Buffer.from(head))
    octets.set(Buffer.from('\r\n'), octets.length - 2)
    const start = performance.now()
    await world.source.deliver(octets)
    await until(() => world.gmail.accepted.length === 2, '100 MiB in Gmail', 120_000)
    const seconds = (performance.now() - start) / 1000
    const above = (await memory('VmHWM')) - idle
    return [
      figure(`memory.${protocol}.idle`, idle / mebi, 'MiB'),
      atMost(`memory.${protocol}.100MiB`, above / mebi, 'MiB above idle', 64),
      figure(`memory.${protocol}.100MiB.took`, seconds, 's'),
    ]
  } finally {
    await world.stop()
  }
}
