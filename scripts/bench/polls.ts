/**
 * What a look at a mailbox costs: round trips from the connection to the first import, and of a look that finds
 * nothing new, the octets and the CPU, with as much kept at the source as people keep there. The stand-in servers:
 * a Maildir of 100,000 would measure the disk.
 */

import { type Protocol, startSource } from '../../test/servers/source-server.ts'
import { until } from '../../test/servers/until.ts'
import { startWorld } from '../../test/servers/world.ts'
import { build } from './build.ts'
import { startDelayProxy } from './delay-proxy.ts'
import { mailOf } from './mail.ts'
import { atMost, type BenchOptions, figure, type Measure, median } from './measure.ts'
import { cpuSeconds } from './process.ts'

const wireMs = 100

export async function benchPolls(options: BenchOptions): Promise<readonly Measure[]> {
  build(options.tell)
  const measures: Measure[] = []
  for (const protocol of ['pop3', 'imap'] as const) {
    measures.push(...(await benchTrips(protocol, options)))
    if (process.platform !== 'linux') continue
    for (const kept of options.quick ? [1_000] : [1_000, 10_000, 100_000])
      try {
        measures.push(...(await benchEmptyPoll(protocol, kept, options)))
      } catch (error) {
        // Too slow for the time that there is: a figure, too.
        options.tell(String(error))
        measures.push(cpuOf(`polls.${protocol}.${kept}`, kept, Number.NaN, 'not done in three minutes'))
      }
  }
  return measures
}

/** From the moment at which the connection to the source is opened to the first octet of the upload. */
async function benchTrips(protocol: Protocol, options: BenchOptions): Promise<Measure[]> {
  options.tell(`polls: trips of a first import over ${protocol}`)
  const trips: number[] = []
  for (let round = 0; round < (options.quick ? 1 : 3); round += 1) {
    const source = await startSource(protocol, 'stand-in')
    let openMs: number | undefined
    const wire = await startDelayProxy({
      port: Number(source.env.MAIL_PORT),
      onOpen: atMs => {
        openMs ??= atMs
      },
    })
    wire.roundTripMs = wireMs
    const world = await startWorld({
      ...{ protocol, source, cli: build(() => {}) },
      env: { MAIL_PORT: String(wire.port) },
    })
    try {
      await source.deliver(mailOf(1, 4_000))
      await world.run(['pull'])
      const [upload] = world.gmail.ledger.of('import')
      if (upload === undefined || openMs === undefined) throw new Error(`no import over ${protocol}`)
      trips.push((upload.startedMonotonicMs - openMs) / wireMs)
    } finally {
      await world.stop()
      await wire.close()
    }
  }
  return [figure(`polls.${protocol}.trips`, median(trips), 'round trips from connect to the first upload')]
}

async function benchEmptyPoll(protocol: Protocol, kept: number, options: BenchOptions): Promise<Measure[]> {
  options.tell(`polls: ${protocol} with ${kept} messages kept`)
  const source = await startSource(protocol, 'stand-in')
  for (let serial = 0; serial < kept; serial += 1) await source.deliver(mailOf(serial, 400))
  const wire = await startDelayProxy({ port: Number(source.env.MAIL_PORT) })
  const world = await startWorld({
    ...{ protocol, source, cli: build(() => {}) },
    env: {
      ...{ MAIL_PORT: String(wire.port), START_FROM: 'new', SCHEDULE: '*/1 * * * * *' },
      ...{ LOG_LEVEL: 'debug', LOG_FORMAT: 'json' },
    },
  })
  try {
    const running = world.start(['run'])
    const pulls = (): number => (running.stdout() + running.stderr()).split('pullDone').length - 1
    // The first one takes all of them into the journal; two more and what follows from it is over.
    await until(() => pulls() >= 3, 'three pulls', 180_000)
    const before = { pulls: pulls(), cpu: cpuSeconds([running.pid]), octets: { ...wire.octets } }
    await until(() => pulls() >= before.pulls + (options.quick ? 3 : 6), 'quiet pulls', 180_000)
    const count = pulls() - before.pulls
    const cpuMs = ((cpuSeconds([running.pid]) - before.cpu) * 1000) / count
    const octets =
      wire.octets.fromServer + wire.octets.toServer - before.octets.fromServer - before.octets.toServer
    const name = `polls.${protocol}.${kept}`
    return [
      figure(`${name}.octets`, octets / count, 'octets on the wire, of a look that finds nothing new'),
      cpuOf(name, kept, cpuMs, `of ${count} looks`),
    ]
  } finally {
    await world.stop()
    await wire.close()
  }
}

const cpuOf = (name: string, kept: number, cpuMs: number, note: string): Measure =>
  kept === 100_000
    ? atMost(`${name}.cpu`, cpuMs, 'CPU ms', 50, note)
    : figure(`${name}.cpu`, cpuMs, 'CPU ms', note)
