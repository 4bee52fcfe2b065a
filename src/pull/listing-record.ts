/**
 * What a listing showed of one folder, gathered and written down in slices: a server may give all its messages new
 * names at each listing, and a process that ends in between finds at its next listing what is left to be written.
 */
import { endSlice, inSlices } from '../base/in-slices.ts'
import type { FolderRecord, Lasting, NewRow, StandingRow } from '../journal/journal.ts'
import type { Listed } from '../source/source.ts'
import { eventOf, type PullContext } from './context.ts'
import { leaveSource } from './settled.ts'

type Needs = Pick<PullContext, 'journal' | 'mailbox' | 'clock' | 'generation' | 'count' | 'log' | 'uploads'>

/** Rows that one transaction writes. */
const rowsAtOnce = 500

export class ListingRecord {
  readonly #context: Needs
  readonly #folder: string
  readonly #lasting: Lasting
  readonly #atMs: number
  /** Where the rows stand that were written down. */
  readonly at = new Map<number, Listed>()
  /** Rows that were known again. */
  readonly recognised = new Map<number, Listed>()
  readonly #unnamedAll = new Set<number>()
  #returned: number[] = []
  #unnamed: number[] = []
  #renamed: FolderRecord['renamed'][number][] = []
  #added: { row: NewRow; entry: Listed }[] = []

  /** @param lasting of what is new */
  constructor(context: Needs, folder: string, lasting: Lasting = 'now') {
    this.#context = context
    this.#folder = folder
    this.#lasting = lasting
    this.#atMs = context.clock.nowMs()
  }

  /** A name was found to belong to another message. */
  get hasMisnamed(): boolean {
    return this.#unnamedAll.size > 0
  }

  /** Rows of these that were neither recognised nor lost their name. */
  orphans(standing: readonly StandingRow[]): readonly StandingRow[] {
    return standing.filter(({ id }) => !this.recognised.has(id) && !this.#unnamedAll.has(id))
  }

  /** The same message under another name, or under its own again. */
  recognise(id: number, entry: Listed): void {
    this.recognised.set(id, entry)
    this.#returned.push(id)
    const { folder, uid, octets, arrivedAtMs } = entry
    this.#renamed.push({ id, folder, uid, octetsListed: octets, arrivedAtMs })
  }

  /** The row's name belongs to another message now. */
  unname(id: number): void {
    this.#unnamed.push(id)
    this.#unnamedAll.add(id)
    this.recognised.delete(id)
  }

  add(row: NewRow, entry: Listed): void {
    this.#added.push({ row, entry })
  }

  /**
   * Writes down what was found since the last call, in slices: a process that ends in between finds at its next
   * listing what is left to be written.
   * @param started the whole listing was understood: the last thing to be written
   */
  async write(started: boolean): Promise<void> {
    const { count } = this.#context
    const at = this.at
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
    // Each row that returned has its place among the renamed (recognise).
    await inSlices(
      renamed.length,
      (from, to) => this.#write({ returned: returned.slice(from, to), renamed: renamed.slice(from, to) }),
      rowsAtOnce,
    )
    for (const [id, entry] of this.recognised) at.set(id, entry)
    await inSlices(
      added.length,
      async (from, to) => {
        const slice = added.slice(from, to)
        const ids = await this.#write({ added: slice.map(({ row }) => row) }, this.#lasting)
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

  /** What stood there before and does not now. */
  async writeVanished(standing: readonly StandingRow[]): Promise<void> {
    const vanished = this.orphans(standing)
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

  async #write(part: Partial<FolderRecord>, lasting: Lasting = 'now'): Promise<readonly number[]> {
    const { journal, mailbox, generation } = this.#context
    const nothing = { returned: [], unnamed: [], renamed: [], vanished: [], added: [], started: false }
    const where = { mailbox: mailbox.name, folder: this.#folder, atMs: this.#atMs, generation }
    return await journal.recordFolder({ ...where, ...nothing, ...part }, lasting)
  }

  /** The stage of a row that no longer stands at the source. */
  async #leave(id: number): Promise<FolderRecord['vanished']> {
    const { journal, uploads } = this.#context
    // What is on its way keeps the stage that it comes to.
    if (uploads.holds(id)) return [{ id, stage: undefined, patch: {} }]
    const row = await journal.row(id)
    return row === undefined ? [] : [leaveSource(this.#context, row)]
  }
}

/**
 * Closes folders that are not pulled any more (the protocol was changed, a folder was taken out of the configuration):
 * what waits there could never be carried. A folder that is listed again finds its rows again.
 */
export async function leaveFolders(context: Needs & Pick<PullContext, 'session'>): Promise<void> {
  const { journal, mailbox, session, clock, generation, count, log, uploads } = context
  for (const folder of await journal.foldersOf(mailbox.name)) {
    if (session.folders.includes(folder)) continue
    const standing = await journal.standing(mailbox.name, folder)
    if (standing.length === 0) continue
    const vanished: FolderRecord['vanished'][number][] = []
    for (const { id, stage } of standing) {
      // An unknown outcome is resolved before it can be called gone (resolve.ts).
      const isHeld = uploads.holds(id)
      const waits = (stage === 'listed' || stage === 'deferred') && !isHeld
      const row = waits ? await journal.row(id) : undefined
      if (row !== undefined) {
        count.gone += 1
        log.gone(eventOf(row))
      }
      vanished.push({ id, stage: waits ? 'gone' : isHeld ? undefined : stage, patch: {} })
    }
    const nothing = { returned: [], renamed: [], unnamed: [], added: [], started: false }
    const atMs = clock.nowMs()
    await journal.recordFolder({ mailbox: mailbox.name, folder, atMs, generation, vanished, ...nothing })
  }
}
