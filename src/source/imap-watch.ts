/**
 * Waiting for news with proof of life. IDLE dies silently behind NAT boxes and load balancers, so silence is
 * never taken for "no news": at the end of every IDLE the server has to answer DONE and a NOOP within a deadline.
 *
 * Nor is an IDLE that is alive believed before it was seen to tell of mail: some servers report only at DONE, some only
 * to EXAMINE. Until then, and after mail was found that IDLE had kept back, it is ended and begun again every few
 * seconds, on the same connection; IDLE that tells in time ends that.
 */
import type { Clock } from '../base/clock.ts'
import { waitAtMost, within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { imapAllowance } from './budget.ts'
import type { ExecError, Untagged } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { selectFolder } from './imap-folders.ts'
import { readNumber32, readOkCode } from './imap-parse.ts'
import type { ImapTurns } from './imap-turns.ts'
import type { IdleMemory } from './source.ts'

export interface WatchCalls {
  /** @param how 'told': more messages than before, in the folder as it was shown */
  readonly onNews: (how?: 'told') => void
  readonly onAlive: () => void
}

/** A wall clock that ran ahead of the monotonic one by more than this: the machine slept, the socket may be dead. */
const sleptMs = 15_000

/** A folder as the server showed it last. */
interface Shown {
  validity: string | undefined
  exists: number
  uidNext: number | undefined
}

/**
 * Watches one folder on a connection that sessions may use meanwhile, until it fails; ends by a Fault or an AbortError
 * only.
 */
export async function watchFolder(
  turns: ImapTurns,
  folder: string,
  calls: WatchCalls,
  memory: IdleMemory,
  signal: AbortSignal,
): Promise<never> {
  return turns.watch(() => new FolderWatch(turns, folder, calls, memory, signal).run())
}

class FolderWatch {
  readonly #turns: ImapTurns
  readonly #connection: ImapConnection
  readonly #folder: string
  readonly #calls: WatchCalls
  readonly #memory: IdleMemory
  readonly #signal: AbortSignal
  #state: Shown = { validity: undefined, exists: 0, uidNext: undefined }
  #examinedMs = 0
  /** What was told in this round: of itself, or when it was asked. */
  #heard = { idling: false, later: false }
  #idles: boolean

  constructor(turns: ImapTurns, folder: string, calls: WatchCalls, memory: IdleMemory, signal: AbortSignal) {
    this.#turns = turns
    this.#connection = turns.connection
    this.#folder = folder
    this.#calls = calls
    this.#memory = memory
    this.#signal = signal
    this.#idles = this.#connection.has('IDLE')
  }

  async run(): Promise<never> {
    await this.#turns.rest(async () => {
      this.#state = await this.#examine()
    }, this.#signal)
    // What came between the last pull and this moment is announced by nobody.
    this.#calls.onNews()
    for (let isAsked = false; ; ) {
      const wasAsked = isAsked
      isAsked = await this.#turns.rest(async asked => {
        // Sessions have seen what was told to them, and may have gone to another folder.
        if (wasAsked) await this.#lookAgain()
        return await this.#round(asked)
      }, this.#signal)
    }
  }

  /** One IDLE and what proves that the server is there. @returns whether somebody asks for the connection */
  async #round(asked: AbortSignal): Promise<boolean> {
    const { deadlines, clock } = this.#connection
    this.#heard = { idling: false, later: false }
    if (asked.aborted) return true
    const idled = this.#idles
    if (idled) await this.#idle(asked)
    else await clock.sleep(deadlines.poll, AbortSignal.any([this.#signal, asked])).catch(() => {})
    this.#signal.throwIfAborted()
    if (!asked.aborted) {
      await this.#noop()
      const isTold = this.#heard.idling || this.#heard.later
      if (isTold || clock.monotonicMs() - this.#examinedMs >= deadlines.examine) await this.#compare()
    }
    if (idled && this.#idles) await this.#learn()
    return asked.aborted
  }

  async #idle(asked: AbortSignal): Promise<void> {
    const { deadlines } = this.#connection
    const period =
      (await this.#memory.wayOf(this.#folder)) === 'tells'
        ? deadlines.idle
        : Math.min(deadlines.idle, deadlines.quickIdle)
    const untagged = { idling: this.#untaggedFor('idling'), later: this.#untaggedFor('later', asked) }
    const { onAlive } = this.#calls
    const end = (): void => this.#turns.endIdle()
    const onOddity = (): void => {
      this.#turns.looked = undefined
    }
    const options = { onAlive, period, untagged, asked, end, onOddity }
    this.#idles = await idleOnce(this.#connection, this.#folder, options, this.#signal)
  }

  /** Behaviour decides: mail that came while it idled and was told only when asked. */
  async #learn(): Promise<void> {
    if (this.#heard.idling) await this.#memory.noteWay(this.#folder, 'tells')
    else if (this.#heard.later) await this.#memory.noteWay(this.#folder, 'silent')
  }

  async #examine(): Promise<Shown> {
    this.#turns.selected = undefined
    const selected = await selectFolder(this.#connection, this.#folder, 'EXAMINE', this.#signal)
    this.#turns.selected = selected
    this.#calls.onAlive()
    this.#examinedMs = this.#connection.clock.monotonicMs()
    const { validity, exists = 0, uidNext } = selected
    this.#turns.exists = exists
    return { validity, exists, uidNext }
  }

  /** Counts what is told: servers repeat a count that they told before. */
  #untaggedFor(when: 'idling' | 'later', asked?: AbortSignal): Readonly<Record<string, Untagged>> {
    // Who asks looks by himself.
    const ring = (how?: 'told'): void => {
      if (asked?.aborted !== true) this.#calls.onNews(how)
    }
    return {
      EXISTS: async ({ command }) => {
        const exists = readNumber32({ type: 'ATOM', value: command }) ?? this.#state.exists
        const isMore = exists > this.#state.exists
        if (isMore) this.#heard[when] = true
        this.#tell(exists)
        ring(isMore ? 'told' : undefined)
      },
      EXPUNGE: async () => this.#tell(Math.max(0, this.#state.exists - 1)),
      // Some say it behind each EXISTS.
      RECENT: async () => {
        if (!this.#heard.idling && !this.#heard.later) ring()
      },
    }
  }

  #tell(exists: number): void {
    this.#state.exists = exists
    this.#turns.exists = exists
  }

  async #noop(): Promise<void> {
    const connection = this.#connection
    const folder = this.#folder
    const untagged = this.#untaggedFor('later')
    try {
      await connection.run('NOOP', false, { phase: 'watch', facts: { folder }, untagged }, this.#signal)
    } catch (error) {
      throw isRefused(error) ? connection.refusal(error, { folder, phase: 'watch' }) : error
    }
    this.#calls.onAlive()
  }

  /** What neither IDLE nor NOOP told. */
  async #compare(): Promise<void> {
    const before = this.#state
    const after = await this.#examine()
    this.#state = after
    const isSame = before.validity === after.validity
    const isTold = this.#heard.idling || this.#heard.later
    // What was told in this round has moved UIDNEXT, too, and was rung for.
    const hasCome =
      !isTold && after.uidNext !== undefined && before.uidNext !== undefined
        ? after.uidNext > before.uidNext
        : after.exists > before.exists
    if (isSame && !hasCome) return
    this.#calls.onNews()
    if (isSame && !isTold) this.#heard.later = true
  }

  /** What came while a session had the connection, and behind its last listing. */
  async #lookAgain(): Promise<void> {
    const before = this.#state
    const after = await this.#examine()
    this.#state = after
    const { looked } = this.#turns
    const isLooked = looked?.folder === this.#folder && looked.validity === after.validity
    // Each message is rung for once: a folder that cannot be listed is not tried without a pause.
    const known = Math.max(before.uidNext ?? 0, isLooked ? looked.uidNext : 0)
    const hasCome = after.uidNext === undefined ? after.exists > before.exists : after.uidNext > known
    if (before.validity !== after.validity) this.#calls.onNews()
    else if (hasCome) this.#calls.onNews('told')
  }
}

interface IdleOptions {
  readonly onAlive: () => void
  /** How long, ms. */
  readonly period: number
  /** Aborts when somebody asks for the connection: it is ended at once. */
  readonly asked: AbortSignal
  /** Sends DONE. */
  readonly end: () => void
  /** Another UIDVALIDITY is told, which no server may do in a folder that is selected. */
  readonly onOddity: () => void
  /** Takes what is told while the server idles, and what it tells once it is asked to end. */
  readonly untagged: Readonly<Record<'idling' | 'later', Readonly<Record<string, Untagged>>>>
}

/** One IDLE (RFC 2177), ended by us. Returns false where the server will not idle. */
async function idleOnce(
  connection: ImapConnection,
  folder: string,
  { onAlive, period, untagged, asked, end, onOddity }: IdleOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { deadlines, clock } = connection
  const facts = { ...connection.facts, folder, phase: 'idle' }
  const done = new AbortController()
  const stop = AbortSignal.any([signal, done.signal, asked])
  let isEnding = false
  const take =
    (name: string): Untagged =>
    async response => {
      onAlive()
      await untagged[isEnding ? 'later' : 'idling'][name]?.(response)
    }
  // `* OK Still here`: a sign of life and no news.
  const sign: Untagged = async response => {
    onAlive()
    if (readOkCode(response, 'UIDVALIDITY') !== undefined) onOddity()
  }
  const accepted = Promise.withResolvers<'accepted'>()
  connection.allow('idle', imapAllowance.idle)
  const ended = connection.client
    .exec('IDLE', false, {
      untagged: { EXISTS: take('EXISTS'), EXPUNGE: take('EXPUNGE'), RECENT: take('RECENT'), OK: sign },
      onPlusTag: async () => accepted.resolve('accepted'),
    })
    .then(
      executed => {
        executed.next()
        return 'done' as const
      },
      (error: ExecError) => connection.failure(error, facts),
    )
  const inTime = <T>(what: Promise<T>): Promise<T> => {
    const late = (): Fault =>
      connection.end(new Fault('source.timeout', { facts: { ...facts, seconds: deadlines.silence / 1000 } }))
    return within(what, deadlines.silence, clock, signal, late)
  }
  const began = clock.monotonicMs()
  try {
    const answer = Promise.race([accepted.promise, ended])
    let outcome = await inTime(answer).catch(async error => {
      // A watch that is to end takes its IDLE back first: a session may be using the connection.
      if (signal.aborted && (await waitAtMost(answer, deadlines.logout, clock))) return answer
      throw error
    })
    if (outcome === 'accepted') {
      onAlive()
      const over = (): 'over' => 'over'
      const first = await Promise.race([ended, pause(clock, period, stop).then(over, over)])
      isEnding = true
      if (first === 'over') end()
      // What follows at the end of a watch waits for the answer by itself: LOGOUT, or a session's command.
      if (signal.aborted) return true
      outcome = first === 'over' ? await inTime(ended) : first
      // A server that ends every IDLE at once would be asked again without a pause.
      if (first === 'done' && clock.monotonicMs() - began < 1_000) await clock.sleep(deadlines.poll, signal)
    }
    if (outcome instanceof Fault) throw outcome
    return !isRefused(outcome)
  } catch (error) {
    connection.abandon()
    throw error
  } finally {
    done.abort()
  }
}

/** Sleeps `ms`, or less when the machine itself slept meanwhile: its sockets may be dead by then. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const end = clock.monotonicMs() + ms
  for (let left = ms; left > 0; left = end - clock.monotonicMs()) {
    const ahead = clock.nowMs() - clock.monotonicMs()
    await clock.sleep(Math.min(5_000, left), signal)
    if (clock.nowMs() - clock.monotonicMs() - ahead > sleptMs) return
  }
}
