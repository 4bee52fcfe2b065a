/**
 * The judge: whether mail was lost, repeated or removed too early, told from the books of the servers alone. What
 * the program says of itself is looked at only where the owner must be told of a possible repetition.
 */
import assert from 'node:assert/strict'
import { servedOctets } from '../servers/pop3-maildrop.ts'
import { sha256 } from '../servers/source-server.ts'
import type { World } from '../servers/world.ts'

export interface Case {
  readonly world: World
  /** Every message that was ever put into the source, once for each time. */
  readonly put: readonly Buffer[]
  /** Messages that another hand took out of the source before they could be retrieved. */
  readonly takenAway?: readonly Buffer[]
  readonly folder?: string
  /** Gmail may also hold a part of a message whose every reading was cut short. */
  readonly partial?: boolean
  /** What `watchRemovals` noted. */
  readonly early?: readonly string[]
  /** Copies that the program said it may have made once too often. */
  readonly repeated?: number
  /** Everything that it printed or logged. */
  readonly printed?: string
}

const secretNames = ['MAIL_PASSWORD', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'] as const

/**
 * O1 nothing lost: each message is in Gmail or at the source (where several have the same octets, one copy in Gmail
 * stands for all). O2 nothing left the source before Gmail had it. O3 at most one copy, or told. O5 no secret and no
 * control character in what was printed.
 */
export async function judge(one: Case): Promise<void> {
  const { world, put, takenAway = [], folder, partial = false, early = [], repeated = 0, printed } = one
  const stored = world.gmail.stored()
  const wire = (octets: Buffer): string =>
    sha256(world.source.protocol === 'pop3' ? servedOctets(octets) : octets)
  const left = new Set(await world.source.stored(folder))
  const away = new Set(takenAway.map(sha256))
  for (const octets of put) {
    const digest = sha256(octets)
    const safe = stored.has(wire(octets)) || left.has(digest) || away.has(digest)
    assert.ok(safe, `O1: lost: ${octets.subarray(0, 80).toString('latin1')}`)
  }
  const known = new Set(put.map(wire))
  if (!partial)
    for (const digest of stored.keys()) assert.ok(known.has(digest), 'O1: Gmail holds what nobody sent')
  assert.deepEqual(early, [], 'O2: something left the source before Gmail had it')
  const surplus = [...stored.values()].reduce((sum, copies) => sum + copies - 1, 0)
  assert.ok(surplus <= repeated, `O3: ${surplus} copies too many, ${repeated} told`)
  if (printed !== undefined) judgeText(world, printed)
  assert.deepEqual(world.gmail.bugs, [])
}

/**
 * O2, judged at the very moment: watches the source's books from now on and notes each message that is removed
 * though Gmail does not have it. (Instants cannot be compared: a test may play the clock of one side.)
 */
export function watchRemovals(world: World): readonly string[] {
  const early: string[] = []
  const { pop3, imap } = world.source
  const watch = (book: { readonly sha256: string }[] | undefined): void => {
    if (book === undefined) return
    const push = book.push.bind(book)
    book.push = (...removed) => {
      for (const { sha256: digest } of removed)
        if (!world.gmail.accepted.some(taken => taken.sha256 === digest)) early.push(digest)
      return push(...removed)
    }
  }
  watch(pop3?.ledger.deleted as { sha256: string }[] | undefined)
  watch(imap?.ledger.expunged as { sha256: string }[] | undefined)
  watch(imap?.ledger.moved as { sha256: string }[] | undefined)
  return early
}

/** O5: no secret in any form that is easily read, and nothing that steers a terminal or fakes a line. */
export function judgeText(world: World, printed: string): void {
  for (const name of secretNames) {
    const secret = world.env[name]
    if (secret !== undefined)
      assert.equal(findSecret([secret], printed), undefined, `O5: ${name} was printed`)
  }
  const raw = findRawText(printed)
  assert.equal(raw, undefined, `O5: ${raw}`)
}

/** The first of the secrets that stands there in any form that is easily read. */
export function findSecret(secrets: readonly string[], printed: string): string | undefined {
  const formsOf = (secret: string): string[] => [
    secret,
    Buffer.from(secret).toString('base64'),
    encodeURIComponent(secret),
  ]
  return secrets.find(secret => secret !== '' && formsOf(secret).some(form => printed.includes(form)))
}

/** What steers a terminal or fakes a line, and where it stands. */
export function findRawText(printed: string): string | undefined {
  const raw =
    /[^\n\x20-\x7e\u00a0-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u.exec(
      printed.replace(/[\u{10000}-\u{10ffff}]/gu, ''),
    )
  if (raw === null) return undefined
  return `raw ${JSON.stringify(raw[0])} in ${JSON.stringify(printed.slice(raw.index, raw.index + 80))}`
}
