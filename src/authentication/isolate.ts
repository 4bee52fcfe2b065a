/**
 * The process in which messages are verified, seen from the one that carries mail.
 *
 * Invariants: nothing that a stranger wrote is given to the library on this side; a message has `deadlineMs`, after
 * which the other process is killed in whatever it does; what waits is bounded in number and time; the process lives
 * only while it has work, so that an idle daemon does not hold the library. (A thread would leave most of its memory
 * behind, and a full heap in it may end us too.)
 *
 * Messages beside the one that ran out of time are not to blame, and nobody can tell which of them was: each is
 * given a second and last try, alone.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { callAfter } from '../base/clock.ts'
import type { RawMessage } from '../message/message.ts'
import type { Lookup } from './dns.ts'
import type { FromIsolate, Job, ToIsolate } from './isolate-messages.ts'

export interface IsolateOptions {
  /** Answers the questions of the other side. */
  readonly lookup: Lookup
  /** Of one message once it is begun, ms. */
  readonly deadlineMs?: number
  /** Without work for so long the process is ended, ms. */
  readonly idleMs?: number
  /** How long one message may wait for its turn, ms. */
  readonly waitMs?: number
}

/** `json`: an Authentication. `undefined`: ended from outside, nothing is known. */
export type IsolateAnswer = { readonly json: string } | 'broken-off' | 'too-busy' | undefined

interface Task {
  readonly id: number
  readonly job: Job
  readonly raw: RawMessage
  chunks: AsyncIterator<Uint8Array> | undefined
  alone: boolean
  settled: boolean
  /** Ends its present deadline. */
  endDeadline: () => void
  readonly settle: (answer: IsolateAnswer) => void
}

/** At work at once: while one waits for DNS another is hashed. */
const runningAtMost = 4
/** Known at once, waiting ones included: each holds a spool file, or as much in memory. */
const knownAtMost = 16
/** Loading the library takes a second on a slow machine; no message is to blame. */
const startMs = 30_000

/** The sources are TypeScript, the package is JavaScript. */
const program = fileURLToPath(
  new URL(`./isolate-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)

/** V8's options, MiB and KiB; octets beyond its heap are bounded by what is handed over. */
const limits = ['--max-old-space-size=96', '--max-semi-space-size=4', '--stack-size=900']

/** Nothing of ours reaches it: no secret of the environment, no preload, and its words reach nobody. */
function startProcess(): ChildProcess {
  // Where a system finds the libraries that node itself needs.
  const { LD_LIBRARY_PATH } = process.env
  const typeStripping = process.execArgv.filter(option => /strip-types/.test(option))
  return fork(program, [], {
    env: LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH },
    execArgv: [...limits, ...typeStripping],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

export class Isolate {
  readonly #lookup: Lookup
  readonly #deadlineMs: number
  readonly #idleMs: number
  readonly #waitMs: number
  readonly #waiting: Task[] = []
  readonly #running = new Map<number, Task>()
  #process: ChildProcess | undefined
  #ready = false
  /** The end of a process that was killed. */
  #ending: Promise<unknown> | undefined
  /** Of its start, or of its rest. */
  #endTimer = (): void => {}
  #serial = 0
  #closed = false

  constructor({ lookup, deadlineMs = 5000, idleMs = 1000, waitMs = 60_000 }: IsolateOptions) {
    this.#lookup = lookup
    this.#deadlineMs = deadlineMs
    this.#idleMs = idleMs
    this.#waitMs = waitMs
  }

  /** Whether the process lives. */
  get lives(): boolean {
    return this.#process !== undefined
  }

  /** Verifies one message. Never rejects. The message is read until the promise is settled, and not after. */
  run(job: Job, raw: RawMessage, signal: AbortSignal): Promise<IsolateAnswer> {
    if (this.#closed || signal.aborted) return Promise.resolve(undefined)
    if (this.#waiting.length + this.#running.size >= knownAtMost) return Promise.resolve('too-busy')
    const { promise, resolve } = Promise.withResolvers<IsolateAnswer>()
    this.#serial += 1
    const task: Task = {
      id: this.#serial,
      job,
      raw,
      chunks: undefined,
      alone: false,
      settled: false,
      endDeadline: () => {},
      settle: answer => {
        if (task.settled) return
        task.settled = true
        signal.removeEventListener('abort', onAbort)
        resolve(answer)
      },
    }
    // A task that is at work keeps its deadline: what it does can only be ended with the process.
    const onAbort = (): void => task.settle(undefined)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#wait(task)
    this.#pump()
    return promise
  }

  /** Ends the process; whoever waits gets undefined. */
  async close(): Promise<void> {
    this.#closed = true
    for (const task of [...this.#waiting.splice(0), ...this.#running.values()]) {
      task.endDeadline()
      task.settle(undefined)
    }
    this.#running.clear()
    this.#end()
    await this.#ending
  }

  #wait(task: Task): void {
    this.#waiting.push(task)
    task.endDeadline = callAfter(this.#waitMs, () => task.settle('too-busy'))
  }

  /** Begins what may begin now; starts the process where there is work, and ends it where there is none. */
  #pump(): void {
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1) {
      const task = this.#waiting[at]
      if (task?.settled !== true) continue
      task.endDeadline()
      this.#waiting.splice(at, 1)
    }
    if (this.#waiting.length + this.#running.size === 0) {
      this.#rest()
      return
    }
    if (this.#process === undefined) this.#start()
    if (this.#process === undefined || !this.#ready) return
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const isAlone = next.alone || [...this.#running.values()].some(task => task.alone)
      if (this.#running.size >= (isAlone ? 1 : runningAtMost)) return
      this.#waiting.shift()
      this.#begin(next, this.#process)
    }
  }

  #begin(task: Task, child: ChildProcess): void {
    task.endDeadline()
    child.ref()
    child.channel?.ref()
    this.#running.set(task.id, task)
    // Where this process stood still, what came meanwhile is heard before anybody is to blame.
    task.endDeadline = callAfter(this.#deadlineMs, () => this.#breakOff(task))
    this.#say(child, { kind: 'job', id: task.id, job: task.job })
  }

  #start(): void {
    this.#endTimer()
    if (this.#closed || this.#ending !== undefined) return
    let child: ChildProcess
    try {
      child = startProcess()
    } catch {
      this.#lost()
      return
    }
    this.#process = child
    this.#endTimer = callAfter(startMs, () => this.#lost())
    child.on('message', (message: FromIsolate) => {
      if (this.#process === child) this.#hear(child, message)
    })
    // Out of memory, a bug, nothing to start it with: it is gone, and with it what it did.
    const onEnd = (): void => {
      if (this.#process === child) this.#lost()
    }
    child.on('error', onEnd)
    child.on('exit', onEnd)
  }

  #hear(child: ChildProcess, message: FromIsolate): void {
    switch (message.kind) {
      case 'ready':
        this.#endTimer()
        this.#ready = true
        this.#pump()
        return
      case 'read':
        void this.#readOn(child, message.id)
        return
      case 'ask':
        void this.#answer(child, message.question, message.name, message.type)
        return
      case 'done': {
        const task = this.#running.get(message.id)
        if (task === undefined) return
        this.#leave(task, message.json === undefined ? 'broken-off' : { json: message.json })
        this.#pump()
        return
      }
      default:
        message satisfies never
    }
  }

  async #readOn(child: ChildProcess, id: number): Promise<void> {
    const task = this.#running.get(id)
    const broken = { kind: 'chunk', id, octets: undefined, broken: true } as const
    if (task === undefined || task.settled) return this.#say(child, broken)
    try {
      task.chunks ??= task.raw.chunks()[Symbol.asyncIterator]()
      const { done, value } = await task.chunks.next()
      if (done === true) return this.#say(child, { kind: 'chunk', id, octets: undefined, broken: false })
      this.#say(child, { kind: 'chunk', id, octets: value, broken: false })
    } catch {
      this.#say(child, broken)
    }
  }

  async #answer(child: ChildProcess, question: number, name: string, type: string): Promise<void> {
    try {
      const rows = await this.#lookup(name, type)
      this.#say(child, { kind: 'answer', question, rows, code: '' })
    } catch (error) {
      const code = String((error as { code?: unknown } | undefined)?.code ?? 'EUNKNOWN')
      this.#say(child, { kind: 'answer', question, rows: undefined, code })
    }
  }

  /** To a process that has ended nothing is said; one that ends meanwhile is heard of by its end. */
  #say(child: ChildProcess, message: ToIsolate): void {
    if (this.#process === child && child.connected) child.send(message, () => {})
  }

  #leave(task: Task, answer: IsolateAnswer): void {
    task.endDeadline()
    this.#running.delete(task.id)
    task.settle(answer)
    void task.chunks?.return?.().catch(() => {})
    task.chunks = undefined
  }

  /** This message ran out of time, and the process may not even hear us. */
  #breakOff(task: Task): void {
    this.#leave(task, 'broken-off')
    this.#lost()
  }

  /** The process is gone or is to go. Who was at work in it is tried once more, alone; who was alone is done with. */
  #lost(): void {
    const wasReady = this.#ready
    const others = [...this.#running.values()]
    for (const task of others) {
      if (task.alone || task.settled) this.#leave(task, 'broken-off')
      else {
        task.endDeadline()
        this.#running.delete(task.id)
        void task.chunks?.return?.().catch(() => {})
        task.chunks = undefined
        task.alone = true
        this.#wait(task)
      }
    }
    // A process that cannot even be started would be started for ever.
    if (!wasReady) for (const task of this.#waiting) task.settle('broken-off')
    this.#end()
    this.#pump()
  }

  #rest(): void {
    if (this.#process === undefined) return
    this.#process.unref()
    this.#process.channel?.unref()
    this.#endTimer()
    const timer = setTimeout(() => {
      if (this.#waiting.length + this.#running.size === 0) this.#end()
    }, this.#idleMs).unref()
    this.#endTimer = () => clearTimeout(timer)
  }

  #end(): void {
    this.#endTimer()
    const child = this.#process
    this.#process = undefined
    this.#ready = false
    if (
      child === undefined ||
      child.pid === undefined ||
      child.exitCode !== null ||
      child.signalCode !== null
    )
      return
    // The next one begins when this one has given its memory back.
    child.ref()
    const ending = once(child, 'exit').catch(() => {})
    child.kill('SIGKILL')
    this.#ending = ending
    void ending.then(() => {
      this.#ending = undefined
      this.#pump()
    })
  }
}
