/**
 * The proof: a fleet carries its mail while workers and the database are killed, stopped and ended in turns. Then, in calm,
 * everything must arrive, and one more round of all mailboxes must change nothing.
 */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { countMissing } from '../../src/journal/journal.ts'
import { openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { findRawText, findSecret } from '../../test/faults/oracle.ts'
import { makeRandom, pick, type Random } from '../soak/random.ts'
import { type Aside, countAside } from './aside.ts'
import { type Blow, planBlows, type Timed } from './blows.ts'
import { keyOf } from './enrol.ts'
import { judge, type Verdict } from './judge.ts'
import { Kills, promisedMs } from './kills.ts'
import type { Screen } from './screen.ts'
import { type FleetStage, startStage } from './stage.ts'
import type { Worker } from './workers.ts'

export interface ProofOptions {
  readonly mailboxes: number
  readonly messages: number
  readonly workers: number
  readonly seed: number
  /** A folder for what the workers and Dovecot write. */
  readonly logs?: string | undefined
  /** In place of those that the seed makes. */
  readonly blows: number | readonly Timed[]
  /** Without the worker that is killed while nothing else happens: what is promised of a takeover takes most of a minute. */
  readonly isShort?: boolean
}

export interface ProofResult {
  readonly complaints: readonly string[]
  readonly lines: readonly string[]
}

/** This part of the mail waits before the first worker starts. */
const waitingPart = 1 / 4
/** In calm all of it must have arrived within this time, ms, and so much more for each message. */
const calmMs = 120_000
const calmMsEach = 20
const lookMs = 250

export async function prove(
  options: ProofOptions,
  screen: Screen,
  interrupted: AbortSignal,
): Promise<ProofResult> {
  const stage = await startStage(options.mailboxes)
  try {
    return await new Proof(options, stage, screen, interrupted).play()
  } finally {
    screen.clear()
    if (options.logs !== undefined) {
      await stage.workers.writeLogs(options.logs)
      await copyFile(stage.host.dovecot.logFile, join(options.logs, 'dovecot.log'))
    }
    await stage.stop()
  }
}

class Proof {
  readonly #options: ProofOptions
  readonly #stage: FleetStage
  readonly #screen: Screen
  readonly #interrupted: AbortSignal
  readonly #random: Random
  readonly #kills: Kills
  readonly #counts = { kill: 0, database: 0, pause: 0, end: 0 }
  readonly #complaints: string[] = []
  /** What still goes on of a blow. */
  readonly #beside = new Set<Promise<void>>()
  #database: Promise<void> = Promise.resolve()
  #names = 0

  constructor(options: ProofOptions, stage: FleetStage, screen: Screen, interrupted: AbortSignal) {
    this.#options = options
    this.#stage = stage
    this.#screen = screen
    this.#interrupted = interrupted
    this.#random = makeRandom(options.seed)
    this.#kills = new Kills(stage.host)
  }

  async play(): Promise<ProofResult> {
    const { messages, workers, mailboxes, blows } = this.#options
    const beganMs = performance.now()
    const planned = typeof blows === 'number' ? planBlows(this.#random, blows) : blows
    await this.#deliver(Math.round(messages * waitingPart))
    for (let at = 0; at < workers; at++) this.#start()
    this.#screen.say(
      `${mailboxes} mailboxes, ${this.#stage.mail.puts.length} messages wait; ${workers} workers start`,
    )
    await this.#until(() => this.#stage.gmail.accepted.length > 0, 'the first import', 60_000)
    await this.#storm(planned)
    await Promise.all([this.#deliver(messages), ...this.#beside])
    this.#screen.say('calm: all workers and the database are left alone')
    await this.#settle()
    if (this.#options.isShort !== true) await this.#killOneAlone()
    await this.#judgeAnotherRound()
    const verdict = await judge({ ...this.#stage, workers: this.#stage.workers.all })
    const aside = await this.#judge(verdict)
    return { complaints: this.#complaints, lines: this.#closing(verdict, aside, performance.now() - beganMs) }
  }

  #start(name = `worker-${++this.#names}`): void {
    this.#stage.workers.start(name)
  }

  async #storm(planned: readonly Timed[]): Promise<void> {
    const { messages } = this.#options
    const left = messages - this.#stage.mail.puts.length
    for (const [at, { blow, gapMs }] of planned.entries()) {
      this.#interrupted.throwIfAborted()
      const done = this.#strike(blow).finally(() => this.#beside.delete(done))
      this.#beside.add(done)
      done.catch(error => this.#complaints.push(`a blow could not be struck: ${String(error)}`))
      const endMs = performance.now() + gapMs
      await this.#deliver(messages - Math.round((left * (planned.length - at - 1)) / planned.length))
      while (performance.now() < endMs) await this.#look()
    }
  }

  /** Resolves when it is over: all that was taken away is back. */
  async #strike(blow: Blow): Promise<void> {
    const { postgres } = this.#stage
    this.#counts[blow.kind] += 1
    this.#kills.noteBlow()
    switch (blow.kind) {
      case 'kill': {
        const struck = this.#choose(blow.workers)
        await this.#stage.host.book.read()
        for (const worker of struck) {
          const users = this.#inHandsOf(worker)
          this.#kills.add({ worker, users, atMs: await worker.kill() })
          this.#screen.say(`SIGKILL ${worker.name}, ${users.length} mailboxes`)
        }
        await this.#pause(blow.backAfterMs)
        for (const { name } of struck) this.#start(blow.isRenamed ? undefined : name)
        return
      }
      case 'database':
        // One after the other, since there is one database.
        this.#database = this.#database.then(async () => {
          this.#screen.say(`${blow.signal} PostgreSQL, for ${blow.awayMs} ms`)
          await postgres.kill(blow.signal)
          await this.#pause(blow.awayMs)
          await postgres.start()
          this.#kills.noteBlow()
        })
        return this.#database
      case 'pause':
        for (const worker of this.#choose(1)) {
          this.#screen.say(`SIGSTOP ${worker.name}, for ${blow.forMs} ms`)
          worker.pause()
          await this.#pause(blow.forMs)
          worker.wake()
          this.#kills.noteBlow()
        }
        return
      case 'end':
        for (const worker of this.#choose(1)) {
          this.#screen.say(`SIGTERM ${worker.name}`)
          await this.#end(worker)
          await this.#pause(blow.backAfterMs)
          this.#start()
        }
    }
  }

  async #end(worker: Worker): Promise<void> {
    const { code, signal, stdout, stderr } = await worker.end()
    // Who is told so before its first word had nothing in hand, and is ended by the system.
    const hadNotBegun = signal === 'SIGTERM' && stdout + stderr === ''
    if (code !== 0 && !hadNotBegun)
      this.#complaints.push(`${worker.name} ended with ${code ?? signal}: ${stderr.slice(-1000)}`)
  }

  /** Some of those that run and have nothing done to them. */
  #choose(count: number): Worker[] {
    const free = this.#stage.workers.running().filter(({ isLeftAlone }) => isLeftAlone)
    const chosen: Worker[] = []
    while (chosen.length < Math.min(count, free.length)) {
      const worker = pick(this.#random, free)
      if (!chosen.includes(worker)) chosen.push(worker)
    }
    return chosen
  }

  /** Whose mailboxes the worker was the last to log in to. */
  #inHandsOf({ from }: Worker): string[] {
    const { boxes, book } = this.#stage.host
    return boxes.flatMap(({ user }) => (book.of(user).at(-1)?.from === from ? [user] : []))
  }

  async #deliver(upTo: number): Promise<void> {
    const { mail, host } = this.#stage
    while (mail.puts.length < upTo) {
      this.#interrupted.throwIfAborted()
      await mail.deliver(pick(this.#random, host.boxes))
      if (mail.puts.length % 20 === 0) await this.#look(0)
    }
  }

  async #pause(ms: number): Promise<void> {
    const endMs = performance.now() + ms
    while (performance.now() < endMs) {
      this.#interrupted.throwIfAborted()
      await pause(Math.min(lookMs, Math.max(0, endMs - performance.now())))
    }
  }

  async #look(ms = lookMs): Promise<void> {
    const { gmail, mail, workers } = this.#stage
    const running = workers.running().length
    this.#screen.show(
      `${gmail.accepted.length} uploads of ${mail.puts.length} messages put; ${running} workers, ${this.#kills.count} killed, database ${this.#counts.database} times`,
    )
    if (ms > 0) await this.#pause(ms)
  }

  async #until(isSo: () => boolean | Promise<boolean>, what: string, withinMs: number): Promise<boolean> {
    const endMs = performance.now() + withinMs
    while (!(await isSo())) {
      if (performance.now() > endMs) {
        this.#complaints.push(`in ${Math.round(withinMs / 1000)} s it did not come to this: ${what}`)
        return false
      }
      await this.#look()
    }
    return true
  }

  /** All mail is in Gmail, and what is to leave the mailboxes has left. */
  async #settle(): Promise<void> {
    const { mail, gmail, host } = this.#stage
    const { messages } = this.#options
    const toLeave = mail.puts.filter(({ box }) => box.isEmptied).length
    await this.#until(
      async () => {
        await host.book.read()
        return (
          new Set(gmail.accepted.map(({ sha256 }) => sha256)).size >= messages &&
          host.book.removals.length >= toLeave
        )
      },
      `${messages} messages in Gmail, ${toLeave} gone from the mailboxes`,
      calmMs + calmMsEach * messages,
    )
  }

  /** One worker is killed while nothing else happens: this is what is promised of a takeover. */
  async #killOneAlone(): Promise<void> {
    const { host } = this.#stage
    await this.#pause(promisedMs)
    await this.#strike({ kind: 'kill', workers: 1, backAfterMs: promisedMs, isRenamed: true })
    await this.#until(
      async () => {
        await host.book.read()
        return this.#kills.isLastFollowed
      },
      'another login in each mailbox of the worker that was killed alone',
      promisedMs,
    )
  }

  /** O6: who comes anew and looks at everything changes nothing. */
  async #judgeAnotherRound(): Promise<void> {
    const { workers, gmail, host } = this.#stage
    await Promise.all(workers.running().map(worker => this.#end(worker)))
    await host.book.read()
    const before = { uploads: gmail.accepted.length, removals: host.book.removals.length }
    const sinceMs = Date.now()
    for (let at = 0; at < this.#options.workers; at++) this.#start()
    const isSeen = ({ user }: { readonly user: string }): boolean =>
      (host.book.of(user).at(-1)?.beganMs ?? 0) > sinceMs
    await this.#until(
      async () => {
        await host.book.read()
        return host.boxes.every(isSeen)
      },
      'another login in each mailbox',
      calmMs,
    )
    await Promise.all(workers.running().map(worker => worker.end()))
    await host.book.read()
    const uploads = gmail.accepted.length - before.uploads
    const removals = host.book.removals.length - before.removals
    if (uploads + removals > 0)
      this.#complaints.push(`O6: another round made ${uploads} uploads and ${removals} removals`)
  }

  async #judge(verdict: Verdict): Promise<Aside> {
    const { imported, identical, twice, lost, left, strange, early, together } = verdict
    const complain = (isWrong: boolean, what: string): void => void (isWrong && this.#complaints.push(what))
    const { gmail, host, workers, secrets, url } = this.#stage
    complain(lost > 0, `O1: ${lost} lost`)
    complain(identical < imported, `O1: ${imported - identical} came with other octets`)
    complain(strange > 0, `O1: Gmail holds ${strange} that nobody sent there`)
    complain(early > 0, `O2: ${early} left a mailbox before Gmail had them`)
    for (const found of together) this.#complaints.push(`two at once: ${found}`)
    for (const bug of gmail.bugs) this.#complaints.push(`the stand-in failed: ${String(bug)}`)
    for (const { name, running } of workers.all) {
      const printed = running.stdout() + running.stderr()
      const secret = findSecret(secrets, printed)
      complain(secret !== undefined, `O5: ${name} printed a secret`)
      const raw = findRawText(printed)
      complain(raw !== undefined, `O5: ${name} printed ${raw}`)
    }
    const fleet = await openPostgresJournal({ url, name: 'proof' })
    let aside: Aside
    try {
      aside = await countAside(fleet.journal, left)
      let told = 0
      for (const { user } of host.boxes) {
        const key = keyOf(user)
        told += await fleet.journal.repeatedCount(key)
        const missing = countMissing(await fleet.journal.conservation(key))
        complain(missing !== 0, `O4: the books of ${key} do not balance`)
      }
      complain(twice > told, `O3: ${twice} copies too many, ${told} told`)
    } finally {
      await fleet.close()
    }
    complain(aside.waiting > 0, `O1: ${aside.waiting} did not arrive in calm`)
    complain(aside.told > 0, `${aside.told} innocents set aside, as if the process died at them`)
    complain(aside.told > aside.atSource, `${aside.told - aside.atSource} of these are not at the source`)
    this.#complaints.push(...this.#kills.complaints())
    return aside
  }

  #closing(verdict: Verdict, aside: Aside, tookMs: number): string[] {
    const { put, imported, identical, twice, merged, lost, early, removed, together, logins } = verdict
    const { seed, mailboxes } = this.#options
    const { kill, database, pause: pauses, end } = this.#counts
    return [
      `seed ${seed}: ${mailboxes} mailboxes, ${put} messages, ${Math.round(tookMs / 1000)} s`,
      `${this.#kills.count} workers killed in ${kill} blows, the database ${database} times, ${pauses} workers stopped, ${end} ended`,
      `imported ${imported}, identical ${identical}, twice ${twice} (uploaded again and merged: ${merged}), lost ${lost}`,
      `set aside as if the process died at them ${aside.told}, of these still at the source ${aside.atSource}; others that did not arrive ${aside.waiting}`,
      `removed from the mailboxes ${removed}, of these before Gmail had them ${early}`,
      `${logins} logins, two workers in one mailbox at once ${together.length} times (on the wire)`,
      ...this.#kills.lines(),
    ]
  }
}
