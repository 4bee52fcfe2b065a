/**
 * Gmail's folders over IMAP: places by their special use (RFC 6154), whatever the account's language calls them, and
 * labels, which are folders too. Read once, until forgotten.
 */
import { Fault } from '../../base/fault.ts'
import { type FolderName, type ImapStore, isRefused } from '../../source/imap-store.ts'
import { faultOfLabel } from './answers.ts'

/** System labels that can be put on mail this way; the others that import knows cannot (CATEGORY_ is Gmail's own). */
const systemLabels = new Set(['INBOX', 'SPAM', 'TRASH', 'UNREAD', 'STARRED', 'IMPORTANT'])
export const isSystemLabel = (name: string): boolean => systemLabels.has(name)
const notForMail = /^(DRAFTS?|SENT|CHATS?|CATEGORY_\w+)$/
/** Gmail's longest label, characters. */
const longestLabel = 225

export interface Places {
  readonly all: string | undefined
  readonly junk: string | undefined
  readonly trash: string | undefined
  /** Folders of labels, as they are called. */
  readonly labels: readonly string[]
}

/** What one message is to become. */
export interface Placing {
  readonly folder: string
  readonly flags: readonly string[]
  /** For X-GM-LABELS: names, or `\Important`. */
  readonly labels: readonly string[]
}

const labelKey = (name: string): string => name.normalize('NFC').toLowerCase()

function sortFolders(folders: readonly FolderName[]): Places {
  const use = (attribute: string): string | undefined =>
    folders.find(({ attributes, selectable }) => selectable && attributes.includes(attribute))?.name
  const isOfGmail = ({ name, attributes }: FolderName): boolean =>
    name.toUpperCase() === 'INBOX' ||
    /^\[(Gmail|Google ?Mail)\](\/|$)/i.test(name) ||
    attributes.some(attribute => /^\\(all|junk|trash|sent|drafts|flagged|important)$/.test(attribute))
  return {
    all: use('\\all'),
    junk: use('\\junk'),
    trash: use('\\trash'),
    labels: folders.filter(folder => !isOfGmail(folder)).map(({ name }) => name),
  }
}

export class Folders {
  #places: Places | undefined

  forget(): void {
    this.#places = undefined
  }

  async places(store: ImapStore, signal: AbortSignal): Promise<Places> {
    this.#places ??= sortFolders(await store.listFolders(signal))
    return this.#places
  }

  /**
   * The id of a label: a system label's own name, any other one's as Gmail spells it. Made where it is missing, and what
   * it stands below before it.
   * @throws Fault gmail.label-refused (facts.labels) where it cannot be had; the account's own
   */
  async labelFor(store: ImapStore, name: string, signal: AbortSignal, nowMs: number): Promise<string> {
    const upper = name.toUpperCase()
    if (isSystemLabel(upper)) return upper
    const refuse = (words: string): Fault =>
      new Fault('gmail.label-refused', { facts: { labels: name, words } })
    if (notForMail.test(upper)) throw refuse('a system label that mail cannot be given over IMAP')
    // In X-GM-LABELS a backslash begins a system label.
    if (name.trim() === '' || name.length > longestLabel || /^\\|[\p{Cc}\p{Cs}]/u.test(name))
      throw refuse('not a name for a label')
    if (!store.isGmail) throw refuse('this server has no labels (X-GM-EXT-1)')
    const known = await this.#find(store, name, signal)
    if (known !== undefined) return known
    const slash = name.lastIndexOf('/')
    if (slash > 0)
      await this.labelFor(store, name.slice(0, slash), signal, nowMs).catch(thrown => {
        if (!(thrown instanceof Fault) || thrown.code !== 'gmail.label-refused') throw thrown
      })
    try {
      await store.createFolder(name, signal)
    } catch (thrown) {
      this.forget()
      // Somebody made it a moment ago.
      const there = isRefused(thrown) ? await this.#find(store, name, signal) : undefined
      if (there !== undefined) return there
      throw faultOfLabel(thrown, name, nowMs)
    }
    this.forget()
    return (await this.#find(store, name, signal)) ?? name
  }

  async #find(store: ImapStore, name: string, signal: AbortSignal): Promise<string | undefined> {
    const { labels } = await this.places(store, signal)
    return labels.find(label => labelKey(label) === labelKey(name))
  }

  /** @throws Fault gmail.folder-hidden (message, later) where the owner's Gmail does not show the folder over IMAP */
  async placingOf(store: ImapStore, labelIds: readonly string[], signal: AbortSignal): Promise<Placing> {
    const places = await this.places(store, signal)
    const wanted = new Set(labelIds)
    const labels = labelIds.filter(id => !isSystemLabel(id))
    const refuse = (folder: string): never => {
      this.forget()
      throw new Fault('gmail.folder-hidden', { facts: { folder } })
    }
    const choose = (): string => {
      if (wanted.has('SPAM')) return places.junk ?? refuse('\\Junk')
      if (wanted.has('TRASH')) return places.trash ?? refuse('\\Trash')
      if (wanted.has('INBOX')) return 'INBOX'
      // A message in the folder of a label is archived, too.
      return places.all ?? places.labels.find(name => labels.includes(name)) ?? refuse('\\All')
    }
    const folder = choose()
    return {
      folder,
      flags: [...(wanted.has('UNREAD') ? [] : ['\\Seen']), ...(wanted.has('STARRED') ? ['\\Flagged'] : [])],
      labels: [
        ...labels.filter(label => label !== folder),
        ...(wanted.has('IMPORTANT') ? ['\\Important'] : []),
      ],
    }
  }
}
