/** users.messages.list and get: what a token with gmail.readonly sees. */
import { badRequest, gmailError, Refusal } from './envelope.ts'
import type { Mailbox, StoredMessage } from './mailbox.ts'

/**
 * The search operators that the bridge may use; anything else is refused loudly, because a stand-in that finds
 * "something" for an operator it does not know would let a wrong query pass.
 */
function matcher(q: string): { matches: (message: StoredMessage) => boolean; anywhere: boolean } {
  let anywhere = false
  const tests = q
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map((term): ((message: StoredMessage) => boolean) => {
      const [, operator, value] = /^([a-z0-9]+):"?(.+?)"?$/i.exec(term) ?? []
      const wanted = value ?? ''
      switch (operator?.toLowerCase()) {
        case 'rfc822msgid': {
          const id = wanted.replace(/^<(.*)>$/, '$1')
          return message => message.messageId === id
        }
        case 'in':
          if (wanted === 'anywhere') {
            anywhere = true
            return () => true
          }
          if (wanted === 'trash' || wanted === 'spam') anywhere = true
          return message => message.labelIds.includes(wanted.toUpperCase())
        default:
          throw badRequest(`this stand-in does not know the search term ${term}`)
      }
    })
  return { matches: message => tests.every(test => test(message)), anywhere }
}

export function listMessages(
  mailbox: Mailbox,
  query: URLSearchParams,
  nowMs: number,
): Record<string, unknown> {
  const { matches, anywhere } = matcher(query.get('q') ?? '')
  const all = anywhere || query.get('includeSpamTrash') === 'true'
  const labels = query.getAll('labelIds')
  const found = [...mailbox.messages.values()]
    .filter(message => message.searchableAtMs <= nowMs && matches(message))
    .filter(message => all || !message.labelIds.some(label => label === 'TRASH' || label === 'SPAM'))
    .filter(message => labels.every(label => message.labelIds.includes(label)))
    .reverse() // newest first
  const first = Number(query.get('pageToken') ?? 0)
  const most = Math.min(Number(query.get('maxResults') ?? 100), 500)
  const page = found.slice(first, first + most).map(({ id, threadId }) => ({ id, threadId }))
  return {
    // No `messages` key at all where nothing was found.
    ...(page.length === 0 ? {} : { messages: page }),
    ...(found.length > first + most ? { nextPageToken: String(first + most) } : {}),
    resultSizeEstimate: found.length,
  }
}

/** The line that Gmail puts on top of what came through its API; seen on read-back only. */
export function receivedLine(message: StoredMessage, nowMs: number): Buffer {
  const date = new Date(nowMs).toUTCString().replace('GMT', '+0000')
  return Buffer.from(
    `Received: from 123456789012 named unknown\r\n\tby gmailapi.google.com with HTTPREST;\r\n\t${date} (id ${message.id})\r\n`,
  )
}

export function getMessage(
  message: StoredMessage,
  query: URLSearchParams,
  scopes: readonly string[],
  prepend: boolean,
): Record<string, unknown> {
  const format = (query.get('format') ?? 'full').toLowerCase()
  const base = {
    id: message.id,
    threadId: message.threadId,
    ...(message.labelIds.length === 0 ? {} : { labelIds: message.labelIds }),
    snippet: '',
    sizeEstimate: message.octets,
    historyId: '1',
    internalDate: String(message.internalDateMs),
  }
  if (format === 'minimal') return base
  const onlyMetadata = scopes.every(scope => !/\.readonly$|\.modify$|mail\.google\.com/.test(scope))
  if (onlyMetadata && format !== 'metadata')
    throw new Refusal(
      gmailError(403, 'forbidden', `Metadata scope doesn't allow format ${format.toUpperCase()}`),
    )
  const received = prepend ? receivedLine(message, message.internalDateMs) : Buffer.alloc(0)
  if (format === 'raw') {
    const raw = Buffer.concat([received, message.read()])
      .toString('base64')
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
    return { ...base, raw } // base64url with padding, as Gmail gives it
  }
  if (format !== 'metadata' && format !== 'full') throw badRequest(`Invalid value at 'format', "${format}"`)
  const text = Buffer.concat([received, message.read()]).toString('latin1')
  const section = text.slice(0, /\r?\n\r?\n/.exec(text)?.index).replace(/\r?\n(?=[ \t])/g, '')
  const wanted = query.getAll('metadataHeaders').map(name => name.toLowerCase())
  const headers = section
    .split(/\r?\n/)
    .map(line => ({
      name: line.slice(0, line.indexOf(':')),
      value: line.slice(line.indexOf(':') + 1).trim(),
    }))
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name.toLowerCase()))
  return { ...base, payload: { headers } }
}
