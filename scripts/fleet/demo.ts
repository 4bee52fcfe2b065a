/** The demonstration: mail arrives in many mailboxes, four workers carry it, one of them is killed, and the others go on. */
import { setTimeout as pause } from 'node:timers/promises'
import { findTakeovers, judge, type Takeovers, type Verdict } from './judge.ts'
import { promisedMs } from './kills.ts'
import type { Screen } from './screen.ts'
import { type FleetStage, startStage } from './stage.ts'
import type { Worker } from './workers.ts'

export interface DemoOptions {
  readonly mailboxes: number
  readonly messages: number
  readonly workers: number
  /** A folder for what the workers print. */
  readonly logs?: string | undefined
}

export interface DemoResult {
  readonly verdict: Verdict
  readonly takeovers: Takeovers
  readonly took: number
  /** What a worker that failed said last. */
  readonly troubles: readonly string[]
}

/** This part of the mail waits before the first worker starts; the rest arrives one by one. */
const waitingPart = 1 / 3
const arrivingForMs = 60_000
/** When this part of what arrives has come, a worker is killed. */
const killPart = 1 / 4
/** Longer than this nobody has to wait for the demonstration. */
const patienceMs = 110_000
const lookMs = 500

const number = (value: number): string => value.toLocaleString('en')

/** @param interrupted ends it at once; then it rejects with the signal's reason */
export async function playDemo(
  { mailboxes, messages, workers, logs }: DemoOptions,
  screen: Screen,
  interrupted: AbortSignal,
): Promise<DemoResult> {
  const beganMs = performance.now()
  screen.say(`PostgreSQL, Dovecot and a stand-in for Gmail start on this computer`)
  const stage = await startStage(mailboxes)
  try {
    const { gmail, host, mail } = stage
    const waiting = Math.round(messages * waitingPart)
    for (let serial = 0; serial < waiting; serial++) {
      interrupted.throwIfAborted()
      await mail.deliver(boxAt(stage, serial))
    }
    screen.say(`${number(mailboxes)} mailboxes, POP3 and IMAP; ${number(waiting)} messages wait in them`)
    for (let at = 1; at <= workers; at++) stage.workers.start(`worker-${at}`)
    screen.say(`${workers} workers start; ${number(messages - waiting)} messages more arrive meanwhile`)

    const startedMs = performance.now()
    let killed:
      | { readonly worker: Worker; readonly atMs: number; readonly users: readonly string[] }
      | undefined
    let isTakenOver = false
    for (;;) {
      interrupted.throwIfAborted()
      const share = Math.min(1, (performance.now() - startedMs) / arrivingForMs)
      const due = waiting + Math.floor((messages - waiting) * share)
      while (mail.puts.length < due) await mail.deliver(boxAt(stage, mail.puts.length))
      const holds = await stage.countHolds()
      if (killed === undefined && share >= killPart && holds.free === 0) {
        killed = await killOne(stage)
        screen.say(
          `${killed.worker.name} is killed (SIGKILL) with ${killed.users.length} mailboxes in its hands`,
        )
      }
      if (killed !== undefined && !isTakenOver) {
        await host.book.read()
        const { taken, mailboxes: all } = findTakeovers(host, killed.worker, killed.atMs, killed.users)
        isTakenOver = taken === all
        if (isTakenOver) screen.say(`its ${all} mailboxes are with the others; mail goes on`)
      }
      screen.show(describe(stage, holds, messages))
      const isThere = mail.puts.length === messages && gmail.accepted.length >= messages
      if (
        isThere &&
        isTakenOver &&
        (await judge({ ...stage, workers: stage.workers.all })).imported === messages
      )
        break
      const hasFailed = stage.workers.all.some(worker => !worker.isRunning && worker !== killed?.worker)
      if (hasFailed || performance.now() - beganMs > patienceMs) break
      await pause(lookMs)
    }
    screen.show(describe(stage, await stage.countHolds(), messages))
    screen.clear()
    screen.say('the workers end (SIGTERM)')
    const living = stage.workers.all.filter(worker => worker !== killed?.worker)
    const ended = await Promise.all(living.map(async worker => ({ worker, ...(await worker.end()) })))
    const verdict = await judge({ ...stage, workers: stage.workers.all })
    return {
      verdict,
      takeovers:
        killed === undefined
          ? { mailboxes: 0, taken: 0, percentiles: undefined }
          : findTakeovers(host, killed.worker, killed.atMs, killed.users),
      took: performance.now() - beganMs,
      troubles: ended.flatMap(({ worker, code, signal, stderr }) =>
        code === 0 ? [] : [`${worker.name} ended with ${code ?? signal}:\n${stderr.slice(-2000)}`],
      ),
    }
  } finally {
    screen.clear()
    if (logs !== undefined) await stage.workers.writeLogs(logs)
    await stage.stop()
  }
}

/** Mailbox after mailbox, so that each gets its part. */
function boxAt({ host }: FleetStage, serial: number) {
  const box = host.boxes[serial % host.boxes.length]
  if (box === undefined) throw new Error('no mailboxes')
  return box
}

async function killOne(stage: FleetStage) {
  const worker = stage.workers.running()[1] ?? stage.workers.running()[0]
  if (worker === undefined) throw new Error('no worker runs')
  const users = await stage.heldBy(worker.name)
  return { worker, users, atMs: await worker.kill() }
}

type HoldCount = Awaited<ReturnType<FleetStage['countHolds']>>

function describe({ workers, gmail }: FleetStage, { held, free }: HoldCount, messages: number): string {
  const isDead = ({ killedAtMs }: Worker): boolean => killedAtMs !== undefined
  const countOf = ({ name }: Worker): number => held.get(name) ?? 0
  const hands = workers.all.map(worker => {
    const short = worker.name.replace('worker-', 'w')
    return `${short} ${isDead(worker) ? 'dead' : countOf(worker)}`
  })
  // Until its time is over the database still calls them those of the dead one.
  const nobodys = free + workers.all.filter(isDead).reduce((sum, worker) => sum + countOf(worker), 0)
  const gone = nobodys > 0 ? `  nobody ${nobodys}` : ''
  return `${hands.join('  ')}${gone}   ${number(new Set(gmail.accepted.map(({ sha256 }) => sha256)).size)} of ${number(messages)} in Gmail`
}

/** Whether all came as it is promised. */
export function isGood({ verdict, takeovers, troubles }: DemoResult, messages: number): boolean {
  const { imported, identical, twice, lost, strange, early, together } = verdict
  return (
    imported === messages &&
    identical === messages &&
    [twice, lost, strange, early, together.length, troubles.length].every(count => count === 0) &&
    takeovers.mailboxes > 0 &&
    takeovers.taken === takeovers.mailboxes &&
    (takeovers.percentiles?.p95 ?? Infinity) <= promisedMs
  )
}

/** The closing lines. */
export function tell({ verdict, takeovers, took }: DemoResult, messages: number): string[] {
  const { imported, identical, twice, merged, lost, early, removed, together } = verdict
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  const { percentiles } = takeovers
  const rows: readonly (readonly [string, string])[] = [
    ['imported', `${number(imported)} of ${number(messages)}`],
    ['identical', `${number(identical)}, octet for octet, read back from the stand-in`],
    [
      'twice',
      `${number(twice)}${merged > 0 ? ` (${merged} uploaded again, which Gmail knew by Message-ID)` : ''}`,
    ],
    ['lost', number(lost)],
    ['too early', `${number(early)} of ${number(removed)} removed from a mailbox before Gmail had them`],
    ['at once', `${number(together.length)} mailboxes with two workers in it, by what stood on the wire`],
    [
      'takeover',
      percentiles === undefined
        ? 'none'
        : `p50 ${seconds(percentiles.p50)}, p95 ${seconds(percentiles.p95)}, from SIGKILL to the next login (${takeovers.taken} of ${takeovers.mailboxes})`,
    ],
    ['took', seconds(took)],
  ]
  return rows.map(([name, value]) => `${name.padEnd(11)}${value}`)
}
