/**
 * The mail of one account as Gmail shows it over IMAP: one message once, with labels; each folder is a view of them with
 * UIDs of its own. By Google's description of its extensions (IMAP Extensions), and by nothing of ours.
 */
import { createHash } from 'node:crypto'

export interface GmailImapMessage {
  /** X-GM-MSGID. */
  readonly id: bigint
  readonly octets: Buffer
  readonly sha256: string
  readonly internalDate: Date
  readonly flags: Set<string>
  /** User labels, and `\Inbox`, `\Important`, `\Starred`. */
  readonly labels: Set<string>
  /** All mail, or one of the two that are left out of it. */
  place: 'all' | 'spam' | 'trash'
}

export interface View {
  readonly name: string
  readonly attributes: readonly string[]
  readonly validity: number
  uidNext: number
  readonly uids: Map<bigint, number>
  holds(message: GmailImapMessage): boolean
}

/** Names that Gmail gives its folders, by the account's language. */
export const folderNames = {
  en: { root: '[Gmail]', all: 'All Mail', junk: 'Spam', trash: 'Trash' },
  ja: { root: '[Gmail]', all: 'すべてのメール', junk: '迷惑メール', trash: 'ゴミ箱' },
} as const

export class GmailMail {
  readonly messages: GmailImapMessage[] = []
  readonly views = new Map<string, View>()
  #nextId = 1_278_455_344_230_334_865n

  constructor(language: keyof typeof folderNames, hidden: readonly string[]) {
    const { root, all, junk, trash } = folderNames[language]
    this.#add('INBOX', ['\\HasNoChildren'], ({ labels, place }) => place === 'all' && labels.has('\\Inbox'))
    this.#add(root, ['\\HasChildren', '\\Noselect'], () => false)
    const system = [
      ['all', '\\All', all],
      ['spam', '\\Junk', junk],
      ['trash', '\\Trash', trash],
    ] as const
    for (const [place, use, name] of system)
      if (!hidden.includes(use))
        this.#add(`${root}/${name}`, ['\\HasNoChildren', use], message => message.place === place)
  }

  #add(name: string, attributes: readonly string[], holds: View['holds']): View {
    const view = {
      name,
      attributes,
      validity: 600_000_000 + this.views.size,
      uidNext: 1,
      uids: new Map(),
      holds,
    }
    this.views.set(name, view)
    return view
  }

  /** INBOX is case-insensitive (RFC 9051 section 5.1); Gmail tells labels apart without regard to case. */
  find(name: string): View | undefined {
    return [...this.views.values()].find(view => view.name.toLowerCase() === name.toLowerCase())
  }

  addLabel(name: string): void {
    this.#add(name, ['\\HasNoChildren'], ({ labels, place }) => place === 'all' && labels.has(name))
  }

  /** Puts a message into a folder. */
  append(view: View, octets: Buffer, flags: readonly string[], internalDate: Date): GmailImapMessage {
    this.#nextId += 7919n
    const message: GmailImapMessage = {
      id: this.#nextId,
      octets,
      sha256: createHash('sha256').update(octets).digest('hex'),
      internalDate,
      flags: new Set(flags),
      labels: new Set(flags.includes('\\Flagged') ? ['\\Starred'] : []),
      place: view.attributes.includes('\\Junk')
        ? 'spam'
        : view.attributes.includes('\\Trash')
          ? 'trash'
          : 'all',
    }
    if (view.name === 'INBOX') message.labels.add('\\Inbox')
    else if (!view.attributes.some(attribute => /^\\(All|Junk|Trash)$/.test(attribute)))
      message.labels.add(view.name)
    this.messages.push(message)
    this.number()
    return message
  }

  /** Gives a UID to whatever is in a folder and has none there. */
  number(): void {
    for (const view of this.views.values())
      for (const message of this.messages)
        if (view.holds(message) && !view.uids.has(message.id)) view.uids.set(message.id, view.uidNext++)
  }

  /** What a folder holds, by UID. */
  in(view: View): readonly (readonly [uid: number, message: GmailImapMessage])[] {
    return this.messages
      .filter(message => view.holds(message))
      .map(message => [view.uids.get(message.id) ?? 0, message] as const)
      .sort(([a], [b]) => a - b)
  }
}
