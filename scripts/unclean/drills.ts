/**
 * Drills of unclean ends (src/pull/under-way.ts): a message at which the process dies among innocent ones, and ends that come
 * from outside while many innocent ones are in hand.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { computePercentiles } from '../../src/status/mailbox-status.ts'
import { mail } from '../../test/faults/harness.ts'
import type { Running } from '../../test/servers/hikyaku.ts'
import { sha256 } from '../../test/servers/source-server.ts'
import { until } from '../../test/servers/until.ts'
import { between, makeRandom, pick, type Random } from '../soak/random.ts'
import type { FleetGround, Ground } from './ground.ts'

export interface DrillResult {
  readonly lines: readonly string[]
  readonly complaints: readonly string[]
}

export const marker = 'the-end-of-hikyaku'
export const poison = Buffer.concat([mail('poison', 400), Buffer.from(`${marker}\r\n`)])

/** A service manager starts anew what ended after so long, ms. */
const backAfterMs = 500

/** Mail that goes on coming, and when it came and arrived. */
class Post {
  readonly #ground: Ground
  readonly #name: string
  readonly #putAtMs = new Map<string, number>()

  /** @param name no other post has it, and so none has the same octets */
  constructor(ground: Ground, name = 'innocent') {
    this.#ground = ground
    this.#name = name
  }

  async put(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const octets = mail(`${this.#name}-${this.#putAtMs.size}`, 400)
      this.#putAtMs.set(sha256(octets), Date.now())
      await this.#ground.deliver(octets)
    }
  }

  /** How long each took that has arrived, ms. */
  list(): number[] {
    const arrivedAtMs = new Map<string, number>()
    for (const { sha256: digest, atMs } of this.#ground.gmail.accepted)
      if (!arrivedAtMs.has(digest)) arrivedAtMs.set(digest, atMs)
    return [...this.#putAtMs].flatMap(([digest, atMs]) => {
      const arrived = arrivedAtMs.get(digest)
      return arrived === undefined ? [] : [arrived - atMs]
    })
  }

  get isIn(): boolean {
    return this.list().length === this.#putAtMs.size
  }

  tell(): string {
    const tookMs = this.list()
    const { p50 = 0, p95 = 0 } = computePercentiles(tookMs) ?? {}
    const [half, most, worst] = [p50, p95, Math.max(0, ...tookMs)].map(ms => `${(ms / 1000).toFixed(1)} s`)
    return `${tookMs.length} of ${this.#putAtMs.size} innocents in Gmail after p50 ${half}, p95 ${most}, at most ${worst}`
  }
}

/** Starts each process anew that ends, until it is stopped. */
function keepRunning(ground: Ground, onEnd: (signal: NodeJS.Signals | null) => void) {
  const running = new Map<number, Running>()
  let isOver = false
  const keep = async (at: number): Promise<void> => {
    while (!isOver) {
      const child = ground.start(at)
      running.set(at, child)
      const { signal } = await child.ended
      if (isOver) return
      onEnd(signal)
      await pause(backAfterMs)
    }
  }
  const kept = Array.from({ length: ground.processes }, (_, at) => keep(at))
  return {
    alive: (): Running[] => [...running.values()].filter(child => !child.hasEnded()),
    async stop() {
      isOver = true
      for (const child of running.values()) child.kill('SIGTERM')
      await Promise.all(kept)
    },
  }
}

/** So many innocents stand before and behind the poison, and one more comes each second. */
export async function drillPoison(ground: Ground, innocents: number): Promise<DrillResult> {
  const complaints: string[] = []
  const [waiting, coming] = [new Post(ground, 'waiting'), new Post(ground, 'coming')]
  let ends = 0
  await waiting.put(innocents / 2)
  await ground.deliver(poison)
  await waiting.put(innocents / 2)
  const beganMs = Date.now()
  const kept = keepRunning(ground, () => {
    ends += 1
  })
  let aside = 0
  try {
    const endMs = Date.now() + 240_000
    while (aside === 0 && Date.now() < endMs) {
      await pause(1000)
      await coming.put(1)
      // As long as nothing has ever started there is nothing to look at.
      if (waiting.list().length > 0 || ends > 0) aside = (await ground.look()).aside
    }
    if (aside === 0) complaints.push('the poison was not set aside')
    const asideAfterS = Math.round((Date.now() - beganMs) / 1000)
    const endsThen = ends
    await until(() => waiting.isIn && coming.isIn, 'all innocents in Gmail', 60_000).catch(error =>
      complaints.push(String(error)),
    )
    await pause(3000)
    const after = await ground.look()
    if (ends !== endsThen) complaints.push(`${ends - endsThen} ends more after it was set aside`)
    if (after.aside > 1) complaints.push(`${after.aside - 1} innocents set aside`)
    return {
      complaints,
      lines: [
        `${ground.title}: poison among ${innocents} innocents: set aside after ${endsThen} ends, ${asideAfterS} s; innocents set aside: ${Math.max(0, after.aside - 1)}`,
        `  waiting from the start: ${waiting.tell()}`,
        `  one a second meanwhile: ${coming.tell()}`,
      ],
    }
  } finally {
    await kept.stop()
  }
}

export interface StormOptions {
  readonly blows: number
  readonly messages: number
  readonly seed: number
  /** From one blow to the next, ms. */
  readonly gapMs: readonly [least: number, most: number]
  /** Gmail takes so long to answer: many messages are in hand at each end. */
  readonly answerMs: number
  /** How long the database is away, ms. */
  readonly awayMs?: readonly number[]
}

/** What happens in a storm, and comes back by itself. @returns how many messages were in hand */
type Strike = (random: Random, alive: () => readonly Running[]) => Promise<number>

async function playStorm(
  ground: Ground,
  what: string,
  { blows, messages, seed, gapMs, answerMs }: StormOptions,
  strike: Strike,
): Promise<DrillResult> {
  const complaints: string[] = []
  const random = makeRandom(seed)
  const post = new Post(ground)
  ground.gmail.faults.always('import', { kind: 'slow', ms: answerMs })
  await post.put(messages / 4)
  let ends = 0
  const kept = keepRunning(ground, () => {
    ends += 1
  })
  const inHand: number[] = []
  let mostAside = 0
  try {
    await until(() => ground.gmail.accepted.length > 0, 'the first import', 60_000)
    for (let blow = 0; blow < blows; blow++) {
      await post.put(Math.round(messages / 2 / blows))
      await pause(between(random, ...gapMs))
      inHand.push(await strike(random, kept.alive))
      await post.put(Math.round(messages / 4 / blows))
      mostAside = Math.max(mostAside, (await ground.look().catch(() => ({ aside: 0 }))).aside)
    }
    await until(
      () => post.isIn,
      () => `all in Gmail: ${post.tell()}`,
      180_000,
    ).catch(error => complaints.push(String(error)))
    const isCalm = async (): Promise<boolean> => {
      const { suspects, aside } = await ground.look()
      mostAside = Math.max(mostAside, aside)
      return suspects === 0
    }
    await until(isCalm, 'no suspect left', 30_000).catch(error => complaints.push(String(error)))
    const { suspects, aside } = await ground.look()
    mostAside = Math.max(mostAside, aside)
    if (mostAside > 0) complaints.push(`${mostAside} innocents set aside`)
    return {
      complaints,
      lines: [
        `${ground.title}: ${what} ${blows} times, with ${inHand.join(', ')} messages in hand; ${ends} processes ended; set aside: ${mostAside}; suspects left: ${suspects}`,
        `  ${post.tell()}`,
      ],
    }
  } finally {
    await kept.stop()
  }
}

/** SIGKILL of one process, and another one takes its place. */
export const drillKills = (ground: Ground, options: StormOptions): Promise<DrillResult> =>
  playStorm(ground, 'SIGKILL', options, async (random, alive) => {
    // One may be about to be started anew.
    await until(() => alive().length > 0, 'a process')
    const child = pick(random, alive())
    child.kill('SIGKILL')
    await child.ended
    return (await ground.look()).inHand
  })

/** SIGKILL of the database, which comes back after a while; all processes live on. */
export const drillDatabase = (ground: FleetGround, options: StormOptions): Promise<DrillResult> =>
  playStorm(ground, 'the database killed', options, async random => {
    const { inHand } = await ground.look()
    await ground.database.kill('SIGKILL')
    await pause(pick(random, options.awayMs ?? [0, 2000, 11_000]))
    await ground.database.start()
    return inHand
  })
