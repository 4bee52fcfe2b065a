/**
 * What an answer says in Google's error model. Pure: an HTTP answer in, its canonical status, its reasons and its words
 * out; what they mean is decided by answers.ts and token-answer.ts.
 *
 * Sources: google.rpc.Code and google.rpc.Status (googleapis/google/rpc/{code,status}.proto), google.rpc.ErrorInfo
 * (error_details.proto, AIP-193), the older envelope with errors[] (Gmail API, "Resolve errors"), RFC 6749 section 5.2.
 */
import type { HttpAnswer } from '../base/http.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export interface GoogleError {
  /** All reasons, in lower case: errors[].reason, details[].reason, status, a textual `error`, `error_subtype`. */
  readonly reasons: ReadonlySet<string>
  /** Name of google.rpc.Code, where the answer has one. */
  readonly status: string | undefined
  /** A google.rpc.ErrorInfo of domain googleapis.com: Google's own gate before any service, whatever its reason. */
  readonly ofGoogle: boolean
  /** Google's own words, '' where there were none. */
  readonly text: string
  /** A JSON object was parsed. */
  readonly json: JsonObject | undefined
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The answer's JSON object, or undefined where it is anything else (HTML, empty, cut). */
export function readJsonObject(answer: HttpAnswer): JsonObject | undefined {
  const value = parseJson(answer)
  return isObject(value) ? value : undefined
}

function parseJson(answer: HttpAnswer): unknown {
  if (answer.cut) return undefined
  try {
    return JSON.parse(answer.body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** google.rpc.Code by number. */
const codeNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

function readStatus(error: JsonObject): string | undefined {
  const { status, code } = error
  if (typeof status === 'string' && (codeNames as readonly string[]).includes(status.toUpperCase()))
    return status.toUpperCase()
  // A bare google.rpc.Status has the number of the code, the envelope that of HTTP.
  return typeof code === 'number' && code > 0 ? codeNames[code] : undefined
}

/** The error in an answer: in its envelope, in a list of such (streaming methods), or bare as a google.rpc.Status. */
function findError(json: unknown): { readonly error: JsonObject; readonly oauth: boolean } | undefined {
  if (Array.isArray(json)) return json.length === 0 ? undefined : findError(json[0])
  if (!isObject(json)) return undefined
  if (isObject(json.error)) return { error: json.error, oauth: false }
  if (typeof json.error === 'string') return { error: json, oauth: true }
  const bare = typeof json.message === 'string' && (json.code !== undefined || json.status !== undefined)
  return bare ? { error: json, oauth: false } : undefined
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

export function readGoogleError(answer: HttpAnswer): GoogleError {
  const whole = parseJson(answer)
  const json = isObject(whole) ? whole : undefined
  const located = findError(whole)
  const reasons = new Set<string>()
  const add = (value: unknown): void => {
    if (typeof value === 'string' && value !== '') reasons.add(value.toLowerCase())
  }
  if (located === undefined) {
    const text = whole === undefined ? readVisibleText(answer) : asText(json?.error_description)
    return { reasons, status: undefined, ofGoogle: false, text, json }
  }
  const { error, oauth } = located
  if (oauth) {
    add(error.error)
    add(error.error_subtype)
    const text = asText(error.error_description)
    return { reasons, status: undefined, ofGoogle: false, text, json }
  }
  let ofGoogle = false
  add(error.status)
  for (const list of [error.errors, error.details]) {
    if (!Array.isArray(list)) continue
    for (const row of list) {
      if (!isObject(row)) continue
      add(row.reason)
      // Of errors[] the domains are others: global, usageLimits.
      ofGoogle ||= row.domain === 'googleapis.com' && typeof row.reason === 'string'
    }
  }
  return { reasons, status: readStatus(error), ofGoogle, text: findWords(error), json }
}

/** Its message, and where that says nothing the first of errors[] or a google.rpc.LocalizedMessage. */
function findWords(error: JsonObject): string {
  const rows = [error.errors, error.details].flatMap(list => (Array.isArray(list) ? list : []))
  const candidates = [error.message, ...rows.map(row => (isObject(row) ? row.message : undefined))]
  return candidates.map(asText).find(text => text.trim() !== '') ?? ''
}

/** The words of an HTML or plain answer, without its tags, for a person to read. */
export function readVisibleText(answer: HttpAnswer): string {
  const text = answer.body.subarray(0, 4096).toString('utf8')
  return text
    .replace(/<(style|script)\b[\s\S]*?(<\/\1>|$)/gi, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
}
