/**
 * Reads the values of Authentication-Results (RFC 8601 section 2.2) and its relatives: Received-SPF (RFC 7208
 * section 9.1), ARC-Authentication-Results (RFC 8617 section 4.1.1) and SpamAssassin's X-Spam-Status. Servers
 * deviate, so this reads what can be understood, keeps it bounded and drops the rest. It judges nothing.
 */
import { type Token, Tokenizer } from './tokens.ts'

/** One method's result as a server wrote it. */
export interface StampedResult {
  /** `spf`, `dkim`, `dmarc`, `arc`, ... lower case. */
  readonly method: string
  /** `pass`, `fail`, `softfail`, ... lower case, as written (BIGLOBE writes `hardfail`). */
  readonly result: string
  /** The first comment after the result: the server's own words. */
  readonly comment?: string
  /** `reason=` and every `ptype.property=`, first occurrence. */
  readonly properties: Readonly<Record<string, string>>
}

export interface ReadField {
  /** The authserv-id as written, without a `/queue-id`; '' where the server wrote none (Exchange Online). */
  readonly authservId: string
  readonly queueId: string | undefined
  /** `i=` of an ARC-Authentication-Results. */
  readonly instance: number | undefined
  readonly results: readonly StampedResult[]
}

const resultsLimit = 60
const propertiesLimit = 30
const nameLimit = 60

/**
 * Only the authserv-id, for fields that will not be read further.
 * @param arc whether the value starts with `i=N;`
 */
export function readAuthservId(value: Buffer, arc = false): string {
  return readAuthenticationResults(value, arc, 0).authservId
}

/** @param limit the most results to read */
export function readAuthenticationResults(value: Buffer, arc = false, limit = resultsLimit): ReadField {
  const reader = new Reader(value)
  const instance = arc ? reader.instance() : undefined
  const id = reader.authservId()
  const slash = id.lastIndexOf('/')
  const results: StampedResult[] = []
  while (results.length < limit) {
    const result = reader.result()
    if (result === undefined) break
    if (result !== 'unreadable') results.push(result)
  }
  return {
    authservId: slash > 0 ? id.slice(0, slash) : id,
    queueId: slash > 0 ? id.slice(slash + 1) : undefined,
    instance,
    results,
  }
}

class Reader {
  readonly #tokens: Tokenizer
  #held: Token | undefined

  constructor(value: Buffer) {
    this.#tokens = new Tokenizer(value)
  }

  #next(inValue = false): Token | undefined {
    const held = this.#held
    this.#held = undefined
    return held ?? this.#tokens.next(inValue)
  }

  #skipComments(inValue = false): Token | undefined {
    let token = this.#next(inValue)
    while (token?.is === 'comment') token = this.#next(inValue)
    return token
  }

  #skipToSemicolon(): void {
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      if (token.is === 'mark' && token.text === ';') return
    }
  }

  instance(): number | undefined {
    const name = this.#skipComments()
    const mark = this.#skipComments()
    if (name?.is !== 'word' || name.text !== 'i' || mark?.is !== 'mark' || mark.text !== '=') {
      this.#held = name
      return undefined
    }
    const value = this.#skipComments()
    this.#skipToSemicolon()
    // RFC 8617 section 4.2.1: 1 to 50.
    return value?.is === 'word' && /^\d{1,2}$/.test(value.text) ? Number(value.text) : undefined
  }

  /** '' where the value starts with a result at once. The rest up to the first `;` is read over. */
  authservId(): string {
    const id = this.#skipComments()
    if (id?.is !== 'word') return ''
    const after = this.#skipComments()
    if (after?.is === 'mark' && after.text === '=') {
      // No authserv-id: `spf=pass ...` comes first. Hand the method back; `=` is implied by #impliedEquals.
      this.#held = id
      this.#impliedEquals = true
      return ''
    }
    if (after?.is === 'mark') return id.text
    if (after === undefined) return id.text
    // A version may follow (RFC 8601 section 2.2). Anything else means the id was not one word: not an id.
    const isVersion = after.is === 'word' && /^\d{1,3}$/.test(after.text)
    this.#skipToSemicolon()
    return isVersion ? id.text : ''
  }

  #impliedEquals = false

  /** RFC 8601 section 2.2: a method may have a version, `dkim / 1`, and comments between. */
  #afterVersion(method: Token, after: Token | undefined): Token | undefined {
    if (method.is !== 'word' || after?.is !== 'word') return after
    const isSlash = after.text === '/' || method.text.endsWith('/')
    if (!isSlash && !/^\/\d{1,3}$/.test(after.text)) return after
    const next = after.text === '/' ? this.#skipComments() : after
    if (next?.is !== 'word' || !/^\/?\d{1,3}$/.test(next.text)) return next
    return this.#skipComments()
  }

  /** The next `method=result` with its properties, up to its `;`. */
  result(): StampedResult | 'unreadable' | undefined {
    let method = this.#skipComments()
    while (method?.is === 'mark' && method.text === ';') method = this.#skipComments()
    if (method === undefined) return undefined
    const implied = this.#impliedEquals
    this.#impliedEquals = false
    const equals = implied ? undefined : this.#afterVersion(method, this.#skipComments())
    if (method.is !== 'word' || (!implied && (equals?.is !== 'mark' || equals.text !== '='))) {
      if (!(equals?.is === 'mark' && equals.text === ';')) this.#skipToSemicolon()
      return 'unreadable'
    }
    const result = this.#skipComments()
    if (result?.is !== 'word') {
      if (!(result?.is === 'mark' && result.text === ';')) this.#skipToSemicolon()
      return 'unreadable'
    }
    let comment: string | undefined
    const properties = new Map<string, string>()
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      if (token.is === 'mark') {
        if (token.text === ';') break
        continue
      }
      if (token.is === 'comment') {
        comment ??= token.text
        continue
      }
      let name = token.text
      let mark = this.#skipComments()
      // RFC 8601 section 2.2: comments and folds may stand on both sides of the dot.
      while (
        mark?.is === 'word' &&
        (mark.text.startsWith('.') || name.endsWith('.')) &&
        name.length < nameLimit
      ) {
        name += mark.text
        mark = this.#skipComments()
      }
      if (mark?.is !== 'mark' || mark.text === ';') {
        // A lone word, such as the second half of a value folded in the middle.
        this.#held = mark
        continue
      }
      const value = this.#skipComments(true)
      if (value?.is !== 'word') {
        this.#held = value
        continue
      }
      const key = name.toLowerCase().slice(0, nameLimit)
      if (properties.size < propertiesLimit && !properties.has(key)) properties.set(key, value.text)
    }
    return {
      // `dkim/1`: the method's version is of no interest.
      method: (method.text.split('/')[0] ?? '').toLowerCase().slice(0, nameLimit),
      result: result.text.toLowerCase().slice(0, nameLimit),
      ...(comment === undefined ? {} : { comment }),
      properties: Object.fromEntries(properties),
    }
  }
}

/** `Pass (mailfrom) identity=...; client-ip=...; helo=...; envelope-from=...; receiver=...` */
export function readReceivedSpf(value: Buffer): StampedResult | undefined {
  const tokens = new Tokenizer(value)
  const first = tokens.next()
  if (first?.is !== 'word') return undefined
  let comment: string | undefined
  const properties = new Map<string, string>()
  for (let token = tokens.next(); token !== undefined; token = tokens.next()) {
    if (token.is === 'comment') comment ??= token.text
    if (token.is !== 'word') continue
    const mark = tokens.next()
    if (mark?.is !== 'mark' || mark.text !== '=') continue
    const value = tokens.next(true)
    if (value?.is !== 'word') continue
    const name = token.text.toLowerCase().slice(0, nameLimit)
    if (properties.size < propertiesLimit && !properties.has(name)) {
      properties.set(name, value.text.replace(/^<|>$/g, ''))
    }
  }
  return {
    method: 'spf',
    result: first.text.toLowerCase().slice(0, nameLimit),
    ...(comment === undefined ? {} : { comment }),
    properties: Object.fromEntries(properties),
  }
}

/** SpamAssassin's rule names, strongest statement first. */
const spamAssassinRules: readonly (readonly [rule: string, method: string, result: string])[] = [
  ['SPF_PASS', 'spf', 'pass'],
  ['SPF_FAIL', 'spf', 'fail'],
  ['SPF_SOFTFAIL', 'spf', 'softfail'],
  ['SPF_NEUTRAL', 'spf', 'neutral'],
  ['SPF_NONE', 'spf', 'none'],
  ['DKIM_VALID_AU', 'dkim', 'pass'],
  ['DKIM_VALID', 'dkim', 'pass'],
  ['DKIM_INVALID', 'dkim', 'fail'],
  ['DMARC_PASS', 'dmarc', 'pass'],
  ['DMARC_REJECT', 'dmarc', 'fail'],
  ['DMARC_QUAR', 'dmarc', 'fail'],
  ['DMARC_NONE', 'dmarc', 'fail'],
  ['DMARC_MISSING', 'dmarc', 'none'],
]

/** What X-Spam-Status says of authentication, from its list of rules that matched. */
export function readSpamStatus(value: Buffer): readonly StampedResult[] {
  const rules = new Set(value.toString('latin1', 0, Math.min(value.length, 8192)).split(/[^A-Z0-9_]+/))
  const results = new Map<string, StampedResult>()
  for (const [rule, method, result] of spamAssassinRules) {
    if (rules.has(rule) && !results.has(method)) {
      results.set(method, { method, result, properties: { rule } })
    }
  }
  return [...results.values()]
}
