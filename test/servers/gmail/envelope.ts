/**
 * Answers in the shapes that Google gives: Gmail's JSON error envelope, OAuth's, HTML pages. The texts follow
 * https://developers.google.com/workspace/gmail/api/guides/handle-errors and answers quoted in public bug reports.
 */

import type { Violation } from './violations.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Thrown where a request is refused; carries the whole answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly answer: Answer
  /** Whether to close the connection after it: the request's body was not read to its end. */
  readonly close: boolean
  /** What in the request was not as Google describes it; empty where a well-formed request was refused. */
  readonly violations: readonly string[]

  constructor(answer: Answer, close = false, violations: readonly string[] = []) {
    super(`refused with ${answer.status}`)
    this.answer = answer
    this.close = close
    this.violations = violations
  }
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  const body = Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`)
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8', ...headers }, body }
}

export function html(status: number, title: string, text: string): Answer {
  const body = Buffer.from(
    `<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<title>${title}</title>\n<p><b>${title}</b>\n<p>${text}\n</html>\n`,
  )
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body }
}

export const empty = (status: number, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { ...headers },
  body: Buffer.alloc(0),
})

/** google.rpc.Code names, as the `status` of the envelope. */
const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

/** Reasons whose google.rpc.Code is not that of their HTTP status. */
const statusOfReason: Readonly<Record<string, string>> = { failedPrecondition: 'FAILED_PRECONDITION' }

export interface ErrorShape {
  readonly domain?: string
  /** Instead of the usual google.rpc.Code name; '' leaves the field out, as older answers do. */
  readonly status?: string
  /** `reason` of a google.rpc.ErrorInfo in `details`. */
  readonly detail?: string
  /** Its `metadata` beside `service`. */
  readonly metadata?: Readonly<Record<string, string>>
  /** What follows it in `details`: google.rpc.Help and LocalizedMessage, which tell people and not programs. */
  readonly more?: readonly Readonly<Record<string, unknown>>[]
  /** The message of `errors[0]` where it is another than the envelope's own. */
  readonly inner?: string
  readonly extra?: Readonly<Record<string, string>>
  readonly headers?: Record<string, string>
}

/** Gmail's envelope: code, message, errors[0] with domain and reason, status, details where there are some. */
export function gmailError(code: number, reason: string, message: string, shape: ErrorShape = {}): Answer {
  const status = shape.status ?? statusOfReason[reason] ?? statusNames[code]
  return json(
    code,
    {
      error: {
        code,
        message,
        errors: [
          { message: shape.inner ?? message, domain: shape.domain ?? 'global', reason, ...shape.extra },
        ],
        ...(status === undefined || status === '' ? {} : { status }),
        ...(shape.detail === undefined
          ? {}
          : {
              details: [
                {
                  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
                  reason: shape.detail,
                  domain: 'googleapis.com',
                  metadata: { service: 'gmail.googleapis.com', ...shape.metadata },
                },
                ...(shape.more ?? []),
              ],
            }),
      },
    },
    shape.headers,
  )
}

export const badRequest = (message: string): Refusal =>
  new Refusal(gmailError(400, 'invalidArgument', message))

/** As badRequest, where the request itself is not what Google describes. */
export const malformed = (message: string): Refusal =>
  new Refusal(gmailError(400, 'badRequest', message), false, [message])

/** What Google's transcoding found wrong in query or body: all of it in one answer, google.rpc.BadRequest. */
export function invalidArgument(found: readonly Violation[]): Refusal {
  const descriptions = found.map(({ description }) => description)
  const message = descriptions.join('\n')
  return new Refusal(
    json(400, {
      error: {
        code: 400,
        message,
        errors: [{ message, reason: 'invalid' }],
        status: 'INVALID_ARGUMENT',
        details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: found }],
      },
    }),
    false,
    descriptions,
  )
}

/**
 * Google's front end, before any API: no such path, or not with this HTTP method. A browser that looks for the icon of
 * the consent page breaks no rule.
 */
export const noSuchUrl = (method: string, path: string): Refusal =>
  new Refusal(
    html(
      404,
      'Error 404 (Not Found)!!1',
      'The requested URL was not found on this server. That’s all we know.',
    ),
    false,
    path === '/favicon.ico' ? [] : [`Gmail has no ${method} ${path}`],
  )

/** The front end again: GET and DELETE carry no body. */
export const unexpectedBody = (): Refusal =>
  new Refusal(
    html(400, 'Error 400 (Bad Request)!!1', 'Your client has issued a malformed or illegal request.'),
    false,
    ['a body came with a method that has none'],
  )

export const notFound = (): Refusal =>
  new Refusal(gmailError(404, 'notFound', 'Requested entity was not found.'))

/** @param missing whether no credentials came at all; else they are wrong, expired or revoked */
export const unauthorized = (missing = false): Answer =>
  gmailError(
    401,
    missing ? 'required' : 'authError',
    `${missing ? 'Request is missing required authentication credential' : 'Request had invalid authentication credentials'}. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.`,
    {
      inner: missing ? 'Login Required.' : 'Invalid Credentials',
      ...(missing ? { detail: 'CREDENTIALS_MISSING' } : {}),
      extra: { location: 'Authorization', locationType: 'header' },
      headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
    },
  )

export const insufficientScope = (needed: readonly string[]): Answer =>
  gmailError(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.', {
    inner: 'Insufficient Permission',
    detail: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
    headers: {
      'www-authenticate': `Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="${needed.join(' ')}"`,
    },
  })

/** Over 150 MiB: Google's front end answers with a page, not with Gmail's envelope. */
export const tooLarge = (): Answer =>
  html(413, 'Error 413 (Request Entity Too Large)!!1', 'Your client issued a request that was too large.')

/** RFC 6749 section 5.2, with Google's texts. */
export const oauthError = (status: number, error: string, description: string): Answer =>
  json(status, { error, error_description: description })
