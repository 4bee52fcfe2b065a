/**
 * One retrieved message into Gmail: record the intent, import, record the answer. It needs Gmail and the journal, and no
 * session at the source, so it may go on after the pull that retrieved the message.
 *
 * Invariants: `importing` is durable before an upload begins; only an answer with an id makes `imported`; whatever
 * else happens the message stays at the source and the row says why and until when.
 */

import { Fault } from '../base/fault.ts'
import type { RuleWish } from '../base/rule-wish.ts'
import type { ImportAnswer, ImportRequest } from '../gmail/gmail.ts'
import type { MessageRow } from '../journal/journal.ts'
import type { Bare } from '../message/evidence.ts'
import type { RawMessage } from '../message/message.ts'
import { findOutcome } from '../rules/outcome.ts'
import { noteSuccess } from './breaker.ts'
import { eventOf, type PullPorts } from './context.ts'
import { countDeferred, countImported, countImportedElsewhere, type PullCount } from './count.ts'
import type { LabelWishes } from './label-wishes.ts'
import type { ReadFacts } from './read-facts.ts'

/** What another upload of the same octets ends with is waited for so long. */
const outcomePauseMs = 15_000

export interface UploadContext
  extends Pick<
    PullPorts,
    'journal' | 'mailbox' | 'gmail' | 'clock' | 'steady' | 'log' | 'random' | 'authenticate'
  > {
  readonly count: PullCount
  readonly wishes: LabelWishes
  readonly signal: AbortSignal
  /** It goes into another account than the mailbox's own. */
  readonly isElsewhere: boolean
}

/** A message whose octets are in the spool. */
export interface Retrieved {
  /** As it was before it was retrieved. */
  readonly row: MessageRow
  readonly raw: RawMessage
  readonly bare: Bare
  /** What the row is to know of these octets, recorded with whatever becomes of them. */
  readonly facts: ReadFacts['facts']
  /** What the owner's rules made of it; recorded with `facts`. */
  readonly wish: RuleWish | undefined
}

/**
 * @returns whether Gmail answered with an id; otherwise the row says why not
 * Throws Fault: what Gmail or this machine said; the caller sets the message aside.
 */
export async function uploadMessage(context: UploadContext, message: Retrieved): Promise<boolean> {
  const request = await requestFor(context, message.row, message.wish)
  if (!(await mayBegin(context, message))) return false
  const { answer, request: granted } = await importMessage(context, message, request, 1)
  await recordAnswer(context, message, answer)
  if (granted.method === 'import') await context.wishes.imported(granted, answer.missedLabels)
  return true
}

/** The labels of a message in Gmail, and whether it counts as read. */
export async function requestFor(
  { mailbox, signal, wishes }: Pick<UploadContext, 'mailbox' | 'signal' | 'wishes'>,
  row: MessageRow,
  wish: RuleWish | undefined,
): Promise<ImportRequest> {
  const { labels, ownLabels, neverMarkSpam } = findOutcome(mailbox, row, wish)
  const wished = await wishes.idsFor(labels)
  // What follows is an upload, which is not begun any more then.
  signal.throwIfAborted()
  return {
    labelIds: [...new Set([...wished, ...ownLabels])],
    internalDateSource: mailbox.internalDateSource,
    neverMarkSpam,
    processForCalendar: mailbox.processForCalendar,
    method: 'import',
    arrivedAtMs: row.arrivedAtMs,
  }
}

/** Whether it may begin is one decision of the journal: another mailbox of the account may be at work. */
async function mayBegin(context: UploadContext, { row, raw, bare, facts }: Retrieved): Promise<boolean> {
  const { journal, mailbox, count, log, steady, clock } = context
  const atMs = clock.nowMs()
  const question = { code: 'gmail.ask-owner', retry: 'owner', facts: { id: row.id } } as const
  const answer = await journal.claimImport({
    id: row.id,
    account: mailbox.account,
    sha256: raw.sha256,
    bareSha256: bare.sha256,
    messageId: facts.messageId,
    facts,
    atMs,
    waitUntilMs: atMs + outcomePauseMs,
    askOwner: mailbox.whenOutcomeUnknown === 'ask' ? { ...question, atMs } : undefined,
  })
  if (answer.kind !== 'begin') await journal.lasts()
  switch (answer.kind) {
    case 'twin': {
      const { id: mergedInto, gmailId } = answer.twin
      const importedSteadyMs = await steady.readMs()
      await journal.move(row.id, 'merged', { ...facts, ...noTrouble, mergedInto, importedSteadyMs })
      count.merged += 1
      log.merged({ ...eventOf(row), octets: raw.octets, into: gmailId })
      return false
    }
    case 'wait':
      countDeferred(count, row.id)
      return false
    case 'ask':
      count.refused += 1
      log.refused({ ...eventOf(row), fault: new Fault(question.code, { facts: question.facts }) })
      return false
    case 'begin':
      if (answer.repeats) {
        count.repeated += 1
        log.repeated(eventOf(row))
      }
      return true
  }
}

interface Granted {
  readonly answer: ImportAnswer
  /** The request that Gmail said yes to. */
  readonly request: ImportRequest
}

async function importMessage(
  context: UploadContext,
  message: Retrieved,
  request: ImportRequest,
  tries: number,
): Promise<Granted> {
  const { gmail, signal, wishes, journal } = context
  // The disk is at work on it while the way to Gmail is made ready.
  const intent = journal.lasts()
  intent.catch(() => {})
  try {
    return { answer: await gmail.import(message.raw, { ...request, intent }, signal), request }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // Labels may have been deleted or renamed in Gmail: they were forgotten, so they are read anew.
    if (tries === 1 && error.retry === 'now' && error.scope === 'message')
      return importMessage(context, message, await requestFor(context, message.row, message.wish), tries + 1)
    if (tries > 1 && error.code === 'gmail.label') {
      const without = wishes.takeOff(request, error, tries > 2)
      if (without !== undefined) return importMessage(context, message, without, tries + 1)
    }
    if (!mayInsert(context, error, request)) throw error
    // The owner allowed messages.insert for what import refuses; it does not de-duplicate, so it is tried once.
    const insert = { ...request, method: 'insert' } as const
    return { answer: await gmail.import(message.raw, insert, signal), request: insert }
  }
}

function mayInsert({ mailbox }: UploadContext, fault: Fault, { method }: ImportRequest): boolean {
  return fault.code === 'gmail.message-refused' && mailbox.whenRefused === 'insert' && method === 'import'
}

async function recordAnswer(
  context: UploadContext,
  { row, raw }: Retrieved,
  answer: ImportAnswer,
): Promise<void> {
  const { journal, mailbox, clock, count, log, steady, authenticate } = context
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
      ...noTrouble,
      importedAtMs,
      importedSteadyMs: await steady.readMs(),
      ...(authenticate === undefined ? {} : { verificationTriedAtMs: importedAtMs }),
    },
  })
  await noteSuccess(journal, mailbox.account, row.id)
  if (namesake !== undefined) {
    count.merged += 1
    log.merged({ ...eventOf(row), octets: raw.octets, into: answer.id })
    return
  }
  if (context.isElsewhere) countImportedElsewhere(count)
  else countImported(count, importedAtMs)
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
 * Looks at the authentication of what was imported just now; undefined where there is nothing to look at. It is on
 * the disk both that Gmail has the message and that this was tried, so nothing that it does to this process can
 * make either happen again. Never rejects: what is not learned here is shown as "not known", and never touches
 * the mail.
 */
export async function verifyMessage(
  { authenticate, mailbox, journal, signal }: UploadContext,
  { row: { id }, raw }: Retrieved,
): Promise<{ readonly done: Promise<void> } | undefined> {
  const row = await journal.row(id)
  if (authenticate === undefined || row?.verificationTriedAtMs === undefined) return undefined
  const verify = async (): Promise<void> => {
    const authentication = await authenticate(raw, mailbox, signal)
    if (authentication === undefined) return
    // A pull may settle it between the look and the record: then it is looked at again.
    for (let isRecorded = false; !isRecorded; ) {
      const stage = (await journal.row(id))?.stage
      if (stage === undefined) return
      const record = { id, from: stage, to: stage, patch: { authentication } }
      isRecorded = (await journal.moveAll([record])).length > 0
    }
  }
  return { done: verify().catch(() => {}) }
}

const noTrouble = {
  attempts: 0,
  firstFailedAtMs: null,
  notBeforeMs: null,
  fault: null,
  lookUps: 0,
  outcomeUnknown: false,
} as const
