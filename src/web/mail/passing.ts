/**
 * From and Subject of what passed since this process began, for the page: in memory alone, the latest few hundred, and
 * only of mailboxes whose owner lets them be kept. They are read after the import is on the disk, beside what follows, so
 * that mail never waits for it.
 */

import { readAbout } from '../../message/about.ts'
import type { RawMessage } from '../../message/message.ts'
import type { ShowPassed } from '../../pull/context.ts'

/** Messages whose From and Subject are kept; each has at most twice 200 characters (about.ts). */
export const mostPassed = 500
/** Of a header, octets: what stands behind is not looked for. */
const headerOctets = 64 * 1024

export interface Face {
  readonly from: string | undefined
  readonly subject: string | undefined
}

export interface Passing {
  /** For the pulls. */
  readonly show: ShowPassed
  /** When it began to look, ms since 1970. */
  readonly sinceMs: number
  /** @param id the journal's row number */
  find(id: number): Face | undefined
  /** Rows whose From and Subject have all these words in them, in letters of either case; the latest first. */
  search(text: string): readonly number[]
  /** Another number whenever there is something new to show. */
  count(): number
  /** Calls `told` then. */
  onPassed(told: () => void): void
}

/** So that full-width letters and capitals are found, too. */
const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

export function makePassing(nowMs: number, most = mostPassed): Passing {
  // In the order in which they came.
  const faces = new Map<number, Face>()
  let tell = (): void => {}
  let count = 0
  const happened = (): void => {
    count += 1
    tell()
  }
  return {
    sinceMs: nowMs,
    count: () => count,
    async show(id, raw, { keepSubjects }, verified) {
      try {
        if (keepSubjects) faces.set(id, await readFace(raw))
        for (const oldest of faces.keys()) {
          if (faces.size <= most) break
          faces.delete(oldest)
        }
      } catch {
        // Octets that can be read no more are shown without it.
      }
      happened()
      await verified
      happened()
    },
    find: id => faces.get(id),
    search(text) {
      const terms = fold(text).split(/\s+/).filter(Boolean)
      if (terms.length === 0) return []
      const found: number[] = []
      for (const [id, { from = '', subject = '' }] of faces) {
        const folded = fold(`${from}\n${subject}`)
        if (terms.every(term => folded.includes(term))) found.push(id)
      }
      return found.reverse()
    },
    onPassed(told) {
      tell = told
    },
  }
}

async function readFace(raw: RawMessage): Promise<Face> {
  const { from, subject } = readAbout(await raw.header(headerOctets))
  return { from, subject }
}
