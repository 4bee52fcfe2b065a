/**
 * users.messages.import and insert: what becomes of one upload. Where Google documents nothing, the behaviour is
 * an option, and the program under test must be right either way.
 */
import { badRequest, Refusal, tooLarge } from './envelope.ts'
import type { Mailbox, StoredMessage } from './mailbox.ts'
import type { Octets } from './octets.ts'
import { hasExecutable, readHeader, refusedFrom } from './refusals.ts'

export interface ImportRules {
  /** Whether a second import of a Message-ID is ignored and its labels merged; default true. */
  mergeByMessageId: boolean
  /** What a second import does when the first copy is in the trash: undocumented. Default `merge`. */
  trashedCopy: 'merge' | 'revive' | 'new-copy'
  /** The id that a merged import answers with: undocumented. Default the first copy's. */
  mergedId: 'existing' | 'unknown'
  /** Largest message in octets; Gmail's is 157286400. */
  maxMessageOctets: number
  /** Whether this message is spam to Gmail; `neverMarkSpam` overrules. Default: nothing is. */
  isSpam: (head: Buffer) => boolean
  /** How long a new message stays out of searches; `manual` until `server.indexNow()`. Default 0. */
  indexLagMs: number | 'manual'
  /** Whether the From and attachment rules are applied; default true. */
  refuse: boolean
}

export const defaultRules: ImportRules = {
  mergeByMessageId: true,
  trashedCopy: 'merge',
  mergedId: 'existing',
  maxMessageOctets: 157_286_400,
  isSpam: () => false,
  indexLagMs: 0,
  refuse: true,
}

/** One upload that was taken in: the stand-in's book of what Gmail said yes to. */
export interface Accepted {
  readonly account: string
  readonly method: 'import' | 'insert'
  readonly sha256: string
  readonly octets: number
  readonly id: string
  readonly merged: boolean
  readonly labelIds: readonly string[]
  readonly atMs: number
}

const headOctets = 256 * 1024

export interface UploadRequest {
  readonly method: 'import' | 'insert'
  readonly query: URLSearchParams
  readonly labelIds: unknown
  readonly data: Octets
}

/** Takes one message in, or throws Gmail's Refusal. On success the mailbox owns `data`. */
export function takeIn(
  mailbox: Mailbox,
  rules: ImportRules,
  nowMs: number,
  request: UploadRequest,
): { accepted: Accepted; answer: Record<string, unknown> } {
  const { method, query, data } = request
  const source = query.get('internalDateSource') ?? (method === 'insert' ? 'receivedTime' : 'dateHeader')
  if (source !== 'dateHeader' && source !== 'receivedTime')
    throw badRequest(
      `Invalid value at 'internal_date_source' (type.googleapis.com/google.apps.InternalDateSource), "${source}"`,
    )
  const neverMarkSpam = flag(query, 'neverMarkSpam')
  const processForCalendar = flag(query, 'processForCalendar')
  if (flag(query, 'deleted')) throw badRequest('deleted is only for Google Vault')
  const labelIds = mailbox.checkLabelIds(request.labelIds)

  if (data.length === 0)
    throw badRequest("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
  if (data.length > rules.maxMessageOctets) throw new Refusal(tooLarge())
  data.seal()
  const head = data.read(headOctets)
  const header = readHeader(head)
  if (rules.refuse) {
    // `insert` is laxer about old and machine-made headers, not about malware.
    const from = method === 'import' ? refusedFrom(header.from) : undefined
    if (from !== undefined) throw badRequest(from)
    if (hasExecutable(data.chunks())) throw badRequest('Invalid attachment')
  }

  const record = (message: StoredMessage, id: string, merged: boolean) => {
    message.imports += 1
    message.uploads.push(data.sha256)
    const accepted: Accepted = {
      account: mailbox.email,
      method,
      sha256: data.sha256,
      octets: data.length,
      id,
      merged,
      labelIds,
      atMs: nowMs,
    }
    const labels = message.labelIds.length === 0 ? {} : { labelIds: message.labelIds }
    return { accepted, answer: { id, threadId: message.threadId, ...labels } }
  }

  const earlier = header.messageId === undefined ? undefined : mailbox.byMessageId(header.messageId)
  if (method === 'import' && rules.mergeByMessageId && earlier !== undefined) {
    const trashed = earlier.labelIds.includes('TRASH')
    if (!trashed || rules.trashedCopy !== 'new-copy') {
      merge(earlier, labelIds, trashed && rules.trashedCopy === 'revive')
      const done = record(earlier, rules.mergedId === 'existing' ? earlier.id : mailbox.newId(), true)
      data.discard()
      return done
    }
  }

  const spam = method === 'import' && !neverMarkSpam && rules.isSpam(head)
  const id = mailbox.newId()
  const thread =
    method === 'import' ? header.references.map(ref => mailbox.byMessageId(ref)).find(Boolean) : undefined
  const dateMs = source === 'dateHeader' && header.date !== undefined ? Date.parse(header.date) : Number.NaN
  const message: StoredMessage = {
    id,
    threadId: thread?.threadId ?? id,
    labelIds: spam ? [...labelIds.filter(label => label !== 'INBOX' && label !== 'SPAM'), 'SPAM'] : labelIds,
    internalDateMs: Number.isNaN(dateMs) ? nowMs : dateMs,
    octets: data.length,
    sha256: data.sha256,
    read: () => data.read(),
    messageId: header.messageId,
    method,
    neverMarkSpam,
    processForCalendar,
    imports: 0,
    uploads: [],
    searchableAtMs: rules.indexLagMs === 'manual' ? Number.POSITIVE_INFINITY : nowMs + rules.indexLagMs,
    data,
  }
  mailbox.add(message)
  return record(message, id, false)
}

function merge(into: StoredMessage, labelIds: readonly string[], revive: boolean): void {
  const place = (label: string): boolean => label === 'INBOX' || label === 'SPAM' || label === 'TRASH'
  if (revive) into.labelIds = into.labelIds.filter(label => label !== 'TRASH')
  const placed = into.labelIds.some(place)
  into.labelIds = [...new Set([...into.labelIds, ...labelIds.filter(label => !place(label) || !placed)])]
}

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  if (value === null || value === 'false') return false
  if (value === 'true' || value === '') return true
  throw badRequest(`Invalid value at '${name}' (TYPE_BOOL), "${value}"`)
}
