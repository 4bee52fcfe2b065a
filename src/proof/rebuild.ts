/**
 * A new journal for one mailbox, proved against the source and Gmail: list every folder, retrieve each message, and
 * look for its octets in Gmail and in what could be read of the old journal. What is found is `imported`; what is
 * not stays `listed`, and the next pull imports it (Gmail merges a second import with the same Message-ID).
 *
 * Invariants: nothing is imported, settled or deleted anywhere; a message counts as imported by its octets only,
 * never by its name or its Message-ID.
 */
import { Fault } from '../base/fault.ts'
import { retry } from '../base/retry.ts'
import type { RuleWish } from '../base/rule-wish.ts'
import type { MessageRow, RowPatch, Salvage } from '../journal/journal.ts'
import type { Bare } from '../message/evidence.ts'
import type { RawMessage } from '../message/message.ts'
import { sameBareBelowTop, sameBelowTop } from '../message/read-back.ts'
import { asRecord, gmailMaxOctets, type PullPorts } from '../pull/context.ts'
import { accountsOf } from '../pull/destination.ts'
import { readFacts } from '../pull/read-facts.ts'
import { decideWish } from '../pull/rule-wishes.ts'
import type { Listed, SourceSession } from '../source/source.ts'

/** What became of the messages that stand at the source; the sum of all but `listed` and `salvaged` is `listed`. */
export interface RebuildCount {
  listed: number
  /** In Gmail, by its octets there or by the old journal's row for the same octets. */
  imported: number
  /** Of these, known from the old journal only. */
  salvaged: number
  /** The same octets as another message of the account. */
  merged: number
  /** Baseline, and what is not mail. */
  ignored: number
  /** The next pull imports them. */
  waiting: number
  /** May be in Gmail already, and nothing can tell: no Message-ID, or an import was under way. */
  unknown: number
}

export interface RebuildOptions {
  readonly salvage: Salvage
  readonly signal: AbortSignal
  readonly onProgress: (progress: { readonly done: number; readonly due: number }) => void
}

const sessions = 5
const gmailTries = 5

/** Throws Fault of scope mailbox, account or everything: then the new journal is not to be used. */
export async function rebuildMailbox(ports: PullPorts, options: RebuildOptions): Promise<RebuildCount> {
  return new Rebuild(ports, options).run()
}

/** What is known of a message, and the account in which it may be. */
type FactsIn = RowPatch & { readonly account: string }

class Rebuild {
  readonly #ports: PullPorts
  readonly #options: RebuildOptions
  readonly #done = new Set<number>()
  /** Messages at which a session ended. */
  readonly #hungUp = new Set<number>()
  readonly #count: RebuildCount = {
    listed: 0,
    imported: 0,
    salvaged: 0,
    merged: 0,
    ignored: 0,
    waiting: 0,
    unknown: 0,
  }

  constructor(ports: PullPorts, options: RebuildOptions) {
    this.#ports = ports
    this.#options = options
  }

  async run(): Promise<RebuildCount> {
    const { journal, mailbox, clock, source, random } = this.#ports
    const { signal, salvage } = this.#options
    const generation = await journal.beginPull(mailbox.name, clock.nowMs())
    const firstPullAtMs = salvage.firstPullAtMs(mailbox.name)
    if (firstPullAtMs !== undefined) await journal.updateMailbox(mailbox.name, { firstPullAtMs })
    let proved = 0
    const work = async (): Promise<RebuildCount> => {
      let session: SourceSession | undefined
      try {
        session = await source.open(signal)
        await this.#pass(session, generation)
        await session.close()
        return this.#count
      } finally {
        session?.abandon()
      }
    }
    return retry(work, {
      ...{ tries: sessions, firstMs: 2000, mostMs: 60_000, longestMs: 120_000, clock, signal, random },
      isPassing: ({ scope, retry: when }) => scope === 'mailbox' && when !== 'owner',
      // A connection that ends now and then is no reason to begin from the start.
      hasProgressed: () => {
        const more = this.#done.size > proved
        proved = this.#done.size
        return more
      },
    })
  }

  async #pass(session: SourceSession, generation: number): Promise<void> {
    const due: { row: MessageRow; entry: Listed }[] = []
    for (const folder of session.folders) due.push(...(await this.#list(session, folder, generation)))
    this.#count.listed = this.#done.size + due.length
    for (const { row, entry } of due) {
      this.#options.signal.throwIfAborted()
      await this.#prove(session, row, entry)
      this.#done.add(row.id)
      this.#options.onProgress({ done: this.#done.size, due: this.#count.listed })
    }
  }

  /** Records what is new in a folder; gives what is still to be proved. */
  async #list(
    session: SourceSession,
    folder: string,
    generation: number,
  ): Promise<{ row: MessageRow; entry: Listed }[]> {
    const { journal, mailbox, clock } = this.#ports
    const { entries, doubt } = await session.list(folder, () => false, this.#options.signal)
    if (doubt !== undefined) throw doubt
    const known = async (entry: Listed): Promise<MessageRow | undefined> =>
      entry.uid === undefined ? undefined : await journal.byUid(mailbox.name, folder, entry.uid)
    // In a session after the first one, what has no name is left to the next pull, which compares evidence.
    const { startedFolders } = await journal.mailbox(mailbox.name)
    const again = startedFolders.includes(folder)
    const rows = new Map(await Promise.all(entries.map(async entry => [entry, await known(entry)] as const)))
    const added = entries.filter(
      entry => rows.get(entry) === undefined && !(again && entry.uid === undefined),
    )
    const ids = await journal.recordFolder({
      mailbox: mailbox.name,
      folder,
      atMs: clock.nowMs(),
      generation,
      returned: [],
      vanished: [],
      renamed: [],
      unnamed: [],
      started: false,
      added: added.map(({ uid, octets, arrivedAtMs, seen, flags }) => ({
        mailbox: mailbox.name,
        folder,
        uid,
        stage: 'listed',
        octetsListed: octets,
        arrivedAtMs,
        seen,
        flags,
        headerSha256: undefined,
      })),
    })
    if (!again) await journal.updateMailbox(mailbox.name, { startedFolders: [...startedFolders, folder] })
    const fresh = new Map(added.map((entry, at) => [entry, ids[at]]))
    const unproved: { row: MessageRow; entry: Listed }[] = []
    for (const entry of entries) {
      const row = await journal.row(fresh.get(entry) ?? rows.get(entry)?.id ?? 0)
      if (row !== undefined && !this.#done.has(row.id)) unproved.push({ row, entry })
    }
    return unproved
  }

  /** Retrieves one message and finds its stage. Faults of the message alone leave it `listed`. */
  async #prove(session: SourceSession, row: MessageRow, entry: Listed): Promise<void> {
    const { spooler, journal } = this.#ports
    const spool = spooler.take(gmailMaxOctets)
    try {
      await session.retrieve(entry, spool, this.#options.signal)
      await this.#place(row, await spool.seal())
    } catch (error) {
      if (!(error instanceof Fault) || error.scope !== 'message') throw error
      if (error.code.startsWith('source.') && !this.#hungUp.has(row.id)) {
        // The server hung up at this message, for the first time: another session tries it once more.
        this.#hungUp.add(row.id)
        throw new Fault(error.code, { facts: error.facts, cause: error })
      }
      // The next pull meets the same trouble and tells it. What could not be read may be in Gmail already.
      const neverSent = this.#neverSent(row)
      await journal.move(row.id, 'listed', { outcomeUnknown: !neverSent })
      if (neverSent) this.#count.waiting += 1
      else this.#count.unknown += 1
    } finally {
      await spool.discard()
    }
  }

  async #place(row: MessageRow, raw: RawMessage): Promise<void> {
    const { mailbox, clock } = this.#ports
    const { section, header, bare, facts } = await readFacts(raw, mailbox.account, clock.nowMs())
    if (header.pseudo || this.#isBaseline(row, header.arrivedAtMs))
      return this.#ignore(row, header.pseudo ? 'ignored' : 'baseline', facts)
    const { wish, isLeft } = decideWish(this.#ports, row, section, raw.octets)
    const accounts = this.#accountsFor(wish)
    for (const account of accounts) if (await this.#findIn(row, raw, bare, { ...facts, account })) return
    for (const account of accounts) if (await this.#resume(row, raw, bare, { ...facts, account })) return
    if (isLeft) await this.#ignore(row, 'ignored', { ...facts, wish: wish ?? null })
    else await this.#leave(row, { ...facts, account: accounts[0] ?? mailbox.account })
  }

  async #ignore(row: MessageRow, stage: 'ignored' | 'baseline', facts: RowPatch): Promise<void> {
    await this.#ports.journal.move(row.id, stage, facts)
    this.#count.ignored += 1
  }

  /** Where it may be: first where it would go by today's rules. */
  #accountsFor(wish: RuleWish | undefined): readonly string[] {
    const { mailbox } = this.#ports
    return [...new Set([wish?.account ?? mailbox.account, ...accountsOf(mailbox)])]
  }

  /** Whether the account has it, by its octets there, by the old journal, or by another row. */
  async #findIn(row: MessageRow, raw: RawMessage, bare: Bare, facts: FactsIn): Promise<boolean> {
    const { journal, clock, steady } = this.#ports
    const { salvage } = this.#options
    const { account, messageId } = facts
    const count = this.#count
    const twin = await journal.importedWith(account, raw.sha256, bare.sha256)
    if (twin !== undefined) {
      await journal.move(row.id, 'merged', {
        ...facts,
        mergedInto: twin.id,
        importedSteadyMs: await steady.readMs(),
      })
      count.merged += 1
      return true
    }
    const old = salvage.importedAs(account, raw.sha256, bare.sha256)
    const gmailId = old?.gmailId ?? (await this.#find(account, messageId ?? undefined, raw, bare))
    if (gmailId === undefined) return false
    await journal.move(row.id, 'importing', { ...facts, importingAtMs: clock.nowMs() })
    // "After N days" begins anew: the steady clock of the old journal is lost.
    const importedAtMs = old?.importedAtMs ?? clock.nowMs()
    await journal.move(row.id, 'imported', {
      gmailId,
      importedAtMs,
      importedSteadyMs: await steady.readMs(),
    })
    count.imported += 1
    if (old !== undefined) count.salvaged += 1
    return true
  }

  /** Whether an import into the account was under way: as it was, for the next pull to resolve before anything else. */
  async #resume(row: MessageRow, raw: RawMessage, bare: Bare, facts: FactsIn): Promise<boolean> {
    const { journal, clock } = this.#ports
    const importing = this.#options.salvage.wasImporting(facts.account, raw.sha256, bare.sha256)
    if (importing === undefined) return false
    await journal.move(row.id, 'importing', {
      ...facts,
      wish: importing.wish ?? null,
      importingAtMs: importing.importingAtMs ?? clock.nowMs(),
      outcomeUnknown: true,
      repeated: importing.repeated,
    })
    this.#count.unknown += 1
    return true
  }

  /** Not proved to be in Gmail. */
  async #leave(row: MessageRow, facts: RowPatch): Promise<void> {
    const { journal, mailbox, clock } = this.#ports
    if (facts.messageId !== undefined || this.#neverSent(row)) {
      await journal.move(row.id, 'listed', facts)
      this.#count.waiting += 1
      return
    }
    // Gmail cannot merge it: an import may be one too many, so it counts as repeated, or the owner is asked.
    const ask = mailbox.whenOutcomeUnknown === 'ask'
    const fault = new Fault(ask ? 'gmail.ask-owner' : 'gmail.outcome-unknown', { facts: { id: row.id } })
    await journal.move(row.id, ask ? 'refused' : 'listed', {
      ...facts,
      outcomeUnknown: true,
      fault: asRecord(fault, clock.nowMs()),
    })
    this.#count.unknown += 1
  }

  /** The old journal knew it, and no upload of it had begun. */
  #neverSent(row: MessageRow): boolean {
    const old = this.#old(row)
    return (old?.stage === 'listed' || old?.stage === 'deferred') && old.outcomeUnknown !== true
  }

  #old(row: MessageRow): MessageRow | undefined {
    const old =
      row.uid === undefined ? undefined : this.#options.salvage.byUid(row.mailbox, row.folder, row.uid)
    const { octetsListed } = row
    const same =
      old?.octetsListed === undefined || octetsListed === undefined || old.octetsListed === octetsListed
    return same ? old : undefined
  }

  /** START_FROM, as far as it can still be known: too much is better than too little. */
  #isBaseline(row: MessageRow, headerAtMs: number | undefined): boolean {
    const { startFrom, name } = this.#ports.mailbox
    if (startFrom.from === 'all') return false
    if (this.#old(row)?.stage === 'baseline') return true
    const arrivedAtMs = row.arrivedAtMs ?? headerAtMs ?? Number.POSITIVE_INFINITY
    const fromMs =
      startFrom.from === 'date' ? startFrom.atMs : (this.#options.salvage.firstPullAtMs(name) ?? 0)
    return arrivedAtMs < fromMs
  }

  /** The id of Gmail's copy of these octets, lines of the server's own put aside; undefined where there is none or Gmail may not be asked. */
  async #find(
    account: string,
    messageId: string | undefined,
    raw: RawMessage,
    bare: Bare,
  ): Promise<string | undefined> {
    const { clock, random, others } = this.#ports
    const gmail = account === this.#ports.mailbox.account ? this.#ports.gmail : others.get(account)?.gmail
    if (gmail === undefined) return undefined
    const { signal } = this.#options
    const search = async (): Promise<string | undefined> => {
      if (messageId === undefined || !(await gmail.canRead(signal))) return undefined
      const copies = await gmail.findByMessageId(messageId, signal)
      return copies.find(
        copy => sameBelowTop(copy.raw, raw.sha256, raw.octets) || sameBareBelowTop(copy.raw, bare),
      )?.id
    }
    try {
      return await retry(search, {
        ...{ tries: gmailTries, firstMs: 2000, mostMs: 60_000, clock, signal, random },
        isPassing: ({ retry: when, code }) => when !== 'owner' && code !== 'gmail.ask-owner',
      })
    } catch (thrown) {
      // A Message-ID that cannot be searched for is merged by Gmail all the same.
      if (thrown instanceof Fault && thrown.code === 'gmail.ask-owner') return undefined
      throw thrown
    }
  }
}
