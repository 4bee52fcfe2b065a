/** The one exchange with a provider: a form goes out, an answer comes back, whatever its status. */
import { openConnections } from '../base/connections.ts'
import type { Fault } from '../base/fault.ts'
import { type HttpAnswer, type HttpDeadlines, HttpTrouble, sendRequest } from '../base/http.ts'
import { makeFormRequest } from '../google/framed.ts'
import { faultWithoutAnswer } from '../google/unanswered.ts'

export const oauthDeadlines: HttpDeadlines = {
  connectMs: 15_000,
  progressMs: 15_000,
  answerMs: 30_000,
  graceMs: 1_000,
}

/** A token answer is a few KiB. */
const mostOctets = 256 * 1024

/**
 * Sends one form (RFC 6749 section 4), on a connection of its own: the next one follows in an hour.
 * @throws Fault oauth.unreachable, oauth.not-provider (its certificate is another's), state.io; the signal's reason
 */
export async function postForm(url: URL, form: URLSearchParams, signal: AbortSignal): Promise<HttpAnswer> {
  const connections = openConnections()
  const request = { ...makeFormRequest(url, String(form)), answerLimit: mostOctets }
  try {
    return await sendRequest(connections, request, oauthDeadlines, signal)
  } catch (thrown) {
    throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, url) : thrown
  } finally {
    connections.close()
  }
}

/** An exchange without an answer: nothing is known, and nothing was given. */
export const faultOfTrouble = (trouble: HttpTrouble, url: URL): Fault =>
  faultWithoutAnswer(trouble, url, { unreachable: 'oauth.unreachable', notTheirs: 'oauth.not-provider' })
