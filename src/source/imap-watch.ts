/**
 * Waiting for news with proof of life. IDLE dies silently behind NAT boxes and load balancers, so silence is
 * never taken for "no news": at the end of every IDLE the server has to answer DONE and a NOOP within a deadline.
 */
import type { Clock } from '../clock.ts'
import { Fault } from '../fault.ts'
import { imapAllowance } from './budget.ts'
import { within } from './deadline.ts'
import type { ExecError, Untagged } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { selectFolder } from './imap-folders.ts'

export interface WatchCalls {
  readonly onNews: () => void
  readonly onAlive: () => void
}

/** A wall clock that ran ahead of the monotonic one by more than this: the machine slept, the socket may be dead. */
const sleptMs = 15_000

/** Watches one folder on a connection of its own until it fails; ends by a Fault or an AbortError only. */
export async function watchFolder(
  connection: ImapConnection,
  folder: string,
  { onNews, onAlive }: WatchCalls,
  signal: AbortSignal,
): Promise<never> {
  const { deadlines, clock } = connection
  await selectFolder(connection, folder, 'EXAMINE', signal)
  onAlive()
  // What came between the last pull and this moment is announced by nobody.
  onNews()
  const news: Untagged = async () => onNews()
  const untagged = { EXISTS: news, RECENT: news }
  const noop = async (): Promise<void> => {
    try {
      await connection.run('NOOP', false, { phase: 'watch', facts: { folder }, untagged }, signal)
    } catch (error) {
      throw isRefused(error) ? connection.refusal(error, { folder, phase: 'watch' }) : error
    }
    onAlive()
  }
  // Courier reports new mail to an idling client only every minute or so.
  const late = isCourier(connection)
  let idle = connection.has('IDLE') && !late
  for (;;) {
    if (idle) idle = await idleOnce(connection, folder, { onNews, onAlive }, signal)
    else await clock.sleep(late ? deadlines.quickPoll : deadlines.poll, signal)
    await noop()
  }
}

const isCourier = (connection: ImapConnection): boolean =>
  /courier/i.test(
    `${connection.greeting.line} ${connection.client.serverInfo ? JSON.stringify(connection.client.serverInfo) : ''}`,
  ) || connection.capabilities.some(name => name.startsWith('XCOURIER'))

/** One IDLE (RFC 2177), ended by us. Returns false where the server will not idle. */
async function idleOnce(
  connection: ImapConnection,
  folder: string,
  { onNews, onAlive }: WatchCalls,
  signal: AbortSignal,
): Promise<boolean> {
  const { deadlines, clock } = connection
  const facts = { ...connection.facts, folder, phase: 'idle' }
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const news: Untagged = async () => {
    onAlive()
    onNews()
  }
  // `* OK Still here`: a sign of life and no news.
  const sign: Untagged = async () => onAlive()
  const accepted = Promise.withResolvers<'accepted'>()
  connection.allow('idle', imapAllowance.idle)
  const ended = connection.client
    .exec('IDLE', false, {
      untagged: { EXISTS: news, RECENT: news, OK: sign },
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
      const slept = pause(clock, deadlines.idle, stop).then(() => 'slept' as const)
      const first = await Promise.race([ended, slept])
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
