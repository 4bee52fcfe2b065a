/**
 * Every login to one mailbox passes here: pulls, watches, comparisons. Hosts count refused logins and ban an address
 * after a few dozen, whatever they call the refusal, so there is a cap on them, whoever logs in and in whichever
 * process; and POP3 servers ask for a pause between two logins (LOGIN-DELAY, RFC 2449 section 6.5).
 *
 * Invariants: what is counted is the refusal itself, never its words. A good login forgives nothing that was refused
 * within the hour. Both memories are in the journal and hold over a restart.
 */
import type { Clock } from '../base/clock.ts'
import { asFault, Fault } from '../base/fault.ts'
import type { MailboxConfig } from '../config/config.ts'
import { pop3FloorMs } from '../discovery/presets.ts'
import type { Journal, NoteKey, RecordedFault } from '../journal/journal.ts'
import type { LoginGate } from '../source/source.ts'

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

type Books = Pick<Journal, 'mailbox' | 'note' | 'setNote' | 'updateMailbox' | 'changeMailbox'>

const delayNote = (mailbox: string): NoteKey => `login-delay ${mailbox}`

/** The least time between two logins, ms: as the server announced it last, or as its host is known to bear. */
export async function leastPauseMs(
  journal: Pick<Journal, 'note'>,
  { name, protocol, server }: MailboxConfig,
): Promise<number> {
  if (protocol !== 'pop3') return 0
  const announced = Number((await journal.note(delayNote(name))) ?? 0)
  return Math.min(longestPauseMs, Math.max(announced || 0, pop3FloorMs(server.host) ?? 0))
}

/** Until when the server's own pause between logins lasts; undefined where it is over. */
export async function pausedLogin(
  journal: Books,
  mailbox: MailboxConfig,
  nowMs: number,
): Promise<HeldLogin | undefined> {
  const leastMs = await leastPauseMs(journal, mailbox)
  const { lastLoginAtMs } = await journal.mailbox(mailbox.name)
  // A login that lies ahead was made before the clock was set back.
  if (leastMs === 0 || lastLoginAtMs === undefined || lastLoginAtMs > nowMs) return undefined
  const untilMs = lastLoginAtMs + leastMs
  return untilMs <= nowMs ? undefined : held('source.login-delay', mailbox, untilMs, nowMs, leastMs / 1000)
}

/** Until when refused logins of the last hour forbid another; undefined where they do not. */
export async function cappedLogin(
  journal: Books,
  mailbox: MailboxConfig,
  nowMs: number,
  most: number = refusedLoginsAnHour,
): Promise<HeldLogin | undefined> {
  const { failedLoginsAtMs, fault } = await journal.mailbox(mailbox.name)
  const lately = failedLoginsAtMs.filter(at => at <= nowMs && nowMs - at < hour)
  const oldest = most <= 0 ? nowMs - hour + shortPauseMs : lately.at(-most)
  if (oldest === undefined) return undefined
  return held('source.login-capped', mailbox, oldest + hour, nowMs, lately.length, fault?.facts.words)
}

function held(
  code: 'source.login-delay' | 'source.login-capped',
  { server, user }: MailboxConfig,
  untilMs: number,
  nowMs: number,
  count: number,
  words?: string | number,
): HeldLogin {
  const facts = {
    host: server.host,
    port: server.port,
    user,
    ...(code === 'source.login-delay' ? { seconds: count } : { count }),
    ...(words !== undefined && { words }),
    nextTryAtMs: untilMs,
    waitMs: untilMs - nowMs,
  }
  return { untilMs, fault: { code, retry: 'later', facts, atMs: nowMs } }
}

/** What is thrown where a login is held back. */
export const heldLoginFault = ({ untilMs, fault: { code, facts } }: HeldLogin): Fault =>
  new Fault(code, { facts, notBeforeMs: untilMs })

/** The gate of one mailbox; see LoginGate for what comes out of it. */
export function makeLoginGate(journal: Books, mailbox: MailboxConfig, clock: Clock): LoginGate {
  // Each of these may be refused: a pull and a watch log in at the same time.
  let underWay = 0
  return {
    async login(work, signal) {
      const paused = await pausedLogin(journal, mailbox, clock.nowMs())
      if (paused !== undefined) {
        const waitMs = paused.untilMs - clock.nowMs()
        if (waitMs > shortPauseMs) throw heldLoginFault(paused)
        await clock.sleep(waitMs, signal)
      }
      const others = underWay
      underWay += 1
      try {
        const capped = await cappedLogin(journal, mailbox, clock.nowMs(), refusedLoginsAnHour - others)
        if (capped !== undefined) throw heldLoginFault(capped)
        const session = await work()
        await journal.updateMailbox(mailbox.name, { lastLoginAtMs: clock.nowMs() }, 'later')
        return session
      } catch (thrown) {
        if (asFault(thrown).loginRefused) await countRefusal(journal, mailbox.name, clock.nowMs())
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

async function countRefusal(journal: Books, mailbox: string, nowMs: number): Promise<void> {
  await journal.changeMailbox(mailbox, ({ failedLoginsAtMs }) => {
    const ofTheDay = failedLoginsAtMs.filter(at => at <= nowMs && nowMs - at < 24 * hour)
    return { failedLoginsAtMs: [...ofTheDay, nowMs] }
  })
}
