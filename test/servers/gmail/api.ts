/** The Gmail API's paths: who may do what, and which intake takes the body. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../src/base/clock.ts'
import { type Located, locate } from './discovery.ts'
import {
  type Answer,
  empty,
  gmailError,
  insufficientScope,
  invalidArgument,
  json,
  malformed,
  noSuchUrl,
  Refusal,
  unauthorized,
  unexpectedBody,
} from './envelope.ts'
import {
  type Intake,
  jsonUpload,
  mediaType,
  mediaUpload,
  multipartUpload,
  parseJson,
  type TakeMessage,
  wholeBody,
} from './intake.ts'
import type { Endpoint, LedgerEntry } from './ledger.ts'
import type { LabelFields, Mailbox } from './mailbox.ts'
import { type Accepted, type ImportRules, takeIn } from './messages.ts'
import type { OAuth } from './oauth.ts'
import type { Octets, Spool } from './octets.ts'
import type { Quota } from './quota.ts'
import { getMessage, listMessages } from './reading.ts'
import { type ResumableUploads, refuse } from './resumable.ts'
import { bodyViolations, queryViolations } from './violations.ts'

export interface ApiParts {
  readonly clock: Clock
  readonly oauth: OAuth
  readonly quota: Quota
  readonly spool: Spool
  readonly rules: ImportRules
  readonly resumable: ResumableUploads
  readonly mailboxes: ReadonlyMap<string, Mailbox>
  /** Whether read-back has Gmail's Received line on top. */
  readonly prependReceived: boolean
  readonly accepted: (accepted: Accepted) => void
}

interface Route {
  readonly endpoint: Endpoint
  readonly located: Located | undefined
}

/** What a request is for, by Google's description of the paths. */
export function route(httpMethod: string, url: URL): Route {
  // The PUTs of a resumable upload go to the path of the POST that began it.
  if (httpMethod === 'PUT' && url.searchParams.has('upload_id')) {
    const located = locate('POST', url.pathname)
    if (located !== undefined && located.way !== 'plain') return { endpoint: 'upload-session', located }
  }
  const located = locate(httpMethod, url.pathname)
  if (located === undefined) return { endpoint: 'unknown', located }
  const name = located.method.id.replace(/^gmail\.users\./, '').replace(/^messages\.(?=import$|insert$)/, '')
  return { endpoint: name as Endpoint, located }
}

export function openApi(parts: ApiParts, request: IncomingMessage, url: URL, entry: LedgerEntry): Intake {
  const { clock, oauth, quota, spool, rules, resumable, mailboxes } = parts
  const { endpoint, located } = route(request.method ?? '', url)
  if (located === undefined) return refuse(noSuchUrl(request.method ?? '', url.pathname))
  const { method, way, path } = located
  const { userId: user = '', id = '' } = path
  const query = url.searchParams
  const type = request.headers['content-type']
  if (endpoint === 'upload-session') return resumable.put(request, query.get('upload_id') ?? '')

  const checkQuery = (): void => {
    const found = queryViolations(method, query)
    if (found.length > 0) throw invalidArgument(found)
  }
  /** The body of a method that has one, held against its schema; none at all is an empty one. */
  const readBody = (body: Buffer): Record<string, unknown> => {
    if (body.length === 0) return {}
    const value = parseJson(body)
    const schema = method.request
    if (schema === undefined) throw unexpectedBody()
    const found = bodyViolations(schema, value, schema.$ref.toLowerCase())
    if (found.length > 0) throw invalidArgument(found)
    return value
  }
  /** An answer; one that Google would not give is a bug of the stand-in. */
  const answer = (value: Record<string, unknown>): Answer => {
    const found = method.response === undefined ? [] : bodyViolations(method.response, value, 'answer')
    if (found.length > 0) throw new Error(found.map(({ description }) => description).join('; '))
    return json(200, value)
  }

  /** Token, scope, user, quota: in that order. */
  const allow = (): { mailbox: Mailbox; scopes: readonly string[] } => {
    const bearer = oauth.bearer(request.headers.authorization)
    if (bearer === undefined) throw new Refusal(unauthorized(request.headers.authorization === undefined))
    if (!bearer.scopes.some(scope => method.scopes.includes(scope)))
      throw new Refusal(insufficientScope(method.scopes))
    const mailbox = mailboxes.get(bearer.account)
    if (mailbox === undefined)
      throw new Refusal(gmailError(400, 'failedPrecondition', 'Mail service not enabled'))
    if (user !== 'me' && user.toLowerCase() !== bearer.account.toLowerCase())
      throw new Refusal(gmailError(403, 'forbidden', `Delegation denied for ${bearer.account}`))
    quota.charge(bearer.account, endpoint, clock)
    checkQuery()
    return { mailbox, scopes: bearer.scopes }
  }

  if (endpoint === 'import' || endpoint === 'insert') {
    const store = (mailbox: Mailbox, data: Octets, metadata: Record<string, unknown>) => {
      entry.message = { octets: data.length, sha256: data.sha256 }
      try {
        const labelIds = metadata.labelIds
        const { accepted, answer: stored } = takeIn(mailbox, rules, clock.nowMs(), {
          method: endpoint,
          query,
          labelIds,
          data,
        })
        parts.accepted(accepted)
        return answer(stored)
      } catch (error) {
        data.discard()
        throw error
      }
    }
    const take: TakeMessage = (data, metadata) => store(allow().mailbox, data, metadata)
    const limit = rules.maxMessageOctets
    if (way === 'plain') return jsonUpload(spool, limit, type, readBody, take)
    const uploadType = query.get('uploadType')
    if (way === 'resumable' && uploadType !== 'resumable')
      return refuse(malformed(`Invalid upload type for this path: ${uploadType ?? ''}`))
    switch (uploadType) {
      case 'media':
        return mediaUpload(spool, limit, type, take)
      case 'multipart':
        return multipartUpload(spool, limit, type, readBody, take)
      case 'resumable': {
        // The session stands for the right to upload: its PUTs are not asked for a token again.
        let mailbox: Mailbox | undefined
        const open = (): void => {
          mailbox = allow().mailbox
        }
        const takeLater: TakeMessage = (data, metadata) => {
          if (mailbox === undefined) throw new Error('the session was not opened')
          return store(mailbox, data, metadata)
        }
        return resumable.open(request, url, limit, open, readBody, takeLater)
      }
      default:
        return refuse(malformed(`Invalid upload type: ${uploadType ?? ''}`))
    }
  }

  return wholeBody(spool, 1024 * 1024, body => {
    const { mailbox, scopes: granted } = allow()
    if (method.request === undefined && body.length > 0) throw unexpectedBody()
    if (body.length > 0 && mediaType(type) !== 'application/json')
      throw malformed('Content-Type is not application/json')
    const fields: LabelFields = readBody(body)
    switch (endpoint) {
      case 'labels.list':
        return answer({ labels: mailbox.labels })
      case 'labels.get':
        return answer({ ...mailbox.label(id), ...mailbox.count(id) })
      case 'labels.create':
        return answer({ ...mailbox.createLabel(fields.name, fields) })
      case 'labels.update':
      case 'labels.patch':
        return answer({ ...mailbox.changeLabel(id, fields, endpoint === 'labels.update') })
      case 'labels.delete':
        mailbox.deleteLabel(id)
        return empty(204)
      case 'messages.list':
        if (query.has('q') && !granted.some(scope => /\.readonly$|\.modify$|mail\.google\.com/.test(scope)))
          throw new Refusal(gmailError(403, 'forbidden', "Metadata scope does not support 'q' parameter"))
        return answer(listMessages(mailbox, query, clock.nowMs()))
      case 'messages.get':
        return answer(getMessage(mailbox.get(id), query, granted, parts.prependReceived))
      case 'messages.trash':
      case 'messages.untrash': {
        const moved = endpoint === 'messages.trash' ? mailbox.trash(id) : mailbox.untrash(id)
        return answer({ id, threadId: moved.threadId, labelIds: moved.labelIds })
      }
      case 'messages.delete':
        mailbox.delete(id)
        return empty(204)
      case 'getProfile':
        return answer({
          emailAddress: mailbox.email,
          messagesTotal: mailbox.messages.size,
          threadsTotal: new Set([...mailbox.messages.values()].map(message => message.threadId)).size,
          historyId: '1',
        })
      default:
        throw new Error(`${endpoint} is described and not played`)
    }
  })
}
