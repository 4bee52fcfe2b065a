/**
 * From the moment at which the server says that there is mail until Gmail has taken it in: in ms, and of those before
 * the upload leaves in round trips of the source. Real Dovecot, IMAP IDLE, no TLS; the wires to the source and to
 * Gmail are equally long. Every side waits all the while, and gets its message when it is its turn.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { dovecotMissing, startDovecot } from '../../test/servers/dovecot.ts'
import { startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { until } from '../../test/servers/until.ts'
import { sampleMail } from '../sandbox/mail.ts'
import { build } from './build.ts'
import { startDelayProxy } from './delay-proxy.ts'
import { latencyMeasures, type Sample } from './latency-measures.ts'
import { accountOf, type Side, type SideName, sideMissing, sideNames, startSide } from './latency-sides.ts'
import type { BenchOptions, Measure } from './measure.ts'

const password = 'bench'
/** Longer than any of them needs; a side that needs longer has missed the notice and finds the mail by a poll. */
const mostMs = 10_000
/** A side that misses so many notices is left out: each costs the bench `mostMs`. */
const mostMissed = 3
/** After the server's word that it is idling: getmail6 does not see what it gets together with that word. */
const settleMs = 200

interface Contestant {
  readonly name: SideName
  /** Sends one message and waits for it; undefined where no notice or no import came of it. */
  once(serial: number): Promise<Omit<Sample, 'quiet' | 'roundTripMs' | 'side'> | undefined>
  setRoundTrip(ms: number): void
  /** What a quiet hour does: Gmail has closed its connections. */
  quiet(): Promise<void>
  stop(): Promise<void>
}

type Servers = {
  readonly dovecot: Awaited<ReturnType<typeof startDovecot>>
  readonly gmail: Awaited<ReturnType<typeof startGmailServer>>
  readonly folder: string
}

export async function benchLatency(options: BenchOptions): Promise<readonly Measure[]> {
  const missing = dovecotMissing()
  if (missing !== undefined) {
    options.tell(`latency: ${missing}`)
    return []
  }
  build(options.tell)
  const roundTripsMs = options.quick ? [0, 100] : [0, 30, 100]
  const rounds = options.quick ? 1 : 5
  const inARow = options.quick ? 2 : 3
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-bench-'))
  const present = sideNames.filter(name => {
    const why = sideMissing(name)
    if (why !== undefined) options.tell(`latency: ${name} not there (${why})`)
    return why === undefined
  })
  const dovecot = await startDovecot({ users: Object.fromEntries(present.map(name => [name, password])) })
  const gmail = await startGmailServer({ accounts: sideNames.map(accountOf) })
  const contestants: Contestant[] = []
  const samples: Sample[] = []
  const missed = new Map<SideName, number>()
  try {
    for (const name of present) contestants.push(await startContestant(name, { dovecot, gmail, folder }))
    let serial = 0
    for (const roundTripMs of roundTripsMs) {
      for (const { setRoundTrip } of contestants) setRoundTrip(roundTripMs)
      for (let round = 0; round < rounds; round += 1) {
        options.tell(`latency at ${roundTripMs} ms, round ${round + 1} of ${rounds}`)
        for (const { quiet } of contestants) await quiet()
        await pause(300)
        for (let n = 0; n <= inARow; n += 1)
          for (const { name, once } of contestants) {
            if ((missed.get(name) ?? 0) >= mostMissed) continue
            serial += 1
            const taken = await once(serial)
            if (taken === undefined) {
              options.tell(`latency: ${name} missed a notice`)
              missed.set(name, (missed.get(name) ?? 0) + 1)
            } else samples.push({ ...taken, side: name, roundTripMs, quiet: n === 0 })
          }
      }
    }
  } finally {
    for (const { stop } of contestants) await stop()
    await dovecot.stop()
    await gmail.close().catch(error => options.tell(String(error)))
    await rm(folder, { recursive: true, force: true })
  }
  return latencyMeasures(samples, present, roundTripsMs)
}

/** What passed over the wires of a contestant since its last message was sent; performance.now(), ms. */
interface Heard {
  noticeMs: number | undefined
  uploadMs: number | undefined
  idling: boolean
}

async function startContestant(name: SideName, servers: Servers): Promise<Contestant> {
  const { dovecot, gmail, folder } = servers
  const heard: Heard = { noticeMs: undefined, uploadMs: undefined, idling: false }
  let askedIdle = false
  let idleMs = 0
  const sourceWire = await startDelayProxy({
    port: dovecot.ports.imap,
    onClient: said => {
      if (/\bIDLE\r\n/.test(said)) askedIdle = true
      if (/\bDONE\r\n/.test(said) && !/\bIDLE\r\n/.test(said)) askedIdle = heard.idling = false
    },
    onServer: (said, atMs) => {
      if (askedIdle && /(^|\n)\+ /.test(said)) {
        heard.idling = true
        idleMs = atMs
      }
      if (/\d EXISTS\r\n/.test(said)) heard.noticeMs ??= atMs
    },
  })
  const gmailWire = await startDelayProxy({
    port: Number(new URL(gmail.url).port),
    onClient: (said, atMs) => {
      if (said.includes('/messages/import')) heard.uploadMs ??= atMs
    },
  })
  const imports = (): number[] =>
    gmail.ledger.entries
      .filter(({ endpoint, account }) => endpoint === 'import' && account === accountOf(name))
      .filter(({ status, endedMonotonicMs }) => status === 200 && endedMonotonicMs !== undefined)
      .map(({ endedMonotonicMs }) => endedMonotonicMs ?? 0)
  // One that is there already, so that the start is behind each of them when the first notice comes.
  await dovecot.deliver('', sampleMail(0), { user: name })
  const side: Side = await startSide(name, password, {
    dovecot,
    gmail,
    sourceWire,
    gmailWire,
    folder: join(folder, name),
  })
  const stop = async (): Promise<void> => {
    await side.stop()
    await sourceWire.close()
    await gmailWire.close()
  }
  try {
    await until(() => imports().length > 0 && heard.idling, `${name} ready`, mostMs)
  } catch (cause) {
    await stop()
    throw new Error(`${name} does not get as far as IDLE: ${side.said()}`, { cause })
  }
  return {
    name,
    setRoundTrip(ms) {
      sourceWire.roundTripMs = ms
      gmailWire.roundTripMs = ms
    },
    async quiet() {
      await until(() => heard.idling, 'IDLE', mostMs).catch(() => {})
      // Whatever follows the last message, Gmail's answer above all, is to arrive.
      await pause(settleMs + 2 * sourceWire.roundTripMs)
      await gmailWire.hangUp()
    },
    async once(serial) {
      const idle = await until(() => heard.idling, 'IDLE', mostMs).then(
        () => true,
        () => false,
      )
      if (!idle) return undefined
      await pause(Math.max(0, idleMs + settleMs + sourceWire.roundTripMs - performance.now()))
      const before = imports().length
      heard.noticeMs = heard.uploadMs = undefined
      await dovecot.deliver('', sampleMail(serial), { user: name })
      const came = await until(() => imports().length > before, 'the import', mostMs).then(
        () => true,
        () => false,
      )
      const { noticeMs, uploadMs } = heard
      if (!came || noticeMs === undefined || uploadMs === undefined) return undefined
      // Behind the wires there may be more of it: the answer, flags, the way back to IDLE.
      const acceptedMs = imports()[before] ?? 0
      return { ms: acceptedMs - noticeMs, untilUploadMs: uploadMs - noticeMs }
    },
    stop,
  }
}
