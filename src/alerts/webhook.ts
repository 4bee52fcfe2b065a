/**
 * The two ways of telling that do not need Gmail: a POST of a short text (as ntfy takes it) and a GET (as
 * healthchecks takes it). The addresses are secrets, so nothing that could hold one leaves here: what went wrong is
 * told by a status or by the name of a system error only.
 */
import { request as requestHttp } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { isLoopback } from '../base/loopback.ts'
import { requestHttps } from '../base/tls.ts'
import { encodeWords } from './notice-mail.ts'

/** For the whole call, name look-up included. */
const deadlineMs = 10_000

export interface HookMessage {
  readonly title: string
  readonly text: string
  readonly urgent: boolean
}

/**
 * Posts the text. Title, Priority and Tags are ntfy's headers; a title outside ASCII is written as RFC 2047 encoded
 * words, since a header field holds nothing else.
 * @returns undefined where the other side said yes (2xx), else why not, without the address
 */
export function postText(
  url: string,
  message: HookMessage,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    Title: encodeWords(message.title).join(' '),
    Priority: message.urgent ? 'high' : 'default',
    Tags: message.urgent ? 'warning' : 'white_check_mark',
  }
  return call(url, { method: 'POST', headers, body: Buffer.from(message.text, 'utf8') }, clock, signal)
}

/** Calls the address itself after success and `/fail` below it after failure. Returns as `postText` does. */
export function ping(
  url: string,
  good: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (good || !URL.canParse(url)) return call(url, { method: 'GET', headers: {} }, clock, signal)
  const failed = new URL(url)
  failed.pathname = `${failed.pathname.replace(/\/+$/, '')}/fail`
  return call(failed.href, { method: 'GET', headers: {} }, clock, signal)
}

interface Call {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
}

/** No redirects: a secret address and a text about the owner's mail go where the owner said, nowhere else. */
async function call(
  address: string,
  what: Call,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : undefined
  if (url === undefined) return 'URL'
  const clear = url.protocol === 'http:' && isLoopback(url.hostname)
  if (url.protocol !== 'https:' && !clear) return 'https'
  const over = new AbortController()
  const timer = clock.sleep(deadlineMs, over.signal).then(
    () => 'ETIMEDOUT',
    () => 'stopped',
  )
  try {
    const stop = AbortSignal.any([over.signal, signal])
    return await Promise.race([exchange(url, what, clear, stop), timer])
  } finally {
    over.abort()
  }
}

function exchange(url: URL, what: Call, clear: boolean, signal: AbortSignal): Promise<string | undefined> {
  return new Promise(resolve => {
    const { method, headers, body = Buffer.alloc(0) } = what
    const request = (clear ? requestHttp : requestHttps)(url, {
      method,
      // A connection of its own, closed behind the answer: a call a minute is not worth keeping one.
      agent: false,
      signal,
      headers: {
        'User-Agent': 'hikyaku',
        ...headers,
        ...(method === 'POST' ? { 'Content-Length': body.length } : {}),
      },
    })
    request.once('response', response => {
      const { statusCode = 0 } = response
      resolve(statusCode >= 200 && statusCode <= 299 ? undefined : `HTTP ${statusCode}`)
      response.on('error', () => {})
      response.destroy()
    })
    // The error's message may hold host or address; its code holds neither.
    request.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? error.name))
    request.end(body)
  })
}
