/**
 * How Google's libraries are used: they frame a request, and our own exchange carries it, through gaxios' documented
 * hook (`adapter`). So each phase has its deadline, nothing is repeated or redirected, no proxy variable is read, and
 * the answer is read where all answers are: the libraries' own results leave out its status, and what they do not know.
 *
 * Invariant: to a library every request ends in an empty 200. It never has a failure to make an error of: such an error
 * holds the request, and util.inspect prints the refresh token in it. What else a library throws is dropped here.
 */
import type { gaxios } from 'google-auth-library'
import { type HttpAnswer, type HttpRequest, makeBody } from '../base/http.ts'

/** A request as a library made it. Its headers are left: they ask for gzip and name the library. */
export interface FramedRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  /** Form or JSON; undefined where the request has no body. */
  readonly body: string | undefined
}

/** To be given to the library's client, or to its call. */
export type TransportOptions = Pick<
  gaxios.GaxiosOptions,
  'adapter' | 'noProxy' | 'retry' | 'validateStatus' | 'responseType'
>

/**
 * For each client of google-auth-library: without it the library reads each request and answer for a log of its own,
 * which GOOGLE_SDK_NODE_LOGGING writes on standard error with the tokens in them.
 */
export const withoutLibraryLog = { useAuthRequestParameters: false } as const

/**
 * @param frame makes the library's one request with these options
 * @param send carries it
 * @returns what was answered, whatever the status; undefined where the library made no request
 * @throws what `send` threw
 */
export async function carryFramed(
  frame: (options: TransportOptions) => Promise<unknown>,
  send: (framed: FramedRequest) => Promise<HttpAnswer>,
): Promise<HttpAnswer | undefined> {
  let sending: Promise<HttpAnswer> | undefined
  const adapter: gaxios.GaxiosOptions['adapter'] = async config => {
    sending ??= send(readFramed(config))
    await sending.catch(() => {})
    const { headers } = config
    return { config, data: {}, status: 200, statusText: 'OK', ok: true, headers } as gaxios.GaxiosResponse
  }
  try {
    // A proxy variable would have a library load a proxy's agent, which would then not be used.
    await frame({ adapter, noProxy: [/^/], retry: false })
  } catch {
    // It could not make a request, or nothing of an empty answer.
  }
  return sending
}

function readFramed({ method, url, body }: gaxios.GaxiosOptionsPrepared): FramedRequest {
  const isText = typeof body === 'string' || body instanceof URLSearchParams
  return { method: method === 'GET' ? 'GET' : 'POST', url, body: isText ? String(body) : undefined }
}

/** A form for one of Google's authorization endpoints (RFC 6749 section 3.2). @param form URL-encoded */
export const makeFormRequest = (url: URL, form: string): HttpRequest => ({
  method: 'POST',
  url,
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
  body: makeBody(Buffer.from(form)),
})
