/** The Gmail API's paths: who may do what, and which intake takes the body. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../src/clock.ts'
import {
  badRequest,
  gmailError,
  insufficientScope,
  json,
  notFound,
  Refusal,
  unauthorized,
} from './envelope.ts'
import {
  type Intake,
  jsonUpload,
  mediaUpload,
  multipartUpload,
  parseJson,
  type TakeMessage,
  wholeBody,
} from './intake.ts'
import type { Endpoint, LedgerEntry } from './ledger.ts'
import type { Mailbox } from './mailbox.ts'
import { type Accepted, type ImportRules, takeIn } from './messages.ts'
import { fullScope, type OAuth, scopeUrl } from './oauth.ts'
import type { Octets, Spool } from './octets.ts'
import type { Quota } from './quota.ts'
import { getMessage, listMessages } from './reading.ts'
import { type ResumableUploads, refuse } from './resumable.ts'

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

const oneOf = (...names: string[]): string[] => [fullScope, ...names.map(scopeUrl)]

/** Scopes of the reference pages; any one of them is enough. */
const scopes: Partial<Record<Endpoint, string[]>> = {
  import: oneOf('gmail.modify', 'gmail.insert'),
  insert: oneOf('gmail.modify', 'gmail.insert'),
  'labels.list': oneOf('gmail.modify', 'gmail.readonly', 'gmail.labels', 'gmail.metadata'),
  'labels.get': oneOf('gmail.modify', 'gmail.readonly', 'gmail.labels', 'gmail.metadata'),
  'labels.create': oneOf('gmail.modify', 'gmail.labels'),
  'messages.list': oneOf('gmail.modify', 'gmail.readonly', 'gmail.metadata'),
  'messages.get': oneOf('gmail.modify', 'gmail.readonly', 'gmail.metadata'),
  'messages.trash': oneOf('gmail.modify'),
  'messages.untrash': oneOf('gmail.modify'),
  'messages.delete': oneOf(),
  getProfile: oneOf('gmail.modify', 'gmail.compose', 'gmail.readonly', 'gmail.metadata'),
}

const uploadParameters = new Set(
  'internalDateSource neverMarkSpam processForCalendar deleted uploadType upload_id alt prettyPrint fields key quotaUser'.split(
    ' ',
  ),
)

interface Route {
  readonly endpoint: Endpoint
  readonly user: string
  readonly id: string
  readonly upload: boolean
}

export function route(method: string, url: URL): Route {
  const [, uploadPath, user = '', rest = ''] =
    /^(\/(?:resumable\/)?upload)?\/gmail\/v1\/users\/([^/]+)\/(.+)$/.exec(url.pathname) ?? []
  const upload = uploadPath !== undefined
  const [first, id = '', verb] = rest.split('/')
  const to = (endpoint: Endpoint): Route => ({
    endpoint,
    user: decodeURIComponent(user),
    id: decodeURIComponent(id),
    upload,
  })
  if (upload && method === 'PUT' && url.searchParams.has('upload_id')) return to('upload-session')
  switch (
    `${method} ${first}${id === '' ? '' : id === 'import' ? '/import' : '/*'}${verb === undefined ? '' : `/${verb}`}`
  ) {
    case 'POST messages/import':
      return to('import')
    case 'POST messages':
      return to('insert')
  }
  if (upload) return to('unknown')
  switch (`${method} ${first}${id === '' ? '' : '/*'}${verb === undefined ? '' : `/${verb}`}`) {
    case 'GET messages':
      return to('messages.list')
    case 'GET messages/*':
      return to('messages.get')
    case 'DELETE messages/*':
      return to('messages.delete')
    case 'POST messages/*/trash':
      return to('messages.trash')
    case 'POST messages/*/untrash':
      return to('messages.untrash')
    case 'GET labels':
      return to('labels.list')
    case 'POST labels':
      return to('labels.create')
    case 'GET labels/*':
      return to('labels.get')
    case 'GET profile':
      return to('getProfile')
  }
  return to('unknown')
}

export function openApi(parts: ApiParts, request: IncomingMessage, url: URL, entry: LedgerEntry): Intake {
  const { clock, oauth, quota, spool, rules, resumable, mailboxes } = parts
  const { endpoint, user, id, upload } = route(request.method ?? '', url)
  const query = url.searchParams

  /** Token, scope, user, quota: in that order. */
  const allow = (): { mailbox: Mailbox; scopes: readonly string[] } => {
    const bearer = oauth.bearer(request.headers.authorization)
    if (bearer === undefined) throw new Refusal(unauthorized())
    const needed = scopes[endpoint] ?? []
    if (!bearer.scopes.some(scope => needed.includes(scope))) throw new Refusal(insufficientScope(needed))
    const mailbox = mailboxes.get(bearer.account)
    if (mailbox === undefined)
      throw new Refusal(gmailError(400, 'failedPrecondition', 'Mail service not enabled'))
    if (user !== 'me' && user.toLowerCase() !== bearer.account.toLowerCase())
      throw new Refusal(gmailError(403, 'forbidden', `Delegation denied for ${bearer.account}`))
    quota.charge(bearer.account, endpoint, clock)
    return { mailbox, scopes: bearer.scopes }
  }

  if (endpoint === 'unknown') return refuse(notFound())
  if (endpoint === 'upload-session') return resumable.put(request, query.get('upload_id') ?? '')
  if (endpoint === 'import' || endpoint === 'insert') {
    const store = (mailbox: Mailbox, data: Octets, metadata: Record<string, unknown>) => {
      entry.message = { octets: data.length, sha256: data.sha256 }
      try {
        for (const name of query.keys())
          if (!uploadParameters.has(name))
            throw badRequest(
              `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter.`,
            )
        const labelIds = metadata.labelIds
        const { accepted, answer } = takeIn(mailbox, rules, clock.nowMs(), {
          method: endpoint,
          query,
          labelIds,
          data,
        })
        parts.accepted(accepted)
        return json(200, answer)
      } catch (error) {
        data.discard()
        throw error
      }
    }
    const take: TakeMessage = (data, metadata) => store(allow().mailbox, data, metadata)
    const limit = rules.maxMessageOctets
    const type = request.headers['content-type']
    if (!upload) return jsonUpload(spool, limit, type, take)
    switch (query.get('uploadType')) {
      case 'media':
        return mediaUpload(spool, limit, type, take)
      case 'multipart':
        return multipartUpload(spool, limit, type, take)
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
        return resumable.open(request, url, limit, open, takeLater)
      }
      default:
        return refuse(badRequest(`Invalid upload type: ${query.get('uploadType') ?? ''}`))
    }
  }

  return wholeBody(spool, 1024 * 1024, body => {
    const { mailbox, scopes: granted } = allow()
    const label = (found: { id: string; name: string; type: string }) => ({
      ...found,
      ...(found.type === 'user' ? { messageListVisibility: 'show', labelListVisibility: 'labelShow' } : {}),
    })
    switch (endpoint) {
      case 'labels.list':
        return json(200, { labels: mailbox.labels.map(label) })
      case 'labels.get':
        return json(200, label(mailbox.label(id)))
      case 'labels.create':
        return json(200, label(mailbox.createLabel(parseJson(body).name)))
      case 'messages.list':
        if (query.has('q') && !granted.some(scope => /\.readonly$|\.modify$|mail\.google\.com/.test(scope)))
          throw new Refusal(gmailError(403, 'forbidden', "Metadata scope does not support 'q' parameter"))
        return json(200, listMessages(mailbox, query, clock.nowMs()))
      case 'messages.get':
        return json(200, getMessage(mailbox.get(id), query, granted, parts.prependReceived))
      case 'messages.trash':
      case 'messages.untrash': {
        const moved = endpoint === 'messages.trash' ? mailbox.trash(id) : mailbox.untrash(id)
        return json(200, { id, threadId: moved.threadId, labelIds: moved.labelIds })
      }
      case 'messages.delete':
        mailbox.delete(id)
        return { status: 204, headers: {}, body: Buffer.alloc(0) }
      case 'getProfile':
        return json(200, {
          emailAddress: mailbox.email,
          messagesTotal: mailbox.messages.size,
          threadsTotal: new Set([...mailbox.messages.values()].map(message => message.threadId)).size,
          historyId: '1',
        })
      default:
        throw notFound()
    }
  })
}
