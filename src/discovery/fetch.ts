/** Fetches a small text over https, for discover.ts: certificates checked, size capped, no other scheme on the way. */
import { requestHttps } from '../base/tls.ts'

/** @returns the text, or undefined where there is no such file. Rejects where nobody could say. */
export type Fetcher = (url: URL, signal: AbortSignal) => Promise<string | undefined>

/** A configuration file has a few KB. */
const mostOctets = 128 * 1024
const mostRedirects = 3

export interface FetchTrust {
  /** Additional trusted certificates, PEM: for tests. */
  readonly ca?: string
  /** The address and port to connect to instead, by host name: for tests. */
  readonly connectTo?: (host: string) => { readonly host: string; readonly port: number }
}

function once(url: URL, signal: AbortSignal, trust: FetchTrust): Promise<string | URL | undefined> {
  return new Promise((resolve, reject) => {
    const to = trust.connectTo?.(url.hostname)
    const client = requestHttps(
      url,
      {
        agent: false,
        signal,
        timeout: 5_000, // of silence
        headers: { Accept: 'text/xml, application/xml', 'User-Agent': 'hikyaku' },
        ...(trust.ca === undefined ? {} : { ca: trust.ca }),
        ...(to === undefined ? {} : { hostname: to.host, port: to.port, servername: url.hostname }),
      },
      answer => {
        const { statusCode = 0, headers } = answer
        const stop = (value: string | URL | undefined): void => {
          resolve(value)
          client.destroy()
        }
        if (statusCode >= 300 && statusCode < 400) {
          const location = headers.location === undefined ? null : URL.parse(headers.location, url.href)
          return stop(location ?? undefined)
        }
        // 5xx: the server cannot say. 4xx: there is none (some answer 400 or 403 for what they do not have).
        if (statusCode >= 500) {
          client.destroy()
          return reject(new Error(`HTTP ${statusCode}`))
        }
        if (statusCode !== 200) return stop(undefined)
        const chunks: Buffer[] = []
        let octets = 0
        answer.on('data', (chunk: Buffer) => {
          octets += chunk.length
          chunks.push(chunk)
          if (octets > mostOctets) client.destroy(new Error('too large'))
        })
        answer.on('error', reject)
        answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      },
    )
    client.on('timeout', () => client.destroy(new Error('timeout')))
    client.on('error', reject)
    client.end()
  })
}

/** Follows at most three redirects, to https only: a redirect to http ends it, as if there were no file. */
export function makeFetcher(trust: FetchTrust = {}): Fetcher {
  return async (start, signal) => {
    let url = start
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      if (url.protocol !== 'https:') return undefined
      const got = await once(url, signal, trust)
      if (!(got instanceof URL)) return got
      url = got
    }
    return undefined
  }
}
