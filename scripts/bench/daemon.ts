/** The whole daemon between real sockets: how soon a mail is in Gmail, and what a large one costs in memory. */
import { readFile, writeFile } from 'node:fs/promises'
import { dovecotMissing } from '../../test/servers/dovecot.ts'
import { until } from '../../test/servers/hikyaku.ts'
import type { Protocol, ServerKind } from '../../test/servers/source-server.ts'
import { startWorld } from '../../test/servers/world.ts'
import { sampleMail } from '../sandbox/mail.ts'
import { type BenchOptions, below, figure, type Measure, median } from './measure.ts'

const mebi = 1 << 20

/** From the delivery into an IDLE mailbox until Gmail's book has it. */
export async function benchLatency(options: BenchOptions): Promise<Measure[]> {
  const kinds: ServerKind[] = dovecotMissing() === undefined ? ['stand-in', 'dovecot'] : ['stand-in']
  const measures: Measure[] = []
  for (const kind of kinds) {
    const messages = options.quick ? 5 : 40
    options.tell(`latency of ${messages} messages, IMAP IDLE on ${kind}`)
    const world = await startWorld({ protocol: 'imap', server: kind })
    try {
      const running = world.start(['run'])
      await world.source.deliver(sampleMail(0))
      await until(() => world.gmail.accepted.length === 1, 'the first message', 60_000)
      await until(() => /tells us|watching/.test(running.stderr() + running.stdout()), 'IDLE', 5_000).catch(
        () => {},
      )
      const waits: number[] = []
      for (let serial = 1; serial <= messages; serial += 1) {
        const sentMs = Date.now()
        await world.source.deliver(sampleMail(serial))
        await until(() => world.gmail.accepted.length > serial, `message ${serial}`, 60_000)
        waits.push((world.gmail.accepted[serial]?.atMs ?? 0) - sentMs)
      }
      const sorted = [...waits].sort((a, b) => a - b)
      measures.push(
        below(`latency.imap.${kind}.p50`, median(waits), 'ms', 1_000),
        figure(`latency.imap.${kind}.p95`, sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0, 'ms'),
      )
    } finally {
      await world.stop()
    }
  }
  return measures
}

/** The most memory while a message of 100 MiB passes, above what the idle daemon held. Linux tells it exactly. */
export async function benchMemory(options: BenchOptions): Promise<Measure[]> {
  if (process.platform !== 'linux') {
    options.tell('memory: only measured on Linux')
    return []
  }
  const measures: Measure[] = []
  for (const protocol of ['pop3', 'imap'] as const) {
    options.tell(`memory while 100 MiB pass over ${protocol}`)
    measures.push(...(await memoryOver(protocol)))
  }
  return measures
}

async function memoryOver(protocol: Protocol): Promise<Measure[]> {
  const often = { SCHEDULE: '*/1 * * * * *', LOG_LEVEL: 'debug', LOG_FORMAT: 'json' }
  const world = await startWorld({ protocol, gmail: { keepBodyOctets: 0 }, env: often })
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
      below(`memory.${protocol}.100MiB`, above / mebi, 'MiB above idle', 64),
      figure(`memory.${protocol}.100MiB.took`, seconds, 's'),
    ]
  } finally {
    await world.stop()
  }
}
