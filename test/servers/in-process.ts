/**
 * The bridge inside the test's own process, between the same servers as `world.ts`: for the many cases where a
 * child process would only cost time, and where the clock must be played. Ports, adapters and sockets are the real ones.
 */
import { Writable } from 'node:stream'
import { type Clock, callAfter } from '../../src/base/clock.ts'
import { type Bridge, openBridge } from '../../src/bridge.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { makeLog } from '../../src/log/log.ts'
import { type Attempt, attemptPull } from '../../src/pull/attempt.ts'
import { isOnPostgres, openPostgresJournalOf } from './postgres-journals.ts'
import type { World } from './world.ts'

/** A clock that a test moves. */
export class PlayedClock implements Clock {
  /** Added to the real wall clock, ms. */
  offsetMs = 0
  /** Added to the real monotonic clock, ms. */
  monotonicOffsetMs = 0
  // Functions that know their clock: they are handed over on their own.
  readonly nowMs = (): number => Date.now() + this.offsetMs
  readonly monotonicMs = (): number => performance.now() + this.monotonicOffsetMs
  readonly #sleepers = new Set<() => void>()

  /** Time passes on both clocks; who waited for less wakes up. */
  pass(ms: number): void {
    this.offsetMs += ms
    this.monotonicOffsetMs += ms
    for (const look of [...this.#sleepers]) look()
  }
  after(ms: number, call: () => void): () => void {
    const over = new AbortController()
    this.sleep(ms, over.signal).then(call, () => {})
    return () => over.abort()
  }
  /** In real time, unless `pass` shortens it: deadlines are waits, too. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const endMs = this.monotonicMs() + ms
    return new Promise((resolve, reject) => {
      const done = (): void => {
        endTimer()
        this.#sleepers.delete(look)
        signal?.removeEventListener('abort', onAbort)
      }
      const look = (): void => {
        if (this.monotonicMs() < endMs) return
        done()
        resolve()
      }
      const onAbort = (): void => {
        done()
        reject(signal?.reason)
      }
      const endTimer = callAfter(ms, () => {
        done()
        resolve()
      })
      this.#sleepers.add(look)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
    })
  }
}

export interface InProcess {
  readonly bridge: Bridge
  readonly journal: Journal
  readonly clock: PlayedClock
  /** Everything that was logged, debug level, JSON lines. */
  log(): string
  /** One attempt at a pull of the first (or the named) mailbox, without gates unless asked. */
  pull(options?: {
    gate?: boolean
    mailbox?: string
    stopping?: AbortSignal
    signal?: AbortSignal
  }): Promise<Attempt>
  close(): Promise<void>
}

/** Opens the bridge on the world's state directory; close it before another one or a command is started. */
export async function openInProcess(
  world: World,
  more: {
    readonly env?: Readonly<Record<string, string>>
    readonly clock?: PlayedClock
    /** In place of the one in the state directory. */
    readonly journal?: Journal
  } = {},
): Promise<InProcess> {
  const clock = more.clock ?? new PlayedClock()
  const config = await loadConfig({ env: { ...world.env, ...more.env }, cwd: world.folder })
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const log = makeLog({ level: 'debug', format: 'json', stream })
  const other =
    isOnPostgres && more.journal === undefined ? await openPostgresJournalOf(world.stateDir) : undefined
  const bridge = await openBridge(config, log, clock, undefined, more.journal ?? other)
  const never = new AbortController().signal
  return {
    bridge,
    journal: bridge.journal,
    clock,
    log: () => text,
    pull({ gate = false, mailbox, stopping = never, signal = never } = {}) {
      const ports = bridge.mailboxes.find(one => mailbox === undefined || one.mailbox.name === mailbox)
      if (ports === undefined) throw new Error(`no mailbox ${mailbox}`)
      return attemptPull(
        ports,
        { signal, stopping, budgetMs: Number.POSITIVE_INFINITY, reason: 'test', onProgress: () => {} },
        gate,
      )
    },
    close: () => bridge.close(),
  }
}

/** The counts of a pull that came to its end; throws with the fault of one that did not. */
export function countOf(made: Attempt): import('../../src/pull/count.ts').PullCount {
  if (made.kind === 'pulled') return made.result.count
  throw new Error(`the pull did not come to its end: ${made.kind} ${'fault' in made ? made.fault?.code : ''}`)
}
