/**
 * Waiting for news with proof of life. IDLE dies silently behind NAT boxes and load balancers, so silence is
 * never taken for "no news": at the end of every IDLE the server has to answer DONE, and a NOOP or SELECT, within a deadline.
 *
 * Nor is an IDLE that is alive believed before it was seen to tell of mail: some servers report only at DONE, some only
 * to SELECT. Until then, and after mail was found that IDLE had kept back, it is ended and begun again every few
 * seconds, on the same connection; IDLE that tells in time ends that.
 */
import { Fault } from '../base/fault.ts'
import type { Untagged } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { selectFolder } from './imap-folders.ts'
import { idleOnce } from './imap-idle.ts'
import { OtherFolders, type Shown } from './imap-others.ts'
import { readNumber32 } from './imap-parse.ts'
import type { ImapTurns } from './imap-turns.ts'
import type { IdleMemory, IdleWay } from './source.ts'

export interface WatchCalls {
  /** @param how 'told': more messages than before, in the folder as it was shown */
  readonly onNews: (how?: 'told') => void
  readonly onAlive: () => void
}

/**
 * A connection shows what its server shows it, and one that shows an old connection nothing new would go unnoticed. So it
 * is begun anew after a day, and sooner while it was not seen to show new mail at all, ms.
 */
const mostAgeMs = { known: 24 * 3600_000, unknown: 2 * 3600_000 } as const

/** One folder idles, the others are asked for. */
interface WatchedFolders {
  readonly idling: string
  readonly others: readonly string[]
}

/**
 * Watches folders on a connection that sessions may use meanwhile, until it fails: the first that is there idles. Ends
 * by a Fault or an AbortError only.
 */
export async function watchFolders(
  turns: ImapTurns,
  folders: readonly string[],
  calls: WatchCalls,
  memory: IdleMemory,
  signal: AbortSignal,
): Promise<never> {
  return turns.watch(async () => {
    let missing: Fault | undefined
    for (const idling of folders) {
      turns.watched = idling
      const others = folders.filter(folder => folder !== idling)
      try {
        return await new FolderWatch(turns, { idling, others }, calls, memory, signal).run()
      } catch (error) {
        // A folder that is missing is told by each pull; it must not keep the others from being watched.
        if (!(error instanceof Fault) || error.code !== 'source.folder-missing') throw error
        missing = error
      }
    }
    throw missing
  })
}

class FolderWatch {
  readonly #turns: ImapTurns
  readonly #connection: ImapConnection
  readonly #folder: string
  readonly #calls: WatchCalls
  readonly #memory: IdleMemory
  readonly #signal: AbortSignal
  readonly #others: OtherFolders
  #state: Shown = { validity: undefined, exists: 0, uidNext: undefined }
  #selectedMs = 0
  /** When this round ends, monotonic, ms: its IDLE may be interrupted to ask for the other folders. */
  #roundEndMs = 0
  /** What was told in this round: of itself, or when it was asked. */
  #heard = { idling: false, later: false }
  #idles: boolean

  constructor(
    turns: ImapTurns,
    { idling, others }: WatchedFolders,
    calls: WatchCalls,
    memory: IdleMemory,
    signal: AbortSignal,
  ) {
    this.#turns = turns
    this.#connection = turns.connection
    this.#folder = idling
    this.#others = new OtherFolders(turns, others, calls, memory)
    this.#calls = calls
    this.#memory = memory
    this.#signal = signal
    this.#idles = this.#connection.has('IDLE')
  }

  async run(): Promise<never> {
    await this.#rest(async () => {
      this.#state = await this.#select()
      await this.#others.begin(this.#signal)
    })
    // What came between the last pull and this moment is announced by nobody; who listed on this connection has seen it.
    const { listed } = this.#turns
    const { validity, uidNext = Number.POSITIVE_INFINITY } = this.#state
    const looked = listed.get(this.#folder)
    const isSeen = looked?.validity === validity && uidNext <= (looked?.uidNext ?? 0)
    if (!isSeen || !this.#others.areListed) this.#calls.onNews()
    for (let isAsked = false; ; ) {
      const wasAsked = isAsked
      isAsked = await this.#rest(async asked => {
        // Sessions have seen what was told to them, and may have gone to another folder.
        if (wasAsked) await this.#lookAgain()
        return await this.#round(asked)
      })
    }
  }

  #rest<T>(work: (asked: AbortSignal) => Promise<T>): Promise<T> {
    const alone = async (asked: AbortSignal): Promise<T> => {
      this.#others.isResting = true
      const onAsked = (): void => {
        this.#others.isResting = false
      }
      asked.addEventListener('abort', onAsked)
      try {
        return await work(asked)
      } finally {
        onAsked()
      }
    }
    return this.#turns.rest(alone, this.#signal)
  }

  /** One IDLE and what proves that the server is there. @returns whether somebody asks for the connection */
  async #round(asked: AbortSignal): Promise<boolean> {
    const { deadlines, clock } = this.#connection
    if (this.#roundEndMs <= clock.monotonicMs()) {
      this.#heard = { idling: false, later: false }
      const way = await this.#memory.wayOf(this.#folder)
      this.#endOldAge(way)
      this.#roundEndMs = clock.monotonicMs() + this.#roundMs(way)
    }
    if (asked.aborted) return true
    const idled = this.#idles
    const leftMs = Math.min(this.#roundEndMs - clock.monotonicMs(), Math.max(0, this.#others.dueInMs))
    if (idled) await this.#idle(leftMs, asked)
    else await clock.sleep(leftMs, AbortSignal.any([this.#signal, asked])).catch(() => {})
    this.#signal.throwIfAborted()
    const isForOthers = this.#others.dueInMs <= 0
    if (!asked.aborted && isForOthers) await this.#others.look(this.#signal, true)
    // Where the machine slept a round is over before its time.
    const isOver = !isForOthers || this.#roundEndMs <= clock.monotonicMs()
    if (asked.aborted || isOver) this.#roundEndMs = 0
    if (!asked.aborted && isOver) {
      const isDue = this.#heard.idling || clock.monotonicMs() - this.#selectedMs >= deadlines.select
      // SELECT shows all that NOOP would tell, but for one that came and one that left where no UIDNEXT is shown.
      const isShown = isDue && this.#state.uidNext !== undefined
      if (!this.#heard.later && !isShown) await this.#noop()
      // Who is told between two IDLE is about to ask, and the folder is selected behind that.
      if (isDue && !this.#heard.later) await this.#compare()
    }
    if (idled && this.#idles) await this.#learn()
    return asked.aborted
  }

  #roundMs(way: IdleWay): number {
    const { deadlines } = this.#connection
    if (!this.#idles) return deadlines.poll
    return way === 'tells' ? deadlines.idle : Math.min(deadlines.idle, deadlines.quickIdle)
  }

  #endOldAge(way: IdleWay): void {
    const mostMs = way === undefined ? mostAgeMs.unknown : mostAgeMs.known
    const { clock, facts } = this.#connection
    if (clock.monotonicMs() - this.#turns.bornMs < mostMs) return
    throw new Fault('source.connection-lost', { facts: { ...facts, reason: 'begun anew' } })
  }

  async #idle(period: number, asked: AbortSignal): Promise<void> {
    const untagged = { idling: this.#untaggedFor('idling'), later: this.#untaggedFor('later', asked) }
    const { onAlive } = this.#calls
    const end = (): void => this.#turns.endIdle()
    const onDone = (ms: number): void => {
      this.#turns.answeredInMs = ms
    }
    const onOddity = (): void => this.#turns.forget(this.#folder)
    const options = { onAlive, period, untagged, asked, end, onDone, onOddity }
    this.#idles = await idleOnce(this.#connection, this.#folder, options, this.#signal)
  }

  /** Behaviour decides: mail that came while it idled and was told only when asked. */
  async #learn(): Promise<void> {
    if (this.#heard.idling) await this.#memory.noteWay(this.#folder, 'tells')
    else if (this.#heard.later) await this.#memory.noteWay(this.#folder, 'silent')
  }

  async #select(): Promise<Shown> {
    this.#turns.selected = undefined
    const selected = await selectFolder(this.#connection, this.#folder, this.#signal)
    this.#turns.selected = selected
    this.#calls.onAlive()
    this.#selectedMs = this.#connection.clock.monotonicMs()
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

  /** What nothing has told: IDLE, nor NOOP where one was sent. */
  async #compare(): Promise<void> {
    const before = this.#state
    const after = await this.#select()
    this.#state = after
    const isSame = before.validity === after.validity
    const isTold = this.#heard.idling || this.#heard.later
    // What was told in this round has moved UIDNEXT, too, and was rung for.
    const hasCome =
      !isTold && after.uidNext !== undefined && before.uidNext !== undefined
        ? after.uidNext > before.uidNext
        : after.exists > before.exists
    if (isSame && !hasCome) return
    this.#calls.onNews(isSame ? 'told' : undefined)
    if (isSame && !isTold) this.#heard.later = true
  }

  /** What came while a session had the connection, and behind its last listing. */
  async #lookAgain(): Promise<void> {
    const before = this.#state
    const after = await this.#select()
    this.#state = after
    await this.#others.look(this.#signal)
    const { looked } = this.#turns
    const isLooked = looked?.folder === this.#folder && looked.validity === after.validity
    // Each message is rung for once: a folder that cannot be listed is not tried without a pause.
    const known = Math.max(before.uidNext ?? 0, isLooked ? looked.uidNext : 0)
    const hasCome = after.uidNext === undefined ? after.exists > before.exists : after.uidNext > known
    if (before.validity !== after.validity) this.#calls.onNews()
    else if (hasCome) this.#calls.onNews('told')
  }
}
