/**
 * A worker that does nothing but what is limited, as hard as it may, as a process of its own: it logs in to each mailbox
 * that it holds, or imports into one Gmail account. What it is told is JSON, the last argument; it says what it did
 * in a line of JSON once it is told to end.
 */
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeSource } from '../../src/bridge/adapters.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { makeUsualMailbox } from '../../src/config/usual-mailbox.ts'
import { keepHolds } from '../../src/fleet/keep-holds.ts'
import { keepLimits } from '../../src/fleet/limits.ts'
import { makeGmail, makeProjectQuotas } from '../../src/gmail/google.ts'
import type { GoogleEndpoints } from '../../src/google/settings.ts'
import { type Hold, openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { makeHostTurns } from '../../src/pull/host-turns.ts'
import { makeLoginGate } from '../../src/pull/logins.ts'
import { anImport, messageOf } from '../../test/gmail/scripted.ts'
import { percentile } from '../bench/measure.ts'

export interface LimitsTask {
  readonly url: string
  readonly worker: string
  /** A POP3 server on loopback to log in to, and how often. */
  readonly host?: { readonly port: number; readonly atOnce: number; readonly perMinute: number }
  readonly google?: {
    readonly endpoints: GoogleEndpoints
    readonly clientId: string
    readonly clientSecret: string
    readonly refreshToken: string
    readonly unitsPerMinute: number
  }
}

export interface LimitsReport {
  readonly worker: string
  readonly seconds: number
  readonly questions: number
  readonly asked: number
  readonly waits: number
  /** What a question took, ms. */
  readonly questionMs: { readonly p50: number; readonly p95: number; readonly most: number }
  readonly imports: number
  readonly logins: number
  readonly faults: Readonly<Record<string, number>>
}

const { url, worker, host, google }: LimitsTask = JSON.parse(process.argv.at(-1) ?? '{}')
const clock = systemClock
const beganMs = clock.monotonicMs()
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())
const faults: Record<string, number> = {}
const noteFault = (code: string): void => {
  faults[code] = (faults[code] ?? 0) + 1
}
const counts = { imports: 0, logins: 0 }
const tookMs: number[] = []
const fleet = await openPostgresJournal({ url, name: worker })
const limits = keepLimits({
  budget: {
    ...fleet.budget,
    async ask(...given) {
      const askedMs = clock.monotonicMs()
      try {
        return await fleet.budget.ask(...given)
      } finally {
        tookMs.push(clock.monotonicMs() - askedMs)
      }
    },
  },
  ...{ worker, clock },
  onFault: ({ code }) => noteFault(code),
  onDay() {},
})

async function logIn({ port, ...logins }: NonNullable<LimitsTask['host']>): Promise<void> {
  const turns = makeHostTurns({ limits, clock, ...logins, address: 'one' })
  const server = {
    host: '127.0.0.1',
    port,
    security: 'none',
    caFile: undefined,
    pinnedSha256: undefined,
  } as const
  const usual = makeUsualMailbox('pop3')
  const work = async (hold: Hold, signal: AbortSignal): Promise<void> => {
    const { mailbox: name } = hold
    const credential = { kind: 'password', password: Secret.of('secret') } as const
    const mailbox: MailboxConfig = { ...usual, name, account: 'me', user: name, server, credential }
    const gate = makeLoginGate(fleet.journalOf(hold), mailbox, clock, 'pull', undefined, turns)
    const source = await makeSource({ mailbox, clock, gate })
    while (!signal.aborted)
      try {
        const session = await source.open(signal)
        counts.logins += 1
        await session.close()
        break
      } catch (thrown) {
        if (!signal.aborted) noteFault(thrown instanceof Error ? thrown.message : String(thrown))
        await clock.sleep(1000, signal).catch(() => {})
      }
    if (!signal.aborted)
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
  const holding = { holds: fleet.holds, worker, clock, capacity: 1000, mostAtOnce: 50, work }
  await keepHolds({ ...holding, onFault: ({ code }) => noteFault(code) }, stopping.signal)
  turns.close()
}

async function importMany(given: NonNullable<LimitsTask['google']>): Promise<void> {
  const { endpoints, unitsPerMinute, clientId } = given
  const [clientSecret, refreshToken] = [Secret.of(given.clientSecret), Secret.of(given.refreshToken)]
  const credential = { kind: 'user', clientId, clientSecret, refreshToken } as const
  const gmail = makeGmail({
    account: { name: 'main/owner', address: 'me', credential, unitsPerMinute, importsInFlight: 3 },
    ...{ endpoints, clock },
    projects: makeProjectQuotas(clock, limits),
    sharing: { limits, account: 'main/owner' },
  })
  const one = async (place: number): Promise<void> => {
    for (let n = 0; !stopping.signal.aborted; n += 1) {
      const octets = Buffer.from(`From: a@example.test\r\nSubject: ${worker} ${place} ${n}\r\n\r\nhello\r\n`)
      try {
        await gmail.import(messageOf(octets), anImport(), stopping.signal)
        counts.imports += 1
      } catch (thrown) {
        if (stopping.signal.aborted) return
        noteFault(thrown instanceof Error ? thrown.message : String(thrown))
        await clock.sleep(500, stopping.signal).catch(() => {})
      }
    }
  }
  await Promise.all(Array.from({ length: 12 }, (_, place) => one(place)))
  gmail.close()
}

process.stdout.write('{"ready":true}\n')
await Promise.all([host && logIn(host), google && importMany(google)])
await limits.close()
await fleet.close()
const report: LimitsReport = {
  worker,
  seconds: (clock.monotonicMs() - beganMs) / 1000,
  ...limits.stats,
  questionMs: { p50: percentile(tookMs, 0.5), p95: percentile(tookMs, 0.95), most: percentile(tookMs, 1) },
  ...{ ...counts, faults },
}
process.stdout.write(`${JSON.stringify(report)}\n`)
