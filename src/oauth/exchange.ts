/** The one exchange with a provider: a form goes out, an answer comes back, whatever its status. */
import { type Connections, openConnections } from '../base/connections.ts'
import { Fault } from '../base/fault.ts'
import { type HttpAnswer, type HttpDeadlines, HttpTrouble, makeBody, sendRequest } from '../base/http.ts'

/** Where other than usual, ms. */
export const usualOAuthDeadlines: HttpDeadlines = {
  connectMs: 15_000,
  progressMs: 15_000,
  answerMs: 30_000,
  graceMs: 1_000,
}

/** A token answer is a few KiB. */
const mostOctets = 256 * 1024

const certificate =
  /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|HOSTNAME_MISMATCH|INVALID_CA)/

/**
 * Sends one form (RFC 6749 section 4), on a connection of its own: the next one follows in an hour.
 * @throws Fault oauth.unreachable, oauth.not-provider (its certificate is another's), state.io; the signal's reason
 */
export async function postForm(
  url: URL,
  form: URLSearchParams,
  deadlines: HttpDeadlines,
  signal: AbortSignal,
  connections: Connections = openConnections(),
): Promise<HttpAnswer> {
  const request = {
    method: 'POST',
    url,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body: makeBody(Buffer.from(String(form))),
    answerLimit: mostOctets,
  } as const
  try {
    return await sendRequest(connections, request, deadlines, signal)
  } catch (thrown) {
    throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, url) : thrown
  } finally {
    connections.close()
  }
}

/** An exchange without an answer: nothing is known, and nothing was given. */
export function faultOfTrouble({ phase, reason, cause }: HttpTrouble, url: URL): Fault {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const facts = { host: url.hostname, port, phase, reason }
  // No socket could be made: this computer's trouble.
  if (/^E[MN]FILE$/.test(reason)) return new Fault('state.io', { facts: { reason }, cause })
  return new Fault(certificate.test(reason) ? 'oauth.not-provider' : 'oauth.unreachable', { facts, cause })
}
