/** Which addresses and names an owner means. Linear in what is matched, whoever wrote it. */
import type { Address } from './addresses.ts'
import type { AddressPattern } from './rule.ts'

/** A folded text in which `*` stands for any characters: the pieces between the stars, each found behind the one before. */
export function makeStars(pattern: string): (text: string) => boolean {
  const pieces = pattern.split('*')
  return text => matchesPieces(pieces, text)
}

function matchesPieces(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] ?? ''
  if (pieces.length === 1) return text === first
  if (!text.startsWith(first)) return false
  const last = pieces.at(-1) ?? ''
  let at = first.length
  for (let index = 1; index < pieces.length - 1; index += 1) {
    const piece = pieces[index] ?? ''
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** `info+shop` without what stands behind the plus (RFC 5233, as most servers have it). */
const withoutPlus = (local: string): string => {
  const plus = local.indexOf('+')
  return plus <= 0 ? local : local.slice(0, plus)
}

/** The patterns of one condition, or of all rules: each address costs a few look-ups, and one try a pattern with stars. */
export class AddressPatterns {
  /** `local@domain`; of patterns for any domain `local@`. */
  readonly #exact = new Set<string>()
  readonly #domains = new Set<string>()
  /** Domains with those below them. */
  readonly #above = new Set<string>()
  readonly #starred: ((address: Address) => boolean)[] = []
  #isAny = false

  constructor(patterns: readonly AddressPattern[]) {
    for (const pattern of patterns) {
      const { local, domain, below } = pattern
      if (local === undefined && domain === undefined) this.#isAny = true
      else if (local === undefined && domain !== undefined) (below ? this.#above : this.#domains).add(domain)
      else if (local?.includes('*') || below) this.#starred.push(makeTest(pattern))
      else this.#exact.add(`${local}@${domain ?? ''}`)
    }
  }

  has(address: Address): boolean {
    const { local, domain } = address
    if (this.#isAny || this.#domains.has(domain) || this.#isBelow(domain)) return true
    for (const name of [local, withoutPlus(local)])
      if (this.#exact.has(`${name}@${domain}`) || this.#exact.has(`${name}@`)) return true
    return this.#starred.some(test => test(address))
  }

  #isBelow(domain: string): boolean {
    if (this.#above.size === 0) return false
    for (let name = domain; ; ) {
      if (this.#above.has(name)) return true
      const dot = name.indexOf('.')
      if (dot < 0) return false
      name = name.slice(dot + 1)
    }
  }
}

function makeTest({
  local: wanted = '*',
  domain: above,
  below,
}: AddressPattern): (address: Address) => boolean {
  const isLocal = makeStars(wanted)
  const ending = `.${above}`
  const mayHavePlus = !wanted.includes('*')
  return ({ local, domain }) => {
    if (above !== undefined && domain !== above && !(below && domain.endsWith(ending))) return false
    return isLocal(local) || (mayHavePlus && withoutPlus(local) === wanted)
  }
}
