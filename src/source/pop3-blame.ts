/** Why a POP3 connection ended, and whether the message that the server was at is blamed for it. */
import { Fault, type FaultCode, type FaultFacts } from '../base/fault.ts'
import { overBudget } from './budget.ts'
import type { Where } from './network-fault.ts'
import { findOtherService } from './other-service.ts'
import type { Command, Pending } from './pop3-command.ts'
import type { ProtocolBreach } from './pop3-reader.ts'

/** The fault of a command that waited. @param where its phase in it @param isFirst whether the server was at it */
export type Failure = (where: Where, isFirst: boolean) => unknown

/** What breaks the protocol while the answer to `head` is read. */
export function failureOfBreach(
  { message: what, words }: ProtocolBreach,
  head: Pending | undefined,
): Failure {
  const phase = head?.command.phase
  // RFC 2595 section 4 and CVE-2011-0411: clear text behind the answer to STLS must not be taken for TLS's.
  const code = phase === 'tls' ? 'source.tls-injection' : 'source.protocol'
  // One message that is not stuffed must not stop the others: only its own retrieval is blamed on it.
  const isOfMessage = head?.status !== undefined && head.command.progress === true
  return (where, isFirst) => {
    const other =
      phase === 'greeting' && words !== undefined
        ? findOtherService(words, { ...where, phase: 'greeting' })
        : undefined
    if (other !== undefined) return other
    const facts = { ...where, what, ...(words === undefined || words === '' ? {} : { words }) }
    return new Fault(code, isOfMessage && isFirst ? { scope: 'message', facts } : { facts })
  }
}

/** The server fell silent behind what looks like the end by another line end. @param isOdd it kept to CRLF so far */
export const failureOfLineEnd =
  (isOdd: boolean): Failure =>
  (facts, isFirst) =>
    // Where its other lines keep to the rule it is one message that ends in an odd way.
    new Fault('source.line-ends', isFirst && isOdd ? { scope: 'message', facts } : { facts })

/** The server sent more than the command may bring. */
export const failureOfExcess =
  (head: Pending, most: number): Failure =>
  (where, isFirst) =>
    isFirst ? excessFault(head, most, where) : overBudget(where, 'octets', most)

/** What a server that sent too much is told to have done, and whether the message it was at is blamed. */
function excessFault({ command, octets }: Pending, most: number, where: FaultFacts): Fault {
  const { announced, phase } = command
  const facts = { ...where, octets }
  if (phase !== 'retrieve' && phase !== 'peek') return overBudget(facts, 'octets', most)
  if (announced === undefined || announced === 0)
    return new Fault('source.over-budget', {
      scope: 'message',
      facts: { ...facts, what: 'octets', limit: most },
    })
  return new Fault('message.over-announced', { facts: { ...facts, announced } })
}

const blamable: readonly FaultCode[] = ['source.connection-lost', 'source.timeout']

/**
 * Some servers hang up or fall silent on one message, each time anew. The retrieval that the server was at is
 * blamed for it, so that the message is set aside for a while and those behind it are reached; where it was the
 * network after all, one message comes a little later.
 */
export function blameMessage({ phase }: Command, fault: unknown): unknown {
  if (phase !== 'retrieve' || !(fault instanceof Fault) || !blamable.includes(fault.code)) return fault
  return new Fault(fault.code, { scope: 'message', retry: 'later', facts: fault.facts, cause: fault })
}

const notOurs: readonly FaultCode[] = [...blamable, 'source.protocol']

/** A fault of one message at which we hung up, not the server or the network. */
export const isExcess = (fault: unknown): boolean =>
  fault instanceof Fault && fault.scope === 'message' && !notOurs.includes(fault.code)
