/**
 * Octets of a POP3 answer, cut at the right places whatever the packets look like. Nothing here is ever decoded.
 *
 * Invariant: what comes out does not depend on how the input was divided into chunks.
 */
const dot = 0x2e
const cr = 0x0d
const lf = 0x0a
const lineThenDot = Buffer.from('\r\n.')
const lineEndOctets = 2

/** Why the rest of the session cannot be understood. */
export class ProtocolBreach extends Error {
  override readonly name = 'ProtocolBreach'
  /** The beginning of the line that is no answer, untrusted; undefined where there is none to show. */
  readonly words: string | undefined

  constructor(what: string, words?: string) {
    super(what)
    this.words = words
  }
}

export interface Fed {
  /** Un-stuffed octets, undefined where this chunk gave none. They lie in the chunk's memory, or share it. */
  readonly octets: Uint8Array | undefined
  /** Octets of the chunk that belong to this answer. */
  readonly used: number
  /** Whether the terminator was seen. */
  readonly done: boolean
}

// Where in a line the reader stands. Only CRLF ends a line (RFC 1939 section 3): a bare LF or CR is an octet like
// any other, and a dot behind it was not stuffed by a server that keeps to the RFC.
const inLine = 0
const afterCr = 1
const lineStart = 2
const afterDot = 3
const afterDotCr = 4

/**
 * How lines end: `crlf` as RFC 1939 section 3 has it; `lf` on servers whose status lines end in bare LF, one and all;
 * `either` where no line of an answer can be a lone dot (CAPA, LIST, UIDL). Known before the first octet of a message.
 */
export type LineEnd = 'crlf' | 'lf' | 'either'

/**
 * What is kept of a chunk, moved together within it over what is left out: where every second line begins with a dot, a
 * piece for each and a copy of them all took two thirds of the thread.
 */
class Kept {
  readonly #chunk: Buffer
  /** Kept so far, at the chunk's beginning. */
  #to = 0
  /** What is kept from here on has not been moved yet. */
  #from = 0
  #lostDot = false

  constructor(chunk: Buffer) {
    this.#chunk = chunk
  }

  /** The octet at `at` is not the message's. */
  leaveOut(at: number): void {
    this.#keep(at)
    this.#from = at + 1
  }

  /** The dot before `at`, left out in this chunk or as the last octet of the one before, is content. */
  takeBack(at: number): void {
    if (at > 0) this.#from = at - 1
    else this.#lostDot = true
  }

  #keep(end: number): void {
    if (this.#to !== this.#from) this.#chunk.copyWithin(this.#to, this.#from, end)
    this.#to += end - this.#from
  }

  /** All that was kept, with what stands before `end`; undefined for nothing. */
  upTo(end: number): Buffer | undefined {
    if (end > this.#from) this.#keep(end)
    const kept = this.#chunk.subarray(0, this.#to)
    if (this.#lostDot) return Buffer.concat([Buffer.of(dot), kept])
    return this.#to === 0 ? undefined : kept
  }

  get from(): number {
    return this.#from
  }
}

/**
 * Where behind `at` a line begins with a dot; -1 for nowhere. One octet is found five times as quickly as three, so in
 * octets without dots (base64) and in those whose dots all begin lines it is looked for; behind another dot the three are.
 */
function findDotLine(chunk: Buffer, at: number): number {
  const dotAt = chunk.indexOf(dot, at + lineEndOctets)
  if (dotAt < 0 || (chunk[dotAt - 1] === lf && chunk[dotAt - 2] === cr)) return dotAt
  const lineEndAt = chunk.indexOf(lineThenDot, dotAt)
  return lineEndAt < 0 ? lineEndAt : lineEndAt + lineEndOctets
}

/** Takes the body of a multi-line answer and gives its octets without dot-stuffing and terminator. */
export class BodyReader {
  #state = lineStart
  /** The dot that was seen stands first in the whole body. */
  #firstDot = false
  #begun = false
  readonly #lineEnd: LineEnd
  /** Whether no line of this body ended in CRLF. */
  #bareOnly = true
  #tail = ''
  /** How the terminator's line ended, once it was seen. */
  terminator: 'crlf' | 'lf' | undefined

  constructor(lineEnd: LineEnd = 'crlf') {
    this.#lineEnd = lineEnd
  }

  /**
   * What came ends in a lone dot between bare LFs and no line of it in CRLF: perhaps the end, by a server that ends
   * lines otherwise than it said. It is never taken for the end.
   */
  get looksEnded(): boolean {
    return this.#lineEnd === 'crlf' && this.#bareOnly && /(^|\n)\.\n$/.test(this.#tail)
  }

  /**
   * Reads on. Not to be called again once it said `done`. Octets of this answer may be moved within the chunk.
   * Throws ProtocolBreach for a line other than the first that begins with a single dot and is not the terminator: the server does not
   * stuff dots (seen in greenmail, mailpit, netius), so neither this line nor the end of the message can be trusted.
   */
  feed(chunk: Buffer): Fed {
    if (this.#lineEnd === 'crlf') {
      this.#watch(chunk)
      return this.#feed(chunk)
    }
    return this.#feedLines(chunk)
  }

  #watch(chunk: Buffer): void {
    if (!this.#bareOnly) return
    if (this.#tail.endsWith('\r') && chunk[0] === lf) this.#bareOnly = false
    else this.#bareOnly = !chunk.includes('\r\n')
    this.#tail = (this.#tail + chunk.subarray(-3).toString('latin1')).slice(-3)
  }

  /** The same where LF ends a line; what stands before it, a CR among it, is the line's own. */
  #feedLines(chunk: Buffer): Fed {
    const kept = new Kept(chunk)
    const fed = (used: number, done: boolean, to: number): Fed => ({ octets: kept.upTo(to), used, done })
    for (let at = 0; at < chunk.length; ) {
      const octet = chunk[at]
      if (this.#state === lineStart && octet === dot) {
        kept.leaveOut(at)
        at += 1
        this.#firstDot = !this.#begun
        this.#begun = true
        this.#state = afterDot
        continue
      }
      if (this.#state === afterDot || this.#state === afterDotCr) {
        if (octet === lf && (this.#state === afterDot || this.#lineEnd === 'either')) {
          this.terminator = this.#state === afterDot ? 'lf' : 'crlf'
          return fed(at + 1, true, kept.from)
        }
        if (this.#state === afterDot && octet === cr && this.#lineEnd === 'either') {
          this.#state = afterDotCr
          at += 1
          continue
        }
        if (this.#state === afterDotCr || (octet !== dot && !this.#firstDot))
          throw new ProtocolBreach('a line begins with a dot that is not stuffed')
        // A first line whose dot nobody stuffed: it is content (Dovecot 2.3, Courier).
        if (octet !== dot) kept.takeBack(at)
        this.#state = inLine
      }
      this.#begun = true
      const end = chunk.indexOf(lf, at)
      if (end < 0) {
        this.#state = inLine
        return fed(chunk.length, false, chunk.length)
      }
      this.#state = lineStart
      at = end + 1
    }
    const withheld = this.#state === afterDot || this.#state === afterDotCr
    return fed(chunk.length, false, withheld ? kept.from : chunk.length)
  }

  #feed(chunk: Buffer): Fed {
    const kept = new Kept(chunk)
    let at = 0
    const fed = (used: number, done: boolean, to: number): Fed => ({ octets: kept.upTo(to), used, done })
    while (at < chunk.length) {
      const octet = chunk[at]
      switch (this.#state) {
        case inLine: {
          const dotAt = findDotLine(chunk, at)
          if (dotAt >= 0) {
            at = dotAt
            this.#state = lineStart
            break
          }
          const last = chunk[chunk.length - 1]
          if (last === cr) this.#state = afterCr
          else if (last === lf && chunk.length - at >= 2 && chunk[chunk.length - 2] === cr)
            this.#state = lineStart
          return fed(chunk.length, false, chunk.length)
        }
        case afterCr:
          if (octet === lf) this.#state = lineStart
          else if (octet !== cr) this.#state = inLine
          at += 1
          break
        case lineStart:
          if (octet === dot) {
            // RFC 1939 section 3: the first dot of a line is the server's, not the message's.
            kept.leaveOut(at)
            at += 1
            this.#firstDot = !this.#begun
            this.#state = afterDot
          } else this.#state = inLine
          this.#begun = true
          break
        case afterDot:
          if (octet === dot) this.#state = inLine
          else if (octet === cr) this.#state = afterDotCr
          else if (this.#firstDot) {
            // Dovecot 2.3 and Courier stuff dots behind a line end only, so not in the first line: it is content.
            kept.takeBack(at)
            this.#state = inLine
            break
          } else throw new ProtocolBreach('a line begins with a dot that is not stuffed')
          at += 1
          break
        default:
          if (octet !== lf) throw new ProtocolBreach('a line begins with a dot that is not stuffed')
          return fed(at + 1, true, kept.from)
      }
    }
    const withheld = this.#state === afterDot || this.#state === afterDotCr
    return fed(chunk.length, false, withheld ? kept.from : chunk.length)
  }
}

/** Collects octets up to LF: one status line, or one line of a listing, of bounded length. */
export class LineReader {
  readonly #limit: number
  #parts: Buffer[] = []
  #length = 0

  /** @param limit longest line in octets; of a longer one only so much is kept, and `cut` says so */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Reads on from `offset`. `line` is without its CRLF (or LF), undefined where it does not end in this chunk. */
  feed(
    chunk: Buffer,
    offset: number,
  ): { line: Buffer | undefined; used: number; cut: boolean; bare?: boolean } {
    const end = chunk.indexOf(lf, offset)
    const part = chunk.subarray(offset, end < 0 ? chunk.length : end)
    if (this.#length < this.#limit) this.#parts.push(part.subarray(0, this.#limit - this.#length))
    this.#length += part.length
    const cut = this.#length > this.#limit
    if (end < 0) return { line: undefined, used: part.length, cut }
    const [first, second] = this.#parts
    const whole = first === undefined || second !== undefined ? Buffer.concat(this.#parts) : first
    this.#parts = []
    this.#length = 0
    const bare = whole[whole.length - 1] !== cr
    const line = cut || bare ? whole : whole.subarray(0, -1)
    return { line, used: part.length + 1, cut, bare }
  }
}
