/**
 * What an answer of the Gmail API means. Pure: an HTTP answer in, a fault or a parsed value out.
 *
 * Invariants: only a complete 200 whose JSON carries an id is a success. Only a refusal that Gmail names in known
 * words is a refusal: everything else that nobody understands is tried again later. 403 is both quota and
 * permission, so it is decided by reason, never by status (Gmail API, "Resolve errors"). How much is broken is
 * decided by Google's error model (error-model.ts) before any words: what concerns permission, a precondition, the
 * place itself or Google's own gate concerns the account, in whatever words and language it is said.
 */
import { Fault, type FaultCode, type FaultFacts, type FaultOptions } from '../base/fault.ts'
import type { HttpAnswer } from '../base/http.ts'
import { findDailyLimitEndMs, readRetryAfterMs } from '../base/retry-after.ts'
import { type GoogleError, readGoogleError, readJsonObject, readVisibleText } from '../google/error-model.ts'
import { scrubWords } from '../google/scrub.ts'
import type { RequestKind } from '../google/unanswered.ts'

const rateReasons = ['ratelimitexceeded', 'userratelimitexceeded', 'rate_limit_exceeded']
const scopeReasons = ['insufficientpermissions', 'access_token_scope_insufficient']
const disabledReasons = ['accessnotconfigured', 'service_disabled']
const forbiddenReasons = [
  'domainpolicy',
  'forbidden',
  'accountdisabled',
  'userdisabled',
  'accountdeleted',
  'account_state_invalid',
  'user_blocked_by_admin',
  'security_policy_violated',
  'org_restriction_violation',
]
/** google.api.ErrorReason (googleapis/google/api/error_reason.proto): what concerns the project of the client. */
const projectReasons = [
  'consumer_suspended',
  'consumer_invalid',
  'user_project_denied',
  'resource_project_invalid',
  'billing_disabled',
  'gcp_suspended',
  'service_not_visible',
]

/** Gmail's documented or observed refusals of one message, at the start of its words. */
const refusal = /^(Expected a single 'From' header|Invalid From header|Invalid attachment)\b/i
const labelTrouble = /^Invalid label\b|\blabelId not found\b|^Label(Id)? .*not found\b/i
const storage = /\b(storage|quota|mailbox is full|out of space|insufficient space)\b/i

/**
 * The fault in an answer, or undefined where the status is 200 (or another 2xx).
 *
 * A 5xx that came after the whole upload had been handed over is `gmail.outcome-unknown` with scope `account`:
 * Gmail may have stored the message, so the message must be resolved before it is sent again, and the server is
 * ailing, so the account should back off. (Without an answer the scope stays `message`; a loop that backs off
 * after several of them is right too.) `facts.status` is there whenever an answer was.
 * @param nowMs ms since 1970, to turn a Retry-After in seconds into an instant
 */
export function readFault(answer: HttpAnswer, asked: RequestKind, nowMs: number): Fault | undefined {
  const { status } = answer
  if (status >= 200 && status < 300) return undefined
  const answered = readGoogleError(answer)
  const { reasons, text, json } = answered
  const canonical = answered.status
  const facts: FaultFacts = {
    status,
    ...(text === '' ? {} : { words: scrubWords(text) }),
    ...(reasons.size === 0 ? {} : { reason: scrubWords([...reasons].join(' ')) }),
  }
  const notBeforeMs = readRetryAfterMs(answer.headers['retry-after'], text, nowMs)
  const fault = (code: FaultCode, options: FaultOptions = {}): Fault =>
    new Fault(code, { facts, ...(notBeforeMs === undefined ? {} : { notBeforeMs }), ...options })
  const has = (wanted: readonly string[]): boolean => wanted.some(reason => reasons.has(reason))

  // A 303 answers a request that was acted upon (RFC 9110 section 15.4.4); the other redirects were not.
  if (status === 303 && asked === 'upload' && answer.bodySent) {
    return fault('gmail.outcome-unknown', { scope: 'account' })
  }
  if (status < 200 || (status >= 300 && status < 400) || status >= 600) return fault('gmail.not-google')
  if (status >= 500) {
    return asked === 'upload' && answer.bodySent
      ? fault('gmail.outcome-unknown', { scope: 'account' })
      : fault('gmail.server')
  }
  // google.rpc.Code of a server's own trouble under a status of the client's: a bare google.rpc.Status, a gateway.
  if (['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED'].includes(canonical ?? '')) return fault('gmail.server')
  if (has(['account_state_invalid', 'user_blocked_by_admin'])) return fault('gmail.forbidden')
  if (has(projectReasons)) return fault('gmail.project-refused')
  if (status === 401) return fault('gmail.unauthorized')
  if (has(['dailylimitexceeded'])) {
    return fault('gmail.daily-limit', { notBeforeMs: notBeforeMs ?? findDailyLimitEndMs(nowMs) })
  }
  if (has(rateReasons)) return fault('gmail.rate-limited')
  if (status === 429 || canonical === 'RESOURCE_EXHAUSTED') {
    return /\bstorage\b/i.test(text) ? fault('gmail.storage-full') : fault('gmail.rate-limited')
  }
  if (status === 403) {
    if (has(scopeReasons)) return fault('gmail.scope-missing')
    if (has(disabledReasons)) return fault('gmail.api-disabled')
  }
  if (asked === 'upload' && status === 400 && json !== undefined && refusal.test(text)) {
    return fault('gmail.message-refused')
  }
  // No answer for a full mailbox is documented: any words of quota or storage stop the account, and no message.
  if (has(['quotaexceeded', 'storagequotaexceeded', 'limitexceeded']) || storage.test(text)) {
    return fault('gmail.storage-full')
  }
  // A path that names another account than the token's: field reports, the reference is silent.
  if (status === 403 && /^Delegation denied\b/i.test(text)) return fault('gmail.account-mismatch')
  if (status === 403 && has(forbiddenReasons)) return fault('gmail.forbidden')
  if (/^Mail service not enabled/i.test(text)) return fault('gmail.forbidden')
  if ((status === 400 || status === 404) && labelTrouble.test(text)) return fault('gmail.label')
  if (concernsAccount(answered, status)) return fault('gmail.account-refused')
  if (asked === 'call')
    return fault('gmail.unknown-answer', { scope: 'account', facts: { ...facts, phase: 'answer' } })
  if (status === 413) return fault('message.too-large')
  if (status === 400) return fault('gmail.message-unexplained')
  return fault('gmail.unknown-answer')
}

/**
 * Whether Google's error model says that the trouble is the account's, whichever message it was met with. NOT_FOUND
 * of an upload is said of the collection, which is the account's mail itself (a label that is missing is known by
 * its words before).
 */
function concernsAccount({ reasons, status, ofGoogle }: GoogleError, http: number): boolean {
  if (ofGoogle) return true
  if (status === 'INVALID_ARGUMENT' && http !== 403 && http !== 404 && !reasons.has('failedprecondition'))
    return false
  return (
    ['FAILED_PRECONDITION', 'PERMISSION_DENIED', 'NOT_FOUND', 'UNAUTHENTICATED'].includes(status ?? '') ||
    ['failedprecondition', 'conditionnotmet'].some(reason => reasons.has(reason)) ||
    [403, 404, 410, 412].includes(http)
  )
}

export interface Stored {
  readonly id: string
  readonly threadId: string | undefined
  readonly labelIds: readonly string[]
}

/** The Message resource in an answer, or undefined where it is none. */
export function readStored(answer: HttpAnswer): Stored | undefined {
  const json = readJsonObject(answer)
  if (typeof json?.id !== 'string' || json.id === '') return undefined
  const { id, threadId, labelIds } = json
  return {
    id,
    threadId: typeof threadId === 'string' && threadId !== '' ? threadId : undefined,
    labelIds: Array.isArray(labelIds) ? labelIds.filter(label => typeof label === 'string') : [],
  }
}

/**
 * What Gmail made of an upload.
 * @throws Fault every other answer: see readFault; a 2xx that is no success is gmail.outcome-unknown
 */
export function readUpload(answer: HttpAnswer, nowMs: number): Stored {
  const fault = readFault(answer, 'upload', nowMs)
  if (fault !== undefined) throw fault
  const stored = answer.status === 200 && answer.bodySent ? readStored(answer) : undefined
  if (stored === undefined) throw makeUnreadFault(answer)
  return stored
}

/**
 * The JSON object that a call (not an upload) answered with.
 * @throws Fault every other answer; HTML with a 200 is a captive portal or a proxy: gmail.not-google
 */
export function readCall(answer: HttpAnswer, nowMs: number): Readonly<Record<string, unknown>> {
  const fault = readFault(answer, 'call', nowMs)
  if (fault !== undefined) throw fault
  const json = readJsonObject(answer)
  if (json !== undefined) return json
  const facts = { status: answer.status, words: scrubWords(readVisibleText(answer)) }
  if (!answer.cut && /^\s*</.test(answer.body.toString('latin1')))
    throw new Fault('gmail.not-google', { facts })
  throw new Fault('gmail.unknown-answer', { scope: 'account', facts })
}

/** Whether a fault says that too many requests ran at once (which fewer at once cure, and waiting does not). */
export const saysTooManyAtOnce = (fault: Fault): boolean =>
  fault.code === 'gmail.rate-limited' && /too many concurrent/i.test(String(fault.facts.words ?? ''))

/** A 2xx that is no success: nobody knows what became of the upload. */
function makeUnreadFault(answer: HttpAnswer): Fault {
  const what = answer.cut
    ? 'the answer was cut'
    : !answer.bodySent
      ? 'the answer came before the end of the upload'
      : answer.body.length === 0
        ? 'the answer was empty'
        : readJsonObject(answer) === undefined
          ? 'the answer was not JSON'
          : 'the answer had no id'
  return new Fault('gmail.outcome-unknown', { facts: { status: answer.status, phase: 'answer', what } })
}
