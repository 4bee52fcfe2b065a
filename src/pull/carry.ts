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
    let look: { readonly done: Promise<void> } | undefined
    try {
      let short: Fault | undefined
      try {
        await session.retrieve(entry, spool, signal)
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'message.short') throw error
        short = error
      }
      const raw = await spool.seal()
      if (short !== undefined && !(await this.#secondReading(row, raw, short))) return
      await this.#deliver(row, raw, short !== undefined)
      look = await this.#lookAt(row.id, raw)
    } catch (error) {
      await setAside(this.#context, (await journal.row(row.id)) ?? row, error, row)
    } finally {
      // A look goes on reading the octets for a bounded time; nothing waits for it.
      if (look === undefined) await spool.discard()
      else this.#runBeside(look.done.finally(() => spool.discard()))
    }
    await journal.assertInPlace()
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
      await journal.move(row.id, 'ignored', facts)
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

  /** Whether it may begin is one decision of the journal: another mailbox of the account may be at work. */
  async #importOnce(
    row: MessageRow,
    raw: RawMessage,
    bare: Bare,
    facts: RowPatch & { readonly messageId: string | undefined },
    request: ImportRequest,
  ): Promise<void> {
    const { journal, mailbox, count, log, steady, clock } = this.#context
    const atMs = clock.nowMs()
    const question = new Fault('gmail.ask-owner', { facts: { id: row.id } })
    const answer = await journal.claimImport({
      id: row.id,
      account: mailbox.account,
      sha256: raw.sha256,
      bareSha256: bare.sha256,
      messageId: facts.messageId,
      facts,
      atMs,
      waitUntilMs: atMs + outcomePauseMs,
      askOwner: mailbox.whenOutcomeUnknown === 'ask' ? record(question, atMs) : undefined,
    })
    switch (answer.kind) {
      case 'twin': {
        const { id: mergedInto, gmailId } = answer.twin
        const importedSteadyMs = await steady.readMs()
        await journal.move(row.id, 'merged', { ...facts, ...untroubled, mergedInto, importedSteadyMs })
        count.merged += 1
        log.merged({ ...eventOf(row), octets: raw.octets, into: gmailId })
        return
      }
      case 'wait':
        countDeferred(count, row.id)
        return
      case 'ask':
        count.refused += 1
        log.refused({ ...eventOf(row), fault: question })
        return
      case 'begin':
        if (answer.repeats) {
          count.repeated += 1
          log.repeated(eventOf(row))
        }
    }
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
    await this.#imported(row, raw, answer)
    await this.#wishes.imported(request)
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
    await this.#imported(row, raw, await gmail.import(raw, { ...request, method: 'insert' }, signal))
  }

  async #imported(
    row: MessageRow,
    raw: RawMessage,
    answer: { readonly id: string; readonly sentSha256: string },
  ): Promise<void> {
    const { journal, mailbox, clock, count, log, steady, authenticate } = this.#context
    if (answer.sentSha256 !== raw.sha256) {
      throw new Fault('bug', {
        facts: { what: `message ${row.id}: the octets sent are not the octets retrieved` },
      })
    }
    const importedAtMs = clock.nowMs()
    const namesake = await journal.recordImport({
      id: row.id,
      gmailId: answer.id,
      sha256: raw.sha256,
      patch: {
        ...untroubled,
        importedAtMs,
        importedSteadyMs: await steady.readMs(),
        ...(authenticate === undefined ? {} : { verificationTriedAtMs: importedAtMs }),
      },
    })
    this.accepted += 1
    await noteSuccess(journal, mailbox.account, row.id)
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
  async #secondReading(row: MessageRow, raw: RawMessage, fault: Fault): Promise<boolean> {
    const { clock } = this.#context
    if (row.sha256 === raw.sha256) return true
    const unknown = row.stage === 'importing'
    // What may be in Gmail already is found again by the digest of that time, so it is not replaced.
    const reading = unknown ? {} : { sha256: raw.sha256, octets: raw.octets }
    await defer(this.#context, row, fault, { ...reading, notBeforeMs: clock.nowMs() + 1000 }, unknown)
    return false
  }

  /**
   * Looks at the authentication of what was imported just now; undefined where there is nothing to look at. It is on
   * the disk both that Gmail has the message and that this was tried, so nothing that it does to this process can
   * make either happen again. Never rejects: what is not learned here is shown as "not known", and never touches
   * the mail.
   */
  async #lookAt(id: number, raw: RawMessage): Promise<{ readonly done: Promise<void> } | undefined> {
    const { authenticate, mailbox, journal, signal } = this.#context
    const row = await journal.row(id)
    if (authenticate === undefined || row?.verificationTriedAtMs === undefined) return undefined
    const look = async (): Promise<void> => {
      const authentication = await authenticate(raw, mailbox, signal)
      const now = await journal.row(id)
      if (authentication !== undefined && now !== undefined)
        await journal.move(id, now.stage, { authentication })
    }
    return { done: look().catch(() => {}) }
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
