/**
 * The POP3 source (RFC 1939 with RFC 2449, 2595, 3206, 5034, 6856, 8314). Octets in, octets out: what a session
 * hands on is what the server sent, without dot-stuffing and terminator.
 *
 * A message that the server stored without a final CRLF comes with one, because POP3 cannot end it otherwise;
 * some servers also change bare LF or NUL. Byte for byte can only mean: as the server sent it.
 */
import type { AccessTokens } from '../base/access-tokens.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { AheadRoom } from './ahead-room.ts'
import { readPassword } from './credential.ts'
import type { Lookup } from './dial.ts'
import type { OpenSockets } from './open-sockets.ts'
import { lookAgain } from './other-service.ts'
import { lengthenPop3Deadlines, type Pop3Deadlines, usualPop3Deadlines } from './pop3-deadlines.ts'
import { enterMaildrop } from './pop3-login.ts'
import { dayMs, type Habit, isBreak, Pop3Memory } from './pop3-memory.ts'
import { Pop3Session } from './pop3-session.ts'
import { type LoginSecret, logInByToken } from './sasl-token.ts'
import type { MailboxSettings } from './settings.ts'
import { type LoginGate, type Patience, type Source, type SourceSession, ungated } from './source.ts'

export type { Pop3Deadlines } from './pop3-deadlines.ts'

export interface Pop3SourceOptions {
  readonly mailbox: MailboxSettings
  /** Where the mailbox is logged in to with access tokens. */
  readonly tokens?: AccessTokens | undefined
  readonly clock: Clock
  /** Where other than usual, ms. */
  readonly deadlines?: Partial<Pop3Deadlines>
  /** Longer deadlines where a phase needed them. */
  readonly patience?: Patience
  /** What every login passes through. */
  readonly gate?: LoginGate
  /** Resolves host names; default: the system's way. */
  readonly lookup?: Lookup
  /** Shared by all mailboxes of the process; default: a room of its own. */
  readonly aheadRoom?: AheadRoom
  /** Those of the mailbox, for who closes it. */
  readonly sockets?: OpenSockets
}

/**
 * A source over POP3; `open` connects and logs in anew each time, because a session does not see mail that comes
 * after its login (RFC 1939 section 8). Faults: those of src/base/fault.ts under source. and message., config.invalid,
 * and what the password's vault throws.
 */
export function makePop3Source(given: Pop3SourceOptions): Source {
  const {
    mailbox,
    clock,
    deadlines,
    lookup,
    patience,
    tokens,
    sockets,
    gate = ungated,
    aheadRoom: room = new AheadRoom(),
  } = given
  const memory = new Pop3Memory(clock)

  async function openOnce(secret: LoginSecret, signal: AbortSignal): Promise<SourceSession> {
    const limits = lengthenPop3Deadlines({ ...usualPop3Deadlines, ...deadlines }, patience)
    const options = { mailbox, secret, clock, deadlines: limits, signal, memory, lookup, sockets }
    const entered = await enterMaildrop(options).catch(async (error: unknown) => {
      throw await lookAgain(error, mailbox.server, clock, signal)
    })
    const { host, port } = mailbox.server
    const session = new Pop3Session({ ...entered, host, port, deadlines: limits, clock, memory, room })
    try {
      await gate.noteDelay(entered.capabilities.loginDelayMs)
    } catch (error) {
      // The journal's trouble: nobody would close what is open here.
      session.abandon()
      throw error
    }
    return session
  }

  async function open(secret: LoginSecret, signal: AbortSignal): Promise<SourceSession> {
    let broken: Habit | undefined
    try {
      return await gate.login(() => openOnce(secret, signal), signal)
    } catch (error) {
      broken = brokenHabit(error, memory)
      memory.forgetLogin()
      if (broken === undefined || signal.aborted) throw error
    }
    broken.leaveOut(dayMs)
    try {
      return await gate.login(() => openOnce(secret, signal), signal)
    } catch (error) {
      memory.forgetLogin()
      // Not even a greeting now: it was the network, and not how we talked.
      if (phaseOf(error, 'lookup', 'connect', 'tls', 'greeting')) broken.keep()
      throw error
    }
  }

  return {
    protocol: 'pop3',
    countsLogins: true,
    async open(signal) {
      signal.throwIfAborted()
      if (tokens === undefined)
        return await open({ kind: 'password', value: await readPassword(mailbox) }, signal)
      return await logInByToken(tokens, mailbox.user, signal, token =>
        open({ kind: 'token', value: token }, signal),
      )
    },
  }
}

function phaseOf(error: unknown, ...phases: string[]): boolean {
  return error instanceof Fault && phases.includes(String(error.facts.phase))
}

/**
 * There are servers on which CAPA hangs or which hang up on it, and such as announce PIPELINING and lose what comes
 * behind the first line.
 */
function brokenHabit(error: unknown, memory: Pop3Memory): Habit | undefined {
  if (!(error instanceof Fault) || !isBreak(error)) return undefined
  if (phaseOf(error, 'capa')) return memory.capa
  const wasQuick = memory.login?.before.has('PIPELINING') === true && memory.quickLogin.isKept
  return phaseOf(error, 'login') && wasQuick ? memory.quickLogin : undefined
}
