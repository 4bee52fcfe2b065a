/**
 * A week of the watch in played time: the daemon as it is, real Dovecot, and a weather between them that changes every
 * day. Each mail has to arrive within the bound of its day, and logins are counted.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { systemClock } from '../../src/base/clock.ts'
import { openBridge } from '../../src/bridge.ts'
import { loadConfig } from '../../src/config/load.ts'
import { runDaemon } from '../../src/daemon.ts'
import { makeLog } from '../../src/log/log.ts'
import { type DovecotServer, startDovecot } from '../../test/servers/dovecot.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv, hikyaku } from '../../test/servers/hikyaku.ts'
import { sha256 } from '../../test/servers/source-server.ts'
import { sampleMail } from '../sandbox/mail.ts'
import { appendMail } from './append-mail.ts'
import { type Day, days, type Stage } from './idle-days.ts'
import { PlayedTime, realNow, realPause } from './played-time.ts'
import { WeatherProxy } from './weather-proxy.ts'

const password = 'correct horse'
/** The play does not look more often than this, ms of played time. */
const stepMs = 5_000
/** In real time, ms: when an answer that is owed does not come; how long to wait for Dovecot to notice a mail. */
const hangMs = 30_000
const noticeMs = 3_000
/** The same where nothing is owed but a pull is under way: it waits for time to pass. */
const pullWaitsMs = 40

interface Sent {
  readonly serial: number
  readonly atMs: number
  arrivedMs?: number
}

export interface DayResult {
  readonly name: string
  readonly hours: number
  readonly latenciesMs: readonly number[]
  readonly boundMs: number
  readonly logins: number
  readonly mostLogins: number
  readonly status: Readonly<Record<string, unknown>>
  readonly complaints: readonly string[]
}

export interface WeekResult {
  readonly days: readonly DayResult[]
  readonly realMs: number
}

/**
 * @param share of each day's length, 0 to 1: the test plays shorter days of the same kind
 * @param only the days whose name contains this
 * @param print takes each line as it comes
 */
export async function playIdleWeek(
  share: number,
  only: string,
  print: (line: string) => void,
): Promise<WeekResult> {
  const beganMs = realNow()
  const startMs = Date.now()
  const time = new PlayedTime(startMs)
  const week = await IdleWeek.start(time, startMs)
  try {
    const results: DayResult[] = []
    for (const day of days.filter(({ name }) => name.includes(only))) {
      const result = await week.play(day, share)
      results.push(result)
      print(lineOf(result))
    }
    return { days: results, realMs: realNow() - beganMs }
  } finally {
    await week.stop()
  }
}

function lineOf({
  name,
  hours,
  latenciesMs,
  boundMs,
  logins,
  mostLogins,
  status,
  complaints,
}: DayResult): string {
  const most = Math.max(0, ...latenciesMs)
  return [
    `${name} (${hours.toFixed(1)} h)`,
    `${latenciesMs.length} mails, the slowest after ${(most / 1000).toFixed(0)} s of ${boundMs / 1000}`,
    `${logins} logins of ${mostLogins}`,
    `status ${String(status.exitCode)} ${JSON.stringify(status.watch ?? null)}`,
    ...complaints.map(complaint => `FAILED: ${complaint}`),
  ].join('; ')
}

const isWatched = (status: Readonly<Record<string, unknown>>): boolean =>
  (status.watch as { watched?: boolean } | null)?.watched === true

class IdleWeek implements Stage {
  readonly time: PlayedTime
  readonly dovecot: DovecotServer
  readonly proxy: WeatherProxy
  readonly #gmail: GmailServer
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  readonly #stopping = new AbortController()
  readonly #startMs: number
  /** The day's mail by SHA-256, and how many uploads were looked at. */
  readonly #sent = new Map<string, Sent>()
  #arrived = 0
  #attempts = 0
  #running: Promise<unknown> = Promise.resolve()
  #close: () => Promise<void> = async () => {}
  hourMs = 3600_000
  #serial = 0
  #lines = 0
  readonly #log: string[] = []

  private constructor(
    time: PlayedTime,
    startMs: number,
    parts: { dovecot: DovecotServer; proxy: WeatherProxy; gmail: GmailServer; folder: string; port: number },
  ) {
    this.time = time
    this.#startMs = startMs
    this.dovecot = parts.dovecot
    this.proxy = parts.proxy
    this.#gmail = parts.gmail
    this.#folder = parts.folder
    this.#env = {
      MAIL_PROTOCOL: 'imap',
      MAIL_HOST: '127.0.0.1',
      MAIL_PORT: String(parts.port),
      MAIL_SECURITY: 'none',
      MAIL_USER: parts.dovecot.user,
      MAIL_PASSWORD: password,
      MAIL_FOLDERS: 'INBOX,Junk',
      ...gmailEnv(parts.gmail),
      STATE_DIR: join(parts.folder, 'state'),
      VERIFY: 'false',
      ALERT_MAIL: 'no',
    }
  }

  static async start(time: PlayedTime, startMs: number): Promise<IdleWeek> {
    const dovecot = await startDovecot({ users: { owner: password } })
    await dovecot.deliver('Junk', sampleMail(0))
    const proxy = new WeatherProxy(dovecot.ports.imap)
    const port = await proxy.listen()
    const gmail = await startGmailServer({ ledgerEntries: 100, keepBodyOctets: 0 })
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-week-'))
    const week = new IdleWeek(time, startMs, { dovecot, proxy, gmail, folder, port })
    time.install()
    await week.#begin()
    return week
  }

  async #begin(): Promise<void> {
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        this.#log.push(String(chunk).trimEnd())
        if (this.#log.length > 400) this.#log.splice(0, 200)
        done()
      },
    })
    const config = await loadConfig({ env: this.#env, cwd: this.#folder })
    const bridge = await openBridge(config, makeLog({ level: 'debug', format: 'text', stream }), systemClock)
    this.#close = () => bridge.close()
    const never = new AbortController().signal
    this.#running = runDaemon(bridge, this.#stopping.signal, never, {
      beforeAttempt: () => {
        this.#attempts += 1
      },
      afterAttempt: () => {
        this.#attempts -= 1
      },
    })
    this.proxy.onLine = (who, line) => {
      if (who === 'client') this.#log.push(`${new Date().toISOString()} ${line.slice(0, 60)}`)
    }
    this.#running.catch(error => this.#log.push(`the daemon ended: ${inspect(error)}`))
    await this.pass(60_000)
    // IDLE that was not seen to tell of mail is asked again every few seconds.
    for (const folder of ['INBOX', 'Junk']) {
      await this.deliver(folder)
      await this.pass(60_000)
    }
  }

  async play(day: Day, share: number): Promise<DayResult> {
    if (share < 0.1) this.hourMs = 20 * 60_000
    Object.assign(this.proxy.weather, day.weather)
    const loginsBefore = this.proxy.logins
    const beganMs = this.time.monotonicMs
    const wallBeganMs = this.time.nowMs
    this.#sent.clear()
    const rounds = Math.max(1, Math.round(day.rounds * share))
    for (let round = 0; round < rounds; round += 1) await day.round(this, round)
    let status = await this.#status()
    if (!isWatched(status)) {
      // The connection may have ended in this very moment: it is made anew within seconds.
      await this.pass(60_000)
      status = await this.#status()
    }
    const hours = (this.time.nowMs - wallBeganMs) / 3600_000
    const playedHours = (this.time.monotonicMs - beganMs) / 3600_000
    const logins = this.proxy.logins - loginsBefore
    const mostLogins = day.mostLogins(playedHours, rounds)
    const complaints: string[] = []
    const sent = [...this.#sent.values()]
    const late = sent.filter(
      ({ arrivedMs, atMs }) => arrivedMs === undefined || arrivedMs - atMs > day.boundMs,
    )
    for (const { serial, atMs, arrivedMs } of late)
      complaints.push(
        `mail ${serial} ${arrivedMs === undefined ? 'never came' : `came after ${arrivedMs - atMs} ms`}`,
      )
    if (logins > mostLogins) complaints.push(`${logins} logins`)
    if (status.exitCode !== 0) complaints.push(`status ends with ${String(status.exitCode)}`)
    if (!isWatched(status)) complaints.push('status does not say that it is watched')
    if (status.conserved !== true) complaints.push('the books do not balance')
    if (complaints.length > 0) complaints.push(...this.#log.slice(-60).map(line => `\n  ${line}`))
    const latenciesMs = sent.map(({ atMs, arrivedMs = Number.NaN }) => Math.max(0, arrivedMs - atMs))
    return {
      name: day.name,
      hours,
      latenciesMs,
      boundMs: day.boundMs,
      logins,
      mostLogins,
      status,
      complaints,
    }
  }

  async deliver(folder = 'INBOX', fromMs = 0): Promise<void> {
    this.#serial += 1
    const { told } = this.proxy
    const octets = sampleMail(this.#serial)
    const accepted = this.#gmail.accepted.length
    this.#sent.set(sha256(octets), { serial: this.#serial, atMs: this.time.monotonicMs + fromMs })
    // NOTIFY of Dovecot knows only what came through it.
    if (folder === 'INBOX') await this.meanwhile(this.dovecot.deliver(folder, octets))
    else await this.meanwhile(appendMail(this.dovecot.ports.imap, password, folder, octets))
    // Dovecot looks at the disk in real time; until it has told of the mail time stands still.
    const endMs = realNow() + noticeMs
    const isUnknown = (): boolean => this.proxy.told === told && this.#gmail.accepted.length === accepted
    while (this.proxy.isConnected && isUnknown() && realNow() < endMs) await realPause(2)
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.time.monotonicMs + ms
    await this.#settle()
    while (this.time.monotonicMs < endMs) {
      const nextMs = Math.max(stepMs, this.time.nextInMs)
      this.time.pass(Math.min(nextMs, endMs - this.time.monotonicMs))
      await this.#settle()
    }
  }

  /** While others are at work time goes on as it really does. */
  async meanwhile<T>(work: Promise<T>): Promise<T> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    work.then(over, over)
    for (let lastMs = realNow(); !isOver; ) {
      await realPause(2)
      const nowMs = realNow()
      this.time.pass(nowMs - lastMs)
      lastMs = nowMs
    }
    return work
  }

  /** Until nobody owes anybody an answer. */
  async #settle(): Promise<void> {
    const beganMs = realNow()
    let quietMs = realNow()
    let turns = 0
    let hasMoved = false
    for (;;) {
      const isMoving = this.proxy.lines !== this.#lines
      this.#lines = this.proxy.lines
      this.#noteArrivals()
      if (isMoving || this.proxy.isOwed) {
        if (realNow() - beganMs > hangMs)
          throw new Error(`an answer is owed for ${hangMs} ms\n${this.#log.slice(-40).join('\n')}`)
        quietMs = realNow()
        turns = 0
        hasMoved = true
      }
      turns += 1
      if (this.#attempts > 0 ? realNow() - quietMs > pullWaitsMs : hasMoved ? turns > 4 : turns > 2) return
      await realPause(isMoving || this.#attempts > 0 || hasMoved ? 1 : 0)
    }
  }

  #noteArrivals(): void {
    for (; this.#arrived < this.#gmail.accepted.length; this.#arrived += 1) {
      const mail = this.#sent.get(this.#gmail.accepted[this.#arrived]?.sha256 ?? '')
      if (mail !== undefined) mail.arrivedMs ??= this.time.monotonicMs
    }
  }

  async #status(): Promise<Record<string, unknown>> {
    const shift = fileURLToPath(new URL('shifted-clock.ts', import.meta.url))
    const shiftMs = String(Math.round(this.time.nowMs - this.#startMs))
    const ended = await this.meanwhile(
      hikyaku(['status', '--json'], {
        cwd: this.#folder,
        env: { ...this.#env, SOAK_SHIFT_MS: shiftMs },
        nodeArgs: ['--import', shift],
      }),
    )
    const answer = JSON.parse(ended.stdout) as { exitCode: number; mailboxes: Record<string, unknown>[] }
    return { exitCode: answer.exitCode, ...answer.mailboxes[0] }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const stopped = this.#running.catch(() => {})
    let isStopped = false
    void stopped.then(() => {
      isStopped = true
    })
    while (!isStopped) {
      this.time.pass(1000)
      await realPause(5)
    }
    await this.meanwhile(this.#close())
    await this.meanwhile(this.proxy.close())
    await this.meanwhile(this.dovecot.stop())
    await this.meanwhile(this.#gmail.close())
    await rm(this.#folder, { recursive: true, force: true })
  }
}
