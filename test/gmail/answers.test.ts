import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../src/base/fault.ts'
import type { HttpAnswer } from '../../src/base/http.ts'
import { readCall, readFault, readUpload } from '../../src/gmail/answers.ts'

const nowMs = Date.parse('2026-11-25T09:00:00Z')

const answerOf = (status: number, body: unknown, own: Partial<HttpAnswer> = {}): HttpAnswer => ({
  status,
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  cut: false,
  bodySent: true,
  ...own,
})
const envelope = (code: number, message: string, reason?: string, more: object = {}) => ({
  error: {
    code,
    message,
    ...(reason === undefined ? {} : { errors: [{ domain: 'global', reason, message }] }),
    ...more,
  },
})
const html = '<!DOCTYPE html><html><title>Error</title><style>b{}</style><b>That is an error.</b></html>'

const faultOf = (read: () => unknown): Fault => {
  try {
    read()
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('expected a fault')
}
const faultFrom = (answer: HttpAnswer): Fault => faultOf(() => readUpload(answer, nowMs))

const refused = "Expected a single 'From' header"
const rows: [string, HttpAnswer, string, string, string?][] = [
  [
    '401 authError',
    answerOf(401, envelope(401, 'Invalid Credentials', 'authError')),
    'gmail.unauthorized',
    'account',
    'owner',
  ],
  [
    '403 rateLimitExceeded',
    answerOf(403, envelope(403, 'Rate Limit Exceeded', 'rateLimitExceeded')),
    'gmail.rate-limited',
    'account',
    'later',
  ],
  [
    '403 userRateLimitExceeded with the words quota exceeded',
    answerOf(403, envelope(403, "Quota exceeded for quota metric 'Queries'", 'userRateLimitExceeded')),
    'gmail.rate-limited',
    'account',
    'later',
  ],
  [
    '403 details RATE_LIMIT_EXCEEDED',
    answerOf(
      403,
      envelope(403, 'Quota exceeded', undefined, { details: [{ reason: 'RATE_LIMIT_EXCEEDED' }] }),
    ),
    'gmail.rate-limited',
    'account',
  ],
  [
    '403 dailyLimitExceeded',
    answerOf(403, envelope(403, 'Daily Limit Exceeded', 'dailyLimitExceeded')),
    'gmail.daily-limit',
    'account',
    'later',
  ],
  [
    '403 insufficientPermissions',
    answerOf(403, envelope(403, 'Insufficient Permission', 'insufficientPermissions')),
    'gmail.scope-missing',
    'account',
    'owner',
  ],
  [
    '403 ACCESS_TOKEN_SCOPE_INSUFFICIENT in details',
    answerOf(
      403,
      envelope(403, 'Request had insufficient authentication scopes.', undefined, {
        status: 'PERMISSION_DENIED',
        details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }],
      }),
    ),
    'gmail.scope-missing',
    'account',
    'owner',
  ],
  [
    '403 accessNotConfigured',
    answerOf(403, envelope(403, 'Gmail API has not been used in project 1', 'accessNotConfigured')),
    'gmail.api-disabled',
    'account',
    'owner',
  ],
  [
    '403 domainPolicy',
    answerOf(403, envelope(403, 'The domain administrators have disabled Gmail apps.', 'domainPolicy')),
    'gmail.forbidden',
    'account',
    'owner',
  ],
  [
    '403 Delegation denied',
    answerOf(403, envelope(403, 'Delegation denied for x@example.com', 'forbidden')),
    'gmail.account-mismatch',
    'account',
    'owner',
  ],
  [
    '403 with a reason nobody knows',
    answerOf(403, envelope(403, 'No', 'somethingNew')),
    'gmail.account-refused',
    'account',
    'later',
  ],
  ['403 HTML', answerOf(403, html), 'gmail.account-refused', 'account', 'later'],
  [
    '404 notFound',
    answerOf(404, envelope(404, 'Requested entity was not found.', 'notFound')),
    'gmail.account-refused',
    'account',
    'later',
  ],
  [
    '404 labelId not found',
    answerOf(404, envelope(404, 'labelId not found', 'notFound')),
    'gmail.label',
    'message',
    'now',
  ],
  [
    '400 Invalid label',
    answerOf(400, envelope(400, 'Invalid label: Label_7', 'invalidArgument')),
    'gmail.label',
    'message',
    'now',
  ],
  [
    '400 labelId not found',
    answerOf(400, envelope(400, 'labelId not found', 'invalidArgument')),
    'gmail.label',
    'message',
    'now',
  ],
  // The scope by Google's error model: googleapis/google-api-nodejs-client issue 3532, google-api-php-client issue
  // 2558, firebase-ios-sdk issue 14845.
  [
    '400 failedPrecondition in an old envelope',
    answerOf(400, envelope(400, 'Precondition check failed.', 'failedPrecondition')),
    'gmail.account-refused',
    'account',
    'later',
  ],
  [
    '400 FAILED_PRECONDITION without errors[], in another language',
    answerOf(
      400,
      envelope(400, '前提条件の確認に失敗しました。', undefined, { status: 'FAILED_PRECONDITION' }),
    ),
    'gmail.account-refused',
    'account',
    'later',
  ],
  [
    '403 CONSUMER_SUSPENDED',
    answerOf(
      403,
      envelope(403, "Permission denied: Consumer 'project:7' has been suspended.", undefined, {
        status: 'PERMISSION_DENIED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'CONSUMER_SUSPENDED',
            domain: 'googleapis.com',
          },
        ],
      }),
    ),
    'gmail.project-refused',
    'account',
    'owner',
  ],
  [
    '400 INVALID_ARGUMENT with an ErrorInfo of googleapis.com that nobody knows',
    answerOf(
      400,
      envelope(400, 'No', undefined, {
        status: 'INVALID_ARGUMENT',
        details: [{ reason: 'SOMETHING_NEW', domain: 'googleapis.com' }],
      }),
    ),
    'gmail.account-refused',
    'account',
    'later',
  ],
  [
    '404 in an array, as a streaming method gives it',
    answerOf(404, [envelope(404, 'Requested entity was not found.', undefined, { status: 'NOT_FOUND' })]),
    'gmail.account-refused',
    'account',
    'later',
  ],
  [
    'a bare google.rpc.Status with FAILED_PRECONDITION',
    answerOf(400, { code: 9, message: 'Precondition check failed.', details: [] }),
    'gmail.account-refused',
    'account',
    'later',
  ],
  [
    'a bare google.rpc.Status with UNAVAILABLE under a 400',
    answerOf(400, { code: 14, message: 'upstream', details: [] }),
    'gmail.server',
    'account',
    'later',
  ],
  ['404 HTML', answerOf(404, html), 'gmail.account-refused', 'account', 'later'],
  ['404 empty', answerOf(404, ''), 'gmail.account-refused', 'account', 'later'],
  [
    '401 ACCOUNT_STATE_INVALID',
    answerOf(
      401,
      envelope(401, 'The account has been disabled.', undefined, {
        status: 'UNAUTHENTICATED',
        details: [{ reason: 'ACCOUNT_STATE_INVALID', domain: 'googleapis.com' }],
      }),
    ),
    'gmail.forbidden',
    'account',
    'owner',
  ],
  [
    '400 INVALID_ARGUMENT in words that nobody knows',
    answerOf(400, envelope(400, 'Ungültig', 'invalidArgument', { status: 'INVALID_ARGUMENT' })),
    'gmail.message-unexplained',
    'message',
    'later',
  ],
  ['413 HTML', answerOf(413, html), 'message.too-large', 'message', 'owner'],
  [
    '429',
    answerOf(
      429,
      envelope(429, 'Too many concurrent requests for user', 'rateLimitExceeded', {
        status: 'RESOURCE_EXHAUSTED',
      }),
    ),
    'gmail.rate-limited',
    'account',
    'later',
  ],
  ['429 with an empty body', answerOf(429, ''), 'gmail.rate-limited', 'account', 'later'],
  [
    '400 single From',
    answerOf(400, envelope(400, refused, 'invalidArgument')),
    'gmail.message-refused',
    'message',
    'owner',
  ],
  [
    '400 Invalid From header',
    answerOf(400, envelope(400, 'Invalid From header', 'invalidArgument')),
    'gmail.message-refused',
    'message',
    'owner',
  ],
  [
    '400 Invalid attachment',
    answerOf(400, envelope(400, 'Invalid attachment. Learn more', 'invalidArgument')),
    'gmail.message-refused',
    'message',
    'owner',
  ],
  [
    '400 refusal words in HTML',
    answerOf(400, `<p>${refused}</p>`),
    'gmail.message-unexplained',
    'message',
    'later',
  ],
  [
    '400 bare',
    answerOf(400, envelope(400, 'Bad Request', 'badRequest')),
    'gmail.message-unexplained',
    'message',
    'later',
  ],
  ['400 empty', answerOf(400, ''), 'gmail.message-unexplained', 'message', 'later'],
  [
    '400 failedPrecondition without Gmail',
    answerOf(400, envelope(400, 'Mail service not enabled', 'failedPrecondition')),
    'gmail.forbidden',
    'account',
    'owner',
  ],
  [
    '400 storage',
    answerOf(400, envelope(400, 'The user has exceeded their storage', 'invalidArgument')),
    'gmail.storage-full',
    'account',
    'later',
  ],
  [
    '403 storageQuotaExceeded',
    answerOf(403, envelope(403, 'The user has used all of it', 'storageQuotaExceeded')),
    'gmail.storage-full',
    'account',
    'later',
  ],
  [
    '413 storage',
    answerOf(413, envelope(413, 'Account storage quota reached', 'x')),
    'gmail.storage-full',
    'account',
    'later',
  ],
  [
    '429 storage',
    answerOf(429, envelope(429, 'Mail storage quota exceeded', undefined, { status: 'RESOURCE_EXHAUSTED' })),
    'gmail.storage-full',
    'account',
    'later',
  ],
  ['418', answerOf(418, 'teapot'), 'gmail.unknown-answer', 'message', 'later'],
  [
    '503 after the whole upload',
    answerOf(503, envelope(503, 'Backend Error', 'backendError')),
    'gmail.outcome-unknown',
    'account',
    'later',
  ],
  ['502 HTML after the whole upload', answerOf(502, html), 'gmail.outcome-unknown', 'account', 'later'],
  [
    '503 before the end of the upload',
    answerOf(503, '', { bodySent: false }),
    'gmail.server',
    'account',
    'later',
  ],
  ['302', answerOf(302, ''), 'gmail.not-google', 'account', 'later'],
  ['308', answerOf(308, ''), 'gmail.not-google', 'account', 'later'],
  ['303 after the whole upload', answerOf(303, ''), 'gmail.outcome-unknown', 'account', 'later'],
  ['200 empty', answerOf(200, ''), 'gmail.outcome-unknown', 'message', 'later'],
  ['200 HTML', answerOf(200, html), 'gmail.outcome-unknown', 'message', 'later'],
  ['200 without id', answerOf(200, { threadId: 't' }), 'gmail.outcome-unknown', 'message', 'later'],
  ['200 with an id that is no string', answerOf(200, { id: 7 }), 'gmail.outcome-unknown', 'message', 'later'],
  [
    '200 with cut JSON',
    answerOf(200, '{"id":"18c"', { cut: true }),
    'gmail.outcome-unknown',
    'message',
    'later',
  ],
  [
    '200 cut where the JSON happens to be whole',
    answerOf(200, '{"id":"18c"}', { cut: true }),
    'gmail.outcome-unknown',
    'message',
    'later',
  ],
  [
    '200 before the end of the upload',
    answerOf(200, { id: '18c' }, { bodySent: false }),
    'gmail.outcome-unknown',
    'message',
    'later',
  ],
  ['204', answerOf(204, ''), 'gmail.outcome-unknown', 'message', 'later'],
]

describe('an answer to an upload', () => {
  for (const [title, answer, code, scope, retry] of rows) {
    test(`${title} is ${code} for the ${scope}`, () => {
      const fault = faultFrom(answer)
      assert.equal(fault.code, code)
      assert.equal(fault.scope, scope)
      if (retry !== undefined) assert.equal(fault.retry, retry)
      assert.equal(fault.facts.status, answer.status)
    })
  }

  test('200 with an id is a success, with what Gmail says of thread and labels', () => {
    const stored = readUpload(answerOf(200, { id: '18c', threadId: '18b', labelIds: ['INBOX'] }), nowMs)
    assert.deepEqual(stored, { id: '18c', threadId: '18b', labelIds: ['INBOX'] })
  })

  test('a refusal carries the words of Gmail', () => {
    assert.equal(faultFrom(answerOf(400, envelope(400, refused, 'invalidArgument'))).facts.words, refused)
  })

  test('the words of Gmail are bounded in octets, and secrets go before they are cut', () => {
    const long = `${'語'.repeat(95)} ya29.a0AfB_secret ${'語'.repeat(200)}`
    const words = String(faultFrom(answerOf(400, envelope(400, long))).facts.words)
    assert.ok(Buffer.byteLength(words) <= 300 && words.endsWith('…'))
    assert.doesNotMatch(words, /a0AfB|ya29/)
  })

  test('an HTML answer gives its visible words', () => {
    assert.equal(faultFrom(answerOf(502, html)).facts.words, 'Error That is an error.')
  })

  test('each form of a credential is masked where it stands alone', () => {
    for (const secret of [
      'Bearer opaque/of+no~form',
      'bearer opaque-in-lower-case',
      'ya29.a0AfB_secret-x',
      '1//0gSecretSecret',
      'GOCSPX-abc_def',
      'eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl',
    ]) {
      const words = String(faultFrom(answerOf(400, envelope(400, `said (${secret}) there`))).facts.words)
      assert.match(words, /^said \((Bearer )?\[secret\]\)? there$/, words)
    }
  })

  test('credentials that a server echoes do not reach the fault', () => {
    const echo = 'Authorization: Bearer ya29.a0AfB_secret and 1//0gSecretSecret and GOCSPX-abc'
    const words = String(faultFrom(answerOf(400, envelope(400, echo))).facts.words)
    assert.doesNotMatch(words, /a0AfB|0gSecret|GOCSPX/)
  })
})

describe('the instant to retry at', () => {
  const limited = (message: string, headers = {}) =>
    faultFrom(answerOf(429, envelope(429, message, 'rateLimitExceeded'), { headers })).notBeforeMs

  test('is read from the message text', () => {
    const at = '2026-11-25T09:07:00.123Z'
    assert.equal(limited(`User-rate limit exceeded.  Retry after ${at}`), Date.parse(at))
  })
  test('is read from a Retry-After header in seconds and as a date', () => {
    assert.equal(limited('slow', { 'retry-after': '90' }), nowMs + 90_000)
    assert.equal(limited('slow', { 'retry-after': 'Wed, 25 Nov 2026 09:01:00 GMT' }), nowMs + 60_000)
  })
  test('is the later one where both are there', () => {
    assert.equal(limited('Retry after 2026-11-25T09:05:00Z', { 'retry-after': '10' }), nowMs + 300_000)
  })
  test('is never more than a day ahead, nor in the past, nor nonsense', () => {
    assert.equal(limited('Retry after 2036-01-01T00:00:00Z'), nowMs + 86_400_000)
    assert.equal(limited('Retry after 2016-01-01T00:00:00Z'), undefined)
    assert.equal(limited('slow', { 'retry-after': 'soon' }), undefined)
  })
  test('is the next midnight in Pacific time for a daily limit, and soon where that has just passed', () => {
    const daily = answerOf(403, envelope(403, 'Daily Limit Exceeded', 'dailyLimitExceeded'))
    const askedAt = (at: string): string => {
      const fault = faultOf(() => readUpload(daily, Date.parse(at)))
      return new Date(fault.notBeforeMs ?? 0).toISOString()
    }
    assert.equal(askedAt('2026-11-25T09:00:00Z'), '2026-11-26T08:00:00.000Z')
    assert.equal(askedAt('2026-11-26T07:59:59Z'), '2026-11-26T08:00:00.000Z')
    // By a clock a little ahead of Google's it is yet the day before: not another day.
    assert.equal(askedAt('2026-11-26T08:00:01Z'), '2026-11-26T08:30:00.000Z')
    assert.equal(askedAt('2026-11-26T08:30:00Z'), '2026-11-27T08:00:00.000Z')
    // Summer time.
    assert.equal(askedAt('2027-06-30T07:00:00Z'), '2027-06-30T07:30:00.000Z')
  })
})

describe('an answer to a call', () => {
  const code = (answer: HttpAnswer): string => {
    try {
      readCall(answer, nowMs)
      return 'none'
    } catch (thrown) {
      assert.ok(thrown instanceof Fault)
      assert.notEqual(thrown.scope, 'message')
      return thrown.code
    }
  }
  test('is never about one message', () => {
    assert.equal(code(answerOf(503, '')), 'gmail.server')
    assert.equal(code(answerOf(400, envelope(400, 'Bad Request'))), 'gmail.unknown-answer')
    assert.equal(code(answerOf(413, html)), 'gmail.unknown-answer')
    assert.equal(code(answerOf(200, html)), 'gmail.not-google')
    assert.equal(code(answerOf(200, '{"labels":[', { cut: true })), 'gmail.unknown-answer')
    assert.equal(code(answerOf(200, '{}')), 'none')
  })
})

describe('whatever a server answers', () => {
  const numRuns = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300)
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      refused,
      'Invalid From header',
      'Invalid label: x',
      'Bad Request',
      'storage',
      'Retry after x',
    ),
    fc
      .tuple(fc.string({ minLength: 1, maxLength: 5 }), fc.constantFrom(refused, 'Invalid attachment'))
      .map(two => two.join('')),
  )
  const reason = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom('rateLimitExceeded', 'forbidden', 'invalidArgument'),
  )
  const errorBody = fc
    .record({ message: words, errors: fc.array(fc.record({ reason }), { maxLength: 2 }), status: reason })
    .map(error => JSON.stringify({ error }))
  const message = fc.record(
    { id: fc.oneof(fc.string(), fc.integer(), fc.constant(null)), threadId: fc.string() },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    errorBody,
    message.map(value => JSON.stringify(value)),
    fc.constantFrom('', html, '{"id":"1"', 'null', '[]', '{"id":""}'),
  )
  const answers = fc.record({
    status: fc.oneof(
      fc.integer({ min: 100, max: 999 }),
      fc.constantFrom(200, 200, 200, 400, 400, 403, 404, 429, 503),
    ),
    headers: fc.record({ 'retry-after': fc.string({ maxLength: 10 }) }, { requiredKeys: [] }),
    body: body.map(text => Buffer.from(text)),
    cut: fc.boolean(),
    bodySent: fc.boolean(),
  })

  test('only a whole 200 with a parsed id is a success, and only known words are a refusal', () => {
    fc.assert(
      fc.property(answers, answer => {
        let parsed: unknown
        try {
          parsed = JSON.parse(answer.body.toString('utf8'))
        } catch {
          parsed = undefined
        }
        const object = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as {
          id?: unknown
          error?: { message?: unknown }
        }
        let fault: Fault | undefined
        try {
          const { id } = readUpload(answer, nowMs)
          assert.ok(answer.status === 200 && !answer.cut && answer.bodySent)
          assert.ok(id !== '' && id === object.id)
          return
        } catch (thrown) {
          if (!(thrown instanceof Fault)) throw thrown
          fault = thrown
        }
        const stops = fault.scope === 'message' && fault.retry === 'owner'
        if (stops && fault.code !== 'message.too-large') {
          assert.equal(fault.code, 'gmail.message-refused')
          assert.equal(answer.status, 400)
          assert.match(
            String(object.error?.message),
            /^(Expected a single 'From' header|Invalid From header|Invalid attachment)/i,
          )
        }
        if (fault.code === 'message.too-large') assert.equal(answer.status, 413)
        // What may have been stored is never said to be anything but unknown.
        if (
          answer.bodySent &&
          (answer.status >= 500 || answer.status < 300) &&
          answer.status >= 200 &&
          answer.status < 600
        ) {
          assert.equal(fault.code, 'gmail.outcome-unknown')
        }
        if (fault.notBeforeMs !== undefined)
          assert.ok(fault.notBeforeMs >= nowMs && fault.notBeforeMs <= nowMs + 26 * 3_600_000)
      }),
      { numRuns },
    )
  })

  test('a call gives an object or a fault that is not about one message', () => {
    fc.assert(
      fc.property(answers, answer => {
        const fault = readFault(answer, 'call', nowMs)
        if (fault === undefined) assert.ok(answer.status >= 200 && answer.status < 300)
        else assert.ok(fault.scope === 'account' || fault.code === 'gmail.label')
      }),
      { numRuns },
    )
  })
})
