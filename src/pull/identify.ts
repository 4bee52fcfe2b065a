/**
 * Which message of a listing is which row of the journal.
 *
 * The source's name (UIDL; UIDVALIDITY and UID) is believed while nothing speaks against it. Names change when a
 * mailbox is rebuilt or moved, some servers give the same name twice, and some give none. Then cheap evidence is
 * asked first: the SHA-256 of the header section together with the size. Where that does not settle it, the
 * message counts as new and is retrieved, and its digest decides (upload.ts: the same octets are merged, not
 * imported again).
 *
 * Invariant: a message is only ever recognised by evidence of its own, never by position or by a guess, so that
 * none is skipped; and in a pull that had to ask for evidence nothing older is settled.
 */
import { endSlice, inSlices } from '../base/in-slices.ts'
import type { MessageRow, StandingRow } from '../journal/journal.ts'
import { isOfBefore, isSameBare, isSameHeader, sizeFits } from '../message/evidence.ts'
import type { HeaderFacts } from '../message/header.ts'
import type { Listed, Listing } from '../source/source.ts'
import type { PullContext, RowPlaces } from './context.ts'
import { EntryEvidence } from './entry-evidence.ts'
import { ListingRecord } from './listing-record.ts'
import { findStart, isHeldBack } from './start-from.ts'

export interface Identified {
  /** Where each row stands. */
  readonly at: RowPlaces
  /** Evidence had to be asked for, or the listing itself is in doubt. */
  readonly inDoubt: boolean
  /** Entries of a doubtful first listing that wait for one without doubt. */
  readonly held: number
}

/**
 * Matches a listing with the journal and records what was found. Of a listing in doubt nothing follows
 * from what it does not show: nothing is gone, no folder is begun.
 * @param standing the rows that stood in the folder's latest listing
 */
export async function identifyListing(
  context: PullContext,
  listing: Listing,
  standing: readonly StandingRow[],
): Promise<Identified> {
  return new Identification(context, listing, standing).run()
}

/** New names are recorded after so many, so that a connection that ends does not undo the evidence asked for. */
const recordEvery = 200
/** Rows that are looked up in one turn of the event loop. */
const lookedUpAtOnce = 1000

class Identification {
  readonly #context: PullContext
  readonly #listing: Listing
  readonly #standing: readonly StandingRow[]
  readonly #record: ListingRecord
  readonly #evidence: EntryEvidence
  #inDoubt = false
  #held = 0

  constructor(context: PullContext, listing: Listing, standing: readonly StandingRow[]) {
    this.#context = context
    this.#listing = listing
    this.#standing = standing
    // What follows from news is the intent of an upload, which waits for the disk.
    this.#record = new ListingRecord(context, listing.folder, listing.isNews === true ? 'beside' : 'now')
    this.#evidence = new EntryEvidence(context, listing)
  }

  async run(): Promise<Identified> {
    const { doubt } = this.#listing
    this.#inDoubt = doubt !== undefined
    // Of news it was looked up already that nobody has their names.
    const { entries, isNews = false } = this.#listing
    const byName = new Map<string, StandingRow>()
    await inSlices(this.#standing.length, (from, to) => {
      for (const row of this.#standing.slice(from, to)) if (row.uid !== undefined) byName.set(row.uid, row)
    })
    const fresh: Listed[] = []
    const nameless: Listed[] = []
    for (const [index, entry] of entries.entries()) {
      if ((index + 1) % lookedUpAtOnce === 0) await endSlice()
      const standing = entry.uid === undefined ? undefined : byName.get(entry.uid)
      if (entry.uid === undefined) nameless.push(entry)
      else if (standing !== undefined && agrees(standing, entry)) {
        this.#record.recognised.set(standing.id, entry)
      } else if (isNews || !(await this.#byName(entry, entry.uid))) fresh.push(entry)
    }
    if (this.#record.hasMisnamed) await this.#doubtNames()
    await this.#nameless(nameless)
    try {
      await this.#rename(fresh)
    } catch (error) {
      // What was found out so far is worth keeping; what vanished is only known at the end.
      await this.#record.write(false)
      throw error
    }
    const isWhole = doubt === undefined && this.#listing.isNews !== true
    if (isWhole) await this.#record.writeVanished(this.#standing)
    await this.#record.write(isWhole)
    this.#context.count.listed += entries.length
    return { at: this.#record.at, inDoubt: this.#inDoubt, held: this.#held }
  }

  /** True when the name is known, whether it still means the same message or not. */
  async #byName(entry: Listed, uid: string): Promise<boolean> {
    const { journal, mailbox } = this.#context
    const row = await journal.byUid(mailbox.name, entry.folder, uid)
    if (row === undefined || this.#record.recognised.has(row.id)) return false
    // A whole listing may be empty once by a server's mistake: what was there before the owner's start stays so.
    const stillBaseline = row.stage === 'baseline' && (await this.#isBaseline(entry, [row]))
    const nothingDone =
      row.stage === 'listed' || row.stage === 'deferred' || row.stage === 'gone' || stillBaseline
    const stays = !nothingDone && (await this.#isSame(row, entry))
    // The name came back after it had gone, or its size or date changed and nothing says why: it may have been given to
    // another message. A name that stays is believed while its evidence agrees.
    if (!stays || !row.present || !sizesAgree(row.arrivedAtMs, entry.arrivedAtMs)) this.#inDoubt = true
    if (nothingDone || stays) {
      this.#record.recognise(row.id, entry)
      return true
    }
    await this.#misnamed(row.id, entry)
    return true
  }

  /** Under the same name: by header section and size, or where the size does not fit, by the octets. */
  async #isSame(row: MessageRow, entry: Listed): Promise<boolean> {
    const facts = await this.#evidence.peek(entry)
    if (facts === undefined) return false
    if (!isSameHeader(row, facts)) return isOfBefore(row, facts, entry.octets)
    if (sizeFits(row, entry.octets, facts)) return true
    return row.sha256 !== undefined && isSameBare(row, (await this.#evidence.read(entry))?.bareSha256)
  }

  /** The row's name belongs to another message now. */
  async #misnamed(id: number, entry: Listed): Promise<void> {
    this.#record.unname(id)
    await this.#add(entry)
  }

  /**
   * One name was given to another message: this server's names mean little (some are message numbers), so each
   * that was believed is asked for evidence.
   */
  async #doubtNames(): Promise<void> {
    const { journal, session } = this.#context
    if (session.abilities.namesLast) return
    for (const [id, entry] of [...this.#record.recognised]) {
      const row = await journal.row(id)
      if (row?.headerSha256 === undefined) continue
      const facts = await this.#evidence.peek(entry)
      const agrees = facts === undefined || isSameHeader(row, facts) || isOfBefore(row, facts, entry.octets)
      if (!agrees) await this.#misnamed(id, entry)
    }
  }

  /** Messages without a name are recognised by header section and size, each row once. */
  async #nameless(entries: readonly Listed[]): Promise<void> {
    if (entries.length === 0) return
    const { journal, mailbox } = this.#context
    const rows = [...(await journal.nameless(mailbox.name, this.#listing.folder))]
    for (const entry of entries) {
      const facts = (await this.#evidence.peek(entry)) ?? (await this.#evidence.read(entry))?.header
      const alike = rows.filter(
        row => facts !== undefined && isSameHeader(row, facts) && this.#fits(row, entry, facts),
      )
      const row = alike.length === 0 ? undefined : await this.#tellApart(entry, alike)
      if (row === undefined) await this.#add(entry, facts?.sha256)
      else {
        rows.splice(rows.indexOf(row), 1)
        this.#record.recognised.set(row.id, entry)
      }
    }
  }

  /** Without such lines the announced size must be the one that was announced before. */
  #fits(row: MessageRow, entry: Listed, facts: HeaderFacts): boolean {
    if (sizesAgree(row.octetsListed, entry.octets)) return true
    const keptBefore = (row.octets ?? 0) - (row.bareOctets ?? row.octets ?? 0)
    return facts.keptOctets + keptBefore > 0 && sizeFits(row, entry.octets, facts)
  }

  /**
   * Equal header sections and sizes may still be different mail: then the octets decide. So they do where there is
   * no Message-ID, since a machine may send the same header section every day.
   */
  async #tellApart(entry: Listed, alike: readonly MessageRow[]): Promise<MessageRow | undefined> {
    const [first] = alike
    const digest = (row: MessageRow | undefined): string | undefined => row?.bareSha256 ?? row?.sha256
    const alikeInAll = alike.every(row => digest(row) === digest(first))
    if (alikeInAll && (first?.messageId !== undefined || first?.sha256 === undefined)) return first
    const bareSha256 = (await this.#evidence.read(entry))?.bareSha256
    return alike.find(row => isSameBare(row, bareSha256)) ?? alike.find(row => row.sha256 === undefined)
  }

  /**
   * New names for known messages: a fresh entry that shows the evidence of a row which has just vanished, or
   * which lies in a folder that this source no longer has (POP3 became IMAP, a folder was renamed).
   * Returns the rows that have really vanished.
   */
  async #rename(fresh: readonly Listed[]): Promise<void> {
    const { journal, mailbox, session } = this.#context
    if (fresh.length === 0) return
    const others = (await journal.foldersOf(mailbox.name)).filter(folder => !session.folders.includes(folder))
    const elsewhere = await Promise.all(others.map(folder => journal.standing(mailbox.name, folder)))
    const orphans = new Map(
      this.#record.orphans([...this.#standing, ...elsewhere.flat()]).map(row => [row.id, row]),
    )
    const sizes = new Set(
      [...orphans.values()].flatMap(row => [row.octets, row.octetsListed]).map(octets => sizeStep(octets)),
    )
    const baseline = [...orphans.values()].filter(row => row.stage === 'baseline').slice(0, 1)
    let pending = 0
    for (const entry of fresh) {
      const row = orphans.size === 0 ? undefined : await this.#findOrphan(entry, orphans, sizes)
      if (row === undefined) await this.#add(entry, undefined, baseline)
      else {
        this.#inDoubt = true
        orphans.delete(row.id)
        this.#record.recognise(row.id, entry)
      }
      pending += 1
      if (pending % recordEvery === 0 && orphans.size > 0) await this.#record.write(false)
      if (pending % lookedUpAtOnce === 0) await endSlice()
    }
  }

  async #findOrphan(
    entry: Listed,
    orphans: ReadonlyMap<number, StandingRow>,
    sizes: ReadonlySet<number | undefined>,
  ): Promise<MessageRow | undefined> {
    const { journal, mailbox } = this.#context
    const { octets } = entry
    // Lines that the server keeps for itself may have come or gone.
    const step = sizeStep(octets)
    if (step !== undefined && ![step - 1, step, step + 1].some(size => sizes.has(size))) return undefined
    const facts = await this.#evidence.peek(entry)
    if (facts === undefined) return undefined
    // What we asked the source to delete is gone as it should be, and no evidence without a Message-ID is good
    // enough: such an entry is retrieved, and its digest decides.
    const alike = (await journal.byEvidence(mailbox.name, facts.sha256, facts.wholeSha256)).filter(
      row =>
        orphans.has(row.id) &&
        row.messageId !== undefined &&
        row.settleAsks === 0 &&
        sizeFits(row, octets, facts),
    )
    // Two different messages with equal header sections: only the octets can tell, so it is retrieved.
    const digest = (row: MessageRow | undefined): string | undefined => row?.bareSha256 ?? row?.sha256
    return alike.every(row => digest(row) === digest(alike[0])) ? alike[0] : undefined
  }

  async #add(entry: Listed, evidence?: string, orphans: readonly StandingRow[] = []): Promise<void> {
    const { mailbox } = this.#context
    if (await isHeldBack(this.#context, this.#listing, entry)) {
      this.#held += 1
      return
    }
    const { folder, uid, octets, arrivedAtMs, seen, flags } = entry
    const isBaseline = await this.#isBaseline(entry, orphans)
    const stage = isBaseline ? 'baseline' : 'listed'
    // Asked for once: the owner may move the date (take-back.ts).
    const isDated = isBaseline && mailbox.startFrom.from === 'date'
    const atMs = isDated ? await this.#evidence.arrivedAtMs(entry) : arrivedAtMs
    const row = {
      mailbox: mailbox.name,
      folder,
      uid,
      stage,
      octetsListed: octets,
      arrivedAtMs: atMs,
      seen,
      flags,
    } as const
    this.#record.add({ ...row, headerSha256: evidence }, entry)
  }

  async #isBaseline(entry: Listed, orphans: readonly Pick<StandingRow, 'stage'>[]): Promise<boolean> {
    const start = await findStart(this.#context, this.#listing, entry, this.#evidence, orphans)
    this.#inDoubt ||= start.inDoubt
    return start.isBaseline
  }
}

/** Unknown agrees with everything. */
function sizesAgree(before: number | undefined, now: number | undefined): boolean {
  return before === undefined || now === undefined || before === now
}

/** Name, size and date of arrival fit: a date never changes, and with a baseline row nothing was done. */
function agrees(row: StandingRow, entry: Listed): boolean {
  if (!sizesAgree(row.octetsListed, entry.octets)) return false
  return row.stage === 'baseline' || sizesAgree(row.arrivedAtMs, entry.arrivedAtMs)
}

/** In steps of 1,024 octets: whatever lines a server keeps for itself, it is the same step or one beside it. */
const sizeStep = (octets: number | undefined): number | undefined =>
  octets === undefined ? undefined : Math.floor(octets / 1024)
