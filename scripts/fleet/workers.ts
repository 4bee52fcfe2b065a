/** `hikyaku worker` processes, each from a loopback address of its own, and what was done to them when. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ended, type Running, startHikyaku } from '../../test/servers/hikyaku.ts'

const preload = fileURLToPath(new URL('from-address.ts', import.meta.url))
/** How long after SIGCONT the sessions of before may last: it has to find out that its time is over. */
const wakingMs = 2000
/** One that does not end within this time is killed, ms. */
const endingMs = 20_000

export class Worker {
  readonly name: string
  /** The loopback address that its connections come from; no other process has it. */
  readonly from: string
  readonly running: Running
  killedAtMs: number | undefined
  #isEnding = false
  readonly #stops: { readonly fromMs: number; untilMs: number }[] = []

  constructor(name: string, from: string, running: Running) {
    this.name = name
    this.from = from
    this.running = running
  }

  get isRunning(): boolean {
    return !this.running.hasEnded()
  }

  /** Neither stopped nor about to end. */
  get isLeftAlone(): boolean {
    return this.isRunning && !this.#isEnding && this.#stops.every(({ untilMs }) => untilMs < Infinity)
  }

  /** SIGKILL. @returns when, ms since 1970 */
  async kill(): Promise<number> {
    const atMs = Date.now()
    this.#isEnding = true
    this.killedAtMs = atMs
    this.running.kill('SIGKILL')
    await this.running.ended
    return atMs
  }

  /** SIGSTOP: it runs no more, and keeps its connections. */
  pause(): void {
    this.#stops.push({ fromMs: Date.now(), untilMs: Infinity })
    this.running.kill('SIGSTOP')
  }

  wake(): void {
    const last = this.#stops.at(-1)
    if (last !== undefined && last.untilMs === Infinity) last.untilMs = Date.now()
    this.running.kill('SIGCONT')
  }

  /** SIGTERM, and SIGKILL where that does not end it. */
  async end(): Promise<Ended> {
    this.#isEnding = true
    this.wake()
    this.running.kill('SIGTERM')
    const hard = setTimeout(() => this.running.kill('SIGKILL'), endingMs)
    try {
      return await this.running.ended
    } finally {
      clearTimeout(hard)
    }
  }

  /** Whether the system kept it from leaving at that moment. */
  isUnableAt(atMs: number): boolean {
    return this.#stops.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs <= untilMs + wakingMs)
  }
}

export interface WorkersOptions {
  /** For what each keeps on the disk. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Of the mail server, which is to tell the workers apart. */
  readonly ports: readonly number[]
}

export function makeWorkers({ folder, env, ports }: WorkersOptions) {
  const all: Worker[] = []
  return {
    all: all as readonly Worker[],
    running: (): readonly Worker[] => all.filter(({ isRunning }) => isRunning),
    /** @param more of its environment */
    start(name: string, more: Readonly<Record<string, string>> = {}): Worker {
      const number = all.length + 1
      const from = `127.0.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`
      const running = startHikyaku(['worker'], {
        env: {
          ...env,
          WORKER_NAME: name,
          STATE_DIR: join(folder, `state-${number}`),
          FROM_ADDRESS: from,
          FROM_PORTS: ports.join(','),
          ...more,
        },
        cwd: folder,
        nodeArgs: ['--import', preload],
        ownGroup: true,
        endsWithUs: true,
      })
      const worker = new Worker(name, from, running)
      all.push(worker)
      return worker
    },
    /** What each printed, a file each. */
    async writeLogs(into: string): Promise<void> {
      await mkdir(into, { recursive: true })
      for (const [at, { name, running }] of all.entries())
        await writeFile(join(into, `${at + 1}-${name}.log`), running.stdout() + running.stderr())
    },
    /** Kills what still runs. */
    async stop(): Promise<void> {
      await Promise.all(all.filter(({ isRunning }) => isRunning).map(worker => worker.kill()))
    },
  }
}

export type Workers = ReturnType<typeof makeWorkers>
