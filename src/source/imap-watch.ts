/**
 * Waiting for news with proof of life. IDLE dies silently behind NAT boxes and load balancers, so silence is
 * never taken for "no news": at the end of every IDLE the server has to answer DONE and a NOOP within a deadline.
 *
 * Nor is an IDLE that is alive believed before it was seen to tell of mail: some servers report only at DONE, some only
 * to EXAMINE. Until then, and after mail was found that IDLE had kept back, it is ended and begun again every few
 * seconds, on the same connection; IDLE that tells in time ends that.
 */
import type { Clock } from '../base/clock.ts'
import { within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { imapAllowance } from './budget.ts'
import type { ExecError, Untagged } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { selectFolder } from './imap-folders.ts'
import { readNumber32 } from './imap-parse.ts'
import type { IdleMemory } from './source.ts'

export interface WatchCalls {
  readonly onNews: () => void
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

/** Watches one folder on a connection of its own until it fails; ends by a Fault or an AbortError only. */
export async function watchFolder(
  connection: ImapConnection,
  folder: string,
  calls: WatchCalls,
  memory: IdleMemory,
  signal: AbortSignal,
): Promise<never> {
  const { deadlines, clock } = connection
  const { onNews, onAlive } = calls
  const examine = async (): Promise<Shown> => {
    const { validity, exists = 0, uidNext } = await selectFolder(connection, folder, 'EXAMINE', signal)
    onAlive()
    return { validity, exists, uidNext }
  }
  const state = await examine()
  let examinedMs = clock.monotonicMs()
  // What came between the last pull and this moment is announced by nobody.
  onNews()
  const heard = { idling: false, later: false }
  /** Counts what is told: servers repeat a count that they told before. */
  const untaggedFor = (when: keyof typeof heard): Readonly<Record<string, Untagged>> => ({
    EXISTS: async ({ command }) => {
      const exists = readNumber32({ type: 'ATOM', value: command }) ?? state.exists
      if (exists > state.exists) heard[when] = true
      state.exists = exists
      onNews()
    },
    EXPUNGE: async () => {
      state.exists = Math.max(0, state.exists - 1)
    },
    RECENT: async () => onNews(),
  })
  const noop = async (): Promise<void> => {
    const untagged = untaggedFor('later')
    try {
      await connection.run('NOOP', false, { phase: 'watch', facts: { folder }, untagged }, signal)
    } catch (error) {
      throw isRefused(error) ? connection.refusal(error, { folder, phase: 'watch' }) : error
    }
    onAlive()
  }
  /** What neither IDLE nor NOOP told. */
  const compare = async (): Promise<void> => {
    const before = { ...state }
    Object.assign(state, await examine())
    examinedMs = clock.monotonicMs()
    const isSame = before.validity === state.validity
    const { uidNext } = state
    const isTold = heard.idling || heard.later
    // What was told in this round has moved UIDNEXT, too, and was rung for.
    const hasCome =
      !isTold && uidNext !== undefined && before.uidNext !== undefined
        ? uidNext > before.uidNext
        : state.exists > before.exists
    if (isSame && !hasCome) return
    onNews()
    if (isSame && !isTold) heard.later = true
  }
  let idle = connection.has('IDLE')
  for (;;) {
    heard.idling = false
    heard.later = false
    if (idle) {
      const period =
        (await memory.wayOf(folder)) === 'tells'
          ? deadlines.idle
          : Math.min(deadlines.idle, deadlines.quickIdle)
      const untagged = { idling: untaggedFor('idling'), later: untaggedFor('later') }
      idle = await idleOnce(connection, folder, { onAlive, period, untagged }, signal)
    } else await clock.sleep(deadlines.poll, signal)
    await noop()
    const isTold = heard.idling || heard.later
    if (isTold || clock.monotonicMs() - examinedMs >= deadlines.examine) await compare()
    if (!idle) continue
    // Behaviour decides: mail that came while it idled and was told only when asked.
    if (heard.idling) await memory.noteWay(folder, 'tells')
    else if (heard.later) await memory.noteWay(folder, 'silent')
  }
}

interface IdleOptions {
  readonly onAlive: () => void
  /** How long, ms. */
  readonly period: number
  /** Takes what is told while the server idles, and what it tells once it is asked to end. */
  readonly untagged: Readonly<Record<'idling' | 'later', Readonly<Record<string, Untagged>>>>
}

/** One IDLE (RFC 2177), ended by us. Returns false where the server will not idle. */
async function idleOnce(
  connection: ImapConnection,
  folder: string,
  { onAlive, period, untagged }: IdleOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { deadlines, clock } = connection
  const facts = { ...connection.facts, folder, phase: 'idle' }
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  let isEnding = false
  const take =
    (name: string): Untagged =>
    async response => {
      onAlive()
      await untagged[isEnding ? 'later' : 'idling'][name]?.(response)
    }
  // `* OK Still here`: a sign of life and no news.
  const sign: Untagged = async () => onAlive()
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
    let outcome = await inTime(Promise.race([accepted.promise, ended]))
    if (outcome === 'accepted') {
      onAlive()
      const slept = pause(clock, period, stop).then(() => 'slept' as const)
      const first = await Promise.race([ended, slept])
      isEnding = true
      if (first === 'slept') connection.client.write('DONE')
      outcome = first === 'slept' ? await inTime(ended) : first
      // A server that ends every IDLE at once would be asked again without a pause.
      if (first === 'done' && clock.monotonicMs() - began < 1_000) await clock.sleep(deadlines.poll, signal)
    }
    if (outcome instanceof Fault) throw outcome
    return !isRefused(outcome)
  } catch (error) {
    connection.abandon()
    throw error
  } finally {
    over.abort()
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
