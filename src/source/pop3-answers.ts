/** Status lines of POP3, and what a refusal means. */
import { Fault, type FaultCode, type FaultFacts } from '../base/fault.ts'
import { loginCode, saysMethod, sessionCode } from './login-words.ts'
import type { Where } from './network-fault.ts'

export interface Status {
  readonly ok: boolean
  /** `+ `: the server waits for the next step of AUTH (RFC 5034 section 4). */
  readonly more: boolean
  /** Response code in upper case without brackets (RFC 2449 section 8), '' where there is none. */
  readonly code: string
  /** The server's words behind indicator and code; untrusted. Octets 1:1 as characters. */
  readonly words: string
}

/** Octets of a challenge that are read: it is data, of which a part is nothing. */
const longestChallenge = 8192

/** The line as a status, or undefined where it is none (RFC 1939 section 3: +OK and -ERR, upper case). */
export function parseStatus(line: Buffer): Status | undefined {
  const text = line.toString('latin1')
  const match = /^(\+OK|-ERR|\+(?=$| ))(?:[ \t]+|$)(?:\[([^\]]*)\][ \t]*)?(.*)$/is.exec(text)
  if (match === null) return undefined
  const [, indicator = '', code = '', words = ''] = match
  const ok = indicator.toUpperCase() === '+OK'
  const more = indicator === '+'
  return { ok, more, code: code.toUpperCase(), words: words.slice(0, more ? longestChallenge : 300) }
}

/**
 * What a refusal means wherever it comes: RFC 2449 section 8.1, RFC 3206 sections 4 and 5.
 * @returns undefined where neither code nor words say anything of the whole session
 */
function refusalCode({ code, words }: Status): FaultCode | undefined {
  if (code === 'IN-USE') return 'source.busy'
  if (code === 'LOGIN-DELAY') return 'source.login-delay'
  if (code === 'AUTH') return 'source.login-refused'
  if (code === 'SYS/PERM') return 'source.server-permanent'
  if (code === 'SYS' || code.startsWith('SYS/')) return 'source.server-temporary'
  return sessionCode(words)
}

/** A refused greeting. */
export function greetingFault(status: Status, where: Where): Fault {
  return new Fault(refusalCode(status) ?? 'source.server-temporary', {
    facts: { ...where, words: showStatus(status) },
  })
}

/** A refused login: counted, whatever it is called. Without a code and without known words it is login-refused. */
export function pop3LoginFault(
  status: Status,
  facts: FaultFacts,
  delay?: { seconds: number; notBeforeMs: number },
): Fault {
  const method = status.code !== 'IN-USE' && saysMethod(status.words)
  const code = method ? 'source.login-method' : (refusalCode(status) ?? loginCode(status.words))
  const late = code === 'source.login-delay' ? delay : undefined
  return new Fault(code, {
    loginRefused: true,
    facts: { ...facts, words: showStatus(status), ...(late && { seconds: late.seconds }) },
    ...(late && { notBeforeMs: late.notBeforeMs }),
  })
}

/** A refusal of a command after the login that concerns more than one message, or undefined. */
export function sessionFault(status: Status, where: Where): Fault | undefined {
  const temporary = status.code === 'SYS' || status.code.startsWith('SYS/') || status.code === 'IN-USE'
  const code = temporary ? refusalCode(status) : undefined
  return code && new Fault(code, { facts: { ...where, words: showStatus(status) } })
}

/** Words of servers for a message that is no longer there. */
const goneWords =
  /expunged|no such message|not exist|deleted|vanished|removed|unknown message|no message|invalid message|out of range|bad message number/i

export const saysGone = (status: Status): boolean => goneWords.test(status.words)

/** A refused RETR: message.gone, or message.not-retrieved where the words do not say so. */
export function retrieveFault(status: Status, where: Where): Fault {
  const code = saysGone(status) ? 'message.gone' : 'message.not-retrieved'
  return new Fault(code, { facts: { ...where, words: showStatus(status) } })
}

/** The server's words with their code, for facts. */
export function showStatus({ code, words }: Status): string {
  return code === '' ? words : `[${code}] ${words}`
}
