/** What one Gmail account holds: labels and messages. Rules of import stand in messages.ts. */
import { badRequest, gmailError, notFound, Refusal } from './envelope.ts'
import type { Octets } from './octets.ts'

export interface Label {
  readonly id: string
  name: string
  readonly type: 'system' | 'user'
  labelListVisibility?: string
  messageListVisibility?: string
  color?: LabelColor
}

export interface LabelColor {
  readonly textColor: string
  readonly backgroundColor: string
}

/** What a caller may set of a label; the shapes were checked against Google's description before. */
export interface LabelFields {
  readonly name?: string | null
  readonly labelListVisibility?: string | null
  readonly messageListVisibility?: string | null
  readonly color?: Partial<LabelColor> | null
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

  /** What users.labels.get says beside the label itself. */
  count(labelId: string): Record<string, number> {
    const all = [...this.messages.values()].filter(({ labelIds }) => labelIds.includes(labelId))
    const unread = all.filter(({ labelIds }) => labelIds.includes('UNREAD'))
    const threads = (of: readonly StoredMessage[]): number => new Set(of.map(({ threadId }) => threadId)).size
    return {
      messagesTotal: all.length,
      messagesUnread: unread.length,
      threadsTotal: threads(all),
      threadsUnread: threads(unread),
    }
  }

  createLabel(name: unknown, fields: LabelFields = {}): Label {
    const label: Label = {
      id: `Label_${this.#nextLabel}`,
      name: this.#freeName(name),
      type: 'user',
      messageListVisibility: 'show',
      labelListVisibility: 'labelShow',
    }
    change(label, fields)
    this.#nextLabel += 1
    this.labels.push(label)
    return label
  }

  /** users.labels.update (`whole`: what is not given falls back) and patch (only what is given changes). */
  changeLabel(id: string, fields: LabelFields, whole: boolean): Label {
    const label = this.#userLabel(id)
    const { color: _, ...kept } = label
    const changed: Label = whole
      ? { ...kept, messageListVisibility: 'show', labelListVisibility: 'labelShow' }
      : { ...label }
    if (whole || (fields.name ?? undefined) !== undefined) changed.name = this.#freeName(fields.name, label)
    change(changed, fields)
    this.labels[this.labels.indexOf(label)] = changed
    return changed
  }

  #userLabel(id: string): Label {
    const label = this.label(id)
    if (label.type === 'system') throw badRequest('Invalid update on a system label')
    return label
  }

  #freeName(name: unknown, own?: Label): string {
    if (typeof name !== 'string' || name.trim() === '' || name.length > 225)
      throw badRequest('Invalid label name')
    const holder = this.labels.find(label => label !== own && label.name.toLowerCase() === name.toLowerCase())
    if (holder?.type === 'system') throw badRequest('Invalid label name')
    if (holder !== undefined) throw new Refusal(gmailError(409, 'aborted', 'Label name exists or conflicts'))
    return name
  }

  /** users.labels.delete, or the owner in the web interface; messages lose it. */
  deleteLabel(id: string): void {
    const label = this.#userLabel(id)
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

function change(label: Label, fields: LabelFields): void {
  const { color } = fields
  if (color !== undefined && color !== null) {
    const { textColor, backgroundColor } = color
    const hex = /^#[0-9a-f]{6}$/ // of which Gmail takes a palette of some hundred
    if (!hex.test(textColor ?? '') || !hex.test(backgroundColor ?? ''))
      throw badRequest('Label color is not on the allowed color palette')
    label.color = { textColor: textColor ?? '', backgroundColor: backgroundColor ?? '' }
  }
  label.labelListVisibility = fields.labelListVisibility ?? label.labelListVisibility ?? 'labelShow'
  label.messageListVisibility = fields.messageListVisibility ?? label.messageListVisibility ?? 'show'
}
