/**
 * The POP3 source (RFC 1939 with RFC 2449, 2595, 3206, 5034, 6856, 8314). Octets in, octets out: what a session
 * hands on is what the server sent, without dot-stuffing and terminator.
 *
 * A message that the server stored without a final CRLF comes with one, because POP3 cannot end it otherwise;
 * some servers also change bare LF or NUL. Byte for byte can only mean: as the server sent it.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { DialMemory, Lookup } from './dial.ts'
import { lookAgain } from './other-service.ts'
import { lengthenPop3Deadlines, type Pop3Deadlines, usualPop3Deadlines } from './pop3-deadlines.ts'
import { enterMaildrop } from './pop3-login.ts'
import { Pop3Session } from './pop3-session.ts'
import type { MailboxSettings } from './settings.ts'
import { type LoginGate, type Patience, type Source, type SourceSession, ungated } from './source.ts'

export type { Pop3Deadlines } from './pop3-deadlines.ts'

export interface Pop3SourceOptions {
  readonly mailbox: MailboxSettings
  readonly clock: Clock
  /** Where other than usual, ms. */
  readonly deadlines?: Partial<Pop3Deadlines>
  /** Longer deadlines where a phase needed them. */
  readonly patience?: Patience
  /** What every login passes through. */
  readonly gate?: LoginGate
  /** Resolves host names; default: the system's way. */
  readonly lookup?: Lookup
}

/** How long CAPA is left out after it broke a connection. A day, for without CAPA there is no UTF8 either. */
const withoutCapaMs = 24 * 3_600_000

/** What one source learns from session to session. Nothing of it is needed for correctness. */
interface Memory extends DialMemory {
  withoutCapaUntilMs: number
}

/**
 * A source over POP3; `open` connects and logs in anew each time, because a session does not see mail that comes
 * after its login (RFC 1939 section 8). Faults: those of src/base/fault.ts under source. and message., config.invalid,
 * and what the password's vault throws.
 */
export function makePop3Source(given: Pop3SourceOptions): Source {
  const { mailbox, clock, deadlines, lookup, patience, gate = ungated } = given
  const memory: Memory = { withoutCapaUntilMs: -1 }

  async function openOnce(password: string, askCapa: boolean, signal: AbortSignal): Promise<SourceSession> {
    const limits = lengthenPop3Deadlines({ ...usualPop3Deadlines, ...deadlines }, patience)
    const options = { mailbox, password, clock, deadlines: limits, signal, memory, lookup, askCapa }
    const entered = await enterMaildrop(options).catch(async (error: unknown) => {
      throw await lookAgain(error, mailbox.server, clock, signal)
    })
    await gate.noteDelay(entered.capabilities.loginDelayMs)
    const { host, port } = mailbox.server
    return new Pop3Session({ ...entered, host, port, deadlines: limits })
  }

  return {
    protocol: 'pop3',
    countsLogins: true,
    async open(signal) {
      signal.throwIfAborted()
      const password = await mailbox.password.reveal()
      const askCapa = clock.monotonicMs() >= memory.withoutCapaUntilMs
      try {
        return await gate.login(() => openOnce(password, askCapa, signal), signal)
      } catch (error) {
        if (!brokenByCapa(error) || signal.aborted) throw error
      }
      // There are servers on which CAPA hangs or which hang up on it.
      memory.withoutCapaUntilMs = clock.monotonicMs() + withoutCapaMs
      try {
        return await gate.login(() => openOnce(password, false, signal), signal)
      } catch (error) {
        // Not even a greeting now: it was the network, not CAPA.
        if (phaseOf(error, 'lookup', 'connect', 'tls', 'greeting')) memory.withoutCapaUntilMs = -1
        throw error
      }
    },
  }
}

function phaseOf(error: unknown, ...phases: string[]): boolean {
  return error instanceof Fault && phases.includes(String(error.facts.phase))
}

function brokenByCapa(error: unknown): boolean {
  return (
    phaseOf(error, 'capa') &&
    error instanceof Fault &&
    ['source.timeout', 'source.connection-lost', 'source.protocol', 'source.over-budget'].includes(error.code)
  )
}
