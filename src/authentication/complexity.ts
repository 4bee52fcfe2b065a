/**
 * The bounds of the real world, held before a verification begins. The library's cost grows with the square of
 * folds, blanks, names and signatures, and a stranger chooses all of them; no honest message comes near these.
 * One pass over the octets, nothing kept.
 */

/** Which bound a message breaks; words-en.ts and words-ja.ts have the sentences. */
export type Complexity =
  | 'header-octets'
  | 'fields'
  | 'field-lines'
  | 'white-space'
  | 'signatures'
  | 'arc-fields'
  | 'signature-tags'
  | 'signed-names'
  | 'signed-octets'
  | 'line-octets'

export const complexityBounds = {
  headerOctets: 64 * 1024,
  fields: 1000,
  /** Lines of one field: the first and its continuations. */
  fieldLines: 100,
  /** One run of white space, line ends included. */
  whiteSpaceOctets: 1024,
  signatures: 10,
  /** Ten sets of three (RFC 8617 section 4.2). */
  arcFields: 30,
  /** Tags of one signature (RFC 6376 section 3.2). */
  signatureTags: 50,
  /** Names in `h=` of one signature (RFC 6376 section 3.5). */
  signedNames: 100,
  /** Signatures times the message's octets: each may want the body hashed in a way of its own. */
  signedOctets: 256 * 1024 * 1024,
  /** RFC 5322 section 2.1.1 allows 998. */
  lineOctets: 1024 * 1024,
} as const

/**
 * @param header the header section from its first octet; one octet more than `headerOctets` is enough
 * @param octets length of the whole message
 * @returns the first bound that is broken, or undefined: the message may be verified
 */
export function findComplexity(header: Uint8Array, octets: number): Complexity | undefined {
  const bounds = complexityBounds
  if (header.length > bounds.headerOctets) return 'header-octets'
  let fields = 0
  let lines = 0
  let signatures = 0
  let arcFields = 0
  let field: SignatureField | undefined
  let white = 0
  for (let at = 0; at < header.length; ) {
    const feed = header.indexOf(lf, at)
    const end = feed < 0 ? header.length : feed + 1
    const name = fieldName(header, at, end)
    if (name === undefined) lines += 1
    else {
      fields += 1
      lines = 1
      const isSignature = name === 'dkim-signature' || name === 'arc-message-signature'
      if (isSignature) signatures += 1
      if (name.startsWith('arc-')) arcFields += 1
      field = isSignature || name === 'arc-seal' ? new SignatureField() : undefined
    }
    if (fields > bounds.fields) return 'fields'
    if (lines > bounds.fieldLines) return 'field-lines'
    if (signatures > bounds.signatures) return 'signatures'
    if (arcFields > bounds.arcFields) return 'arc-fields'
    for (let i = at; i < end; i += 1) {
      const octet = header[i] ?? 0
      white = isWhite(octet) ? white + 1 : 0
      if (white > bounds.whiteSpaceOctets) return 'white-space'
      const broken = field?.read(octet)
      if (broken !== undefined) return broken
    }
    at = end
  }
  return signatures * octets > bounds.signedOctets ? 'signed-octets' : undefined
}

const lf = 0x0a
const colon = 0x3a
const semicolon = 0x3b
const equals = 0x3d

/** Whatever a JavaScript `\s` takes among the octets of Latin-1, which is how the library reads a header. */
const isWhite = (octet: number): boolean =>
  octet === 0x20 || (octet >= 0x09 && octet <= 0x0d) || octet === 0xa0

const nameLimit = 80

/**
 * The lower-case name of the field that begins with this line; undefined for a continuation, and for a line that is
 * no field, which the library appends to the field above it.
 */
function fieldName(header: Uint8Array, at: number, end: number): string | undefined {
  let nameEnd = at
  for (; nameEnd < end; nameEnd += 1) {
    const octet = header[nameEnd] ?? 0
    // RFC 5322 section 3.6.8: printable US-ASCII without the colon.
    if (octet === colon || octet < 0x21 || octet > 0x7e) break
  }
  if (nameEnd === at) return undefined
  let colonAt = nameEnd
  // The colon may stand on the next line, after a fold.
  while (colonAt < header.length && isWhite(header[colonAt] ?? 0)) colonAt += 1
  if (header[colonAt] !== colon) return undefined
  return Buffer.from(header.subarray(at, Math.min(nameEnd, at + nameLimit)))
    .toString('latin1')
    .toLowerCase()
}

/** Counts the tags of one signature, and the names in each of them that could be taken for `h=`. */
class SignatureField {
  #inName = false
  #began = false
  #tags = 0
  #names = 0
  #tag = ''

  read(octet: number): Complexity | undefined {
    if (!this.#began) {
      // The colon after the field's name.
      if (octet === colon) {
        this.#began = true
        this.#inName = true
      }
      return undefined
    }
    if (octet === semicolon) {
      this.#tags += 1
      this.#names = 0
      this.#tag = ''
      this.#inName = true
      return this.#tags > complexityBounds.signatureTags ? 'signature-tags' : undefined
    }
    if (octet === equals) this.#inName = false
    else if (this.#inName && !isWhite(octet) && this.#tag.length < 2) this.#tag += String.fromCharCode(octet)
    if (octet !== colon) return undefined
    this.#names += 1
    // `z=` copies whole fields (RFC 6376 section 3.5), each with a colon of its own.
    const most =
      this.#tag.toLowerCase() === 'z' ? 2 * complexityBounds.signedNames : complexityBounds.signedNames
    // So many colons part one more name.
    return this.#names >= most ? 'signed-names' : undefined
  }
}
