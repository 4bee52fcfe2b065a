/** Virtual days of mail through storms and calm, and the oracle after each. scripts/soak.ts is the command. */
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Attempt, attemptPull } from '../../src/pull/attempt.ts'
import type { PullPorts } from '../../src/pull/context.ts'
import { Books, digest, keyOf } from './books.ts'
import { makeMail } from './mail.ts'
import { between, makeRandom, pick } from './random.ts'
import { type ImapPolicy, names, type Stage, startStage } from './stage.ts'
import { Weather } from './weather.ts'

export interface SoakOptions {
  readonly days: number
  readonly messages: number
  readonly seed: number
  /** Probability of a fault at each step in a storm. */
  readonly rate: number
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Of the hours; the others are calm, so that what a storm left behind is caught up with and latency can be told. */
const stormyHours = 0.5
/** So many quiet hours in a row: no wait of an earlier storm is left, which may last an hour. */
const fairAfterHours = 3
/** One attempt may take so long in real time; more is a hang. */
const hangMs = 180_000
/** The owner's other mail program tidies up what is so old and in Gmail. */
const tidyAfterMs = 2 * day
/** Gmail's copies are moved to the books after so long: by then nothing is imported again. */
const archiveAfterMs = 3 * day

export interface SoakResult {
  readonly complaints: readonly string[]
  readonly lines: readonly string[]
}

/** @param print takes each line as it comes */
export async function soak(options: SoakOptions, print: (line: string) => void): Promise<SoakResult> {
  const run = new Soak(options, print)
  return run.play()
}

class Soak {
  readonly #options: SoakOptions
  readonly #print: (line: string) => void
  readonly #random
  readonly #weather: Weather
  #stage!: Stage
  #books!: Books
  #serial = 0
  #policy: ImapPolicy = 'move:Done'
  #attempts = 0
  #failed = 0
  #restarts = 0
  #children = 0
  #kills = 0
  #jumps = 0
  #renumbered = 0
  #quietHours = 0
  readonly #recent: Buffer[] = []
  readonly #faultCodes = new Map<string, number>()
  readonly #samples: { rss: number; heap: number; files: number }[] = []

  constructor(options: SoakOptions, print: (line: string) => void) {
    this.#options = options
    this.#print = print
    this.#random = makeRandom(options.seed)
    this.#weather = new Weather(makeRandom(options.seed + 1), options.rate)
  }

  async play(): Promise<SoakResult> {
    const { days, messages, seed } = this.#options
    const beganMs = performance.now()
    const mayRead = seed % 2 === 0
    this.#stage = await startStage(this.#weather, mayRead)
    const { clock } = this.#stage
    this.#books = new Books(messages, clock.monotonicMs)
    this.#watch()
    try {
      await this.#stage.open(this.#policy)
      for (let today = 1; today <= days; today++) {
        if (today === Math.ceil(days / 2) + 1) await this.#switchPolicy()
        await this.#playDay(Math.round((messages * today) / days))
        await this.#judge()
        await this.#report(today, performance.now() - beganMs)
        if (this.#books.complaints.length > 0) break
      }
      if (this.#books.complaints.length === 0) await this.#end()
      return {
        complaints: this.#books.complaints,
        lines: await this.#closing(performance.now() - beganMs, mayRead),
      }
    } finally {
      await this.#stage.stop()
    }
  }

  #watch(): void {
    const { gmail, pop3, imap } = this.#stage
    const books = this.#books
    books.watchGmail(gmail)
    books.watchRemovals('delete', pop3.delete.ledger.deleted, () => 0)
    books.watchRemovals('keep', pop3.keep.ledger.deleted, () => Number.POSITIVE_INFINITY)
    // A jump of the clock during a restart may take a day off the delay, never more (src/pull/steady-clock.ts).
    books.watchRemovals('imap', imap.ledger.expunged, () => (this.#policy === 'move:Done' ? 0 : day))
    books.watchRemovals('imap', imap.ledger.moved, () => 0)
  }

  async #switchPolicy(): Promise<void> {
    await this.#stage.close()
    this.#policy = 'delete-after:2d'
    await this.#stage.open(this.#policy)
    this.#restarts += 1
  }

  /** @param upTo serial of the last message of this day */
  async #playDay(upTo: number): Promise<void> {
    const random = this.#random
    const { clock } = this.#stage
    const restartAt = between(random, 0, 11)
    const killAt = between(random, 12, 23)
    const jumpAt = random() < 0.4 ? between(random, 0, 23) : -1
    const renumberAt = random() < 0.3 ? between(random, 0, 23) : -1
    for (let now = 0; now < 24; now++) {
      this.#weather.stormy = random() < stormyHours
      const quiet = !this.#weather.stormy && now !== restartAt && now !== killAt
      this.#quietHours = quiet ? this.#quietHours + 1 : 0
      this.#deliver(this.#serial + Math.round((upTo - this.#serial) / (24 - now)))
      if (now === renumberAt) this.#renumber()
      if (now === restartAt) await this.#restart()
      if (now === killAt) await this.#killChild()
      await this.#pullAll()
      if (this.#weather.stormy) {
        clock.pass(10 * minute)
        await this.#pullAll()
      }
      this.#weather.stormy = false
      this.#forget()
      // The wall clock alone: somebody set it, or it was wrong after a boot.
      if (now === jumpAt) {
        clock.offsetMs += between(random, -30, 30) * hour
        this.#jumps += 1
      }
      clock.pass(hour)
    }
    this.#tidy()
  }

  #deliver(upTo: number): void {
    const random = this.#random
    for (; this.#serial < upTo; this.#serial += 1) {
      const octets = makeMail(this.#serial, this.#stage.clock.nowMs(), random)
      this.#books.put.set(keyOf(digest(octets)), this.#serial)
      if (this.#quietHours >= fairAfterHours) this.#books.calmSinceMs[this.#serial] = performance.now()
      this.#put(octets)
      this.#recent.push(octets)
      if (this.#recent.length > 50) this.#recent.shift()
      // The same message to two addresses of the owner, or twice to one.
      if (random() < 0.005) this.#put(pick(random, this.#recent))
    }
  }

  #put(octets: Buffer): void {
    const { pop3, imap } = this.#stage
    this.#books.deliveries += 1
    const where = this.#random()
    if (where < 0.2) pop3.keep.deliver(octets)
    else if (where < 0.6) pop3.delete.deliver(octets)
    else imap.deliver('INBOX', octets)
  }

  /** A server that was rebuilt: all names are new. */
  #renumber(): void {
    const { pop3, imap } = this.#stage
    this.#renumbered += 1
    const suffix = `-${this.#renumbered}`
    const which = pick(this.#random, names)
    if (which === 'imap') {
      const folder = imap.folder('INBOX')
      if (folder === undefined) return
      folder.uidValidity = (folder.uidValidity ?? 0) + 1
      folder.messages = folder.messages.map((message, at) => ({ ...message, uid: at + 1 }))
      folder.uidNext = folder.messages.length + 1
    } else
      for (const message of pop3[which].messages) message.uidl = `${message.uidl.split('-r')[0]}-r${suffix}`
  }

  async #restart(): Promise<void> {
    await this.#stage.close()
    await this.#stage.open(this.#policy)
    this.#restarts += 1
  }

  /** A real process does this hour's work and is killed somewhere in it. */
  async #killChild(): Promise<void> {
    await this.#stage.close()
    this.#weather.patient = false
    this.#children += 1
    if (await this.#stage.runChild(['pull', '--json'], between(this.#random, 20, 1500))) this.#kills += 1
    this.#weather.patient = true
    await this.#stage.open(this.#policy)
  }

  async #pullAll(): Promise<void> {
    const { bridge, clock } = this.#stage
    this.#weather.waiting = false
    // What is waited out in silence takes a minute; here it takes a few ms.
    const hurry = setInterval(() => {
      if (this.#weather.waiting) clock.pass(4000)
    }, 5)
    let hung: NodeJS.Timeout | undefined
    try {
      const hang = new Promise<never>((_resolve, reject) => {
        hung = setTimeout(() => reject(new Error(`a pull hangs; seed ${this.#options.seed}`)), hangMs)
      })
      await Promise.race([Promise.all(bridge.mailboxes.map(ports => this.#attempt(ports))), hang])
    } finally {
      clearInterval(hurry)
      clearTimeout(hung)
    }
  }

  async #attempt(ports: PullPorts, gate = true): Promise<Attempt> {
    const never = new AbortController().signal
    const options = {
      signal: never,
      stopping: never,
      budgetMs: Number.POSITIVE_INFINITY,
      reason: 'soak',
      onProgress: () => {},
    }
    const made = await attemptPull(ports, options, gate)
    this.#attempts += 1
    if (made.kind === 'failed') {
      this.#failed += 1
      const { code, facts } = made.fault
      this.#faultCodes.set(code, (this.#faultCodes.get(code) ?? 0) + 1)
      if (code === 'bug') this.#books.complain(`a bug in ${ports.mailbox.name}: ${JSON.stringify(facts)}`)
    }
    return made
  }

  /** The stand-ins' own notes are not needed any more; a month of them would fill the memory. */
  #forget(): void {
    const { pop3, imap } = this.#stage
    for (const { ledger } of [pop3.keep, pop3.delete]) {
      for (const list of [ledger.commands, ledger.logins, ledger.failedLogins, ledger.retrieved]) {
        ;(list as unknown[]).length = 0
      }
    }
    for (const list of [
      imap.ledger.commands,
      imap.ledger.logins,
      imap.ledger.failedLogins,
      imap.ledger.madeSeen,
    ])
      (list as unknown[]).length = 0
  }

  /** The owner's other mail program, and Gmail's archive. */
  #tidy(): void {
    const { pop3, imap, gmail, clock } = this.#stage
    const nowMs = clock.monotonicMs()
    for (const message of [...pop3.keep.messages]) {
      const key = keyOf(message.sha256)
      const takenMs = this.#books.takenAtMs[this.#books.put.get(key) ?? 0] ?? 0
      if (this.#books.copies.has(key) && nowMs - takenMs > tidyAfterMs) pop3.keep.vanish(message)
    }
    const done = imap.folder('Done')
    if (done !== undefined) done.messages = []
    const box = gmail.mailbox()
    for (const message of gmail.messages()) {
      const takenMs = this.#books.takenAtMs[this.#books.put.get(keyOf(message.sha256)) ?? 0] ?? 0
      if (nowMs - takenMs > archiveAfterMs) box.delete(message.id)
    }
  }

  #atSource(): Set<string> {
    const { pop3, imap } = this.#stage
    return new Set([
      ...pop3.keep.messages.map(message => keyOf(message.sha256)),
      ...pop3.delete.messages.map(message => keyOf(message.sha256)),
      ...(imap.folder('INBOX')?.messages ?? []).map(message => keyOf(digest(message.octets))),
    ])
  }

  async #repeated(): Promise<number> {
    const { journal } = this.#stage.bridge
    const counts = await Promise.all(names.map(name => journal.repeatedCount(name)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** @returns how many messages wait at the source */
  async #judge(): Promise<number> {
    const { bridge, gmail, leaks } = this.#stage
    const waiting = this.#books.judgeNothingLost(this.#atSource())
    this.#books.judgeNothingTwice(await this.#repeated())
    for (const name of names) {
      const { listed, imported, merged, refused, pending, ignored, gone } =
        await bridge.journal.conservation(name)
      if (listed !== imported + merged + refused + pending + ignored + gone)
        this.#books.complain(`the books of ${name} do not balance`)
    }
    for (const sha256 of this.#books.strange.splice(0)) {
      const octets = gmail
        .messages()
        .find(message => message.sha256 === sha256)
        ?.read()
      const ends = [octets?.subarray(0, 400), octets?.subarray(-80)].map(end => end?.toString('latin1'))
      this.#books.complain(`nobody sent these ${octets?.length} octets: ${JSON.stringify(ends)}`)
    }
    for (const leak of leaks) this.#books.complain(`O5: a secret was logged: ${leak}`)
    for (const bug of gmail.bugs) this.#books.complain(`the stand-in failed: ${String(bug)}`)
    return waiting
  }

  async #report(today: number, ms: number): Promise<void> {
    collectGarbage()
    const { rss, heapUsed } = process.memoryUsage()
    const files = readdirSync('/proc/self/fd').length
    this.#samples.push({ rss, heap: heapUsed, files })
    const { journal } = this.#stage.bridge
    const books = await Promise.all(names.map(name => journal.conservation(name)))
    const pending = books.reduce((sum, { pending }) => sum + pending, 0)
    const refused = books.reduce((sum, { refused }) => sum + refused, 0)
    this.#print(
      [
        `day ${String(today).padStart(2)}`,
        `${this.#serial} in`,
        `${this.#books.copies.size} in Gmail`,
        `${pending} pending`,
        `${refused} refused`,
        `${this.#weather.faults} faults`,
        `${this.#kills} kills`,
        `rss ${Math.round(rss / 1e6)} MB`,
        `heap ${Math.round(heapUsed / 1e6)} MB`,
        `files ${files}`,
        `${Math.round(ms / 1000)} s`,
      ].join('  '),
    )
  }

  /** Fair weather until everything has arrived, then twice more: nothing may change. */
  async #end(): Promise<void> {
    const { clock, gmail } = this.#stage
    await this.#stage.close()
    await this.#stage.runChild(['retry', '--json'], 0)
    await this.#stage.open(this.#policy)
    let waiting = 1
    for (let hours = 0; hours < 24 * 5 && (waiting > 0 || hours < 24 * 4); hours += 2) {
      await this.#pullAll()
      clock.pass(2 * hour)
      waiting = await this.#judge()
    }
    const { pop3, imap, bridge } = this.#stage
    if (waiting > 0) this.#books.complain(`${waiting} messages did not arrive in fair weather`)
    const left = { delete: pop3.delete.messages.length, imap: imap.folder('INBOX')?.messages.length ?? 0 }
    for (const name of ['delete', 'imap'] as const)
      if (left[name] > 0) this.#books.complain(`${left[name]} messages were never settled in ${name}`)
    const before = { uploads: this.#books.uploads, removals: this.#books.removals }
    for (let i = 0; i < 2; i++) {
      for (const ports of bridge.mailboxes) {
        const made = await this.#attempt(ports, false)
        if (made.kind !== 'pulled')
          this.#books.complain(`O6: ${ports.mailbox.name}: a pull in fair weather failed`)
      }
    }
    if (this.#books.uploads !== before.uploads || this.#books.removals !== before.removals)
      this.#books.complain('O6: another run changed something')
    if (gmail.bugs.length > 0) this.#books.complain(`the stand-in failed ${gmail.bugs.length} times`)
    this.#judgeFlat()
  }

  /** The soak's own books grow by some hundred octets a message; anything beyond is a leak. */
  #judgeFlat(): void {
    const first = this.#samples[Math.min(2, this.#samples.length - 1)]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined) return
    if (last.files > first.files + 12)
      this.#books.complain(`open files grew from ${first.files} to ${last.files}`)
    const allowed = first.heap * 1.5 + this.#serial * 600 + 30e6
    if (last.heap > allowed)
      this.#books.complain(`the heap grew from ${mega(first.heap)} to ${mega(last.heap)}`)
  }

  async #closing(ms: number, mayRead: boolean): Promise<string[]> {
    const { days, seed, rate } = this.#options
    const books = this.#books
    const weather = this.#weather
    const sorted = [...books.latenciesMs].sort((a, b) => a - b)
    const rank = (share: number): string =>
      `${Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0)} ms`
    const half = this.#samples.slice(Math.floor(this.#samples.length / 2))
    const codes = [...this.#faultCodes].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`)
    const rss = this.#samples.map(sample => sample.rss)
    return [
      `${days} days, ${this.#serial} messages in ${books.deliveries} deliveries, seed ${seed}, ${mayRead ? 'with' : 'without'} gmail.readonly, ${Math.round(ms / 1000)} s`,
      `${weather.steps} protocol steps, ${weather.stormySteps} of them in storms, ${weather.faults} faults played (${rate * 100} % of the stormy steps) of ${weather.played.size} kinds`,
      `${this.#attempts} attempts, ${this.#failed} failed; ${this.#restarts} restarts, ${this.#kills} of ${this.#children} child processes killed, ${this.#jumps} clock jumps, ${this.#renumbered} renumberings`,
      `faults met: ${codes.join(', ')}`,
      `${books.copies.size} different messages in Gmail, ${books.uploads} uploads, ${books.surplus} copies too many, told as repeated: ${this.#stage.bridge.journal === undefined ? 0 : await this.#repeated()}; ${books.removals} settled at the source`,
      `latency in fair weather, from the source to Gmail, a whole hour's mail at once: p50 ${rank(0.5)}, p99 ${rank(0.99)} over ${sorted.length} messages`,
      `memory: rss ${mega(Math.min(...rss))} to ${mega(Math.max(...rss))}, heap ${mega(half[0]?.heap ?? 0)} at half time and ${mega(this.#samples.at(-1)?.heap ?? 0)} at the end; open files ${Math.min(...this.#samples.map(one => one.files))} to ${Math.max(...this.#samples.map(one => one.files))}`,
    ]
  }
}

const mega = (octets: number): string => `${Math.round(octets / 1e6)} MB`

let collect: (() => void) | undefined
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}
