/**
 * What the owner chose for the source once the import is durable: keep, delete (at once or after a time), move.
 *
 * Invariants: only imported or merged rows are settled; only those whose identity is beyond doubt in this
 * session; never one whose every reading was shorter than announced, or whose octets Gmail did not keep; and "done" is said by a later listing only
 * (identify.ts), since a server may answer +OK and delete nothing.
 */
import type { AfterImport } from './config/config.ts'
import { bareOf, isOfBefore, isSameBare } from './evidence.ts'
import { asFault, Fault, type FaultCode } from './fault.ts'
import { readHeader } from './header.ts'
import type { MessageRow } from './journal/journal.ts'
import { keyOfEntry } from './poison.ts'
import { eventOf, gmailMaxOctets, nameAt, type PullContext, record } from './pull-context.ts'
import type { Listed } from './source/source.ts'

/** Asked this often and still there: the owner is told, and it is asked again only now and then. */
const asksBeforeTold = 2
const askAgainMs = 3600_000

/** What stops the settling of one folder and neither the import nor another folder. */
const ofFolder: readonly FaultCode[] = ['source.read-only', 'source.cannot-settle', 'source.identity-unsafe']

/**
 * Throws what is wider than a folder.
 * @param inDoubt evidence had to be asked for in this pull: then only messages read in this session are settled
 * @param faults takes the faults of single folders
 */
export async function settle(context: PullContext, inDoubt: boolean, faults: Fault[]): Promise<void> {
  const { journal, mailbox, clock, session, count, steady, log } = context
  // Read in each pull: between two readings in different processes it advances by a day at most.
  const steadyMs = steady.readMs()
  const policy = mailbox.afterImport
  const settledAs = nameOf(policy)
  endOtherWishes(context, settledAs)
  if (policy.do === 'keep') {
    const rows = journal.inStages(mailbox.name, ['imported', 'merged'])
    const atMs = clock.nowMs()
    journal.moveAll(rows.map(row => ({ id: row.id, to: 'settled', patch: { settledAtMs: atMs, settledAs } })))
    count.settled += rows.length
    return
  }
  const due: Due[] = []
  /** Folder -> messages that stand there though their deletion was asked for often enough. */
  const stubborn = new Map<string, number>()
  const importedByMs = policy.do === 'delete' ? clock.nowMs() - policy.afterMs : Number.MAX_SAFE_INTEGER
  for (const row of journal.unsettled(mailbox.name, settledAs, importedByMs, clock.nowMs())) {
    const entry = context.at.get(row.id)
    if (entry === undefined || row.short || !isHeldByGmail(context, row)) continue
    if (row.settleAsks >= asksBeforeTold) stubborn.set(entry.folder, 1 + (stubborn.get(entry.folder) ?? 0))
    if (isDue(context, policy, row, inDoubt, steadyMs)) due.push({ row, entry })
  }
  warnOfReadOnly(context, stubborn)
  if (due.length === 0) return
  const tell = (fault: Fault, folders: Iterable<string>): void => {
    faults.push(fault)
    log.fault(fault, { mailbox: mailbox.name })
    for (const folder of folders) openWish(context, folder, fault)
  }
  const folders = new Set(due.map(({ entry }) => entry.folder))
  if (!session.abilities.canDelete && policy.do === 'delete')
    return tell(new Fault('source.cannot-settle'), folders)
  // A UID without a UIDVALIDITY may name another message by the time it is deleted (RFC 9051 section 2.3.1.1).
  const reachable = due.filter(
    ({ entry }) => session.abilities.protocol === 'pop3' || entry.uid !== undefined,
  )
  if (reachable.length === 0)
    return tell(new Fault('source.cannot-settle', { facts: { reason: 'no UIDVALIDITY' } }), folders)
  for (const folder of new Set(reachable.map(({ entry }) => entry.folder))) {
    try {
      const own = reachable.filter(({ entry }) => entry.folder === folder)
      await settleFolder(context, policy, own)
    } catch (error) {
      const fault = asFault(error)
      const isRefusal = session.usable && fault.scope === 'mailbox' && fault.facts.folder === folder
      if (!ofFolder.includes(fault.code) && !isRefusal) throw error
      tell(fault, [folder])
    }
  }
}

interface Due {
  readonly row: MessageRow
  readonly entry: Listed
}

async function settleFolder(
  context: PullContext,
  policy: Exclude<AfterImport, { do: 'keep' }>,
  due: readonly Due[],
): Promise<void> {
  const { journal, clock, session, signal, count, log } = context
  const certain: Due[] = []
  for (const one of due) if (await isCertain(context, one.row, one.entry)) certain.push(one)
  if (certain.length === 0) return
  const atMs = clock.nowMs()
  journal.moveAll(
    certain.map(({ row }) => ({
      id: row.id,
      to: row.stage,
      patch: { settleAskedAtMs: atMs, settleAsks: row.settleAsks + 1 },
    })),
  )
  try {
    await session.settle(
      certain.map(({ entry }) => entry),
      policy.do === 'move' ? { do: 'move', folder: policy.folder } : { do: 'delete' },
      signal,
    )
  } catch (error) {
    // The folder was not reached, so nothing was asked: that must not count as a server that deletes nothing.
    const { code } = asFault(error)
    if (session.usable && code !== 'source.read-only' && code !== 'source.cannot-settle')
      unask(context, certain)
    throw error
  }
  count.settleAsked += certain.length
  for (const { row } of certain)
    log.say('debug', 'settleAsked', `#${row.id} ${nameOf(policy)}`, { ...eventOf(row) })
}

function unask({ journal }: PullContext, due: readonly Due[]): void {
  journal.moveAll(
    due.map(({ row }) => ({
      id: row.id,
      to: row.stage,
      patch: { settleAskedAtMs: row.settleAskedAtMs ?? null, settleAsks: row.settleAsks },
    })),
  )
}

/** 'keep', 'delete' or 'move:FOLDER', as `settledAs` has it. */
export function nameOf(policy: AfterImport): string {
  return policy.do === 'move' ? `move:${policy.folder}` : policy.do
}

function isDue(
  context: PullContext,
  policy: AfterImport,
  row: MessageRow,
  inDoubt: boolean,
  steadyMs: number,
): boolean {
  const { clock, proved } = context
  if (inDoubt && !proved.has(row.id)) return false
  const now = clock.nowMs()
  const sinceAskedMs = now - (row.settleAskedAtMs ?? 0)
  // Negative: the clock was set back, and there is no telling how long ago it was.
  if (row.settleAsks >= asksBeforeTold && sinceAskedMs >= 0 && sinceAskedMs < askAgainMs) return false
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
function isHeldByGmail(context: PullContext, row: MessageRow): boolean {
  const copy = row.mergedInto === undefined ? row : context.journal.row(row.mergedInto)
  return copy !== undefined && (copy.sha256 === row.sha256 || isSameBare(copy, row.bareSha256 ?? row.sha256))
}

/**
 * What was read in this session is certain, and so is an IMAP UID, which is never given twice (RFC 9051 section
 * 2.3.1.1). A UIDL may be, whatever RFC 1939 says, and a name may have changed since: such a message is read once
 * more, and where its octets are not the imported ones the row gives up its name, so that the next pull sees a new
 * message.
 */
async function isCertain(context: PullContext, row: MessageRow, entry: Listed): Promise<boolean> {
  const { session, spooler, signal, journal, mailbox, clock, generation, proved, lost, underWay } = context
  if (proved.has(row.id)) return true
  if (session.abilities.protocol === 'imap' && row.uid !== undefined && !row.renamed) return true
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
    if (!session.usable) lost.messages.add(nameAt(entry))
    else if (error instanceof Fault && error.scope === 'message') return false
    throw error
  } finally {
    await spool.discard()
  }
  const nothing = { returned: [], renamed: [], vanished: [], added: [], started: false }
  const { folder } = row
  const atMs = clock.nowMs()
  journal.recordFolder({ mailbox: mailbox.name, folder, atMs, generation, unnamed: [row.id], ...nothing })
  return false
}

/** A server that says it deletes and does not; closed by a listing that shows it done (journal). */
function warnOfReadOnly(context: PullContext, stubborn: ReadonlyMap<string, number>): void {
  const { journal, mailbox } = context
  for (const [folder, messages] of stubborn) {
    // Between two askings nothing new is known of it.
    const open = journal.troubles.find({ scope: 'wish', name: mailbox.name, subject: folder })
    if (open?.code === 'source.read-only') continue
    const fault = new Fault('source.read-only', { facts: { messages } })
    if (openWish(context, folder, fault)) context.log.fault(fault, { mailbox: mailbox.name })
  }
}

/** @returns true where the wish was not in trouble before */
export function openWish(context: PullContext, folder: string, fault: Fault): boolean {
  const { journal, mailbox, clock } = context
  const facts = { ...fault.facts, ...(folder === '' ? {} : { folder }), wish: nameOf(mailbox.afterImport) }
  const key = { scope: 'wish', name: mailbox.name, subject: folder } as const
  return journal.troubles.opened(key, { ...record(fault, clock.nowMs()), facts })
}

/** What the owner no longer wishes is no trouble any more. */
function endOtherWishes({ journal, mailbox, clock, session }: PullContext, wish: string): void {
  for (const subject of session.folders) {
    const key = { scope: 'wish', name: mailbox.name, subject } as const
    const open = journal.troubles.find(key)
    // One that an older journal recorded does not say what was wished for.
    if (open !== undefined && (open.facts.wish ?? wish) !== wish)
      journal.troubles.closed(key, 'configuration', clock.nowMs())
    else if (open !== undefined && wish === 'keep')
      journal.troubles.closed(key, 'configuration', clock.nowMs())
  }
}
