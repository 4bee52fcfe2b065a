/**
 * One message from the source into Gmail: retrieve, record the intent, import, record the answer.
 *
 * Invariants: `importing` is durable before an upload begins; only an answer with an id makes `imported`; whatever
 * else happens the message stays at the source and the row says why and until when.
 */

import { Fault } from '../base/fault.ts'
import type { ImportRequest } from '../gmail/gmail.ts'
import type { MessageRow, RowPatch } from '../journal/journal.ts'
import { type Bare, bareOf, barePatch } from '../message/evidence.ts'
import { readHeader } from '../message/header.ts'
import type { RawMessage } from '../message/message.ts'
import type { Listed } from '../source/source.ts'
import { noteSuccess } from './breaker.ts'
import { countDeferred, eventOf, gmailMaxOctets, type PullContext, record } from './context.ts'
import type { LabelWishes } from './label-wishes.ts'
import { defer, setAside } from './set-aside.ts'

/** What another upload of the same octets ends with is waited for so long. */
const outcomePauseMs = 15_000

export class Carrier {
  readonly #context: PullContext
  readonly #requests: (row: MessageRow) => Promise<ImportRequest>
  readonly #wishes: LabelWishes
  /** Uploads that Gmail answered with an id. */
  accepted = 0
  /** Digest -> the upload of the same octets that is under way in this pull. */
  readonly #underWay = new Map<string, Promise<unknown>>()

  /** @param requests how a row is to be imported (labels of its folder, read or unread) */
  constructor(
    context: PullContext,
    requests: (row: MessageRow) => Promise<ImportRequest>,
    wishes: LabelWishes,
  ) {
    this.#context = context
    this.#requests = requests
    this.#wishes = wishes
  }

  /** Carries one row. Throws only faults that stop more than this message. */
  async carry(row: MessageRow, entry: Listed): Promise<void> {
    const { session, spooler, journal, signal } = this.#context
    const spool = spooler.take(gmailMaxOctets)
    let look: Promise<void> | undefined
    try {
      let short: Fault | undefined
      try {
        await session.retrieve(entry, spool, signal)
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'message.short') throw error
        short = error
      }
      const raw = await spool.seal()
      if (short !== undefined && !this.#secondReading(row, raw, short)) return
      await this.#deliver(row, raw, short !== undefined)
      look = this.#lookAt(row.id, raw)
    } catch (error) {
      setAside(this.#context, journal.row(row.id) ?? row, error, row)
    } finally {
      // A look goes on reading the octets for a bounded time; nothing waits for it.
      if (look === undefined) await spool.discard()
      else this.#runBeside(look.finally(() => spool.discard()))
    }
    journal.assertInPlace()
  }

  async #deliver(row: MessageRow, raw: RawMessage, short: boolean): Promise<void> {
    const { journal, mailbox, clock, count, proved, log } = this.#context
    const header = readHeader(await raw.header())
    const bare = await bareOf(raw)
    const facts = {
      octets: raw.octets,
      sha256: raw.sha256,
      ...barePatch(raw, bare),
      headerSha256: header.sha256,
      messageId: header.messageId,
      retrievedAtMs: clock.nowMs(),
      account: mailbox.account,
      renamed: false,
      short,
    }
    proved.add(row.id)
    log.retrieved({ ...eventOf(row), octets: raw.octets })
    if (header.pseudo && row.stage !== 'importing') {
      journal.move(row.id, 'ignored', facts)
      count.ignored += 1
      return
    }
    const request = await this.#requests(row)
    // One upload at a time of what Gmail may take for one message, so that the second finds what became of the first.
    const key = header.messageId ?? bare.sha256
    for (let other = this.#underWay.get(key); other !== undefined; other = this.#underWay.get(key)) {
      await other.catch(() => {})
    }
    const upload = this.#importOnce(row, raw, bare, facts, request)
    this.#underWay.set(key, upload)
    try {
      await upload
    } finally {
      this.#underWay.delete(key)
    }
  }

  /** From the checks to the durable intent nothing is awaited: another mailbox of the account may be at work. */
  async #importOnce(
    row: MessageRow,
    raw: RawMessage,
    bare: Bare,
    facts: RowPatch & { readonly messageId: string | undefined },
    request: ImportRequest,
  ): Promise<void> {
    const { journal, mailbox, count, log, steady, clock } = this.#context
    const twin = journal.importedWith(mailbox.account, raw.sha256, bare.sha256)
    if (twin !== undefined && twin.id !== row.id) {
      const importedSteadyMs = steady.readMs()
      journal.move(row.id, 'merged', { ...facts, ...untroubled, mergedInto: twin.id, importedSteadyMs })
      count.merged += 1
      log.merged({ ...eventOf(row), octets: raw.octets, into: twin.gmailId })
      return
    }
    const other = journal.importingWith(mailbox.account, raw.sha256, facts.messageId, bare.sha256)
    if (other !== undefined && other.id !== row.id && (row.stage !== 'importing' || other.id < row.id)) {
      // It may be in Gmail already: that outcome is resolved first. An unknown outcome of this row stays one.
      const stage = row.stage === 'importing' ? 'importing' : 'deferred'
      const reading = row.stage === 'importing' ? {} : facts
      journal.move(row.id, stage, { ...reading, notBeforeMs: clock.nowMs() + outcomePauseMs })
      countDeferred(count, row.id)
      return
    }
    // The same message may have been under way under another name, which is gone: then its outcome is this row's.
    const lost = journal.lostOutcome(mailbox.account, raw.sha256, bare.sha256)
    const inherit =
      lost === undefined ? [] : [{ id: lost.id, to: lost.stage, patch: { outcomeUnknown: false } }]
    if (lost !== undefined && facts.messageId === undefined && mailbox.whenOutcomeUnknown === 'ask') {
      const fault = new Fault('gmail.ask-owner', { facts: { id: row.id } })
      const patch = { ...facts, outcomeUnknown: true, fault: record(fault, clock.nowMs()), notBeforeMs: null }
      journal.moveAll([...inherit, { id: row.id, to: 'refused', patch }])
      count.refused += 1
      log.refused({ ...eventOf(row), fault })
      return
    }
    const repeats = row.outcomeUnknown || lost !== undefined
    if (repeats) {
      count.repeated += 1
      log.repeated(eventOf(row))
    }
    const intent = {
      ...facts,
      outcomeUnknown: true,
      repeated: row.repeated + (repeats ? 1 : 0),
      lookUps: 0,
      importingAtMs: clock.nowMs(),
    }
    journal.moveAll([...inherit, { id: row.id, to: 'importing', patch: intent }])
    await this.#import(row, raw, request, 1)
  }

  async #import(row: MessageRow, raw: RawMessage, request: ImportRequest, tries: number): Promise<void> {
    const { gmail, signal } = this.#context
    let answer: { readonly id: string; readonly sentSha256: string }
    try {
      answer = await gmail.import(raw, request, signal)
    } catch (error) {
      // Labels may have been deleted or renamed in Gmail: they were forgotten, so they are read anew.
      if (tries === 1 && error instanceof Fault && error.retry === 'now' && error.scope === 'message') {
        return this.#import(row, raw, await this.#requests(row), tries + 1)
      }
      if (tries > 1 && error instanceof Fault && error.code === 'gmail.label') {
        const without = this.#wishes.takeOff(request, error, tries > 2)
        if (without !== undefined) return this.#import(row, raw, without, tries + 1)
      }
      if (error instanceof Fault && this.#mayInsert(error, request)) return this.#insert(row, raw, request)
      throw error
    }
    this.#imported(row, raw, answer)
    this.#wishes.imported(request)
  }

  #mayInsert(fault: Fault, request: ImportRequest): boolean {
    const { mailbox } = this.#context
    return (
      fault.code === 'gmail.message-refused' &&
      mailbox.whenRefused === 'insert' &&
      request.method === 'import'
    )
  }

  /** The owner allowed messages.insert for what import refuses; it does not de-duplicate, so it is tried once. */
  async #insert(row: MessageRow, raw: RawMessage, request: ImportRequest): Promise<void> {
    const { gmail, signal } = this.#context
    this.#imported(row, raw, await gmail.import(raw, { ...request, method: 'insert' }, signal))
  }

  #imported(
    row: MessageRow,
    raw: RawMessage,
    answer: { readonly id: string; readonly sentSha256: string },
  ): void {
    const { journal, mailbox, clock, count, log, steady, authenticate } = this.#context
    if (answer.sentSha256 !== raw.sha256) {
      throw new Fault('bug', {
        facts: { what: `message ${row.id}: the octets sent are not the octets retrieved` },
      })
    }
    const importedAtMs = clock.nowMs()
    // Gmail ignores a second import with the same Message-ID, also where the octets differ: then these octets are
    // nowhere but at the source, and the row says so (settle.ts leaves them there).
    const messageId = journal.row(row.id)?.messageId
    const namesake = messageId === undefined ? undefined : journal.namesake(answer.id, messageId, raw.sha256)
    journal.move(row.id, 'imported', {
      ...untroubled,
      gmailId: answer.id,
      importedAtMs,
      importedSteadyMs: steady.readMs(),
      mergedInto: namesake?.id,
      ...(authenticate === undefined ? {} : { verificationTriedAtMs: importedAtMs }),
    })
    this.accepted += 1
    noteSuccess(journal, mailbox.account, row.id)
    if (namesake !== undefined) {
      count.merged += 1
      log.merged({ ...eventOf(row), octets: raw.octets, into: answer.id })
      return
    }
    count.imported += 1
    count.octets += raw.octets
    log.imported({
      ...eventOf(row),
      account: mailbox.account,
      gmailId: answer.id,
      octets: raw.octets,
      ms: importedAtMs - (row.arrivedAtMs ?? row.listedAtMs),
    })
  }

  /**
   * A reading shorter than announced, though properly ended. It may be a cut message or a server that announces
   * wrong sizes: two equal readings in two sessions decide for the latter. True: go on.
   */
  #secondReading(row: MessageRow, raw: RawMessage, fault: Fault): boolean {
    const { clock } = this.#context
    if (row.sha256 === raw.sha256) return true
    const unknown = row.stage === 'importing'
    // What may be in Gmail already is found again by the digest of that time, so it is not replaced.
    const reading = unknown ? {} : { sha256: raw.sha256, octets: raw.octets }
    defer(this.#context, row, fault, { ...reading, notBeforeMs: clock.nowMs() + 1000 }, unknown)
    return false
  }

  /**
   * Looks at the authentication of what was imported just now; undefined where there is nothing to look at. It is on
   * the disk both that Gmail has the message and that this was tried, so nothing that it does to this process can
   * make either happen again. Never rejects: what is not learned here is shown as "not known", and never touches
   * the mail.
   */
  #lookAt(id: number, raw: RawMessage): Promise<void> | undefined {
    const { authenticate, mailbox, journal, signal } = this.#context
    const row = journal.row(id)
    if (authenticate === undefined || row?.verificationTriedAtMs === undefined) return undefined
    const look = async (): Promise<void> => {
      const authentication = await authenticate(raw, mailbox, signal)
      const now = journal.row(id)
      if (authentication !== undefined && now !== undefined) journal.move(id, now.stage, { authentication })
    }
    return look().catch(() => {})
  }

  #runBeside(work: Promise<void>): void {
    const { beside } = this.#context
    const guarded = work.finally(() => beside.delete(guarded))
    beside.add(guarded)
  }
}

const untroubled = {
  attempts: 0,
  firstFailedAtMs: null,
  notBeforeMs: null,
  fault: null,
  lookUps: 0,
  outcomeUnknown: false,
} as const
