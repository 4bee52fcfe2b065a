/** Reads the address that an owner copied out of a browser that could not connect, however it was copied. */
import { Fault } from '../base/fault.ts'

export type PasteReason =
  /** Nothing that looks like an address. */
  | 'not-an-address'
  /** Still Google's page: the owner has not pressed Continue, or copied too early. */
  | 'google-page'
  /** An address, but not the one that Google sends the browser to. */
  | 'other-address'
  /** The right place, without code and error: cut off. */
  | 'cut-off'
  /** Of an earlier attempt, or somebody else's. */
  | 'other-attempt'

/** @throws Fault usage.invalid with `what: 'pasted-url'` and `reason`; never with what was pasted: it holds a code */
export function readPastedUrl(text: string, isOurState: (state: string) => boolean): URLSearchParams {
  const refuse = (reason: PasteReason): Fault =>
    new Fault('usage.invalid', { scope: 'account', facts: { what: 'pasted-url', reason } })
  // Terminals and mail programs wrap; chat programs put quotes or angle brackets around.
  const compact = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, '').replace(/^["'<「『]+|["'>」』]+$/gu, '')
  if (compact === '') throw refuse('not-an-address')
  if (compact.length > 8_192) throw refuse('other-address')
  // Browsers hide `http://`; some owners copy only what follows the question mark.
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(compact)
    ? compact
    : /^(?:127\.0\.0\.1|localhost)[:/]/.test(compact)
      ? `http://${compact}`
      : /^\??(?:[a-z_]+=[^&]*&)*state=/i.test(compact)
        ? `http://127.0.0.1/?${compact.replace(/^\?/, '')}`
        : compact
  const url = URL.parse(whole)
  if (url === null) throw refuse('not-an-address')
  if (/(^|\.)google\.[a-z.]+$/.test(url.hostname)) throw refuse('google-page')
  if (!['127.0.0.1', 'localhost'].includes(url.hostname)) throw refuse('other-address')
  const query = url.searchParams
  const state = query.get('state')
  if (state === null || (!query.has('code') && !query.has('error'))) throw refuse('cut-off')
  if (!isOurState(state)) throw refuse('other-attempt')
  return query
}

/**
 * Whether a line break may have cut the address that is being pasted. Google sends `scope` after the code, so an
 * address with a code and without it may end in the middle of the code.
 */
export function isPartOfUrl(text: string): boolean {
  const bare = text.trim()
  if (bare !== '' && 'http://127.0.0.1:'.startsWith(bare)) return true
  try {
    const query = readPastedUrl(text, () => true)
    return query.has('code') && !query.has('scope')
  } catch (thrown) {
    return thrown instanceof Fault && thrown.facts.reason === ('cut-off' satisfies PasteReason)
  }
}
