/**
 * A strict multipart/related reader on octets, written for this stand-in only, so that it shares no mistake with
 * the code under test. RFC 2046 section 5.1.1: a part ends before the CRLF that precedes its delimiter line, so
 * that CRLF belongs to the delimiter and a part without a final CRLF stays without one.
 *
 * Gmail also takes LF for CRLF there, since Google's own Python client sends it; the end of the first delimiter line
 * says which of the two the whole body uses. Other framing that a lenient server might let pass (a mixture of both,
 * text before the first or after the last delimiter) is refused: what depends on leniency here may lose octets there.
 */

export class MalformedMultipart extends Error {
  override readonly name = 'MalformedMultipart'
}

export interface PartHandler {
  /** The part's header lines; names in lower case. */
  start(part: number, headers: ReadonlyMap<string, string>): void
  data(part: number, octets: Buffer): void
}

const headerLimitOctets = 16 * 1024
const crlf = Buffer.from('\r\n')
const lf = Buffer.from('\n')

/** RFC 2045 section 5.1: the boundary parameter, quoted or a token. */
export function boundaryOf(contentType: string): string | undefined {
  const found = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(contentType)
  const boundary = found?.[1]?.replace(/\\(.)/g, '$1') ?? found?.[2]
  // RFC 2046 section 5.1.1: 1 to 70 characters of bchars, not ending in a space.
  if (boundary === undefined || !/^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary))
    return
  return boundary
}

type State = 'first' | 'after-delimiter' | 'headers' | 'data' | 'done'

export class MultipartReader {
  readonly #dash: Buffer
  /** How lines of the framing end: unknown until the first delimiter line has ended. */
  #lineEnd: Buffer | undefined
  readonly #handler: PartHandler
  #state: State = 'first'
  #part = -1
  #held: Buffer = Buffer.alloc(0)

  constructor(boundary: string, handler: PartHandler) {
    this.#dash = Buffer.from(`--${boundary}`, 'latin1')
    this.#handler = handler
  }

  write(chunk: Uint8Array): void {
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk])
    while (this.#step());
  }

  /** The body has ended: how many parts there were. */
  end(): number {
    if (this.#state !== 'done') throw new MalformedMultipart(`the body ends in state ${this.#state}`)
    if (this.#held.length > 0 && !this.#held.equals(this.#lineEnd ?? crlf))
      throw new MalformedMultipart('text after the last delimiter')
    return this.#part + 1
  }

  /** One move of the machine; false when more octets are needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'first':
        return this.#first()
      case 'after-delimiter':
        return this.#afterDelimiter()
      case 'headers':
        return this.#headers()
      case 'data':
        return this.#data()
      case 'done':
        if (this.#held.length > (this.#lineEnd ?? crlf).length)
          throw new MalformedMultipart('text after the last delimiter')
        return false
    }
  }

  #first(): boolean {
    const skip = this.#held[0] === 0x0a ? 1 : this.#held.subarray(0, 2).equals(crlf) ? 2 : 0
    if (this.#held.length < skip + this.#dash.length) return false
    if (!this.#held.subarray(skip, skip + this.#dash.length).equals(this.#dash))
      throw new MalformedMultipart('the body does not begin with the delimiter')
    return this.#advance(skip + this.#dash.length, 'after-delimiter')
  }

  #afterDelimiter(): boolean {
    // RFC 2046: delimiter, then transport-padding (blanks), then CRLF; the last one has `--` right after it.
    if (this.#held.length < 2) return false
    if (this.#held[0] === 0x2d && this.#held[1] === 0x2d) return this.#advance(2, 'done')
    let at = 0
    while (this.#held[at] === 0x20 || this.#held[at] === 0x09) at += 1
    if (this.#held.length < at + 2) return false
    const lineEnd = this.#lineEnd ?? (this.#held[at] === 0x0a ? lf : crlf)
    this.#lineEnd = lineEnd
    if (!this.#held.subarray(at, at + lineEnd.length).equals(lineEnd))
      throw new MalformedMultipart('the delimiter line goes on with other text')
    this.#part += 1
    // The end of the delimiter line is kept: with it, a part without headers also begins with a blank line.
    return this.#advance(at, 'headers')
  }

  #headers(): boolean {
    const lineEnd = this.#lineEnd ?? crlf
    const end = this.#held.indexOf(Buffer.concat([lineEnd, lineEnd]))
    if (end < 0) {
      if (this.#held.length > headerLimitOctets) throw new MalformedMultipart('the part headers do not end')
      return false
    }
    const headers = new Map<string, string>()
    const lines = this.#held
      .toString('latin1', lineEnd.length, Math.max(lineEnd.length, end))
      .replace(/\r?\n[ \t]+/g, ' ')
    for (const line of lines === '' ? [] : lines.split(lineEnd.toString())) {
      const colon = line.indexOf(':')
      if (colon < 1 || /[\r\n]/.test(line)) throw new MalformedMultipart('a part header line has no name')
      headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
    }
    this.#handler.start(this.#part, headers)
    return this.#advance(end + 2 * lineEnd.length, 'data')
  }

  #data(): boolean {
    const delimiter = Buffer.concat([this.#lineEnd ?? crlf, this.#dash])
    const at = this.#held.indexOf(delimiter)
    if (at >= 0) {
      if (at > 0) this.#handler.data(this.#part, this.#held.subarray(0, at))
      return this.#advance(at + delimiter.length, 'after-delimiter')
    }
    // What may be the beginning of a delimiter waits for the next chunk.
    const safe = this.#held.length - (delimiter.length - 1)
    if (safe > 0) {
      this.#handler.data(this.#part, this.#held.subarray(0, safe))
      this.#held = Buffer.from(this.#held.subarray(safe))
    }
    return false
  }

  #advance(octets: number, state: State): boolean {
    this.#held = this.#held.subarray(octets)
    this.#state = state
    return true
  }
}
