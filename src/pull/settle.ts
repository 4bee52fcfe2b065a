/**
 * What the owner chose for the source once the import is durable: keep, delete (at once or after a time), move.
 *
 * Invariants: only imported or merged rows are settled; only those whose identity is beyond doubt in this
 * session; never one whose every reading was shorter than announced, or whose octets Gmail did not keep; and "done" is said by a later listing only
 * (settled.ts), since a server may answer +OK and delete nothing. No fault of settling costs a mail: it is told as one
 * of the wish (wish.ts), and the pull is as good as it was.
 */

import { Fault } from '../base/fault.ts'
import type { AfterImport } from '../config/config.ts'
import type { MessageRow, Move } from '../journal/journal.ts'
import { bareOf, isOfBefore, isSameBare } from '../message/evidence.ts'
import { readHeader } from '../message/header.ts'
import type { Listed, SettleAction } from '../source/source.ts'
import {
  eventOf,
  gmailMaxOctets,
  nameAt,
  type PullContext,
  type PullPorts,
  type RowPlaces,
} from './context.ts'
import { makeCopyBook } from './copy-book.ts'
import { keyOfEntry } from './poison.ts'
import { settleKept } from './settled.ts'
import {
  asWishFault,
  endOtherWishes,
  endWait,
  isSettledIn,
  LeftThere,
  mayTry,
  nameOf,
  openWish,
  putOff,
} from './wish.ts'

/** Asked this often and still there: the owner is told, and it is asked again only now and then. */
const asksBeforeTold = 2
const asksHourly = 6
const askAgainMs = 3600_000
const askAgainMostMs = 24 * 3600_000

/** What this session showed. */
export interface Seen {
  readonly at: RowPlaces
  /** Rows whose octets were read. */
  readonly proved: ReadonlySet<number>
  /** Evidence had to be asked for: then only messages that were read are settled. */
  readonly inDoubt: boolean
}

/**
 * Throws what is wider than the mailbox, and an abort.
 * @param faults takes what stood in the wish's way
 */
export async function settleImported(context: PullContext, seen: Seen, faults: Fault[]): Promise<void> {
  const { mailbox, session, steady } = context
  const policy = mailbox.afterImport
  const settledAs = nameOf(policy)
  await endOtherWishes(context, settledAs)
  if (policy.do === 'keep') {
    await steady.goOn()
    return await settleKept(context)
  }
  const steadyMs = await steady.readMs()
  const due: Due[] = []
  const left = new LeftThere()
  /** Folder -> messages that stand there though their deletion was asked for often enough. */
  const stubborn = new Map<string, number>()
  for (const row of await unsettledNow(context)) {
    const entry = seen.at.get(row.id)
    if (entry === undefined) continue
    const isHeld = await isHeldByGmail(context, row)
    if (row.short || !isHeld) {
      left.add(entry.folder, isHeld ? 'short' : 'others')
      continue
    }
    if (row.settleAsks >= asksBeforeTold) stubborn.set(entry.folder, 1 + (stubborn.get(entry.folder) ?? 0))
    if (isSettleDue(context, policy, row, seen, steadyMs)) due.push({ row, entry })
  }
  await warnOfReadOnly(context, stubborn)
  await left.tell(context, faults)
  const folders = new Set(due.map(({ entry }) => entry.folder))
  for (const folder of folders) {
    const own = due.filter(({ entry }) => entry.folder === folder)
    try {
      await settleFolder(context, policy, own, seen.proved, faults)
    } catch (error) {
      if (!(error instanceof Fault) || error.scope === 'everything') throw error
      await tellWish(context, folder, error, faults)
    }
    // What a session had marked for deletion is not committed when it ends (RFC 1939 section 6).
    if (!session.usable) return
  }
}

/** What stands at the source and is old enough to be settled as the owner wishes, wherever it stands. */
export async function unsettledNow({ journal, mailbox, clock }: PullPorts): Promise<readonly MessageRow[]> {
  const policy = mailbox.afterImport
  const now = clock.nowMs()
  const importedByMs = policy.do === 'delete' ? now - policy.afterMs : Number.MAX_SAFE_INTEGER
  const rows = await journal.unsettled(mailbox.name, nameOf(policy), importedByMs, now)
  return rows.filter(({ folder }) => isSettledIn(mailbox, folder))
}

/** The wish failed in this folder: told, and put off. */
export async function tellWish(
  context: PullContext,
  folder: string,
  thrown: Fault,
  faults: Fault[],
): Promise<void> {
  const fault = asWishFault(thrown)
  faults.push(fault)
  context.log.fault(fault, { mailbox: context.mailbox.name })
  await openWish(context, folder, fault)
  await putOff(context, folder, fault)
}

interface Due {
  readonly row: MessageRow
  readonly entry: Listed
}

/** Throws what keeps the whole folder from being settled. */
async function settleFolder(
  context: PullContext,
  policy: Exclude<AfterImport, { do: 'keep' }>,
  due: readonly Due[],
  proved: Seen['proved'],
  faults: Fault[],
): Promise<void> {
  const { journal, mailbox, clock, session, signal, count, log } = context
  const [folder = ''] = due.map(({ entry }) => entry.folder)
  const inTheWay = cannotAtAll(context, policy, due)
  if (inTheWay !== undefined) {
    // Nothing was asked, so nothing needs to wait: what the server announces is seen in every session.
    faults.push(inTheWay)
    log.fault(inTheWay, { mailbox: mailbox.name })
    await openWish(context, folder, inTheWay)
    return
  }
  if (!(await mayTry(context, folder))) return
  // What was refused before waits until nothing else is to be done: it may end the session once more.
  const calm = due.filter(({ row }) => row.settleAsks < asksBeforeTold)
  const certain: Due[] = []
  const refused: { readonly row: MessageRow; readonly fault: Fault }[] = []
  for (const each of calm.length > 0 ? calm : due) {
    const answer = await isCertain(context, proved, each.row, each.entry)
    if (answer === true) certain.push(each)
    else if (answer !== false) refused.push({ row: each.row, fault: answer })
  }
  const atMs = clock.nowMs()
  await journal.moveAll(
    certain.map(({ row }) => ({
      id: row.id,
      to: row.stage,
      patch: { settleAskedAtMs: atMs, settleAsks: row.settleAsks + 1 },
    })),
  )
  const byEntry = new Map(certain.map(each => [each.entry, each.row]))
  const copies = makeCopyBook(context, byEntry)
  try {
    const entries = [...byEntry.keys()]
    const action: SettleAction =
      policy.do === 'move' ? { do: 'move', folder: policy.folder, copies } : { do: 'delete' }
    if (entries.length > 0) {
      for (const { entry, fault } of await session.settle(entries, action, signal)) {
        const row = byEntry.get(entry)
        if (row !== undefined) refused.push({ row, fault })
      }
    }
  } catch (error) {
    // The folder was not reached or let nothing be done: that must not count as a server that deletes nothing.
    if (session.usable) await unask(context, certain)
    throw error
  }
  await journal.moveAll(refused.map(({ row }) => setBack(row, atMs)))
  count.settleAsked += certain.length
  for (const { row } of certain)
    log.say('debug', 'settleAsked', `#${row.id} ${nameOf(policy)}`, { ...eventOf(row) })
  await endWait(context, folder)
  const [first] = refused
  if (first === undefined) return
  // Others went: this concerns single messages, which wait by themselves.
  const { facts } = asWishFault(first.fault)
  const fault = new Fault('source.settle-failed', { facts: { ...facts, messages: refused.length } })
  faults.push(fault)
  log.fault(fault, { mailbox: mailbox.name })
  await openWish(context, folder, fault)
}

/** What is known to be impossible without asking the server. */
function cannotAtAll(context: PullContext, policy: AfterImport, due: readonly Due[]): Fault | undefined {
  const { abilities } = context.session
  if (!abilities.canDelete && policy.do === 'delete') return new Fault('source.cannot-settle')
  // A UID without a UIDVALIDITY may name another message by the time it is deleted (RFC 9051 section 2.3.1.1).
  const isSafe = !abilities.namesLast || due.every(({ entry }) => entry.uid !== undefined)
  return isSafe ? undefined : new Fault('source.cannot-settle', { facts: { reason: 'no UIDVALIDITY' } })
}

/** A message that was refused by itself counts as asked for often enough: it waits for hours, and longer each time. */
function setBack(row: MessageRow, atMs: number): Move {
  const settleAsks = Math.max(row.settleAsks + 1, asksBeforeTold)
  return { id: row.id, to: row.stage, patch: { settleAskedAtMs: atMs, settleAsks } }
}

async function unask({ journal }: PullContext, due: readonly Due[]): Promise<void> {
  await journal.moveAll(
    due.map(({ row }) => ({
      id: row.id,
      to: row.stage,
      patch: { settleAskedAtMs: row.settleAskedAtMs ?? null, settleAsks: row.settleAsks },
    })),
  )
}

function isSettleDue(
  { clock }: Pick<PullContext, 'clock'>,
  policy: AfterImport,
  row: MessageRow,
  { proved, inDoubt }: Seen,
  steadyMs: number,
): boolean {
  if (inDoubt && !proved.has(row.id)) return false
  const now = clock.nowMs()
  const sinceAskedMs = now - (row.settleAskedAtMs ?? 0)
  // Negative: the clock was set back, and there is no telling how long ago it was.
  const hourly = Math.max(0, row.settleAsks - asksHourly)
  const pauseMs = Math.min(askAgainMostMs, askAgainMs * 2 ** Math.min(hourly, 10))
  if (row.settleAsks >= asksBeforeTold && sinceAskedMs >= 0 && sinceAskedMs < pauseMs) return false
  if (policy.do !== 'delete' || policy.afterMs === 0) return true
  // Both clocks must agree: the wall clock may have jumped, the steady one errs on the late side. An import that
  // lies in the future was stamped by a wrong wall clock, which then says nothing.
  const wallMs = now - (row.importedAtMs ?? row.retrievedAtMs ?? now)
  const bySteadyMs = steadyMs - (row.importedSteadyMs ?? steadyMs)
  return (wallMs < 0 || wallMs >= policy.afterMs) && bySteadyMs >= policy.afterMs
}

/**
 * False for a message that Gmail took for a copy of another one because of its Message-ID, though the octets
 * differ: the source may have the only copy of these.
 */
async function isHeldByGmail(context: PullContext, row: MessageRow): Promise<boolean> {
  const copy = row.mergedInto === undefined ? row : await context.journal.row(row.mergedInto)
  return copy !== undefined && (copy.sha256 === row.sha256 || isSameBare(copy, row.bareSha256 ?? row.sha256))
}

/**
 * What was read in this session is certain, and so is an IMAP UID, which is never given twice (RFC 9051 section
 * 2.3.1.1). A UIDL may be, whatever RFC 1939 says, and a name may have changed since: such a message is read once
 * more, and where its octets are not the imported ones the row gives up its name, so that the next pull sees a new
 * message. A fault of the message alone is given back.
 */
async function isCertain(
  context: PullContext,
  proved: Seen['proved'],
  row: MessageRow,
  entry: Listed,
): Promise<boolean | Fault> {
  const { session, spooler, signal, journal, mailbox, clock, generation, lost, underWay } = context
  if (proved.has(row.id)) return true
  if (session.abilities.namesLast && row.uid !== undefined && !row.renamed) return true
  // The process may have ended at it before (under-way.ts): for now it stays where it is.
  if (underWay.isLeft(keyOfEntry(context, entry), clock.nowMs())) return false
  if (lost.messages.has(nameAt(entry))) return false
  const spool = spooler.take(gmailMaxOctets)
  try {
    const raw = await underWay.guard(
      keyOfEntry(context, entry),
      () => [],
      async () => {
        await session.retrieve(entry, spool, signal)
        return spool.seal()
      },
      { endsAtMost: Infinity, clears: true },
    )
    if (raw === undefined) return false
    if (raw.sha256 === row.sha256 || isSameBare(row, (await bareOf(raw)).sha256)) return true
    // Not proved, and not another message either.
    if (isOfBefore(row, readHeader(await raw.header()), raw.octets)) return false
  } catch (error) {
    if (!session.usable) {
      lost.messages.add(nameAt(entry))
      if (error instanceof Fault) await journal.moveAll([setBack(row, clock.nowMs())])
    } else if (error instanceof Fault && error.scope === 'message')
      return error.code === 'message.gone' ? false : error
    throw error
  } finally {
    await spool.discard()
  }
  const nothing = { returned: [], renamed: [], vanished: [], added: [], started: false }
  const { folder } = row
  const atMs = clock.nowMs()
  await journal.recordFolder({
    mailbox: mailbox.name,
    folder,
    atMs,
    generation,
    unnamed: [row.id],
    ...nothing,
  })
  return false
}

/** A server that says it deletes and does not; closed by a listing that shows it done (journal). */
async function warnOfReadOnly(context: PullContext, stubborn: ReadonlyMap<string, number>): Promise<void> {
  const { journal, mailbox } = context
  for (const [folder, messages] of stubborn) {
    // Between two askings nothing new is known of it; what the server said is told already.
    const open = await journal.troubles.find({ scope: 'wish', name: mailbox.name, subject: folder })
    if (open !== undefined && open.code !== 'source.left-there') continue
    const fault = new Fault('source.read-only', { facts: { messages } })
    if (await openWish(context, folder, fault)) context.log.fault(fault, { mailbox: mailbox.name })
  }
}
