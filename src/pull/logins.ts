/**
 * Every login to one mailbox passes here: pulls, watches, comparisons. Hosts count refused logins and ban an address
 * after a few dozen, whatever they call the refusal, so there is a cap on them, whoever logs in and in whichever
 * process; POP3 servers ask for a pause between two logins (LOGIN-DELAY, RFC 2449 section 6.5); and there are hosts that
 * take only so many an hour from one address (host-logins.ts). In a fleet the logins at a host wait for their turn
 * (host-turns.ts).
 *
 * Invariants: what is counted is the refusal itself, never its words. A good login forgives nothing that was refused
 * within the hour. Both memories are in the journal and hold over a restart.
 */
import type { Clock } from '../base/clock.ts'
import { asFault, Fault } from '../base/fault.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { Journal, LoginBooks, MailboxState, NoteKey, RecordedFault } from '../journal/journal.ts'
import type { LoginGate } from '../source/source.ts'
import {
  assertProvider,
  beginHostLogin,
  forgetRefusedLogin,
  hostHeldUntilMs,
  hostLimitOf,
  joinRecords,
  type LoginTurn,
} from './host-logins.ts'
import type { HostTurns, LongQueue } from './host-turns.ts'

export const refusedLoginsAnHour = 5
/** A watch leaves the pulls room: they bring the mail without it. */
export const refusedLoginsOfWatch = 3
const hour = 3_600_000
/** A pause of at most this is waited for in the login itself. */
export const shortPauseMs = 60_000
/** No announcement keeps us away for longer. */
const longestPauseMs = 24 * hour

export interface HeldLogin {
  /** Wall clock, ms. */
  readonly untilMs: number
  readonly fault: RecordedFault
}

const delayNote = (mailbox: string): NoteKey => `login-delay ${mailbox}`

/** The least time between two logins, ms, as the server announced it last. */
async function announcedPauseMs(
  journal: Pick<Journal, 'note'>,
  { name, protocol }: MailboxConfig,
): Promise<number> {
  if (protocol !== 'pop3') return 0
  return Math.min(longestPauseMs, Number((await journal.note(delayNote(name))) ?? 0) || 0)
}

/** Until when a pause between logins lasts, the server's own or one for its host's limit; undefined where it is over. */
export async function pausedLogin(
  journal: LoginBooks,
  mailbox: MailboxConfig,
  nowMs: number,
  turn: LoginTurn = 'pull',
): Promise<HeldLogin | undefined> {
  const leastMs = await announcedPauseMs(journal, mailbox)
  const { lastLoginAtMs } = leastMs > 0 ? await journal.mailbox(mailbox.name) : {}
  // A login that lies ahead was made before the clock was set back.
  const isKnown = leastMs > 0 && lastLoginAtMs !== undefined && lastLoginAtMs <= nowMs
  const announcedMs = isKnown ? lastLoginAtMs + leastMs : nowMs
  const hostMs = (await hostHeldUntilMs(journal, mailbox, nowMs, turn)) ?? nowMs
  if (Math.max(announcedMs, hostMs) <= nowMs) return undefined
  return announcedMs > hostMs
    ? held('source.login-delay', mailbox, announcedMs, nowMs, { seconds: leastMs / 1000 })
    : heldByHost(mailbox, hostMs, nowMs)
}

function heldByHost(mailbox: MailboxConfig, untilMs: number, nowMs: number): HeldLogin {
  const { limit } = hostLimitOf(mailbox) ?? {}
  return held('source.login-delay', mailbox, untilMs, nowMs, {
    [limit?.per === 'mailbox' ? 'mostOfMailbox' : 'mostOfAddress']: limit?.most ?? 0,
    minutes: (limit?.perMs ?? 0) / 60_000,
  })
}

/** Until when refused logins of the last hour forbid another; undefined where they do not. */
export function cappedLogin(
  { failedLoginsAtMs, fault }: Pick<MailboxState, 'failedLoginsAtMs' | 'fault'>,
  mailbox: MailboxConfig,
  nowMs: number,
  most: number = refusedLoginsAnHour,
): HeldLogin | undefined {
  const lately = failedLoginsAtMs.filter(at => at <= nowMs && nowMs - at < hour)
  const oldest = most <= 0 ? nowMs - hour + shortPauseMs : lately.at(-most)
  if (oldest === undefined) return undefined
  const words = fault?.facts.words
  return held('source.login-capped', mailbox, oldest + hour, nowMs, {
    count: lately.length,
    ...(words !== undefined && { words }),
  })
}

function held(
  code: 'source.login-delay' | 'source.login-capped',
  { server, user, credential }: MailboxConfig,
  untilMs: number,
  nowMs: number,
  own: RecordedFault['facts'],
): HeldLogin {
  const facts = {
    host: server.host,
    port: server.port,
    user,
    ...(credential.kind === 'oauth' && { oauth: 'OAuth 2.0' }),
    ...own,
    nextTryAtMs: untilMs,
    waitMs: untilMs - nowMs,
  }
  return { untilMs, fault: { code, retry: 'later', facts, atMs: nowMs } }
}

/** What is thrown where a login is held back. */
export const heldLoginFault = ({ untilMs, fault: { code, facts } }: HeldLogin): Fault =>
  new Fault(code, { facts, notBeforeMs: untilMs })

/** Logins of this process. */
export interface LoginCount {
  accepted: number
  refused: number
}

/**
 * The gate of one mailbox; see LoginGate for what comes out of it.
 * @param turn 'person': somebody waits, so that only what the host takes at all holds the login up
 * @param count takes what comes of each login
 * @param turns those of the host, where many workers log in there
 */
export function makeLoginGate(
  journal: LoginBooks,
  mailbox: MailboxConfig,
  clock: Clock,
  turn: LoginTurn = 'pull',
  count: LoginCount = { accepted: 0, refused: 0 },
  turns?: HostTurns,
): LoginGate {
  // Each of these may be refused: a pull and a watch log in at the same time.
  let underWay = 0
  return {
    async login(work, signal) {
      assertProvider(mailbox)
      await waitShortPause(await pausedLogin(journal, mailbox, clock.nowMs(), turn), clock, signal)
      const others = underWay
      underWay += 1
      try {
        const state = await journal.mailbox(mailbox.name)
        const capped = cappedLogin(state, mailbox, clock.nowMs(), refusedLoginsAnHour - others)
        if (capped !== undefined) throw heldLoginFault(capped)
        const leaveHost = await enterHost(journal, mailbox, clock, turn, turns, signal)
        const session = await work().finally(leaveHost)
        count.accepted += 1
        // Where this cannot be written, whoever opened the session meets the same trouble, and closes it: thrown from here it
        // would stay open, and lock a maildrop (RFC 1939 section 4) for as long as this process lives.
        await journal.updateMailbox(mailbox.name, { lastLoginAtMs: clock.nowMs() }, 'later').catch(() => {})
        return session
      } catch (thrown) {
        if (asFault(thrown).loginRefused) {
          count.refused += 1
          await countRefusal(journal, mailbox, clock.nowMs())
        }
        throw thrown
      } finally {
        underWay -= 1
      }
    },
    async noteDelay(loginDelayMs) {
      const text = String(Math.min(longestPauseMs, loginDelayMs ?? 0))
      if (((await journal.note(delayNote(mailbox.name))) ?? '0') !== text)
        await journal.setNote(delayNote(mailbox.name), text)
    },
  }
}

/** @throws Fault of the pause where it is longer than what is waited for */
async function waitShortPause(
  paused: HeldLogin | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (paused === undefined) return
  const waitMs = paused.untilMs - clock.nowMs()
  if (waitMs > shortPauseMs) throw heldLoginFault(paused)
  await clock.sleep(waitMs, signal)
}

/**
 * Waits for the host's turn, and counts the login there once there is room: another mailbox may have taken it meanwhile.
 * @returns to be called when the login is over
 */
async function enterHost(
  journal: LoginBooks,
  mailbox: MailboxConfig,
  clock: Clock,
  turn: LoginTurn,
  turns: HostTurns | undefined,
  signal: AbortSignal,
): Promise<() => void> {
  for (;;) {
    const leave = (await turns?.enter(mailbox.server.host, signal)) ?? (() => {})
    if (typeof leave !== 'function') throw heldLoginFault(heldByQueue(mailbox, clock.nowMs(), turns, leave))
    const nowMs = clock.nowMs()
    const untilMs = await beginHostLogin(journal, mailbox, nowMs, turn).catch(thrown => {
      leave()
      throw thrown
    })
    if (untilMs === undefined) return leave
    leave()
    await waitShortPause(heldByHost(mailbox, untilMs, nowMs), clock, signal)
  }
}

/** Comes back before its time, since the queue is shorter by then, and each at an instant of its own. */
function heldByQueue(
  mailbox: MailboxConfig,
  nowMs: number,
  turns: HostTurns | undefined,
  { waitMs }: LongQueue,
): HeldLogin {
  const untilMs = nowMs + waitMs * (0.5 + Math.random() / 2)
  return held('source.login-delay', mailbox, untilMs, nowMs, { mostOfFleet: turns?.perMinute ?? 0 })
}

/** Takes up the refusals that the set-up counted for a mailbox before it was in the journal. */
export async function mergeRefusals(
  journal: Pick<LoginBooks, 'changeMailbox'>,
  mailbox: string,
  refusedAtMs: readonly number[],
): Promise<void> {
  await journal.changeMailbox(mailbox, ({ failedLoginsAtMs }) => ({
    failedLoginsAtMs: joinRecords(failedLoginsAtMs, refusedAtMs, atMs => atMs).sort(
      (one, other) => one - other,
    ),
  }))
}

async function countRefusal(journal: LoginBooks, mailbox: MailboxConfig, nowMs: number): Promise<void> {
  await forgetRefusedLogin(journal, mailbox, nowMs)
  await journal.changeMailbox(mailbox.name, ({ failedLoginsAtMs }) => {
    const ofTheDay = failedLoginsAtMs.filter(at => at <= nowMs && nowMs - at < 24 * hour)
    return { failedLoginsAtMs: [...ofTheDay, nowMs] }
  })
}
