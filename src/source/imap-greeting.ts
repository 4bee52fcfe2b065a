/**
 * The first words on an IMAP connection, and STARTTLS (RFC 9051 sections 7.1 and 6.2.1). Done here rather than
 * by imapflow, so that TLS is verified in the one place for both protocols, and so that a PREAUTH or a BYE in
 * the greeting, a stripped STARTTLS and injected octets are refused before anything else is read or sent.
 */
import type { Socket } from 'node:net'
import { Fault, type FaultFacts } from '../base/fault.ts'
import { ClearLines } from './clear-lines.ts'
import { lostFault } from './imap-faults.ts'
import { findOtherService } from './other-service.ts'

export interface Greeting {
  /** The whole line, untrusted. */
  readonly line: string
}

function judgeGreeting(line: string, facts: FaultFacts): void {
  const [, status = '', words = ''] = /^\* (\w+) ?(.*)$/.exec(line) ?? []
  switch (status.toUpperCase()) {
    case 'OK':
      return
    case 'BYE':
      throw lostFault(words, facts, undefined)
    case 'PREAUTH':
      // CVE-2021-39272: a session that is logged in from the start cannot be put under TLS any more, and nobody
      // asked for the owner's password; whose mailbox it is stands nowhere.
      throw new Fault('source.protocol', { facts: { ...facts, words, reason: 'PREAUTH' } })
    default:
      throw findOtherService(line, facts) ?? protocolFault(line, facts)
  }
}

const protocolFault = (line: string, facts: FaultFacts): Fault =>
  new Fault('source.protocol', { facts: { ...facts, words: line, reason: 'greeting' } })

/**
 * Reads the greeting and puts it back, for imapflow to read.
 * Faults: source.protocol (PREAUTH, no IMAP), source.limited and its kin (BYE), source.connection-lost.
 */
export async function readGreeting(socket: Socket, facts: FaultFacts): Promise<Greeting> {
  const lines = new ClearLines(socket, facts)
  const line = await lines.next('greeting')
  judgeGreeting(line, { ...facts, phase: 'greeting' })
  socket.unshift(Buffer.concat([Buffer.from(`${line}\r\n`, 'latin1'), lines.rest]))
  return { line }
}

/**
 * Greeting and STARTTLS on a socket in clear text, up to the moment of the handshake.
 * Faults: source.tls-not-offered (not announced, or refused), source.tls-injection, and those of the greeting.
 */
export async function startTls(socket: Socket, facts: FaultFacts): Promise<Greeting> {
  const lines = new ClearLines(socket, facts)
  const line = await lines.next('greeting')
  judgeGreeting(line, { ...facts, phase: 'greeting' })
  const where = { ...facts, phase: 'starttls' }
  const capabilities = await runClearCommand(lines, socket, 'H1', 'CAPABILITY')
  const announced = capabilities.some(each => /^\* CAPABILITY\b.*\bSTARTTLS\b/i.test(each))
  if (!announced) throw new Fault('source.tls-not-offered', { facts: where })
  const answer = await runClearCommand(lines, socket, 'H2', 'STARTTLS')
  const last = answer.at(-1) ?? ''
  if (!/^H2 OK\b/i.test(last))
    throw new Fault('source.tls-not-offered', { facts: { ...where, words: last.slice(3) } })
  // RFC 9051 section 6.2.1: the server says nothing more in the clear. What is there already was put there by
  // somebody on the way (CVE-2021-33515 and its family); later octets break the handshake.
  if (lines.rest.length > 0) throw new Fault('source.tls-injection', { facts: where })
  return { line }
}

async function runClearCommand(
  lines: ClearLines,
  socket: Socket,
  tag: string,
  verb: string,
): Promise<string[]> {
  socket.write(`${tag} ${verb}\r\n`)
  const answer: string[] = []
  for (;;) {
    const line = await lines.next('starttls')
    answer.push(line)
    if (line.startsWith(`${tag} `)) return answer
    if (answer.length > 100) {
      throw new Fault('source.protocol', { facts: { phase: 'starttls', reason: 'too many lines' } })
    }
  }
}
