/**
 * One reader for each kind of value: what was written (a string from the environment, or a string, number,
 * boolean or list from YAML) becomes a value of the Config, or a complaint.
 */

import { Resolver } from 'node:dns'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { validate } from 'node-cron'
import { isLoopback } from '../base/loopback.ts'
import type { Expected, Problem } from '../base/problem.ts'
import type { AfterImport, FolderConfig, StartFrom } from './config.ts'
import { parseDuration } from './duration.ts'

type WithoutPlace<P> = P extends Problem ? Omit<P, 'at' | 'given'> : never

/** A problem that does not know yet where it stands. */
export class Complaint {
  readonly problem: WithoutPlace<Problem>
  constructor(problem: WithoutPlace<Problem>) {
    this.problem = problem
  }
}

export type Reader<T> = (value: unknown) => T | Complaint

const expected = (what: Expected): Complaint => new Complaint({ kind: 'expected', what })

/** A non-empty text without control characters. A YAML number is none: `user: 0123` would have lost its zero. */
export const readText: Reader<string> = value =>
  typeof value === 'string' && value.trim() !== '' && !/\p{Cc}/u.test(value) ? value.trim() : expected('text')

export const readBoolean: Reader<boolean> = value => {
  const text = String(value).toLowerCase()
  if (['yes', 'true', 'on', '1'].includes(text)) return true
  if (['no', 'false', 'off', '0'].includes(text)) return false
  return expected('boolean')
}

/** Addresses that node's resolver takes: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:5353`. */
export const readDnsServers: Reader<readonly string[]> = value => {
  const list = readList(value)
  if (list instanceof Complaint) return list
  try {
    new Resolver().setServers(list)
    return list
  } catch {
    return expected('dns-servers')
  }
}

export const readOneOf =
  <const T extends string>(values: readonly T[]): Reader<T> =>
  value => {
    const text = String(value).toLowerCase()
    return values.find(one => one.toLowerCase() === text) ?? new Complaint({ kind: 'one-of', values })
  }

export const readNumber =
  (least: number, most: number): Reader<number> =>
  value => {
    const number = /^\d{1,9}$/.test(String(value)) ? Number(value) : Number.NaN
    return number >= least && number <= most ? number : new Complaint({ kind: 'number', least, most })
  }

export const readPort: Reader<number> = value => {
  const port = readNumber(1, 65_535)(value)
  return port instanceof Complaint ? expected('port') : port
}

/** A server name in its ASCII form (IDNA), or an IP address without brackets. */
export const readHost: Reader<string> = value => {
  if (typeof value !== 'string') return expected('host')
  const text = value.trim().replace(/^\[(.*)\]$/, '$1')
  if (isIP(text) !== 0) return text.toLowerCase()
  if (!/^[^\s/:@?#\\[\]]{1,253}$/u.test(text)) return expected('host')
  const ascii = domainToASCII(text)
  return /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?$/i.test(ascii) && !ascii.includes('..')
    ? ascii
    : expected('host')
}

/** https, or http to loopback; without user, query and fragment; without the slash at the end. */
export const readEndpoint: Reader<string> = value => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return expected('url')
  const allowed = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  return allowed ? url.href.replace(/\/+$/, '') : expected('url')
}

export const readEmail: Reader<string> = value =>
  typeof value === 'string' &&
  /^[^\s@<>"',]{1,64}@[^\s@<>"',]{1,253}$/u.test(value.trim()) &&
  !/\p{Cc}/u.test(value)
    ? value.trim()
    : expected('email')

/** Where a host forwards from: an IP address or a server's name; an e-mail address names the mailbox there. */
export const readForwarder: Reader<string> = value =>
  typeof value === 'string' && value.includes('@') ? readEmail(value) : readHost(value)

/** A Gmail address, or `me` for whoever signed in (Gmail's own word for it in users.* paths). */
export const readAccount: Reader<string> = value => (value === 'me' ? 'me' : readEmail(value))

export const readSha256: Reader<string> = value => {
  const hex = String(value)
    .replace(/[:\s]/g, '')
    .replace(/^sha256/i, '')
    .toLowerCase()
  return /^[0-9a-f]{64}$/.test(hex) ? hex : expected('sha256')
}

export const readSchedule: Reader<string> = value => {
  if (typeof value !== 'string') return expected('schedule')
  const text = value.trim().replace(/\s+/g, ' ')
  try {
    return /^\S+( \S+){4,5}$/.test(text) && validate(text) ? text : expected('schedule')
  } catch {
    return expected('schedule')
  }
}

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

/** A date means its first moment on this computer's clock: that is the day the owner has in mind. */
export const readStartFrom: Reader<StartFrom> = value => {
  if (value === 'all' || value === 'new') return { from: value }
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(String(value)) ?? []
  if (year === undefined || Number(year) < 1970) return expected('start-from')
  const date = new Date(Number(year), Number(month) - 1, Number(day))
  const same = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day)
  return same ? { from: 'date', atMs: date.getTime() } : expected('start-from')
}

/** A list, or a text with commas; items that hold a comma stand in quotation marks. */
export const readList: Reader<readonly string[]> = value => {
  const items = typeof value === 'string' ? splitQuoted(value, ',') : value
  if (!Array.isArray(items)) return expected('list')
  const read = items.map(item => (typeof item === 'string' ? unquote(item.trim()) : undefined))
  const good = read.filter(item => item !== undefined && item !== '' && !/\p{Cc}/u.test(item))
  return good.length === items.length ? (good as string[]) : expected('list')
}

// Gmail refuses these on import; INBOX, SPAM and the like are decided by `archive` and the folder's place.
const reserved = /^(drafts?|sent|chats?)$/i

const goodLabel = (name: string): boolean => name.length <= 225 && !reserved.test(name)

export const readLabels: Reader<readonly string[]> = value => {
  const names = readList(value)
  if (names instanceof Complaint || !names.every(goodLabel)) return expected('label')
  return [...new Set(names)]
}

/**
 * Folders to pull: `INBOX,Junk:spam,Orders:label=Orders,"Work: 2026":inbox:label=Work`. After the name come the
 * place (`inbox`, by default; `spam`; `label`, which means no inbox) and any number of `label=NAME`, each after
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

// RFC 9051 section 5.1: the name INBOX is the same in any case.
const folderName = (name: string): string => (/^inbox$/i.test(name) ? 'INBOX' : name)

function readFolder(item: string): FolderConfig | undefined {
  const [first = '', ...rest] = splitQuoted(item, ':').map(part => part.trim())
  const name = unquote(first)
  if (name === '' || (/^["']/.test(first) && name === first) || /\p{Cc}/u.test(name)) return undefined
  let to: FolderConfig['to'] | undefined
  const labels: string[] = []
  for (const option of rest) {
    const label = /^label\s*=(.+)$/su.exec(option)?.[1]
    if (label !== undefined) labels.push(unquote(label.trim()))
    else if (to === undefined && (option === 'inbox' || option === 'spam' || option === 'label')) to = option
    else return undefined
  }
  if (!labels.every(one => one !== '' && goodLabel(one))) return undefined
  return { name: folderName(name), to: to ?? (labels.length > 0 ? 'label' : 'inbox'), labels }
}

function readFolderMapping(item: unknown): FolderConfig | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined
  const { name, to, labels, ...unknown } = item as Record<string, unknown>
  if (typeof name !== 'string' || name === '' || /\p{Cc}/u.test(name) || Object.keys(unknown).length > 0)
    return undefined
  const read = labels === undefined ? [] : readLabels(labels)
  if (read instanceof Complaint) return undefined
  if (to !== undefined && to !== 'inbox' && to !== 'spam' && to !== 'label') return undefined
  return { name: folderName(name), to: to ?? (read.length > 0 ? 'label' : 'inbox'), labels: read }
}

/** Splits at a separator that stands outside quotation marks; quotation marks count at a part's begin or after `=`. */
function splitQuoted(text: string, separator: string): string[] {
  const parts: string[] = []
  let part = ''
  let quote: string | undefined
  for (const unit of text) {
    if (quote !== undefined) {
      if (unit === quote) quote = undefined
    } else if ((unit === '"' || unit === "'") && /(^|[:,=])\s*$/u.test(part)) {
      quote = unit
    } else if (unit === separator) {
      parts.push(part)
      part = ''
      continue
    }
    part += unit
  }
  parts.push(part)
  return parts
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/su.exec(text)?.[2] ?? text
}
