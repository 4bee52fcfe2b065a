/** Fetches a small text over https, for discover.ts: certificates checked, size capped, no other scheme on the way. */
import { type Connections, openConnections } from '../base/connections.ts'
import { sendRequestOnce } from '../base/http.ts'

/** @returns the text, or undefined where there is no such file. Rejects where nobody could say. */
export type Fetcher = (url: URL, signal: AbortSignal) => Promise<string | undefined>

/** A configuration file has a few KB. */
const mostOctets = 128 * 1024
const mostRedirects = 3
/** Who says nothing for so long is not waited for. */
const patienceMs = 5_000
const deadlines = {
  connectMs: patienceMs,
  progressMs: patienceMs,
  answerMs: patienceMs,
  graceMs: 0,
} as const
const headers = { Accept: 'text/xml, application/xml', 'User-Agent': 'hikyaku' }

/** @returns the text; where to look instead; undefined where there is none. Throws where the server cannot say */
async function fetchOnce(
  url: URL,
  signal: AbortSignal,
  connections: Connections,
): Promise<string | URL | undefined> {
  const request = { method: 'GET', url, headers, answerLimit: mostOctets } as const
  const answer = await sendRequestOnce(request, deadlines, signal, connections)
  const { status, cut, body } = answer
  if (status >= 300 && status < 400) return URL.parse(answer.headers.location ?? '', url.href) ?? undefined
  // 4xx: there is none (some answer 400 or 403 for what they do not have).
  if (status >= 500) throw new Error(`HTTP ${status}`)
  if (status !== 200) return undefined
  if (cut) throw new Error('too large, or cut')
  return body.toString('utf8')
}

/**
 * Follows at most three redirects, to https only: a redirect to http ends it, as if there were no file.
 * @param connect gives the connections of one exchange: for tests
 */
export function makeFetcher(connect: () => Connections = openConnections): Fetcher {
  return async (start, signal) => {
    let url = start
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      if (url.protocol !== 'https:') return undefined
      const answer = await fetchOnce(url, signal, connect())
      if (!(answer instanceof URL)) return answer
      url = answer
    }
    return undefined
  }
}
