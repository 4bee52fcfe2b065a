/**
 * The two ways of telling that do not need Gmail: a POST of a short text (as ntfy takes it) and a GET (as
 * healthchecks takes it). The addresses are secrets, so nothing that could hold one leaves here: what went wrong is
 * told by a status or by the name of a system error only.
 */
import type { Clock } from '../base/clock.ts'
import { abortAfter } from '../base/deadline.ts'
import { type HttpBody, HttpTrouble, makeBody, sendRequestOnce, usualHttpDeadlines } from '../base/http.ts'
import { isLoopback } from '../base/loopback.ts'
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
  return callAddress(
    url,
    { method: 'POST', headers, body: makeBody(Buffer.from(message.text, 'utf8')) },
    clock,
    signal,
  )
}

/** Calls the address itself after success and `/fail` below it after failure. Returns as `postText` does. */
export function pingAddress(
  url: string,
  good: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (good || !URL.canParse(url)) return callAddress(url, { method: 'GET', headers: {} }, clock, signal)
  const failed = new URL(url)
  failed.pathname = `${failed.pathname.replace(/\/+$/, '')}/fail`
  return callAddress(failed.href, { method: 'GET', headers: {} }, clock, signal)
}

interface Call {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: HttpBody
}

/** No redirects: a secret address and a text about the owner's mail go where the owner said, nowhere else. */
async function callAddress(
  address: string,
  what: Call,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = URL.parse(address.trim())
  if (url === null) return 'URL'
  const inClear = url.protocol === 'http:' && isLoopback(url.hostname)
  if (url.protocol !== 'https:' && !inClear) return 'https'
  const headers = { 'User-Agent': 'hikyaku', ...what.headers }
  const request = { ...what, url, headers, answerLimit: 0 }
  const ask = (ends: AbortSignal) => sendRequestOnce(request, usualHttpDeadlines, ends)
  const late = () => new HttpTrouble('answer', 'ETIMEDOUT', false)
  try {
    const { status } = await abortAfter(deadlineMs, clock, signal, ask, late)
    return status >= 200 && status <= 299 ? undefined : `HTTP ${status}`
  } catch (thrown) {
    return signal.aborted ? 'stopped' : describeTrouble(thrown)
  }
}

/** An error's message may hold host or address; its code holds neither. */
function describeTrouble(thrown: unknown): string {
  if (!(thrown instanceof HttpTrouble)) return 'Error'
  const { reason, cause } = thrown
  if (!(cause instanceof Error)) return reason
  return (cause as NodeJS.ErrnoException).code ?? cause.name
}
