/**
 * What rules ask of a header section, read once and within bounds. Where something could not be read within them it is
 * not known whether a rule matches (`undefined`), and the mail goes the usual way.
 */
import { foldCase } from '../base/fold-case.ts'
import { decodeWords } from '../message/about.ts'
import { fieldsNamed } from '../message/header.ts'
import { type Address, readAddresses } from './addresses.ts'
import type { AddressPatterns } from './patterns.ts'

/** So much of a section is read: what a source gives of it beforehand (`peekHeader`), so that both are judged alike. */
export const mostHeaderOctets = 256 * 1024
/** So many addresses of a message are looked at. */
const mostAddresses = 1000
/** So many characters of all fields of one name. */
const mostText = 64 * 1024

/** What the receiving server wrote of the envelope (Postfix, qmail, Exim, and those who read them). */
const envelopeFields = ['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to'] as const
const writtenFields = ['to', 'cc'] as const
/** The fields that addresses and lists are read from. */
const usualFields = [...envelopeFields, ...writtenFields, 'from', 'list-id'] as const

interface Texts {
  readonly values: string[]
  octets: number
  isWhole: boolean
}

export interface Recipients {
  readonly addresses: readonly Address[]
  /** Which fields they are from. */
  readonly from: 'envelope' | 'written'
  readonly isWhole: boolean
}

export class HeaderView {
  readonly #texts = new Map<string, Texts>()
  readonly #isCut: boolean
  readonly #recipients = new Map<object, Recipients>()
  #sender: { readonly addresses: readonly Address[]; readonly isWhole: boolean } | undefined

  /**
   * @param section from the first octet on; longer ones than `mostHeaderOctets` are cut
   * @param names further fields that are asked for, lower case
   */
  constructor(section: Buffer, names: readonly string[]) {
    const head = section.subarray(0, mostHeaderOctets)
    const isEnded = /\n\r?\n$/.test(head.toString('latin1', Math.max(0, head.length - 4)))
    this.#isCut = head.length >= mostHeaderOctets && !isEnded
    for (const { name, value, isWhole } of fieldsNamed(head, new Set([...usualFields, ...names]))) {
      if (this.#isCut && !isWhole) continue
      const texts = this.#texts.get(name) ?? { values: [], octets: 0, isWhole: true }
      this.#texts.set(name, texts)
      const room = mostText - texts.octets
      if (value.length > room) texts.isWhole = false
      if (room <= 0) continue
      texts.values.push(value.slice(0, room))
      texts.octets += Math.min(value.length, room)
    }
  }

  /**
   * To whom it went: what the server wrote of the envelope, where it names an address that the rules know; else To and Cc
   * with it. The mailbox's own name in the envelope says nothing of the address that was written to.
   */
  recipientsFor(known: AddressPatterns, isOwn: (address: Address) => boolean): Recipients {
    const before = this.#recipients.get(known)
    if (before !== undefined) return before
    const envelope = this.#addressesOf(envelopeFields)
    const foreign = envelope.addresses.filter(address => !isOwn(address))
    let recipients: Recipients = { addresses: foreign, from: 'envelope', isWhole: envelope.isWhole }
    if (!foreign.some(address => known.has(address))) {
      const written = this.#addressesOf(writtenFields)
      recipients = {
        addresses: [...written.addresses, ...envelope.addresses],
        from: 'written',
        isWhole: written.isWhole && envelope.isWhole && !this.#isCut,
      }
    }
    this.#recipients.set(known, recipients)
    return recipients
  }

  /** Of the first From. */
  get sender(): { readonly addresses: readonly Address[]; readonly isWhole: boolean } {
    const texts = this.#texts.get('from')
    const [first] = texts?.values ?? []
    if (first === undefined) return { addresses: [], isWhole: !this.#isCut }
    this.#sender ??= this.#readOne(first, texts?.values.length === 1 ? texts.isWhole : true)
    return this.#sender
  }

  /** RFC 2919 section 3: what stands in angle brackets, or the whole text where there are none. */
  get list(): { readonly id: string | undefined; readonly isWhole: boolean } {
    const first = this.#texts.get('list-id')?.values[0]
    if (first === undefined) return { id: undefined, isWhole: !this.#isCut }
    const from = first.lastIndexOf('<')
    const to = first.indexOf('>', from)
    const id = from >= 0 && to > from ? first.slice(from + 1, to) : first
    return { id: foldCase(id.trim()).slice(0, 1024), isWhole: true }
  }

  /** Whether a field of this name holds the text; undefined: not known. */
  holds(name: string, contains: string): boolean | undefined {
    const texts = this.#texts.get(name)
    if (texts?.values.some(value => contains === '' || this.#folded(value).includes(contains))) return true
    return this.#isCut || texts?.isWhole === false ? undefined : false
  }

  readonly #foldedTexts = new Map<string, string>()
  #folded(value: string): string {
    const before = this.#foldedTexts.get(value)
    if (before !== undefined) return before
    const folded = foldCase(decodeWords(value))
    this.#foldedTexts.set(value, folded)
    return folded
  }

  #readOne(value: string, isWhole: boolean) {
    const read = readAddresses(value, mostAddresses)
    return { addresses: read.addresses, isWhole: isWhole && read.isWhole }
  }

  #addressesOf(names: readonly string[]): {
    readonly addresses: readonly Address[]
    readonly isWhole: boolean
  } {
    const addresses: Address[] = []
    let isWhole = true
    for (const name of names) {
      const texts = this.#texts.get(name)
      if (texts === undefined) continue
      isWhole &&= texts.isWhole
      for (const value of texts.values) {
        const room = mostAddresses - addresses.length
        if (room <= 0) {
          isWhole = false
          break
        }
        const read = readAddresses(value, room)
        addresses.push(...read.addresses)
        isWhole &&= read.isWhole
      }
    }
    return { addresses, isWhole }
  }
}
