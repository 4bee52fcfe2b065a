/** Secrets out of texts: those that are known, in the forms in which they could slip out, and those that look like one. */
import { Fault } from './fault.ts'
import { printable } from './untrusted.ts'

export interface Mask {
  add(secret: string): void
  apply(text: string): string
}

/** What stands in the place of a secret, wherever one would. */
export const secretWord = '[secret]'

/** A shorter value occurs in ordinary text all the time; it is masked only where it stands alone. */
const shortest = 4

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** The value as itself, JSON-escaped, percent-encoded, and in base64 at each of its three alignments. */
function forms(secret: string): readonly string[] {
  const octets = Buffer.from(secret, 'utf8')
  // As it is; as others may have read or escaped it before it came here.
  const spellings = new Set([secret, JSON.stringify(secret).slice(1, -1), percentEncoded(secret)])
  spellings.add(octets.toString('latin1'))
  spellings.add(printable(secret, secret.length))
  spellings.add(new URLSearchParams({ v: secret }).toString().slice(2))
  if (octets.length >= 6) {
    // Base64 of a longer text that holds the secret (SASL PLAIN, RFC 4616) depends on where it begins: the
    // characters that are the same whatever stands around it are compared.
    for (const before of [0, 1, 2]) {
      const whole = Math.floor((before + octets.length) / 3) * 3 - before
      const text = Buffer.concat([Buffer.alloc(before), octets.subarray(0, whole)]).toString('base64')
      const inner = text.slice(before === 0 ? 0 : 4)
      if (inner.length >= 6) {
        spellings.add(inner)
        spellings.add(inner.replaceAll('+', '-').replaceAll('/', '_'))
      }
    }
  }
  return [...spellings].filter(form => form !== '')
}

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    // A lone surrogate cannot be encoded.
    return ''
  }
}

export function makeMask(): Mask {
  const known = new Set<string>()
  let pattern: RegExp | undefined
  return {
    add: secret => {
      if (secret === '' || known.has(secret)) return
      for (const form of forms(secret)) known.add(form)
      // The longest first: one secret may be the beginning of another.
      const sources = [...known]
        .sort((a, b) => b.length - a.length)
        .map(form =>
          form.length >= shortest
            ? escapeRegExp(form)
            : `(?<![\\p{L}\\p{N}])${escapeRegExp(form)}(?![\\p{L}\\p{N}])`,
        )
      pattern = new RegExp(sources.join('|'), 'gu')
    },
    apply: text => (pattern === undefined ? text : text.replace(pattern, secretWord)),
  }
}

export function maskSecrets(text: string, secrets: readonly string[]): string {
  const mask = makeMask()
  for (const secret of secrets) mask.add(secret)
  return mask.apply(text)
}

/** Google's access tokens begin with `ya29.`, refresh tokens with `1//`, client secrets with `GOCSPX-`; JWT (RFC 7519). */
const credentials = /\bya29\.[\w.-]+|\b1\/\/[\w-]{10,}|\bGOCSPX-[\w-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g

/** Masks whatever looks like a credential, known or not. */
export const maskCredentials = (text: string): string =>
  text.replace(/\bBearer\s+\S+/gi, `Bearer ${secretWord}`).replace(credentials, secretWord)

/**
 * The fault of a login where the server's words repeat the password, as some do: the words masked, and the cause, which
 * holds the raw line, left out. Anything else comes back as it is.
 */
export function withoutPassword(thrown: unknown, user: string, password: string): unknown {
  if (!(thrown instanceof Fault) || password === '') return thrown
  // As typed, and as SASL PLAIN and LOGIN send it (RFC 4616).
  const sent = [password, `\0${user}\0${password}`].map(text => Buffer.from(text).toString('base64'))
  const facts = { ...thrown.facts }
  for (const name of ['words', 'what'] as const) {
    const words = facts[name]
    if (typeof words === 'string') facts[name] = maskSecrets(words, [...sent, password])
  }
  if (facts.words === thrown.facts.words && facts.what === thrown.facts.what) return thrown
  const { code, scope, retry, notBeforeMs, loginRefused } = thrown
  return new Fault(code, {
    scope,
    retry,
    facts,
    loginRefused,
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
  })
}
