/** How an owner writes whom a rule means, and how large: read into data, never into a regular expression. */
import { domainToASCII } from 'node:url'
import { foldCase } from '../base/fold-case.ts'
import { Complaint, expected, type Reader, unquote } from './readers.ts'

/** Which addresses: `info@example.jp`, `sales-*@example.jp`, `@example.jp`, `@.example.jp`, `info@`, `*`. */
export interface AddressPattern {
  /** Lower case, NFC; `*` stands for any characters. Undefined: any. */
  readonly local: string | undefined
  /** Lower case, ASCII (IDNA). Undefined: any. */
  readonly domain: string | undefined
  /** The domains below it, too. */
  readonly below: boolean
}

/** A field of the header whose text holds these characters, whatever their case. */
export interface HeaderPattern {
  /** Lower case. */
  readonly name: string
  /** Lower case, NFC; empty: the field is there. */
  readonly contains: string
}

const mostPattern = 320
const mostContains = 200

const readDomain = (written: string): string | undefined => {
  const ascii = /^[^\s/:@?#\\[\]*]{1,253}$/u.test(written) ? domainToASCII(written) : ''
  return /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i.test(ascii) && !ascii.includes('..')
    ? ascii.toLowerCase()
    : undefined
}

export const readAddressPattern: Reader<AddressPattern> = value => {
  if (typeof value !== 'string') return expected('address-pattern')
  const text = value.trim()
  if (text === '*') return { local: undefined, domain: undefined, below: false }
  const at = text.lastIndexOf('@')
  if (at < 0 || text.length > mostPattern || /[\p{Cc}<>,;]/u.test(text)) return expected('address-pattern')
  const local = unquote(text.slice(0, at))
  const ending = text.slice(at + 1)
  const below = ending.startsWith('.')
  const domain = ending === '' ? undefined : readDomain(below ? ending.slice(1) : ending)
  if (ending !== '' && domain === undefined) return expected('address-pattern')
  const isAny = /^\**$/.test(local)
  if (isAny && domain === undefined) return expected('address-pattern')
  return { local: isAny ? undefined : foldCase(local), domain, below }
}

/** A mailing list's List-Id (RFC 2919); `*` stands for any characters. */
export const readListPattern: Reader<string> = value => {
  const text = typeof value === 'string' ? value.trim().replace(/^<(.*)>$/u, '$1') : ''
  return text !== '' && text.length <= mostPattern && !/[\p{Cc}\s<>@]/u.test(text)
    ? foldCase(text)
    : expected('list-pattern')
}

/** `X-Spam-Flag: YES`: a field's name, a colon, and what its text holds. */
export const readHeaderPattern: Reader<HeaderPattern> = value => {
  const [, name, contains = ''] =
    (typeof value === 'string' ? /^\s*([!-9;-~]{1,64})\s*:(.*)$/su.exec(value) : undefined) ?? []
  if (name === undefined || contains.length > mostContains || /\p{Cc}/u.test(contains))
    return expected('header-pattern')
  return { name: name.toLowerCase(), contains: foldCase(contains.trim()) }
}

const flagWords = ['seen', 'unseen', 'flagged', 'answered', 'junk']

export const readFlagPattern: Reader<string> = value => {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  const isKeyword = /^\$[!#$&'+,\-.0-9:;<=>?@^_`|~a-z]{1,63}$/.test(text)
  return flagWords.includes(text) || isKeyword ? text : expected('flag-pattern')
}

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 }

/** `20 MB`, `500kB`, octets: 1 MB is 1,048,576 octets, as Gmail and mail servers count. */
export const readOctets: Reader<number> = value => {
  const [, digits, unit = ''] =
    /^(\d{1,9}(?:\.\d{1,3})?)\s*([bkmg]?)(?:i?b)?$/i.exec(String(value).trim()) ?? []
  const octets = Math.round(Number(digits) * (units[unit.toLowerCase()] ?? 1))
  return digits !== undefined && octets > 0 ? octets : expected('octets')
}

/** One value or several, each by the same reader; at most `most`. */
export function readSeveral<T>(value: unknown, read: Reader<T>, most: number): readonly T[] | Complaint {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (items.length === 0) return expected('list')
  if (items.length > most) return new Complaint({ kind: 'too-many', most })
  const values: T[] = []
  for (const item of items) {
    const one = read(typeof item === 'string' ? unquote(item.trim()) : item)
    if (one instanceof Complaint) return one
    values.push(one)
  }
  return values
}
