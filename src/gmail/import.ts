/** users.messages.import and users.messages.insert: one multipart upload, streamed, never repeated but after a 401. */
import { Fault } from '../base/fault.ts'
import { type HttpAnswer, HttpTrouble, sendRequest } from '../base/http.ts'
import { smallOctets } from '../base/in-flight.ts'
import { encodeUser } from '../google/identity.ts'
import type { AccessToken } from '../google/token.ts'
import { faultOfTrouble } from '../google/unanswered.ts'
import type { RawMessage } from '../message/message.ts'
import { readUpload } from './answers.ts'
import { slowDown } from './api.ts'
import type { ImportAnswer, ImportRequest } from './gmail.ts'
import { chooseBoundary, type Framed, frameMultipart } from './multipart.ts'
import type { Session } from './session.ts'
import { units } from './units.ts'

/** `media.maxSize` of import and insert in Gmail's discovery document: 150 MiB. */
export const longestMessageOctets = 157_286_400

/** The upload's URL with its query parameters; `processForCalendar` and `neverMarkSpam` exist for import only. */
function makeUploadUrl(apiRoot: string, request: ImportRequest, user: string): URL {
  const { method, internalDateSource, neverMarkSpam, processForCalendar } = request
  const ofImport = `&neverMarkSpam=${neverMarkSpam}&processForCalendar=${processForCalendar}`
  const query = `uploadType=multipart&internalDateSource=${internalDateSource}`
  return new URL(
    `${apiRoot}/upload/gmail/v1/users/${encodeUser(user)}/messages${
      method === 'insert' ? `?${query}` : `/import?${query}${ofImport}`
    }`,
  )
}

/**
 * Uploads one message. Memory does not grow with it.
 *
 * Faults by how far the upload got: nothing left, gmail.unreachable and the like; any octet of the body left and no
 * answer, gmail.outcome-unknown (scope message); a 5xx after the whole body, gmail.outcome-unknown with scope account
 * (the message must be resolved, and the account should back off); an answer that was read, what answers.ts says.
 * state.io (scope message) where the octets kept here are not those that were retrieved: the upload was torn before
 * its closing delimiter, so Gmail cannot have taken it.
 * An abort before the body is the signal's reason; later the upload has HttpDeadlines.graceMs to end well.
 */
export async function importMessage(
  session: Session,
  raw: RawMessage,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<ImportAnswer> {
  signal.throwIfAborted()
  if (raw.octets > longestMessageOctets) {
    throw new Fault('message.too-large', { facts: { octets: raw.octets, limit: longestMessageOctets } })
  }
  const framed = frameMultipart(raw, { labelIds: request.labelIds }, chooseBoundary())
  const lane = raw.octets > smallOctets ? 'large-import' : 'import'
  const turn = await session.pace.turn(lane, units[request.method], signal)
  try {
    const answer = await uploadAuthorised(session, request, framed, signal)
    const stored = readUpload(answer, session.clock.nowMs())
    const sentSha256 = framed.sentSha256()
    if (sentSha256 === undefined)
      throw new Fault('bug', { facts: { what: 'an upload ended without its digest' } })
    session.pace.succeeded()
    return { ...stored, sentSha256 }
  } catch (thrown) {
    throw slowDown(session, turn, thrown)
  } finally {
    turn.end()
  }
}

async function uploadAuthorised(
  session: Session,
  request: ImportRequest,
  framed: Framed,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  // The path names the account that the token was held against: neither is used without the other.
  const uploadWith = ({ user, value }: AccessToken): Promise<HttpAnswer> =>
    uploadOnce(session, makeUploadUrl(session.apiRoot, request, user), framed, value, signal, request)
  const token = await session.tokens.get('insert', signal)
  const answer = await uploadWith(token)
  if (answer.status !== 401) return answer
  // 401 authError: Gmail did nothing with it. One new token, one replay from the message's first octet.
  session.tokens.reject(token)
  return uploadWith(await session.tokens.get('insert', signal))
}

async function uploadOnce(
  session: Session,
  url: URL,
  framed: Framed,
  token: string,
  signal: AbortSignal,
  { intent, assertMayLeave }: ImportRequest,
): Promise<HttpAnswer> {
  const headers = {
    Authorization: `Bearer ${token}`,
    Accept: 'application/json',
    'Content-Type': framed.contentType,
  }
  const request = {
    method: 'POST',
    url,
    headers,
    body: framed,
    graceful: true,
    intent,
    assertMayLeave,
  } as const
  const once = (): Promise<HttpAnswer> => sendRequest(session.connections, request, session.deadlines, signal)
  try {
    return await once().catch(thrown => {
      // A connection that was found dead before anything left: nothing is ambiguous, a new one is made at once.
      if (thrown instanceof HttpTrouble && thrown.reused && thrown.phase === 'connect') return once()
      throw thrown
    })
  } catch (thrown) {
    throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, 'upload', url) : thrown
  }
}
