/**
 * Which message of a listing is which row of the journal.
 *
 * The source's name (UIDL; UIDVALIDITY and UID) is believed while nothing speaks against it. Names change when a
 * mailbox is rebuilt or moved, some servers give the same name twice, and some give none. Then cheap evidence is
 * asked first: the SHA-256 of the header section together with the size. Where that does not settle it, the
 * message counts as new and is retrieved, and its digest decides (carry.ts: the same octets are merged, not
 * imported again).
 *
 * Invariant: a message is only ever recognised by evidence of its own, never by position or by a guess, so that
 * none is skipped; and in a pull that had to ask for evidence nothing older is settled.
 */
import { plausibleArrivalMs } from '../base/arrival.ts'
import { Fault } from '../base/fault.ts'
import { endSlice, inSlices } from '../base/in-slices.ts'
import type { FolderRecord, MessageRow, NewRow, StandingRow } from '../journal/journal.ts'
import { bareOf, isOfBefore, isSameBare, isSameHeader, sizeFits } from '../message/evidence.ts'
import { type HeaderFacts, readHeader } from '../message/header.ts'
import type { Listed, Listing } from '../source/source.ts'
import { eventOf, gmailMaxOctets, nameAt, type PullContext, type RowPlaces } from './context.ts'
import { keyOfEntry } from './poison.ts'
import { leaveSource } from './settled.ts'
import { namedAtOnce } from './under-way.ts'

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
export async function identify(
  context: PullContext,
  listing: Listing,
  standing: readonly StandingRow[],
): Promise<Identified> {
  return new Identification(context, listing, standing).run()
}

/**
 * Closes folders that are not pulled any more (the protocol was changed, a folder was taken out of the configuration):
 * what waits there could never be carried. A folder that is listed again finds its rows again.
 */
export async function leaveFolders(context: PullContext): Promise<void> {
  const { journal, mailbox, session, clock, generation, count, log, uploads } = context
  for (const folder of await journal.foldersOf(mailbox.name)) {
    if (session.folders.includes(folder)) continue
    const standing = await journal.standing(mailbox.name, folder)
    if (standing.length === 0) continue
    const vanished: FolderRecord['vanished'][number][] = []
    for (const { id, stage } of standing) {
      // An unknown outcome is resolved before it can be called gone (resolve.ts).
      const waits = (stage === 'listed' || stage === 'deferred') && !uploads.holds(id)
      const row = waits ? await journal.row(id) : undefined
      if (row !== undefined) {
        count.gone += 1
        log.gone(eventOf(row))
      }
      vanished.push({ id, stage: waits ? 'gone' : stage, patch: {} })
    }
    const nothing = { returned: [], renamed: [], unnamed: [], added: [], started: false }
    const atMs = clock.nowMs()
    await journal.recordFolder({ mailbox: mailbox.name, folder, atMs, generation, vanished, ...nothing })
  }
}

/** After so many messages at which a session was lost in this pull no more are read for evidence. */
const mostLost = 3
/** New names are recorded after so many, so that a connection that ends does not undo the evidence asked for. */
const recordEvery = 200
/** Rows that one transaction writes: a server may give all its messages new names at each listing. */
const rowsAtOnce = 500
/** Rows that are looked up in one turn of the event loop. */
const lookedUpAtOnce = 1000

class Identification {
  readonly #context: PullContext
  readonly #listing: Listing
  readonly #standing: readonly StandingRow[]
  readonly #atMs: number
  /** Aborts as soon as nothing new should be begun: evidence can be asked for again. */
  readonly #signal: AbortSignal
  readonly #recognised = new Map<number, Listed>()
  readonly #at = new Map<number, Listed>()
  readonly #unnamedAll = new Set<number>()
  #returned: number[] = []
  #unnamed: number[] = []
  #renamed: FolderRecord['renamed'][number][] = []
  #added: { row: NewRow; entry: Listed }[] = []
  #inDoubt = false
  #held = 0

  constructor(context: PullContext, listing: Listing, standing: readonly StandingRow[]) {
    this.#context = context
    this.#listing = listing
    this.#standing = standing
    this.#atMs = context.clock.nowMs()
    this.#signal = AbortSignal.any([context.signal, context.stopping])
  }

  async run(): Promise<Identified> {
    const { doubt } = this.#listing
    this.#inDoubt = doubt !== undefined
    const { entries } = this.#listing
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
        this.#recognised.set(standing.id, entry)
      } else if (!(await this.#byName(entry, entry.uid))) fresh.push(entry)
    }
    if (this.#unnamed.length > 0) await this.#doubtNames()
    await this.#nameless(nameless)
    try {
      await this.#rename(fresh)
    } catch (error) {
      // What was found out so far is worth keeping; what vanished is only known at the end.
      await this.#record(false)
      throw error
    }
    if (doubt === undefined) await this.#recordVanished()
    await this.#record(doubt === undefined)
    this.#context.count.listed += entries.length
    return { at: this.#at, inDoubt: this.#inDoubt, held: this.#held }
  }

  /**
   * Writes down what was found since the last call, in slices: a process that ends in between finds at its next
   * listing what is left to be written.
   * @param started the whole listing was understood: the last thing to be written
   */
  async #record(started: boolean): Promise<void> {
    const { count } = this.#context
    const at = this.#at
    const unnamed = this.#unnamed
    const returned = this.#returned
    const renamed = this.#renamed
    const added = this.#added
    this.#unnamed = []
    this.#returned = []
    this.#renamed = []
    this.#added = []
    // Names that are free again come first: others may take them.
    if (unnamed.length > 0) await this.#write({ unnamed })
    // Each row that returned has its place among the renamed (#recognise).
    await inSlices(
      renamed.length,
      (from, to) => this.#write({ returned: returned.slice(from, to), renamed: renamed.slice(from, to) }),
      rowsAtOnce,
    )
    for (const [id, entry] of this.#recognised) at.set(id, entry)
    await inSlices(
      added.length,
      async (from, to) => {
        const slice = added.slice(from, to)
        const ids = await this.#write({ added: slice.map(({ row }) => row) })
        for (const [index, id] of ids.entries()) {
          const entry = slice[index]?.entry
          if (entry !== undefined) at.set(id, entry)
        }
        count.fresh += ids.length
      },
      rowsAtOnce,
    )
    if (started) await this.#write({ started })
  }

  async #recordVanished(): Promise<void> {
    const vanished = this.#standing.filter(({ id }) => !this.#recognised.has(id) && !this.#unnamedAll.has(id))
    await inSlices(
      vanished.length,
      async (from, to) => {
        const leaving = vanished.slice(from, to).map(({ id }) => this.#leave(id))
        await this.#write({ vanished: (await Promise.all(leaving)).flat() })
      },
      rowsAtOnce,
    )
    const { journal, mailbox } = this.#context
    while ((await journal.forgetGone(mailbox.name, rowsAtOnce)) > 0) await endSlice()
  }

  async #write(part: Partial<FolderRecord>): Promise<readonly number[]> {
    const { journal, mailbox, generation } = this.#context
    return await journal.recordFolder({
      mailbox: mailbox.name,
      folder: this.#listing.folder,
      atMs: this.#atMs,
      generation,
      returned: [],
      unnamed: [],
      renamed: [],
      vanished: [],
      added: [],
      started: false,
      ...part,
    })
  }

  /** True when the name is known, whether it still means the same message or not. */
  async #byName(entry: Listed, uid: string): Promise<boolean> {
    const { journal, mailbox } = this.#context
    const row = await journal.byUid(mailbox.name, entry.folder, uid)
    if (row === undefined || this.#recognised.has(row.id)) return false
    // A whole listing may be empty once by a server's mistake: what was there before the owner's start stays so.
    const stillBaseline =
      row.stage === 'baseline' && (await this.#isBaseline(entry, [{ ...row, stage: 'baseline' }]))
    const nothingDone =
      row.stage === 'listed' || row.stage === 'deferred' || row.stage === 'gone' || stillBaseline
    const stays = !nothingDone && (await this.#isSame(row, entry))
    // The name came back after it had gone, or its size or date changed and nothing says why: it may have been given to
    // another message. A name that stays is believed while its evidence agrees.
    if (!stays || !row.present || !sizesAgree(row.arrivedAtMs, entry.arrivedAtMs)) this.#inDoubt = true
    if (nothingDone || stays) {
      this.#recognise(row.id, entry)
      return true
    }
    await this.#misnamed(row.id, entry)
    return true
  }

  /** Under the same name: by header section and size, or where the size does not fit, by the octets. */
  async #isSame(row: MessageRow, entry: Listed): Promise<boolean> {
    const facts = await this.#peek(entry)
    if (facts === undefined) return false
    if (!isSameHeader(row, facts)) return isOfBefore(row, facts, entry.octets)
    if (sizeFits(row, entry.octets, facts)) return true
    return row.sha256 !== undefined && isSameBare(row, (await this.#read(entry))?.bareSha256)
  }

  /** The same message under another name, or under its own again. */
  #recognise(id: number, entry: Listed): void {
    this.#recognised.set(id, entry)
    this.#returned.push(id)
    const { folder, uid, octets, arrivedAtMs } = entry
    this.#renamed.push({ id, folder, uid, octetsListed: octets, arrivedAtMs })
  }

  /** The row's name belongs to another message now. */
  async #misnamed(id: number, entry: Listed): Promise<void> {
    this.#unnamed.push(id)
    this.#unnamedAll.add(id)
    this.#recognised.delete(id)
    await this.#add(entry)
  }

  /**
   * One name was given to another message: this server's names mean little (some are message numbers), so each
   * that was believed is asked for evidence. Only POP3 lets a server do so (RFC 9051 section 2.3.1.1 forbids it).
   */
  async #doubtNames(): Promise<void> {
    const { journal, session } = this.#context
    if (session.abilities.protocol !== 'pop3') return
    for (const [id, entry] of [...this.#recognised]) {
      const row = await journal.row(id)
      if (row?.headerSha256 === undefined) continue
      const facts = await this.#peek(entry)
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
      const facts = (await this.#peek(entry)) ?? (await this.#read(entry))?.header
      const alike = rows.filter(
        row => facts !== undefined && isSameHeader(row, facts) && this.#fits(row, entry, facts),
      )
      const row = alike.length === 0 ? undefined : await this.#tellApart(entry, alike)
      if (row === undefined) await this.#add(entry, facts?.sha256)
      else {
        rows.splice(rows.indexOf(row), 1)
        this.#recognised.set(row.id, entry)
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
    const bareSha256 = (await this.#read(entry))?.bareSha256
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
      [...this.#standing, ...elsewhere.flat()]
        .filter(({ id }) => !this.#recognised.has(id) && !this.#unnamedAll.has(id))
        .map(row => [row.id, row]),
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
        this.#recognise(row.id, entry)
      }
      pending += 1
      if (pending % recordEvery === 0 && orphans.size > 0) await this.#record(false)
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
    const facts = await this.#peek(entry)
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
    if (await this.#isHeld(entry)) {
      this.#held += 1
      return
    }
    this.#added.push({
      entry,
      row: {
        mailbox: mailbox.name,
        folder: entry.folder,
        uid: entry.uid,
        stage: (await this.#isBaseline(entry, orphans)) ? 'baseline' : 'listed',
        octetsListed: entry.octets,
        arrivedAtMs: entry.arrivedAtMs,
        seen: entry.seen,
        headerSha256: evidence,
      },
    })
  }

  /**
   * START_FROM=new draws its line at a folder's first listing. Where the first one is in doubt that waits for the next,
   * but for what came after the first pull; where the next is in doubt again each message's own date decides.
   */
  async #isHeld(entry: Listed): Promise<boolean> {
    const { mailbox, journal } = this.#context
    if (this.#listing.doubt === undefined || mailbox.startFrom.from !== 'new') return false
    const { startedFolders, firstPullAtMs = 0 } = await journal.mailbox(mailbox.name)
    if (startedFolders.includes(this.#listing.folder)) return false
    const key = { scope: 'folder', name: mailbox.name, subject: this.#listing.folder } as const
    if ((await journal.troubles.find(key))?.code === this.#listing.doubt.code) return false
    return (entry.arrivedAtMs ?? 0) < firstPullAtMs
  }

  /**
   * START_FROM. 'new': what stood there at the folder's first listing; after a change of names, what arrived
   * before the first pull. A date: what arrived before it. Where the time of arrival cannot be learned the message is
   * imported: too much is better than too little.
   */
  async #isBaseline(entry: Listed, orphans: readonly StandingRow[]): Promise<boolean> {
    const { mailbox, journal, generation } = this.#context
    const { startFrom } = mailbox
    if (startFrom.from === 'all') return false
    if (startFrom.from === 'date') return ((await this.#arrivedAtMs(entry)) ?? Infinity) < startFrom.atMs
    const state = await journal.mailbox(mailbox.name)
    const firstPullAtMs = state.firstPullAtMs ?? 0
    if (!state.startedFolders.includes(this.#listing.folder) && state.startedFolders.length === 0) {
      // The very first pull finds what was there before; a first one that failed has let new mail come meanwhile.
      if (generation === 1 && this.#listing.doubt === undefined)
        return (entry.arrivedAtMs ?? 0) < firstPullAtMs
      return ((await this.#arrivedAtMs(entry)) ?? Infinity) < firstPullAtMs
    }
    // A mailbox that was pulled before under other folder names (protocol changed) is not begun anew.
    const begunElsewhere = !state.startedFolders.includes(this.#listing.folder)
    if (!begunElsewhere && !orphans.some(row => row.stage === 'baseline')) return false
    this.#inDoubt = true
    return ((await this.#arrivedAtMs(entry)) ?? Infinity) < firstPullAtMs
  }

  async #arrivedAtMs(entry: Listed): Promise<number | undefined> {
    if (entry.arrivedAtMs !== undefined) return entry.arrivedAtMs
    const header = await this.#header(entry)
    const { arrivals } = header === undefined ? { arrivals: [] } : readHeader(header)
    return arrivals.find(ms => plausibleArrivalMs(ms, this.#atMs) !== undefined)
  }

  async #peek(entry: Listed): Promise<HeaderFacts | undefined> {
    const header = await this.#header(entry)
    return header === undefined ? undefined : readHeader(header)
  }

  readonly #headers = new Map<Listed, Buffer | undefined>()

  async #header(entry: Listed): Promise<Buffer | undefined> {
    if (this.#headers.has(entry)) return this.#headers.get(entry)
    const { session, lost } = this.#context
    let header: Buffer | undefined
    try {
      if (!lost.headers) header = await this.#guard(entry, () => session.peekHeader(entry, this.#signal))
    } catch (error) {
      // A message that went away meanwhile is no evidence of anything; trouble of the connection ends the pull.
      if (!(error instanceof Fault) || error.scope !== 'message') throw error
      if (!session.usable) {
        lost.headers = true
        throw error
      }
    }
    this.#headers.clear() // only the latest is ever asked for again; a backlog must not fill the memory
    this.#headers.set(entry, header)
    return header
  }

  /** The process may have ended at this very message before (under-way.ts): then it gives no evidence. */
  #guard<T>(entry: Listed, touch: () => Promise<T>): Promise<T | undefined> {
    const { entries } = this.#listing
    const next = (): string[] => {
      const at = entries.indexOf(entry)
      return entries.slice(at + 1, at + namedAtOnce).map(other => keyOfEntry(this.#context, other))
    }
    return this.#context.underWay.guard(keyOfEntry(this.#context, entry), next, touch)
  }

  /** No name and no TOP: the message itself must be read to be recognised. */
  async #read(entry: Listed): Promise<{ bareSha256: string; header: HeaderFacts } | undefined> {
    const { session, spooler, lost } = this.#context
    // Without this evidence it counts as new, and its digest decides when it is carried.
    if (lost.messages.has(nameAt(entry)) || lost.messages.size >= mostLost) return undefined
    const spool = spooler.take(gmailMaxOctets)
    try {
      return await this.#guard(entry, async () => {
        await session.retrieve(entry, spool, this.#signal)
        const raw = await spool.seal()
        return { bareSha256: (await bareOf(raw)).sha256, header: readHeader(await raw.header()) }
      })
    } catch (error) {
      if (!(error instanceof Fault) || error.scope !== 'message') throw error
      if (!session.usable) {
        lost.messages.add(nameAt(entry))
        throw error
      }
      return undefined
    } finally {
      await spool.discard()
    }
  }

  /** The stage of a row that no longer stands at the source. */
  async #leave(id: number): Promise<FolderRecord['vanished']> {
    const { journal, uploads } = this.#context
    const row = await journal.row(id)
    if (row === undefined) return []
    // What is on its way keeps the stage that it comes to.
    return [uploads.holds(id) ? { id, stage: undefined, patch: {} } : leaveSource(this.#context, row)]
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
