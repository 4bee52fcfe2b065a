/**
 * The answers to STAT, LIST and UIDL as one listing. Nothing a server writes there can do more than make an entry vague
 * or the listing doubtful: what is not understood is not "no mail".
 */
import { inOrder, inSlices } from '../base/in-slices.ts'
import { listOctets, mostEntries, overBudget, uidlAllowance } from './budget.ts'
import { plausibleOctets } from './plausible.ts'
import type { Status } from './pop3-answers.ts'
import type { MaildropSize } from './pop3-memory.ts'
import { LineReader } from './pop3-reader.ts'
import type { Listed, Listing } from './source.ts'

/** RFC 1939 section 7 allows 70; longer ones are seen. */
const longestUidl = 1024
const longestLine = longestUidl + 64

export class ListingBuilder {
  /** Announced sizes by message number: every message that either answer named. */
  readonly #sizes = new Map<number, number | undefined>()
  /** What UIDL named. A number that stands there twice has no uid. */
  readonly #named = new Map<number, string | undefined>()
  readonly #uids = new Set<string>()
  readonly #doubled = new Set<string>()
  /** Lines of LIST that named a message, whatever they said of its size. */
  #listed = 0
  /** What STAT said of the whole, where it said both. */
  maildrop: MaildropSize | undefined
  /** What STAT said: messages in the maildrop. */
  #count: number | undefined
  /** The first line that was not understood. */
  #strange: string | undefined
  readonly #numbersOfList = new Set<number>()

  /** The most octets of LIST's answer. */
  readonly mostSizes = (): number => listOctets

  /** The most octets of UIDL's answer, which comes after LIST's. */
  readonly mostUids = (): number => uidlAllowance(this.#listed).octets

  /** A taker for the octets of LIST's answer (RFC 1939 section 5: `number size`). */
  takeSizes(): (octets: Uint8Array) => void {
    return takeLines('list', mostEntries, line => {
      if (/^ *[0-9]/.test(line)) this.#listed += 1
      // -1 or nonsense instead of a size still names a message.
      const [, number, octets] = /^ *([0-9]{1,10})(?: +([0-9]{1,15})?(?= |$)| |$)/.exec(line) ?? []
      if (!this.#isNumber(number, line)) return
      this.#numbersOfList.add(Number(number))
      this.#add(Number(number), plausibleOctets(octets === undefined ? undefined : Number(octets)))
    })
  }

  /** A taker for the octets of UIDL's answer (RFC 1939 section 7: `number unique-id`). */
  takeUids(): (octets: Uint8Array) => void {
    let lines = 0
    return takeLines('list', 2 * mostEntries, (line, cut) => {
      lines += 1
      if (lines > uidlAllowance(this.#listed).lines) throw withoutEnd(lines)
      const [, number, uid = ''] = /^ *([0-9]{1,10})(?: +(.*))?$/s.exec(line) ?? []
      if (!this.#isNumber(number, line)) return
      const handle = Number(number)
      if (!this.#sizes.has(handle)) this.#add(handle, undefined)
      const usable = !cut && uid.length <= longestUidl && uid.trim() !== '' && !/[\x00-\x1f\x7f]/.test(uid)
      if (usable && this.#uids.has(uid)) this.#doubled.add(uid)
      else if (usable) this.#uids.add(uid)
      this.#named.set(handle, usable && !this.#named.has(handle) ? uid : undefined)
    })
  }

  /** LIST's word for a message, octets, once it was read. */
  sizeOf(handle: number): number | undefined {
    return this.#sizes.get(handle)
  }

  /** Takes STAT's +OK (RFC 1939 section 5: `messages octets`). A count that can be none decides nothing. */
  takeCount(status: Status): void {
    this.maildrop = readMaildropSize(status)
    const [, count] = /^ *([0-9]{1,10})(?: |$)/.exec(status.words) ?? []
    if (count !== undefined && Number(count) <= mostEntries) this.#count = Number(count)
  }

  /**
   * Why this is no listing from whose gaps anything follows, for facts.reason; undefined where all agrees. The
   * maildrop is locked (RFC 1939 section 3), so the three answers speak of the same messages; which of LIST and UIDL
   * leaves a line out is no matter as long as STAT counts it.
   */
  doubt(): { readonly reason: string; readonly words?: string } | undefined {
    if (this.#strange !== undefined) return { reason: 'listing-line', words: this.#strange }
    const all = this.#sizes.size
    if (this.#count !== undefined && this.#count !== all)
      return {
        reason: 'listing-count',
        words: `STAT ${this.#count}, LIST ${this.#numbersOfList.size}, UIDL ${this.#named.size}`,
      }
    const both = this.#numbersOfList.size > 0 && this.#named.size > 0
    if (this.#count === undefined && both && (this.#numbersOfList.size !== all || this.#named.size !== all))
      return { reason: 'listing-count', words: `LIST ${this.#numbersOfList.size}, UIDL ${this.#named.size}` }
    return undefined
  }

  #isNumber(number: string | undefined, line: string): number is string {
    if (number !== undefined && Number(number) > 0) return true
    // A line of blanks says nothing at all.
    if (line.trim() !== '') this.#strange ??= line.slice(0, 300)
    return false
  }

  /** Messages that either answer named. */
  get size(): number {
    return this.#sizes.size
  }

  /** UIDL named messages, and LIST not one of them: it was refused or answered at random. */
  get lacksSizes(): boolean {
    return this.#listed === 0 && this.#sizes.size > 0
  }

  /** All messages that either answer named, by number. A UIDL that stands twice is no identity. */
  async build(): Promise<Listing> {
    const entries: Listed[] = []
    const handles = inOrder(this.#sizes.keys())
    await inSlices(handles.length, (from, to) => {
      for (const handle of handles.subarray(from, to)) {
        const uid = this.#named.get(handle)
        entries.push({
          folder: '',
          uid: uid !== undefined && !this.#doubled.has(uid) ? uid : undefined,
          octets: this.#sizes.get(handle),
          arrivedAtMs: undefined,
          seen: undefined,
          handle,
        })
      }
    })
    return { folder: '', entries }
  }

  #add(handle: number, octets: number | undefined): void {
    const isNew = !this.#sizes.has(handle)
    if (isNew && this.#sizes.size >= mostEntries) throw withoutEnd(mostEntries)
    // Nonsense behind a number takes nothing back that was said before.
    if (isNew || octets !== undefined) this.#sizes.set(handle, octets)
  }
}

/** STAT's answer where it says both; one that counts messages without octets shows too little. */
export function readMaildropSize({ ok, words }: Status): MaildropSize | undefined {
  const [, count, size] = (ok && /^ *([0-9]{1,10}) +([0-9]{1,15})(?: |$)/.exec(words)) || []
  const messages = Number(count)
  const octets = Number(size)
  const isSane = count !== undefined && messages <= mostEntries && (messages === 0) === (octets === 0)
  return isSane ? { messages, octets } : undefined
}

const withoutEnd = (lines: number, phase = 'list') => overBudget({ phase }, 'lines', lines)

/**
 * A taker that cuts octets into lines.
 * @param phase for the facts of the fault
 * @param most lines; one more throws source.over-budget
 * @param onLine gets each line, octets 1:1 as characters (latin1), and whether it was cut for its length
 */
export function takeLines(
  phase: string,
  most: number,
  onLine: (line: string, cut: boolean) => void,
): (octets: Uint8Array) => void {
  const lines = new LineReader(longestLine)
  let anyCut = false
  let count = 0
  return octets => {
    const chunk = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
    for (let at = 0; at < chunk.length; ) {
      const { line, used, cut } = lines.feed(chunk, at)
      at += used
      anyCut ||= cut
      if (line === undefined) return
      count += 1
      if (count > most) throw withoutEnd(most, phase)
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
  let sizes = 0
  for (const { octets } of entries) {
    if (octets === undefined) continue
    if (octets === 0 || octets % 1024 !== 0) return 0
    sizes += 1
  }
  return sizes >= 3 ? 1023 : 0
}
