/** The access token of a mailbox that is signed in to: whether one is given, for what, and for how long. */
import { asFault } from '../base/fault.ts'
import { makeAccessTokens } from '../bridge.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failByFault, noteCheck, passCheck } from './finding.ts'

/**
 * @returns nothing where the login is by password
 * A refresh token that takes another's place on the way is kept, as it is in a pull.
 */
export async function checkToken(
  mailbox: MailboxConfig,
  { words, language, clock, signal }: DoctorContext,
): Promise<readonly Finding[]> {
  const place = { check: 'sourceToken', subject: mailbox.name } as const
  const tokens = await makeAccessTokens(mailbox, clock)
  if (tokens === undefined) return []
  try {
    const { scopes, endsAtMs, unkept } = await tokens.look(signal)
    const findings = [passCheck(place, words.tokenGiven(scopes, endsAtMs))]
    if (unkept === undefined) return findings
    const { what } = failByFault(place, unkept, language)
    return [...findings, noteCheck(place, 'oauth.not-kept', words.tokenNotKept(what))]
  } catch (thrown) {
    signal.throwIfAborted()
    return [failByFault(place, asFault(thrown), language)]
  }
}
