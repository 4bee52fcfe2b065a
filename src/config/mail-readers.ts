/** Readers of what concerns mail: which folders, from when on, under which labels, and what happens afterwards. */

import { isConfirmedId } from '../base/authserv-id.ts'
import { parseDuration } from './duration.ts'
import { Complaint, expected, type Reader, readHost, readList, splitQuoted, unquote } from './readers.ts'

/** One folder to pull and where its mail belongs in Gmail. POP3 has one, named ''. */
export interface FolderConfig {
  /** IMAP folder name, Unicode, as the server spells it; or what it is for, such as `\\Sent` (RFC 6154 section 2). */
  readonly name: string
  /**
   * 'inbox' = INBOX (unless archived), 'spam' = Gmail's SPAM, 'label' = the labels only, 'sent' = the same, read, and
   * left at the source whatever becomes of other mail: the owner wrote it.
   */
  readonly to: 'inbox' | 'spam' | 'label' | 'sent'
  /** More label names for mail of this folder. */
  readonly labels: readonly string[]
}

export type AfterImport =
  | { readonly do: 'keep' }
  | { readonly do: 'delete'; readonly afterMs: number }
  | { readonly do: 'move'; readonly folder: string }

export type StartFrom =
  | { readonly from: 'all' }
  | { readonly from: 'new' }
  | { readonly from: 'date'; readonly atMs: number }

export const readAfterImport: Reader<AfterImport> = value => {
  if (typeof value !== 'string') return expected('after-import')
  const text = value.trim()
  if (text === 'keep') return { do: 'keep' }
  if (text === 'delete') return { do: 'delete', afterMs: 0 }
  const [, word, rest = ''] = /^(delete-after|move):(.+)$/u.exec(text) ?? []
  if (word === 'delete-after') {
    const afterMs = parseDuration(rest)
    return afterMs === undefined ? expected('after-import') : { do: 'delete', afterMs }
  }
  const folder = rest.trim().replace(/^(["'])(.*)\1$/u, '$2')
  return word === 'move' && folder !== '' && !/\p{Cc}/u.test(folder)
    ? { do: 'move', folder }
    : expected('after-import')
}

/** As people write a day: 2026-04-01, 2026/4/1, 2026年4月1日, and so in full-width digits. */
const writtenDate = /^(\d{4})[-/.‐−年](\d{1,2})[-/.‐−月](\d{1,2})日?$/u

/** A date means its first moment on this computer's clock: that is the day the owner has in mind. */
export const readStartFrom: Reader<StartFrom> = value => {
  if (value === 'all' || value === 'new') return { from: value }
  const [, year, month, day] = writtenDate.exec(String(value).normalize('NFKC').replaceAll(/\s/gu, '')) ?? []
  if (year === undefined || Number(year) < 1970) return expected('start-from')
  const date = new Date(Number(year), Number(month) - 1, Number(day))
  const same = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day)
  return same ? { from: 'date', atMs: date.getTime() } : expected('start-from')
}

// Gmail refuses these on import, and empties its bin after 30 days; INBOX, SPAM and the like are decided by `archive` and
// the folder's place.
const reserved = /^(drafts?|sent|chats?|trash)$/i

const goodLabel = (name: string): boolean => name.length <= 225 && !reserved.test(name)

export const readLabels: Reader<readonly string[]> = value => {
  const names = readList(value)
  if (names instanceof Complaint || !names.every(goodLabel)) return expected('label')
  return [...new Set(names)]
}

/**
 * Folders to pull: `INBOX,Junk:spam,Orders:label=Orders,"Work: 2026":inbox:label=Work`. After the name come the
 * place (`inbox`, by default; `spam`; `label`, which means no inbox; `sent`) and any number of `label=NAME`, each after
 * a colon; with labels and no place the place is `label`. In YAML also `{name, to, labels}`.
 */
export const readFolders: Reader<readonly FolderConfig[]> = value => {
  const items = typeof value === 'string' ? splitQuoted(value, ',') : value
  if (!Array.isArray(items) || items.length === 0) return expected('folders')
  const folders: FolderConfig[] = []
  for (const item of items) {
    const folder = typeof item === 'string' ? readFolder(item) : readFolderMapping(item)
    if (folder === undefined) return expected('folders')
    if (folders.some(one => one.name === folder.name))
      return new Complaint({ kind: 'twice', what: folder.name })
    folders.push(folder)
  }
  return folders
}

/** RFC 6154 section 2. */
const folderUses = ['\\All', '\\Archive', '\\Drafts', '\\Flagged', '\\Junk', '\\Sent', '\\Trash']

/** RFC 9051 section 5.1: the name INBOX is the same in any case, and so are attributes. */
export function folderName(name: string): string {
  if (/^inbox$/i.test(name)) return 'INBOX'
  return folderUses.find(use => use.toLowerCase() === name.toLowerCase()) ?? name
}

const places: readonly FolderConfig['to'][] = ['inbox', 'spam', 'label', 'sent']
const placeNamed = (written: unknown): FolderConfig['to'] | undefined =>
  places.find(place => place === written)

/** Gmail refuses its own SENT on import, so this mail has a label of its own. */
const sentLabel = 'Sent mail'

function makeFolder(
  name: string,
  to: FolderConfig['to'] | undefined,
  labels: readonly string[],
): FolderConfig {
  const place = to ?? (labels.length > 0 ? 'label' : 'inbox')
  return {
    name: folderName(name),
    to: place,
    labels: place === 'sent' && labels.length === 0 ? [sentLabel] : labels,
  }
}

function readFolder(item: string): FolderConfig | undefined {
  const [first = '', ...rest] = splitQuoted(item, ':').map(part => part.trim())
  const name = unquote(first)
  if (name === '' || (/^["']/.test(first) && name === first) || /\p{Cc}/u.test(name)) return undefined
  let to: FolderConfig['to'] | undefined
  const labels: string[] = []
  for (const option of rest) {
    const label = /^label\s*=(.+)$/su.exec(option)?.[1]
    if (label !== undefined) labels.push(unquote(label.trim()))
    else if (to === undefined && placeNamed(option) !== undefined) to = placeNamed(option)
    else return undefined
  }
  if (!labels.every(one => one !== '' && goodLabel(one))) return undefined
  return makeFolder(name, to, labels)
}

function readFolderMapping(item: unknown): FolderConfig | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined
  const { name, to, labels, ...unknown } = item as Record<string, unknown>
  if (typeof name !== 'string' || name === '' || /\p{Cc}/u.test(name) || Object.keys(unknown).length > 0)
    return undefined
  const read = labels === undefined ? [] : readLabels(labels)
  if (read instanceof Complaint) return undefined
  if (to !== undefined && placeNamed(to) === undefined) return undefined
  return makeFolder(name, placeNamed(to), read)
}

/** Names of receiving servers, each with the methods that it stamps, as AUTHSERV_IDS has them. */
export const readAuthservIds: Reader<readonly string[]> = value => {
  const list = readList(value)
  return list instanceof Complaint || list.every(isConfirmedId) ? list : expected('authserv-ids')
}

/** Server names or IP addresses. */
export const readHosts: Reader<readonly string[]> = value => {
  const list = readList(value)
  if (list instanceof Complaint) return list
  const hosts = list.map(readHost)
  return hosts.find(host => host instanceof Complaint) ?? (hosts as string[])
}
