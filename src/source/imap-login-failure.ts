/** What it means that an IMAP login did not come to its end. */
import type { Fault, FaultFacts } from '../base/fault.ts'
import type { ExecError, ImapClient } from './imap-client.ts'
import { farewellFault, imapLoginFault, lostFault } from './imap-faults.ts'
import { pickTokenRefusal, tokenFault } from './sasl-token.ts'

export interface LoginCircumstances {
  readonly client: Pick<ImapClient, 'loginSent' | 'saidBye' | 'byeWords' | 'usable'>
  readonly isByToken: boolean
  readonly facts: FaultFacts
  readonly nowMs: number
  /** The fault of a connection that ended. */
  readonly lost: (error: ExecError) => Fault
}

/** The fault of a login that was refused, or broke; where nothing was sent, of what kept it from that. */
export function loginFailure(error: ExecError, circumstances: LoginCircumstances): Fault {
  const { client, isByToken, facts, nowMs, lost } = circumstances
  const ofToken = (fault: Fault): Fault =>
    isByToken ? tokenFault(fault, pickTokenRefusal(error.oauthError)) : fault
  // A farewell in the place of an answer is a refusal too (RFC 9051 section 7.1.5).
  if (client.loginSent && error.authenticationFailed !== true && client.saidBye)
    return ofToken(farewellFault(client.byeWords ?? '', facts, error))
  if (error.code === 'NoConnection' || error.code === 'EConnectionClosed') return lost(error)
  // A login that ends as the connection does comes wrapped: the BYE says why.
  if (!client.usable && error.authenticationFailed !== true && error.responseStatus === undefined) {
    const words = error.reason ?? client.byeWords
    if (words !== undefined) return lostFault(words, facts, error)
    if (isNetwork(error)) return lost(error)
  }
  return ofToken(imapLoginFault(error, facts, client.loginSent, nowMs))
}

const isNetwork = (error: ExecError): boolean =>
  /^(E[A-Z]+|ERR_|GREETING|CONNECT|Closed)/.test(error.code ?? '')
