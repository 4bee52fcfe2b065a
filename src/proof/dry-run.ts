/**
 * What a pull would do, without a single write: neither at the source nor in Gmail nor in the journal, of which there
 * need not be one.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { MailboxConfig } from '../config/config.ts'
import { carried, type Journal } from '../journal/journal.ts'
import { readHeader } from '../message/header.ts'
import { nameOf } from '../pull/wish.ts'
import type { Listed, Source, SourceSession } from '../source/source.ts'

export interface DryRunPorts {
  readonly mailbox: MailboxConfig
  readonly source: Source
  /** Undefined before the first pull. */
  readonly journal: Journal | undefined
  readonly clock: Clock
}

export interface DryRunResult {
  /** Messages at the source now. */
  readonly listed: number
  /** Of these, unknown to the journal, and to be imported. */
  readonly fresh: number
  /** Announced size of those, octets; undefined where the source announces none. */
  readonly octets: number | undefined
  /** Unknown to the journal, and left where they are by START_FROM. */
  readonly left: number
  /** Known, and not in Gmail yet: they wait for their time. */
  readonly waiting: number
  /** In Gmail, and to be deleted or moved at the source as AFTER_IMPORT has it. */
  readonly toSettle: number
}

/** Throws the faults of SourceSession.open and list. */
export async function dryRun(ports: DryRunPorts, signal: AbortSignal): Promise<DryRunResult> {
  const session = await ports.source.open(signal)
  try {
    const result = await look(session, ports, signal)
    await session.close()
    return result
  } finally {
    session.abandon()
  }
}

async function look(session: SourceSession, ports: DryRunPorts, signal: AbortSignal): Promise<DryRunResult> {
  const { journal, mailbox, clock } = ports
  let [listed, fresh, left, waiting, toSettle] = [0, 0, 0, 0, 0]
  let octets: number | undefined = 0
  const due = new Set(await idsToSettle(ports))
  for (const folder of session.folders) {
    const names = new Set((await journal?.standing(mailbox.name, folder))?.map(({ uid }) => uid))
    const { entries } = await session.list(folder, uid => names.has(uid), signal)
    listed += entries.length
    for (const entry of entries) {
      const row = entry.uid === undefined ? undefined : await journal?.byUid(mailbox.name, folder, entry.uid)
      if (row !== undefined) {
        if (carried.includes(row.stage)) waiting += 1
        if (due.has(row.id)) toSettle += 1
      } else if (await isLeft(entry, session, ports, clock.nowMs(), signal)) left += 1
      else {
        fresh += 1
        octets = octets === undefined || entry.octets === undefined ? undefined : octets + entry.octets
      }
    }
  }
  return { listed, fresh, octets, left, waiting, toSettle }
}

async function idsToSettle({ journal, mailbox, clock }: DryRunPorts): Promise<number[]> {
  const policy = mailbox.afterImport
  if (policy.do === 'keep' || journal === undefined) return []
  const nowMs = clock.nowMs()
  const importedByMs = policy.do === 'delete' ? nowMs - policy.afterMs : Number.MAX_SAFE_INTEGER
  const rows = await journal.unsettled(mailbox.name, nameOf(policy), importedByMs, nowMs)
  return rows.filter(row => !row.short && row.mergedInto === undefined).map(row => row.id)
}

/** START_FROM, as identify.ts applies it; what has no time of arrival is imported. */
async function isLeft(
  entry: Listed,
  session: SourceSession,
  { mailbox, journal }: DryRunPorts,
  nowMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { startFrom } = mailbox
  if (startFrom.from === 'all') return false
  const arrivedAtMs = async (): Promise<number | undefined> => {
    if (entry.arrivedAtMs !== undefined) return entry.arrivedAtMs
    const header = await session.peekHeader(entry, signal).catch((thrown: unknown) => {
      if (thrown instanceof Fault && thrown.scope === 'message' && session.usable) return undefined
      throw thrown
    })
    return header === undefined ? undefined : readHeader(header).arrivedAtMs
  }
  if (startFrom.from === 'date') return ((await arrivedAtMs()) ?? Infinity) < startFrom.atMs
  const state = await journal?.mailbox(mailbox.name)
  if (state?.startedFolders.includes(entry.folder)) return false
  // The very first pull leaves all that stands there now.
  if ((state?.generation ?? 0) === 0) return (entry.arrivedAtMs ?? 0) < nowMs
  return ((await arrivedAtMs()) ?? Infinity) < (state?.firstPullAtMs ?? 0)
}
