/** A POP3 command on its way. */
import { kib, shortAnswer } from './budget.ts'
import type { BodyPace } from './pace.ts'
import { parseStatus, type Status } from './pop3-answers.ts'
import { ProtocolBreach } from './pop3-reader.ts'

/** Takes the un-stuffed octets of a multi-line answer; a returned promise asks to wait. */
export type Body = (octets: Uint8Array) => void | Promise<void>

export interface Command {
  /** The line without CRLF; undefined waits for the greeting. Never shown: it may hold a secret. */
  readonly line: Buffer | string | undefined
  readonly phase: string
  /** Until the status line; with `body` and without `progress` until the terminator. */
  readonly deadlineMs: number
  /** Ends the waiting for it; undefined where nobody waits. */
  readonly signal?: AbortSignal
  readonly body?: Body
  /** The body has the deadlines of progress (pace.ts) instead of one for the whole. */
  readonly progress?: boolean
  /** The most octets of the whole answer, asked for as they come; default: those of a short answer. */
  readonly mostOctets?: () => number
  /** Octets that the server announced for the body, where it did. */
  readonly announced?: number | undefined
  /** `+ ` is a fitting answer (AUTH). */
  readonly more?: boolean
}

export interface Pending {
  readonly command: Command
  readonly resolve: (status: Status) => void
  readonly reject: (error: unknown) => void
  /** Nobody waits any more; what is left of the answer is thrown away. */
  settled: boolean
  /** Octets of the answer that had come by then. */
  settledAt: number
  /** The +OK before the body that is being read. */
  status: Status | undefined
  /** Octets of the answer, so far. */
  octets: number
  /** Of the body that is being read, where it has `progress`. */
  pace: BodyPace | undefined
}

/** @param onAbort called when the command's signal aborts before it is settled */
export function makePending(
  command: Command,
  resolve: (status: Status) => void,
  reject: (error: unknown) => void,
  onAbort: () => void,
): Pending {
  const { signal } = command
  const settle = (work: () => void): void => {
    if (pending.settled) return
    pending.settled = true
    pending.settledAt = pending.octets
    signal?.removeEventListener('abort', onAbort)
    work()
  }
  const pending: Pending = {
    command,
    settled: false,
    settledAt: 0,
    status: undefined,
    octets: 0,
    pace: undefined,
    resolve: status => settle(() => resolve(status)),
    reject: error => settle(() => reject(error)),
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  return pending
}

/** What is left of an answer that nobody wants any more is read only where so much of it is left. */
const mostThrownAway = 256 * kib

/** Octets that may still come of an answer, at most. */
export function mostOctets({ command, settled, settledAt }: Pending): number {
  const most = command.mostOctets?.() ?? shortAnswer
  return settled ? Math.min(most, settledAt + mostThrownAway) : most
}

/** Whether the rest of an answer that its taker refuses is worth reading: it ends soon, by the server's own word. */
export function endsSoon({ command, octets }: Pending): boolean {
  return command.announced !== undefined && command.announced - octets <= mostThrownAway
}

/** The line as the status of this command. Throws ProtocolBreach. */
export function statusFor(command: Command, line: Buffer): Status {
  const status = parseStatus(line)
  if (status !== undefined && (!status.more || command.more === true)) return status
  throw new ProtocolBreach('not a POP3 answer', line.subarray(0, 300).toString('latin1').trim())
}
