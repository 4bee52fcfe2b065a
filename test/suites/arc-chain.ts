/**
 * Builds ARC chains as RFC 8617 section 5.1 has them, with whatever is odd in a field signed and sealed all the same, so
 * that a verifier can only refuse it for that.
 */
import { type Canon, findField, type SigningKey, signField, signSeal } from '../authentication/signing.ts'
import type { Edit } from './edits.ts'

/** One set. An edit gets the field before it is signed, with `{bh}` and `{b}` where hash and signature will stand. */
export interface ArcSet {
  readonly results?: Edit
  readonly signature?: Edit
  readonly seal?: Edit
  /** The number in the three fields, where it is not the place in the chain. */
  readonly instance?: string
  readonly key?: SigningKey
  readonly sealKey?: SigningKey
  readonly canon?: readonly [header: Canon, body: Canon]
  readonly bodyLength?: number
  readonly names?: readonly string[]
  readonly fold?: number
  readonly hash?: 'sha1'
  /** Seals this set alone, as whoever found a broken chain does (section 5.1.2). */
  readonly alone?: boolean
  /** The fields whose signature goes into the seal, where that is not all of them in their order. */
  readonly sealed?: (chain: readonly Buffer[]) => readonly Buffer[]
  /** What the set's owner does to the message before he seals it. */
  readonly before?: (message: Buffer) => Buffer
  /** Where the three stand, top first. */
  readonly arrange?: (seal: string, signature: string, results: string) => readonly string[]
}

export const signedNames = ['from', 'to', 'subject', 'date', 'message-id'] as const

const same: Edit = field => field

/** The domain of the set at a place of the chain; its keys stand at the selector `arc`. */
export const domainAt = (place: number): string => `l${place}.example`

export function buildChain(message: Buffer, sets: readonly ArcSet[], defaultKey: SigningKey): Buffer {
  const chain: Buffer[] = []
  return sets.reduce((below, set, index) => addSet(below, set, index + 1, defaultKey, chain), message)
}

function addSet(below: Buffer, set: ArcSet, place: number, defaultKey: SigningKey, chain: Buffer[]): Buffer {
  const { key = defaultKey, sealKey = key, canon = ['relaxed', 'relaxed'], names = signedNames } = set
  const { instance = String(place), fold, hash, bodyLength } = set
  const message = set.before?.(below) ?? below
  const domain = domainAt(place)
  const results = (set.results ?? same)(
    `ARC-Authentication-Results: i=${instance}; ${domain}; spf=pass smtp.mailfrom=a.example; dkim=none`,
  )
  const template = (set.signature ?? same)(
    `ARC-Message-Signature: i=${instance}; a=${key.algorithm}; c=${canon.join('/')}; d=${domain}; s=arc;\r\n` +
      `\tt=1795000000; h=${names.join(':')}; bh={bh};\r\n\tb={b}`,
  )
  const [headerCanon, bodyCanon] = canon
  // The results stand there already when the set is signed, for who signs them, too.
  const signed = signField(Buffer.concat([Buffer.from(`${results}\r\n`), message]), {
    field: template,
    key,
    names,
    headerCanon,
    bodyCanon,
    bodyLength,
    ...(fold === undefined ? {} : { fold }),
    ...(hash === undefined ? {} : { hash }),
  })
  const signature = findField(signed, 'arc-message-signature')
  const parts = [Buffer.from(`${results}\r\n`), signature]
  const sealedParts = set.alone === true ? parts : [...chain, ...parts]
  const state = place === 1 ? 'none' : 'pass'
  const seal = signSeal(
    (set.seal ?? same)(
      `ARC-Seal: i=${instance}; a=${sealKey.algorithm}; t=1795000000; cv=${state}; d=${domain}; s=arc; b={b}`,
    ),
    sealKey,
    set.sealed?.(sealedParts) ?? sealedParts,
  )
  chain.push(...parts, Buffer.from(`${seal}\r\n`))
  const arrange = set.arrange ?? ((...fields) => fields)
  const lines = arrange(seal, signature.toString('latin1').slice(0, -2), results)
  return Buffer.concat([Buffer.from(lines.map(line => `${line}\r\n`).join(''), 'latin1'), message])
}
