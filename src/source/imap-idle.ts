/** One IDLE on a connection (RFC 2177), ended by us, within its deadlines. */
import { noLonger, waitAtMost, within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { sleepAwake } from '../base/sleep-awake.ts'
import { imapAllowance } from './budget.ts'
import type { ExecError, Untagged } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { readOkCode } from './imap-parse.ts'

export interface IdleOptions {
  readonly onAlive: () => void
  /** How long, ms. */
  readonly period: number
  /** Aborts when somebody asks for the connection: it is ended at once. */
  readonly asked: AbortSignal
  /** Sends DONE. */
  readonly end: () => void
  /** DONE was answered after so long, ms. */
  readonly onDone: (ms: number) => void
  /** Another UIDVALIDITY is told, which no server may do in a folder that is selected. */
  readonly onOddity: () => void
  /** Takes what is told while the server idles, and what it tells once it is asked to end. */
  readonly untagged: Readonly<Record<'idling' | 'later', Readonly<Record<string, Untagged>>>>
}

/** One IDLE (RFC 2177), ended by us. Returns false where the server will not idle. */
export async function idleOnce(
  connection: ImapConnection,
  folder: string,
  { onAlive, period, untagged, asked, end, onDone, onOddity }: IdleOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { deadlines, clock } = connection
  const facts = { ...connection.facts, folder, phase: 'idle' }
  const done = new AbortController()
  const stop = AbortSignal.any([signal, done.signal, asked])
  let isEnding = false
  let endedMs = 0
  const endNow = (): void => {
    if (isEnding) return
    isEnding = true
    endedMs = clock.monotonicMs()
    try {
      end()
    } catch {
      // The connection has ended, and the IDLE with it: that is how it fails.
    }
  }
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
  const inTime = <T>(what: Promise<T>, ms: number): Promise<T> => {
    const late = (): Fault =>
      connection.end(new Fault('source.timeout', { facts: { ...facts, seconds: ms / 1000 } }))
    return within(what, ms, clock, signal, late)
  }
  const began = clock.monotonicMs()
  try {
    const answer = Promise.race([accepted.promise, ended])
    let outcome = await inTime(answer, deadlines.silence).catch(async error => {
      // A watch that is to end takes its IDLE back first: a session may be using the connection.
      if (signal.aborted && (await waitAtMost(answer, deadlines.logout, clock))) return answer
      throw error
    })
    if (outcome === 'accepted') {
      onAlive()
      // Whoever asks is not kept waiting for the turns of the loop that this takes.
      asked.addEventListener('abort', endNow, { once: true })
      const paused = sleepAwake(clock, period, stop).catch((): 'over' => 'over')
      const first = await Promise.race([ended, paused])
      const isOurs = first === 'over' || first === 'slept'
      if (isOurs) endNow()
      isEnding = true
      // What follows at the end of a watch waits for the answer by itself: LOGOUT, or a session's command.
      if (signal.aborted) return true
      // A machine that slept has lost its connections more often than not.
      outcome = isOurs ? await inTime(ended, first === 'slept' ? deadlines.proof : deadlines.silence) : first
      if (isOurs) onDone(clock.monotonicMs() - endedMs)
      // A server that ends every IDLE at once would be asked again without a pause. Whoever asks would take it for dead.
      if (first === 'done' && clock.monotonicMs() - began < 1_000)
        await clock.sleep(deadlines.poll, stop).catch(() => signal.throwIfAborted())
    }
    if (outcome instanceof Fault) throw outcome
    return !isRefused(outcome)
  } catch (error) {
    connection.abandon()
    throw error
  } finally {
    asked.removeEventListener('abort', endNow)
    done.abort(noLonger)
  }
}
