/** What one Gmail account holds: labels and messages. Rules of import stand in messages.ts. */
import { badRequest, gmailError, notFound, Refusal } from './envelope.ts'
import type { Octets } from './octets.ts'

export interface Label {
  readonly id: string
  readonly name: string
  readonly type: 'system' | 'user'
}

export interface StoredMessage {
  readonly id: string
  readonly threadId: string
  labelIds: string[]
  /** What Gmail shows as the date, ms since 1970. */
  readonly internalDateMs: number
  /** Exactly what was uploaded. */
  readonly octets: number
  readonly sha256: string
  readonly read: () => Buffer
  /** Message-ID without angle brackets; undefined where the header is missing. */
  readonly messageId: string | undefined
  readonly method: 'import' | 'insert'
  readonly neverMarkSpam: boolean
  readonly processForCalendar: boolean
  /** How many uploads ended in this message: above 1, Gmail ignored and merged the others. */
  imports: number
  /** SHA-256 of every upload that ended here: a merge of other octets under the same Message-ID shows. */
  readonly uploads: string[]
  /** From when a search finds it (clock of the server). */
  searchableAtMs: number
  readonly data: Octets
}

const systemLabels = [
  'INBOX',
  'SPAM',
  'TRASH',
  'UNREAD',
  'STARRED',
  'IMPORTANT',
  'SENT',
  'DRAFT',
  'CHAT',
  'CATEGORY_PERSONAL',
  'CATEGORY_SOCIAL',
  'CATEGORY_PROMOTIONS',
  'CATEGORY_UPDATES',
  'CATEGORY_FORUMS',
]

export class Mailbox {
  readonly email: string
  readonly labels: Label[]
  /** Everything that is there, trash and spam included, oldest first. */
  readonly messages = new Map<string, StoredMessage>()
  /** Newest message of each Message-ID, for de-duplication and threads. */
  readonly #byMessageId = new Map<string, StoredMessage>()
  #nextLabel = 1
  #nextId = 0x18c0000000000000n

  constructor(email: string, labelNames: readonly string[]) {
    this.email = email
    this.labels = systemLabels.map(name => ({ id: name, name, type: 'system' }))
    for (const name of labelNames) this.createLabel(name)
  }

  newId(): string {
    this.#nextId += 1n
    return this.#nextId.toString(16)
  }

  add(message: StoredMessage): void {
    this.messages.set(message.id, message)
    if (message.messageId !== undefined) this.#byMessageId.set(message.messageId, message)
  }

  byMessageId(messageId: string): StoredMessage | undefined {
    return this.#byMessageId.get(messageId)
  }

  get(id: string): StoredMessage {
    const found = this.messages.get(id)
    if (found === undefined) throw notFound()
    return found
  }

  /** For good: as users.messages.delete, or as a trash that was emptied. */
  delete(id: string): void {
    const message = this.get(id)
    this.messages.delete(id)
    if (message.messageId !== undefined && this.#byMessageId.get(message.messageId) === message)
      this.#byMessageId.delete(message.messageId)
    message.data.discard()
  }

  trash(id: string): StoredMessage {
    const message = this.get(id)
    message.labelIds = [
      ...message.labelIds.filter(l => l !== 'INBOX' && l !== 'SPAM' && l !== 'TRASH'),
      'TRASH',
    ]
    return message
  }

  untrash(id: string): StoredMessage {
    const message = this.get(id)
    message.labelIds = message.labelIds.filter(label => label !== 'TRASH')
    return message
  }

  label(id: string): Label {
    const found = this.labels.find(label => label.id === id)
    if (found === undefined) throw notFound()
    return found
  }

  createLabel(name: unknown): Label {
    if (typeof name !== 'string' || name.trim() === '' || name.length > 225)
      throw badRequest('Invalid label name')
    const folded = name.toLowerCase()
    if (this.labels.some(label => label.type === 'system' && label.name.toLowerCase() === folded))
      throw badRequest('Invalid label name')
    if (this.labels.some(label => label.name.toLowerCase() === folded))
      throw new Refusal(gmailError(409, 'aborted', 'Label name exists or conflicts'))
    const label: Label = { id: `Label_${this.#nextLabel++}`, name, type: 'user' }
    this.labels.push(label)
    return label
  }

  /** Test helper: the owner deletes a label in the web interface; messages lose it. */
  deleteLabel(id: string): void {
    const label = this.label(id)
    this.labels.splice(this.labels.indexOf(label), 1)
    for (const message of this.messages.values()) message.labelIds = message.labelIds.filter(l => l !== id)
  }

  /** Label ids as import takes them; Gmail's 400 otherwise. */
  checkLabelIds(labelIds: unknown): string[] {
    if (labelIds === undefined || labelIds === null) return []
    if (!Array.isArray(labelIds)) throw badRequest('Invalid value at label_ids')
    const ids = [...new Set(labelIds)]
    for (const id of ids) {
      if (typeof id !== 'string' || !this.labels.some(label => label.id === id))
        throw badRequest(`Invalid label: ${String(id)}`)
      if (id === 'DRAFT' || id === 'SENT' || id === 'CHAT') throw badRequest(`Invalid label: ${id}`)
    }
    const places = ids.filter(id => id === 'INBOX' || id === 'SPAM' || id === 'TRASH')
    if (places.length > 1) throw badRequest(`Invalid label: ${places.join(', ')} exclude one another`)
    return ids
  }
}
