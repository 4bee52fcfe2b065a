/** The answers to LIST and UIDL as one listing. Nothing a server writes there can do more than make an entry vague. */
import { Fault } from '../fault.ts'
import { LineReader } from './pop3-reader.ts'
import type { Listed, Listing } from './source.ts'

/** RFC 1939 section 7 allows 70; longer ones are seen. */
const longestUidl = 1024
const longestLine = longestUidl + 64
const mostEntries = 5_000_000

interface Entry {
  octets: number | undefined
  uid: string | undefined
  /** The number stood in UIDL's answer: a second time makes it worthless. */
  named: boolean
}

export class ListingBuilder {
  readonly #entries = new Map<number, Entry>()
  readonly #uidCounts = new Map<string, number>()
  /** Lines of LIST that named a message, whatever they said of its size. */
  #listed = 0

  /** A taker for the octets of LIST's answer (RFC 1939 section 5: `number size`). */
  takeSizes(): (octets: Uint8Array) => void {
    return takeLines(line => {
      const [, number, octets] = /^ *([0-9]{1,10}) +([0-9]{1,15})(?: |$)/.exec(line) ?? []
      if (/^ *[0-9]/.test(line)) this.#listed += 1
      if (number !== undefined) this.#entry(Number(number)).octets = Number(octets)
      else {
        // -1 or nonsense instead of a size still names a message.
        const [, alone] = /^ *([0-9]{1,10})(?: |$)/.exec(line) ?? []
        if (alone !== undefined) this.#entry(Number(alone))
      }
    })
  }

  /** A taker for the octets of UIDL's answer (RFC 1939 section 7: `number unique-id`). */
  takeUids(): (octets: Uint8Array) => void {
    return takeLines((line, cut) => {
      const [, number, uid = ''] = /^ *([0-9]{1,10})(?: +(.*))?$/s.exec(line) ?? []
      if (number === undefined) return
      const entry = this.#entry(Number(number))
      const usable = !cut && uid.length <= longestUidl && uid.trim() !== '' && !/[\x00-\x1f\x7f]/.test(uid)
      if (usable) this.#uidCounts.set(uid, (this.#uidCounts.get(uid) ?? 0) + 1)
      entry.uid = usable && !entry.named ? uid : undefined
      entry.named = true
    })
  }

  /** UIDL named messages, and LIST not one of them: it was refused or answered at random. */
  get lacksSizes(): boolean {
    return this.#listed === 0 && this.#entries.size > 0
  }

  /** All messages that either answer named, by number. A UIDL that stands twice is no identity. */
  build(): Listing {
    const entries: Listed[] = [...this.#entries]
      .filter(([handle]) => handle > 0)
      .sort(([a], [b]) => a - b)
      .map(([handle, { octets, uid }]) => ({
        folder: '',
        uid: uid !== undefined && this.#uidCounts.get(uid) === 1 ? uid : undefined,
        octets,
        arrivedAtMs: undefined,
        seen: undefined,
        handle,
      }))
    return { folder: '', entries }
  }

  #entry(number: number): Entry {
    let entry = this.#entries.get(number)
    if (entry === undefined) {
      if (this.#entries.size >= mostEntries) {
        throw new Fault('source.protocol', { facts: { phase: 'list', what: 'a listing without end' } })
      }
      entry = { octets: undefined, uid: undefined, named: false }
      this.#entries.set(number, entry)
    }
    return entry
  }
}

/**
 * A taker that cuts octets into lines.
 * @param onLine gets each line, octets 1:1 as characters (latin1), and whether it was cut for its length
 */
export function takeLines(onLine: (line: string, cut: boolean) => void): (octets: Uint8Array) => void {
  const lines = new LineReader(longestLine)
  let anyCut = false
  return octets => {
    const chunk = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
    for (let at = 0; at < chunk.length; ) {
      const { line, used, cut } = lines.feed(chunk, at)
      at += used
      anyCut ||= cut
      if (line === undefined) return
      onLine(line.toString('latin1'), anyCut)
      anyCut = false
    }
  }
}

/**
 * How much less than announced a message may have, in octets: 0, or 1023 where every size of a listing is a
 * multiple of 1024, so that the server evidently rounds up (seen with OpenMail).
 */
export function sizeSlack({ entries }: Listing): number {
  const sizes = entries.flatMap(entry => (entry.octets === undefined ? [] : [entry.octets]))
  return sizes.length >= 3 && sizes.every(size => size > 0 && size % 1024 === 0) ? 1023 : 0
}
