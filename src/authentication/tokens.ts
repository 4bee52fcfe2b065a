/**
 * A tokenizer for structured header values (RFC 5322 section 3.2): words, quoted strings, comments that nest,
 * and the marks `;` and `=`. It walks the octets once, keeps no stack (comment depth is a number) and never
 * backs up, so its time is linear in the value whatever the sender wrote.
 */

/** Longest text kept of one word or comment, in octets; the rest is read and dropped. */
const textLimit = 300

export type Token =
  | { readonly is: 'word'; readonly text: string; readonly quoted: boolean }
  | { readonly is: 'comment'; readonly text: string }
  | { readonly is: 'mark'; readonly text: ';' | '=' }

const quote = 0x22
const open = 0x28
const close = 0x29
const semicolon = 0x3b
const equals = 0x3d
const backslash = 0x5c

const isSpace = (octet: number): boolean => octet === 0x20 || (octet >= 0x09 && octet <= 0x0d)

/** UTF-8 where it is UTF-8, else with replacement characters; RFC 6532 allows UTF-8, others must not break us. */
const text = (value: Buffer, from: number, to: number): string =>
  value.toString('utf8', from, Math.min(to, from + textLimit))

export class Tokenizer {
  readonly #value: Buffer
  #at = 0

  constructor(value: Buffer) {
    this.#value = value
  }

  /** What has not been read yet, as text, at most `limit` octets. */
  rest(limit: number): string {
    return this.#value.toString('latin1', this.#at, Math.min(this.#value.length, this.#at + limit)).trim()
  }

  /**
   * The next token, or undefined at the end.
   * @param inValue whether `=` belongs to the word, as in a base64 property value or an address
   */
  next(inValue = false): Token | undefined {
    const value = this.#value
    while (this.#at < value.length && isSpace(value[this.#at] ?? 0)) this.#at += 1
    const octet = value[this.#at]
    if (octet === undefined) return undefined
    if (octet === open) return { is: 'comment', text: this.#comment() }
    if (octet === quote) return { is: 'word', text: this.#quoted(), quoted: true }
    if (octet === semicolon || (octet === equals && !inValue)) {
      this.#at += 1
      return { is: 'mark', text: octet === semicolon ? ';' : '=' }
    }
    return { is: 'word', text: this.#word(inValue), quoted: false }
  }

  #word(inValue: boolean): string {
    const value = this.#value
    const from = this.#at
    let inQuotes = false
    for (; this.#at < value.length; this.#at += 1) {
      const octet = value[this.#at] ?? 0
      if (inQuotes) {
        if (octet === backslash) this.#at += 1
        else if (octet === quote) inQuotes = false
        continue
      }
      // A quoted local part in the middle of an address: smtp.mailfrom="a b"@example.com
      if (octet === quote) inQuotes = true
      else if (isSpace(octet) || octet === semicolon || octet === open || (octet === equals && !inValue))
        break
    }
    return text(value, from, Math.min(this.#at, value.length))
  }

  #quoted(): string {
    const value = this.#value
    const kept: number[] = []
    this.#at += 1
    for (; this.#at < value.length; this.#at += 1) {
      let octet = value[this.#at] ?? 0
      if (octet === quote) break
      if (octet === backslash) {
        this.#at += 1
        octet = value[this.#at] ?? 0
      }
      if (kept.length < textLimit) kept.push(octet)
    }
    this.#at = Math.min(this.#at + 1, value.length)
    // "local part"@example.com: the address goes on after the quotes.
    const after = value[this.#at]
    const tail = after !== undefined && after === 0x40 ? this.#word(true) : ''
    return Buffer.from(kept).toString('utf8') + tail
  }

  #comment(): string {
    const value = this.#value
    const from = this.#at + 1
    let depth = 0
    for (; this.#at < value.length; this.#at += 1) {
      const octet = value[this.#at]
      if (octet === backslash) this.#at += 1
      else if (octet === open) depth += 1
      else if (octet === close) {
        depth -= 1
        if (depth === 0) break
      }
    }
    const to = Math.min(this.#at, value.length)
    this.#at = Math.min(this.#at + 1, value.length)
    return text(value, from, to)
      .replace(/[\r\n\t ]+/g, ' ')
      .trim()
  }
}
