/**
 * What a pull would do, without a single write: neither at the source nor in Gmail nor in the journal, of which there
 * need not be one.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { TakenRule } from '../base/rule-wish.ts'
import type { MailboxConfig } from '../config/config.ts'
import { carried, type Journal, type MessageRow } from '../journal/journal.ts'
import { readHeader } from '../message/header.ts'
import { bookOf } from '../pull/rule-wishes.ts'
import { isSettledIn, nameOf } from '../pull/wish.ts'
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
  /** Of these, to be imported: unknown to the journal, or left by an earlier START_FROM and not by the present one. */
  readonly fresh: number
  /** Of `fresh`, those that an earlier START_FROM left. */
  readonly takenBack: number
  /** Of `fresh`, at most so many that may prove known as they are retrieved: the journal misses as many in this listing. */
  readonly mayBeKnown: number
  /** Announced size of those, octets; undefined where the source announces none. */
  readonly octets: number | undefined
  /** Unknown to the journal, and left where they are by START_FROM. */
  readonly left: number
  /** Known, and not in Gmail yet: they wait for their time. */
  readonly waiting: number
  /** Unknown to the journal, and left where they are by a rule of the owner's. */
  readonly leftByRule: number
  /** Which rules take how many of `fresh` and `leftByRule`; those that none takes stand in no line. */
  readonly rules: readonly RuleShare[]
  /** Of `fresh`, those whose header was not asked for, since they are many: which rule takes them is not known. */
  readonly notAsked: number
  /** In Gmail, and to be deleted or moved at the source as AFTER_IMPORT has it. */
  readonly toSettle: number
}

export interface RuleShare {
  readonly rules: readonly TakenRule[]
  readonly import: boolean
  /** The Gmail account that they go to. */
  readonly account: string
  readonly messages: number
}

/** So many headers are asked for: each is a question to the source. */
const mostHeaders = 500

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
  let [listed, fresh, takenBack, left, waiting, toSettle, missed] = [0, 0, 0, 0, 0, 0, 0]
  let octets: number | undefined = 0
  const due = new Set(await idsToSettle(ports))
  const shares = new RuleShares(mailbox, session, signal)
  const countFresh = async (entry: Listed): Promise<void> => {
    if (await shares.areLeft(entry)) return
    fresh += 1
    octets = octets === undefined || entry.octets === undefined ? undefined : octets + entry.octets
  }
  for (const folder of session.folders) {
    const standing = (await journal?.standing(mailbox.name, folder)) ?? []
    const names = new Set(standing.map(({ uid }) => uid))
    const { entries } = await session.list(folder, uid => names.has(uid), signal)
    const shown = new Set<number>()
    listed += entries.length
    for (const entry of entries) {
      const row = entry.uid === undefined ? undefined : await journal?.byUid(mailbox.name, folder, entry.uid)
      if (row === undefined) {
        if (await isLeft(entry, session, ports, clock.nowMs(), signal)) left += 1
        else await countFresh(entry)
        continue
      }
      shown.add(row.id)
      if (carried.includes(row.stage)) waiting += 1
      if (due.has(row.id)) toSettle += 1
      if (row.stage === 'baseline' && (await isTakenBack(row, entry, session, ports, signal))) {
        takenBack += 1
        await countFresh(entry)
      }
    }
    missed += standing.filter(({ id }) => !shown.has(id)).length
  }
  for (const folder of (await journal?.foldersOf(mailbox.name)) ?? [])
    if (!session.folders.includes(folder))
      missed += (await journal?.standing(mailbox.name, folder))?.length ?? 0
  const mayBeKnown = Math.min(fresh - takenBack, missed)
  return { listed, fresh, takenBack, mayBeKnown, octets, left, waiting, toSettle, ...shares.result }
}

/** What the owner's rules would make of new mail. */
class RuleShares {
  readonly #mailbox: MailboxConfig
  readonly #session: SourceSession
  readonly #signal: AbortSignal
  readonly #shares = new Map<string, RuleShare>()
  #headers = 0
  #notAsked = 0
  #left = 0

  constructor(mailbox: MailboxConfig, session: SourceSession, signal: AbortSignal) {
    this.#mailbox = mailbox
    this.#session = session
    this.#signal = signal
  }

  get result(): Pick<DryRunResult, 'leftByRule' | 'rules' | 'notAsked'> {
    const rules = [...this.#shares.values()].sort(
      (one, two) => (one.rules[0]?.place ?? 0) - (two.rules[0]?.place ?? 0),
    )
    return { leftByRule: this.#left, rules, notAsked: this.#notAsked }
  }

  /** Counts the message, and says whether it stays at the source. */
  async areLeft(entry: Listed): Promise<boolean> {
    const book = bookOf(this.#mailbox)
    if (book.isEmpty) return false
    const { folder, octets, seen, flags } = entry
    const facts = { folder, octets, seen, flags }
    let decision = book.decideEarly(facts)
    if (decision === undefined) {
      const header = await this.#headerOf(entry)
      if (header === undefined) {
        this.#notAsked += 1
        return false
      }
      decision = book.decide(facts, header)
    }
    const { wish, isLeft } = decision
    if (wish === undefined) return false
    const share = { rules: wish.rules, import: !isLeft, account: wish.account ?? this.#mailbox.account }
    const key = JSON.stringify(share)
    this.#shares.set(key, { ...share, messages: (this.#shares.get(key)?.messages ?? 0) + 1 })
    if (isLeft) this.#left += 1
    return isLeft
  }

  async #headerOf(entry: Listed): Promise<Buffer | undefined> {
    this.#headers += 1
    return this.#headers > mostHeaders ? undefined : peekHeader(entry, this.#session, this.#signal)
  }
}

async function idsToSettle({ journal, mailbox, clock }: DryRunPorts): Promise<number[]> {
  const policy = mailbox.afterImport
  if (policy.do === 'keep' || journal === undefined) return []
  const nowMs = clock.nowMs()
  const importedByMs = policy.do === 'delete' ? nowMs - policy.afterMs : Number.MAX_SAFE_INTEGER
  const rows = await journal.unsettled(mailbox.name, nameOf(policy), importedByMs, nowMs)
  const due = rows.filter(
    row => !row.short && row.mergedInto === undefined && isSettledIn(mailbox, row.folder),
  )
  return due.map(row => row.id)
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
  if (startFrom.from === 'date')
    return ((await arrivedAtMs(entry, session, signal)) ?? Infinity) < startFrom.atMs
  const state = await journal?.mailbox(mailbox.name)
  if (state?.startedFolders.includes(entry.folder)) return false
  // The very first pull leaves all that stands there now.
  if ((state?.generation ?? 0) === 0) return (entry.arrivedAtMs ?? 0) < nowMs
  return ((await arrivedAtMs(entry, session, signal)) ?? Infinity) < (state?.firstPullAtMs ?? 0)
}

/** What an earlier START_FROM left, as take-back.ts judges it. */
async function isTakenBack(
  row: MessageRow,
  entry: Listed,
  session: SourceSession,
  { mailbox: { startFrom } }: DryRunPorts,
  signal: AbortSignal,
): Promise<boolean> {
  if (startFrom.from !== 'date') return startFrom.from === 'all'
  const atMs = row.arrivedAtMs ?? (await arrivedAtMs(entry, session, signal))
  return (atMs ?? Infinity) >= startFrom.atMs
}

async function arrivedAtMs(
  entry: Listed,
  session: SourceSession,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (entry.arrivedAtMs !== undefined) return entry.arrivedAtMs
  const header = await peekHeader(entry, session, signal)
  return header === undefined ? undefined : readHeader(header).arrivedAtMs
}

const peekHeader = (
  entry: Listed,
  session: SourceSession,
  signal: AbortSignal,
): Promise<Buffer | undefined> =>
  session.peekHeader(entry, signal).catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.scope === 'message' && session.usable) return undefined
    throw thrown
  })
