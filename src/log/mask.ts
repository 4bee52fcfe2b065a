/** Masks secrets in text, in the forms in which they could slip out. */

import { printable } from '../base/untrusted.ts'

export interface Mask {
  add(secret: string): void
  apply(text: string): string
}

const shown = '[hidden]'
/** A shorter value occurs in ordinary text all the time; it is masked only where it stands alone. */
const shortest = 4

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** The value as itself, JSON-escaped, percent-encoded, and in base64 at each of its three alignments. */
function forms(secret: string): readonly string[] {
  const octets = Buffer.from(secret, 'utf8')
  // As it is; as others may have escaped it before it came here.
  const found = new Set([secret, JSON.stringify(secret).slice(1, -1), percentEncoded(secret)])
  found.add(printable(secret, secret.length))
  found.add(new URLSearchParams({ v: secret }).toString().slice(2))
  if (octets.length >= 6) {
    // Base64 of a longer text that holds the secret (SASL PLAIN, RFC 4616) depends on where it begins: the
    // characters that are the same whatever stands around it are compared.
    for (const before of [0, 1, 2]) {
      const whole = Math.floor((before + octets.length) / 3) * 3 - before
      const text = Buffer.concat([Buffer.alloc(before), octets.subarray(0, whole)]).toString('base64')
      const inner = text.slice(before === 0 ? 0 : 4)
      if (inner.length >= 6) {
        found.add(inner)
        found.add(inner.replaceAll('+', '-').replaceAll('/', '_'))
      }
    }
  }
  return [...found].filter(form => form !== '')
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
    apply: text => (pattern === undefined ? text : text.replace(pattern, shown)),
  }
}
