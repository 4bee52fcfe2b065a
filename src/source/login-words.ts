/**
 * What the words of a refused login mean, over POP3 and IMAP alike. They decide what the owner is advised and when the
 * next try comes; that the refusal counts is decided by the refusal alone (fault.ts, `loginRefused`).
 */
import type { FaultCode } from '../base/fault.ts'

/** Texts that speak of the maildrop lock (fetchmail's list among them). */
const lockWords =
  /(mail ?(box|drop)|spool|session)\b.{0,60}\b(lock|locked|in use|busy|open(ed)?)\b|already (locked|in use|open|logged in)|(get|obtain|acquire|set|create).{0,20}\block|lock (busy|file)|\b(is )?locked by|wait a few minutes|another (pop3? )?(session|client|connection|process)|\bin use\b/i
const tooOftenWords =
  /too (many|often|frequent|fast|soon)|rate.?limit|throttl|(limit|quota).{0,20}(exceed|reach)|(exceed|reach|maximum)\w*.{0,30}(limit|quota|connection|login)|temporar\w* (block|lock|ban|disab|suspend)|login.?delay|minimum (time|interval)|bandwidth|overquota/i
const accountWords = /account.{0,40}(lock|disab|suspend|inactiv|clos|block)/i
const temporaryWords =
  /temporar|unavailable|not available|internal (server )?error|server error|storage error|timed? ?out|overload|maintenance|in progress|\bbackend\b/i
/** The words of Gmail, Outlook, Yahoo and the hosts for a password that is not taken. */
const credentialWords =
  /credential|pass ?(word|code|phrase)|user ?name|(login|log-?in|sign-?in|logon|auth\w*).{0,20}(fail|incorrect|invalid|denied|reject|wrong|refus|required|not allowed|error)|(fail|incorrect|invalid|denied|reject|wrong|bad|unknown).{0,20}(login|log-?in|sign-?in|logon|auth|user|account)|web ?(login|browser|mail)|browser|not authori[sz]ed|permission denied|access denied/i
const laterWords = /try (again|later)|again later|service|busy/i
/** Words of servers that refuse the way of the login, not the login. */
const methodWords =
  /plain ?text.{0,40}(disallow|not allow|disab|forbid|prohib)|(unknown|unrecogni[sz]ed|unsupported|invalid) ((sasl|auth\w*) )?(command|verb|mech\w*)|command not (implemented|supported|recogni[sz]ed)|mechanism.{0,20}(not supported|unsupported|unavailable|unknown|disabled)|basic auth\w*.{0,40}(disab|block|not)|(ssl|tls).{0,30}required|must (use|issue|enable).{0,30}(ssl|tls|stls|starttls)|web ?mail only|not enabled for (pop3?|imap)\b|(pop3?|imap|external)( access| service)?( is)? (not (enabled|allowed|available)|disabled)/i

export const saysCredentials = (words: string): boolean => credentialWords.test(words)
export const saysMethod = (words: string): boolean => methodWords.test(words)

/** What the words say of a session that was not let in, or undefined where they say nothing of it. */
export function sessionCode(words: string): FaultCode | undefined {
  if (accountWords.test(words))
    return tooOftenWords.test(words) ? 'source.login-limited' : 'source.login-refused'
  if (lockWords.test(words) && !/too many/i.test(words)) return 'source.busy'
  if (tooOftenWords.test(words)) return 'source.login-limited'
  return /\block(ed)?\b/i.test(words) ? 'source.busy' : undefined
}

/** What the words of a refused login say; `source.login-refused` where they say nothing that is known. */
export function loginCode(words: string): FaultCode {
  const code = sessionCode(words)
  if (code !== undefined) return code
  if (temporaryWords.test(words)) return 'source.server-temporary'
  if (credentialWords.test(words)) return 'source.login-refused'
  return laterWords.test(words) ? 'source.server-temporary' : 'source.login-refused'
}
