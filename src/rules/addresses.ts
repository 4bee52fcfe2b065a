/**
 * Addresses of a header field (RFC 5322 section 3.4, with its obsolete forms of section 4.4), for rules alone. A stranger
 * wrote it: one pass, no recursion, nothing is refused. What is no address is left out.
 */
import { domainToASCII } from 'node:url'
import { foldCase } from '../base/fold-case.ts'

export interface Address {
  /** Lower case, NFC, without quotation marks. */
  readonly local: string
  /** Lower case, ASCII (IDNA), without a dot at the end. */
  readonly domain: string
}

/** RFC 5321 section 4.5.3.1 allows 64 and 255 octets; what is much longer is no address. */
const mostLocal = 256
const mostDomain = 255
const mostWord = 1024

/** Characters as octets (Latin-1) read as the UTF-8 that they are (RFC 6532), or left as they stand. */
function readUtf8(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return latin1
  }
}

export function normaliseDomain(written: string): string {
  const domain = written.endsWith('.') ? written.slice(0, -1) : written
  if (/^[\x21-\x7e]*$/.test(domain)) return domain.toLowerCase()
  return domainToASCII(domain) || foldCase(domain)
}

/** One word that may be an address, as it is gathered. */
class Word {
  #text = ''
  /** Of the last `@` outside quotation marks. */
  #at = -1
  #isBroken = false
  #isTooLong = false

  clear(): void {
    this.#text = ''
    this.#at = -1
    this.#isBroken = false
    this.#isTooLong = false
  }

  get hasAt(): boolean {
    return this.#at >= 0
  }

  get isEmpty(): boolean {
    return this.#text === ''
  }

  /** White space or a comment: the next character begins another word, but at `@` and `.` (section 4.4). */
  breakOff(): void {
    if (this.#text !== '') this.#isBroken = true
  }

  /** @returns false where the word is over with an address, and more of it is none of it */
  add(character: string, isQuoted: boolean): boolean {
    if (this.#isBroken) {
      const joins = !isQuoted && (character === '@' || character === '.')
      const last = this.#text.at(-1)
      if (!joins && last !== '@' && last !== '.') {
        if (this.#at >= 0) return false
        this.clear()
      }
      this.#isBroken = false
    }
    if (this.#text.length >= mostWord) {
      this.#isTooLong = true
      return true
    }
    if (character === '@' && !isQuoted) this.#at = this.#text.length
    this.#text += character
    return true
  }

  read(): Address | undefined {
    if (this.#at <= 0 || this.#isTooLong) return undefined
    const local = this.#text.slice(0, this.#at)
    const domain = this.#text.slice(this.#at + 1)
    if (local.length > mostLocal || domain === '' || domain.length > mostDomain) return undefined
    return { local: foldCase(readUtf8(local)), domain: normaliseDomain(readUtf8(domain)) }
  }
}

/**
 * @param value of the field, unfolded, octets as Latin-1
 * @param most so many addresses are read
 * @returns the addresses, and whether these are all
 */
export function readAddresses(
  value: string,
  most: number,
): { readonly addresses: readonly Address[]; readonly isWhole: boolean } {
  const addresses: Address[] = []
  const word = new Word()
  let comments = 0
  let isQuoted = false
  let isInAngle = false
  /** An address was taken; what follows up to the comma is none. */
  let isOver = false
  const take = (): void => {
    const address = isOver ? undefined : word.read()
    if (address !== undefined) addresses.push(address)
    word.clear()
  }
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at] ?? ''
    if (isQuoted || comments > 0) {
      if (character === '\\') {
        at += 1
        if (isQuoted && !isOver && at < value.length) word.add(value[at] ?? '', true)
      } else if (isQuoted) {
        if (character === '"') isQuoted = false
        else if (!isOver) word.add(character, true)
      } else if (character === '(') comments += 1
      else if (character === ')') comments -= 1
      continue
    }
    switch (character) {
      case '"':
        isQuoted = true
        break
      case '(':
        comments = 1
        word.breakOff()
        break
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        word.breakOff()
        break
      case '<':
        // What stood before is the display name.
        word.clear()
        isInAngle = true
        break
      case '>':
        take()
        isOver = true
        isInAngle = false
        break
      case ':':
        // A group's name, or a route (section 4.4): neither is the address.
        if (!isOver) word.clear()
        break
      case ',':
      case ';':
        // In a route `<@a,@b:c@d>` no address has ended.
        if (isInAngle && !isOver && !word.read()) word.clear()
        else {
          take()
          isOver = false
          isInAngle = false
        }
        break
      default:
        if (!isOver && !word.add(character, false)) {
          take()
          isOver = true
        }
    }
    if (addresses.length >= most && at < value.length - 1) return { addresses, isWhole: false }
  }
  take()
  return { addresses: addresses.slice(0, most), isWhole: addresses.length <= most }
}
