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
import { Fault } from './fault.ts'
import { readHeader } from './header.ts'
import type { FolderRecord, MessageRow, NewRow } from './journal/journal.ts'
import { eventOf, type PullContext } from './pull-context.ts'
import { nameOf } from './settle.ts'
import type { Listed, Listing } from './source/source.ts'

/** Matches a listing with the journal, records what was found, fills `context.at`. */
export async function identify(context: PullContext, listing: Listing): Promise<{ inDoubt: boolean }> {
  return new Identification(context, listing).run()
}

/**
 * Closes what waits in folders that are not pulled any more (the protocol was changed, a folder was taken out of the
 * configuration): it could never be carried. It opens again when the folder is listed again.
 */
export function leaveFolders(context: PullContext): void {
  const { journal, mailbox, session, clock, generation, count, log } = context
  for (const folder of journal.foldersOf(mailbox.name)) {
    if (session.folders.includes(folder)) continue
    const waiting = journal
      .inStages(mailbox.name, ['listed', 'deferred', 'importing'])
      .filter(row => row.folder === folder && row.present)
    if (waiting.length === 0) continue
    const vanished = waiting.map(({ id, stage }): FolderRecord['vanished'][number] => ({
      id,
      // An unknown outcome is resolved before it can be called gone (resolve.ts).
      stage: stage === 'importing' ? stage : 'gone',
      patch: {},
    }))
    const nothing = { returned: [], renamed: [], unnamed: [], added: [] }
    journal.recordFolder({
      mailbox: mailbox.name,
      folder,
      atMs: clock.nowMs(),
      generation,
      vanished,
      ...nothing,
    })
    for (const row of waiting) {
      if (row.stage === 'importing') continue
      count.gone += 1
      log.gone(eventOf(row))
    }
  }
}

class Identification {
  readonly #context: PullContext
  readonly #listing: Listing
  readonly #atMs: number
  readonly #recognised = new Map<number, Listed>()
  readonly #returned: number[] = []
  readonly #unnamed: number[] = []
  readonly #renamed: FolderRecord['renamed'][number][] = []
  readonly #added: { row: NewRow; entry: Listed }[] = []
  #inDoubt = false

  constructor(context: PullContext, listing: Listing) {
    this.#context = context
    this.#listing = listing
    this.#atMs = context.clock.nowMs()
  }

  async run(): Promise<{ inDoubt: boolean }> {
    const { journal, mailbox, generation, at } = this.#context
    const { folder, entries } = this.#listing
    const fresh: Listed[] = []
    const nameless: Listed[] = []
    for (const entry of entries) {
      if (entry.uid === undefined) nameless.push(entry)
      else if (!(await this.#byName(entry, entry.uid))) fresh.push(entry)
    }
    await this.#nameless(nameless)
    const vanished = journal.presentIds(mailbox.name, folder).filter(id => !this.#recognised.has(id))
    const orphans = await this.#rename(fresh, vanished)
    const ids = journal.recordFolder({
      mailbox: mailbox.name,
      folder,
      atMs: this.#atMs,
      generation,
      returned: this.#returned,
      unnamed: this.#unnamed,
      renamed: this.#renamed,
      vanished: orphans.filter(id => !this.#unnamed.includes(id)).flatMap(id => this.#leave(id)),
      added: this.#added.map(({ row }) => row),
    })
    for (const [id, entry] of this.#recognised) at.set(id, entry)
    for (const [index, id] of ids.entries()) {
      const entry = this.#added[index]?.entry
      if (entry !== undefined) at.set(id, entry)
    }
    this.#context.count.listed += entries.length
    this.#context.count.fresh += ids.length
    this.#start(folder)
    return { inDoubt: this.#inDoubt }
  }

  /** True when the name is known, whether it still means the same message or not. */
  async #byName(entry: Listed, uid: string): Promise<boolean> {
    const { journal, mailbox } = this.#context
    const row = journal.byUid(mailbox.name, entry.folder, uid)
    if (row === undefined) return false
    if (this.#recognised.has(row.id)) return false
    if (row.present && sizesAgree(row.octetsListed, entry.octets) && datesAgree(row, entry)) {
      this.#recognised.set(row.id, entry)
      return true
    }
    // The name came back after it had gone, or its size or date changed: it may have been given to another message.
    this.#inDoubt = true
    // A whole listing may be empty once by a server's mistake: what was there before the owner's start stays so.
    const stillBaseline =
      row.stage === 'baseline' &&
      sizesAgree(row.octetsListed, entry.octets) &&
      (await this.#isBaseline(entry, new Map([[row.id, row]])))
    const nothingDone =
      row.stage === 'listed' || row.stage === 'deferred' || row.stage === 'gone' || stillBaseline
    const evidence = nothingDone ? undefined : await this.#peek(entry)
    if (nothingDone || (evidence !== undefined && evidence === row.headerSha256 && sameSize(row, entry))) {
      this.#recognised.set(row.id, entry)
      this.#returned.push(row.id)
      this.#renamed.push({
        id: row.id,
        folder: entry.folder,
        uid,
        octetsListed: entry.octets ?? row.octetsListed,
      })
      return true
    }
    this.#unnamed.push(row.id)
    await this.#add(entry)
    return true
  }

  /** Messages without a name are recognised by header section and size, each row once. */
  async #nameless(entries: readonly Listed[]): Promise<void> {
    if (entries.length === 0) return
    const { journal, mailbox } = this.#context
    const rows = [...journal.nameless(mailbox.name, this.#listing.folder)]
    for (const entry of entries) {
      const evidence = (await this.#peek(entry)) ?? (await this.#read(entry))?.headerSha256
      const alike = rows.filter(
        row =>
          evidence !== undefined &&
          row.headerSha256 === evidence &&
          sizesAgree(row.octetsListed, entry.octets),
      )
      const row = alike.length === 0 ? undefined : await this.#tellApart(entry, alike)
      if (row === undefined) await this.#add(entry, evidence)
      else {
        rows.splice(rows.indexOf(row), 1)
        this.#recognised.set(row.id, entry)
      }
    }
  }

  /**
   * Equal header sections and sizes may still be different mail: then the octets decide. So they do where there is
   * no Message-ID, since a machine may send the same header section every day.
   */
  async #tellApart(entry: Listed, alike: readonly MessageRow[]): Promise<MessageRow | undefined> {
    const [first] = alike
    const alikeInAll = alike.every(row => row.sha256 === first?.sha256)
    if (alikeInAll && (first?.messageId !== undefined || first?.sha256 === undefined)) return first
    const sha256 = (await this.#read(entry))?.sha256
    return alike.find(row => row.sha256 === sha256) ?? alike.find(row => row.sha256 === undefined)
  }

  /**
   * New names for known messages: a fresh entry that shows the evidence of a row which has just vanished, or
   * which lies in a folder that this source no longer has (POP3 became IMAP, a folder was renamed).
   * Returns the rows that have really vanished.
   */
  async #rename(fresh: readonly Listed[], vanished: readonly number[]): Promise<readonly number[]> {
    const { journal, mailbox, session } = this.#context
    const elsewhere = journal
      .foldersOf(mailbox.name)
      .filter(folder => !session.folders.includes(folder))
      .flatMap(folder => journal.presentIds(mailbox.name, folder))
    const orphans = new Map<number, MessageRow>()
    for (const id of fresh.length === 0 ? [] : [...vanished, ...elsewhere]) {
      const row = journal.row(id)
      if (row !== undefined) orphans.set(id, row)
    }
    for (const entry of fresh) {
      const row = orphans.size === 0 ? undefined : await this.#findOrphan(entry, orphans)
      if (row === undefined) {
        await this.#add(entry, undefined, orphans)
        continue
      }
      this.#inDoubt = true
      orphans.delete(row.id)
      this.#recognised.set(row.id, entry)
      this.#returned.push(row.id)
      this.#renamed.push({ id: row.id, folder: entry.folder, uid: entry.uid, octetsListed: entry.octets })
    }
    return vanished.filter(id => !this.#recognised.has(id))
  }

  async #findOrphan(
    entry: Listed,
    orphans: ReadonlyMap<number, MessageRow>,
  ): Promise<MessageRow | undefined> {
    // What we asked the source to delete is gone as it should be, and no evidence without a Message-ID is good
    // enough: such an entry is retrieved, and its digest decides.
    const likely = [...orphans.values()].filter(
      row => row.messageId !== undefined && row.settleAsks === 0 && sameSize(row, entry),
    )
    if (likely.length === 0) return undefined
    const evidence = await this.#peek(entry)
    const alike = likely.filter(row => evidence !== undefined && row.headerSha256 === evidence)
    // Two different messages with equal header sections: only the octets can tell, so it is retrieved.
    return alike.every(row => row.sha256 === alike[0]?.sha256) ? alike[0] : undefined
  }

  async #add(entry: Listed, evidence?: string, orphans?: ReadonlyMap<number, MessageRow>): Promise<void> {
    const { mailbox } = this.#context
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
   * START_FROM. 'new': what stood there at the folder's first listing; after a change of names, what arrived
   * before the first pull. A date: what arrived before it. Where the time of arrival cannot be learned the message is
   * imported: too much is better than too little.
   */
  async #isBaseline(entry: Listed, orphans: ReadonlyMap<number, MessageRow> | undefined): Promise<boolean> {
    const { mailbox, journal } = this.#context
    const { startFrom } = mailbox
    if (startFrom.from === 'all') return false
    if (startFrom.from === 'date') return ((await this.#arrivedAtMs(entry)) ?? Infinity) < startFrom.atMs
    const state = journal.mailbox(mailbox.name)
    if (!state.startedFolders.includes(this.#listing.folder)) {
      // A mailbox that was pulled before under other folder names (protocol changed) is not begun anew.
      if (state.startedFolders.length === 0) return true
    } else if (![...(orphans?.values() ?? [])].some(row => row.stage === 'baseline')) return false
    this.#inDoubt = true
    return ((await this.#arrivedAtMs(entry)) ?? Infinity) < (state.firstPullAtMs ?? 0)
  }

  async #arrivedAtMs(entry: Listed): Promise<number | undefined> {
    if (entry.arrivedAtMs !== undefined) return entry.arrivedAtMs
    const header = await this.#header(entry)
    return header === undefined ? undefined : readHeader(header).arrivedAtMs
  }

  async #peek(entry: Listed): Promise<string | undefined> {
    const header = await this.#header(entry)
    return header === undefined ? undefined : readHeader(header).sha256
  }

  readonly #headers = new Map<Listed, Buffer | undefined>()

  async #header(entry: Listed): Promise<Buffer | undefined> {
    if (this.#headers.has(entry)) return this.#headers.get(entry)
    let header: Buffer | undefined
    try {
      header = await this.#context.session.peekHeader(entry, this.#context.signal)
    } catch (error) {
      // A message that went away meanwhile is no evidence of anything; trouble of the connection ends the pull.
      if (!(error instanceof Fault) || error.scope !== 'message') throw error
    }
    this.#headers.clear() // only the latest is ever asked for again; a backlog must not fill the memory
    this.#headers.set(entry, header)
    return header
  }

  /** No name and no TOP: the message itself must be read to be recognised. */
  async #read(entry: Listed): Promise<{ sha256: string; headerSha256: string } | undefined> {
    const { session, spooler, signal } = this.#context
    const spool = spooler.take(Number.MAX_SAFE_INTEGER)
    try {
      await session.retrieve(entry, spool, signal)
      const raw = await spool.seal()
      return { sha256: raw.sha256, headerSha256: readHeader(await raw.header()).sha256 }
    } catch (error) {
      if (!(error instanceof Fault) || error.scope !== 'message') throw error
      return undefined
    } finally {
      await spool.discard()
    }
  }

  /** The stage of a row that no longer stands at the source. */
  #leave(id: number): FolderRecord['vanished'] {
    const { journal, count, mailbox, log } = this.#context
    const row = journal.row(id)
    if (row === undefined) return []
    switch (row.stage) {
      case 'imported':
      case 'merged': {
        count.settled += 1
        const settledAs = row.settleAsks > 0 ? nameOf(mailbox.afterImport) : 'left'
        log.settled({ ...eventOf(row), as: settledAs })
        return [{ id, stage: 'settled', patch: { settledAtMs: this.#atMs, settledAs } }]
      }
      case 'listed':
      case 'deferred':
      case 'refused':
        count.gone += 1
        log.gone(eventOf(row))
        return [{ id, stage: 'gone', patch: {} }]
      case 'settled':
        if (row.settleAsks === 0) return [{ id, stage: 'settled', patch: {} }]
        count.settled += 1
        return [
          {
            id,
            stage: 'settled',
            patch: { settledAtMs: this.#atMs, settledAs: nameOf(mailbox.afterImport) },
          },
        ]
      // An unknown outcome is resolved before it can be called gone (resolve.ts).
      case 'importing':
      case 'baseline':
      case 'ignored':
      case 'gone':
        return [{ id, stage: row.stage, patch: {} }]
    }
  }

  #start(folder: string): void {
    const { journal, mailbox } = this.#context
    const { startedFolders } = journal.mailbox(mailbox.name)
    if (!startedFolders.includes(folder)) {
      journal.updateMailbox(mailbox.name, { startedFolders: [...startedFolders, folder] })
    }
  }
}

/** Unknown agrees with everything. */
function sizesAgree(before: number | undefined, now: number | undefined): boolean {
  return before === undefined || now === undefined || before === now
}

/** A message's date of arrival never changes; nothing was done with a baseline message that could be wrong now. */
function datesAgree(row: MessageRow, entry: Listed): boolean {
  return row.stage === 'baseline' || sizesAgree(row.arrivedAtMs, entry.arrivedAtMs)
}

/** Whether the announced size fits what was announced or retrieved before; a server may count a last CRLF or not. */
function sameSize(row: MessageRow, entry: Listed): boolean {
  const size = entry.octets
  if (size === undefined) return true
  const near = (octets: number | undefined): boolean => octets !== undefined && Math.abs(octets - size) <= 2
  return near(row.octets) || near(row.octetsListed)
}
