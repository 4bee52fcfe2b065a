/**
 * One reader for each kind of value: what was written (a string from the environment, or a string, number,
 * boolean or list from YAML) becomes a value of the Config, or a complaint.
 */

import { Resolver } from 'node:dns'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { isLoopback } from '../base/loopback.ts'
import type { Expected, Problem } from '../base/problem.ts'
import { isSchedule } from '../base/schedule.ts'

type WithoutPlace<P> = P extends Problem ? Omit<P, 'at' | 'given'> : never

/** A problem that does not know yet where it stands. */
export class Complaint {
  readonly problem: WithoutPlace<Problem>
  constructor(problem: WithoutPlace<Problem>) {
    this.problem = problem
  }
}

/** What is wrong somewhere within a value: where, from the value on. */
export interface Mistake {
  readonly path: readonly (string | number)[]
  readonly complaint: Complaint
  readonly given: string | undefined
}

/** All that is wrong within one value. */
export class Mistakes extends Complaint {
  readonly mistakes: readonly Mistake[]
  constructor(mistakes: readonly Mistake[]) {
    super({ kind: 'expected', what: 'list' })
    this.mistakes = mistakes
  }
}

export type Reader<T> = (value: unknown) => T | Complaint

export const expected = (what: Expected): Complaint => new Complaint({ kind: 'expected', what })

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

/** @param spelling 'exactly' where others read the same word, and know one spelling only */
export const readOneOf =
  <const T extends string>(values: readonly T[], spelling?: 'exactly'): Reader<T> =>
  value => {
    const text = String(value)
    const fits = (known: string): boolean =>
      spelling === 'exactly' ? known === text : known.toLowerCase() === text.toLowerCase()
    return values.find(fits) ?? new Complaint({ kind: 'one-of', values })
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

/** What a worker of a fleet is called, also where logs and metrics name it. */
export const readWorkerName: Reader<string> = value =>
  /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/.test(String(value)) ? String(value) : expected('worker-name')

/** Where a listener of ours stands. */
export interface ListenAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:9464`, `localhost:9464` or `[::1]:9464`. */
export const readListenAddress: Reader<ListenAddress> = value => {
  const [, name, digits] = /^(\[[^\]]+\]|[^:\s]+):(\d{1,5})$/.exec(String(value).trim()) ?? []
  const [host, port] = [readHost(name), readPort(digits)]
  if (host instanceof Complaint || port instanceof Complaint) return expected('listen-address')
  return { host, port }
}

/** The same with a number alone, such as `127.0.0.1:8737` or `[::1]:8737`: a name may lead elsewhere. */
export const readIpAddress: Reader<ListenAddress> = value => {
  const address = readListenAddress(value)
  return address instanceof Complaint || isIP(address.host) === 0 ? expected('ip-address') : address
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

/** As readEndpoint, and as it was written: to some servers the slash at the end is a part of it. */
export const readTokenUrl: Reader<string> = value => {
  const read = readEndpoint(value)
  return read instanceof Complaint || typeof value !== 'string' ? read : new URL(value).href
}

/** An ID, a domain, or one of Microsoft's words for many: all of them are one step of a path. */
export const readTenant: Reader<string> = value =>
  typeof value === 'string' && /^[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?$/i.test(value.trim())
    ? value.trim().toLowerCase()
    : expected('tenant')

/** RFC 6749 section 3.3. */
export const readScopes: Reader<string> = value =>
  typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(value.trim())
    ? value.trim()
    : expected('scopes')

/** imaps, or imap to loopback; host and port and nothing else. */
export const readImapEndpoint: Reader<string> = value => {
  const [, scheme, host = ''] =
    /^(imaps?):\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/.exec(
      typeof value === 'string' ? value.trim() : '',
    ) ?? []
  const allowed = scheme === 'imaps' || (scheme === 'imap' && isLoopback(host.replace(/^\[(.*)\]$/, '$1')))
  return allowed ? String(value).trim() : expected('url')
}

/** https and a name (or an IP address), a port where it is not 443, and nothing behind it; as browsers write an origin. */
export const readOrigin: Reader<string> = value => {
  const text = typeof value === 'string' ? value.trim() : ''
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isWhole = url?.protocol === 'https:' && url.href === `${url.origin}/` && !text.includes('?')
  return isWhole && !(readHost(url.hostname) instanceof Complaint) ? url.origin : expected('origin')
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
  return isSchedule(text) ? text : expected('schedule')
}

/** A list, or a text with commas; items that hold a comma stand in quotation marks. */
export const readList: Reader<readonly string[]> = value => {
  const items = typeof value === 'string' ? splitQuoted(value, ',') : value
  if (!Array.isArray(items)) return expected('list')
  const read = items.map(item => (typeof item === 'string' ? unquote(item.trim()) : undefined))
  const good = read.filter(item => item !== undefined && item !== '' && !/\p{Cc}/u.test(item))
  return good.length === items.length ? (good as string[]) : expected('list')
}

/** Splits at a separator that stands outside quotation marks; quotation marks count at a part's begin or after `=`. */
export function splitQuoted(text: string, separator: string): string[] {
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

export function unquote(text: string): string {
  return /^(["'])(.*)\1$/su.exec(text)?.[2] ?? text
}
