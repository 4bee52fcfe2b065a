/**
 * Ready-made faults: the answers of Gmail's error guide, of public bug reports, and of what stands between.
 * Each returns a Fault for `server.faults.next(...)`.
 */
import { type Answer, empty, gmailError, html, json, oauthError, tooLarge, unauthorized } from './envelope.ts'
import type { Fault, Stage } from './faults.ts'

const answer = (what: Answer | ((nowMs: number) => Answer), stage: Stage = 'after-body'): Fault => ({
  kind: 'answer',
  answer: what,
  stage,
})

const usage = { domain: 'usageLimits' } as const

/** Any status with a JSON, HTML or empty body. */
export function status(
  code: number,
  body: 'json' | 'html' | 'empty' = 'json',
  stage: Stage = 'after-body',
): Fault {
  if (body === 'empty') return answer(empty(code), stage)
  if (body === 'html')
    return answer(
      html(code, `Error ${code} (Server Error)!!1`, 'The server encountered a temporary error.'),
      stage,
    )
  const reason = code >= 500 ? 'backendError' : code === 404 ? 'notFound' : 'badRequest'
  return answer(gmailError(code, reason, code >= 500 ? 'Backend Error' : 'Bad Request'), stage)
}

/** Stored, and answered with a failure all the same. */
export const acceptedThen = (code: number, body: 'json' | 'html' | 'empty' = 'json'): Fault =>
  status(code, body, 'after-accept')

/** The several ways in which Gmail says "too fast"; the instant stands in the text of `user-rate`. */
export function rateLimited(
  shape:
    | 'user-rate'
    | 'user-rate-403'
    | 'queries-403'
    | 'exhausted-429'
    | 'concurrent-429'
    | 'retry-after-header',
  retryAfterMs = 60_000,
): Fault {
  switch (shape) {
    case 'user-rate':
    case 'user-rate-403':
      return answer(nowMs =>
        gmailError(
          shape === 'user-rate' ? 429 : 403,
          shape === 'user-rate' ? 'rateLimitExceeded' : 'userRateLimitExceeded',
          `User-rate limit exceeded.  Retry after ${new Date(nowMs + retryAfterMs).toISOString()}`,
          usage,
        ),
      )
    case 'queries-403':
      return answer(
        gmailError(
          403,
          'rateLimitExceeded',
          "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service 'gmail.googleapis.com' for consumer 'project_number:123456789012'.",
          {
            ...usage,
            detail: 'RATE_LIMIT_EXCEEDED',
            metadata: {
              consumer: 'projects/123456789012',
              quota_metric: 'gmail.googleapis.com/default',
              quota_limit: 'defaultPerMinutePerUser',
            },
          },
        ),
      )
    case 'exhausted-429':
      // This one comes with domain `global`.
      return answer(gmailError(429, 'rateLimitExceeded', 'Resource has been exhausted (e.g. check quota).'))
    case 'concurrent-429':
      return answer(gmailError(429, 'rateLimitExceeded', 'Too many concurrent requests for user', usage))
    case 'retry-after-header':
      return answer(
        gmailError(429, 'rateLimitExceeded', 'Rate Limit Exceeded', {
          ...usage,
          headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
        }),
      )
  }
}

export const dailyLimitExceeded = (): Fault =>
  answer(gmailError(403, 'dailyLimitExceeded', 'Daily Limit Exceeded', usage))

/** All that Google says where the project has not enabled the API: ErrorInfo, and the same again for people. */
export function apiDisabled(): Fault {
  const activationUrl =
    'https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=123456789012'
  const message = `Gmail API has not been used in project 123456789012 before or it is disabled. Enable it by visiting ${activationUrl} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`
  return answer(
    gmailError(403, 'accessNotConfigured', message, {
      ...usage,
      detail: 'SERVICE_DISABLED',
      metadata: { serviceTitle: 'Gmail API', consumer: 'projects/123456789012', activationUrl },
      more: [
        { '@type': 'type.googleapis.com/google.rpc.LocalizedMessage', locale: 'en-US', message },
        {
          '@type': 'type.googleapis.com/google.rpc.Help',
          links: [{ description: 'Google developers console API activation', url: activationUrl }],
        },
      ],
    }),
  )
}

export const domainPolicy = (): Fault =>
  answer(gmailError(403, 'domainPolicy', 'The domain administrators have disabled Gmail apps.'))

export const accountSuspended = (): Fault =>
  answer(gmailError(403, 'forbidden', 'Mail service not enabled', { status: 'PERMISSION_DENIED' }))

export const unauthorizedAnswer = (): Fault => answer(unauthorized())

/** Gmail documents none; these are the shapes that its sisters use, and a mail-like one. */
export function storageFull(shape: 'drive-403' | 'photos-400' | 'mail-403' | 'exhausted-429'): Fault {
  switch (shape) {
    case 'drive-403':
      return answer(gmailError(403, 'storageQuotaExceeded', "The user's storage quota has been exceeded."))
    case 'photos-400':
      return answer(
        gmailError(400, 'failedPrecondition', 'The remaining storage in the user account is not enough.'),
      )
    case 'mail-403':
      return answer(gmailError(403, 'quotaExceeded', 'The account is over quota: its storage is full.'))
    case 'exhausted-429':
      return answer(gmailError(429, 'storageQuotaExceeded', 'Out of storage space for this account.'))
  }
}

/** A refusal of one message, in any of Gmail's words; `Bad Request` is the bare one. */
export const refused = (
  message: string,
  reason = message === 'Bad Request' ? 'badRequest' : 'invalidArgument',
): Fault => answer(gmailError(400, reason, message))

export const messageTooLarge = (): Fault => answer(tooLarge(), 'before-body')

export const invalidGrant = (description = 'Token has been expired or revoked.'): Fault =>
  answer(oauthError(400, 'invalid_grant', description))

/** Success by its status only: the message is stored, the answer is of no use. */
export function unusable(shape: 'cut-json' | 'empty' | 'no-id' | 'not-json' | 'null'): Fault {
  const change =
    (body: string | Buffer) =>
    (true_: Answer): Answer => ({ ...true_, body: Buffer.from(body) })
  switch (shape) {
    case 'cut-json':
      return {
        kind: 'mangle',
        change: a => ({ ...a, body: a.body.subarray(0, Math.floor(a.body.length / 2)) }),
      }
    case 'empty':
      return { kind: 'mangle', change: change('') }
    case 'no-id':
      return { kind: 'mangle', change: change('{"threadId": "18c0ffee00000000", "labelIds": ["INBOX"]}\n') }
    case 'not-json':
      return { kind: 'mangle', change: change('OK\n') }
    case 'null':
      return { kind: 'mangle', change: change('null\n') }
  }
}

/** A captive portal: 200 with a page, from somebody who is not Google; nothing is stored. */
export const captivePortal = (): Fault =>
  answer(html(200, 'Welcome to Hotel Wi-Fi', 'Please accept the terms to go on.'), 'after-body')

/** A redirect; nothing is stored unless `accepted`. */
export const redirect = (
  location: string,
  code: 301 | 302 | 303 | 307 | 308 = 302,
  accepted = false,
): Fault =>
  answer(
    { ...html(code, 'Moved', 'The document has moved.'), headers: { location } },
    accepted ? 'after-accept' : 'after-body',
  )

/** Resumable: 308 that claims another range than what arrived (`bytes=0-<last>`). */
export const wrongRange = (last: number): Fault =>
  answer(empty(308, { range: `bytes=0-${last}` }), 'after-accept')

/** Resumable: the session is gone. */
export const sessionGone = (code: 404 | 410 = 404): Fault =>
  answer(json(code, { error: { code, message: 'Not Found' } }))

export const hang = (stage: Stage = 'after-body', afterOctets?: number): Fault => ({
  kind: 'hang',
  stage,
  ...at(afterOctets),
})
export const reset = (stage: Stage = 'after-body', afterOctets?: number): Fault => ({
  kind: 'reset',
  stage,
  ...at(afterOctets),
})
export const close = (stage: Stage = 'after-body', afterOctets?: number): Fault => ({
  kind: 'close',
  stage,
  ...at(afterOctets),
})

function at(afterOctets: number | undefined): { afterOctets?: number } {
  return afterOctets === undefined ? {} : { afterOctets }
}
