/** START_FROM: which messages were there before the owner's start, and are left where they are. */
import type { StandingRow } from '../journal/journal.ts'
import type { Listed, Listing } from '../source/source.ts'
import type { PullContext } from './context.ts'
import type { EntryEvidence } from './entry-evidence.ts'

export interface Start {
  /** It was there before. */
  readonly isBaseline: boolean
  /** Told by evidence only, so that nothing older is settled in this pull. */
  readonly inDoubt: boolean
}

const asStart = (isBaseline: boolean): Start => ({ isBaseline, inDoubt: false })
const imported = asStart(false)

/**
 * START_FROM=new draws its line at a folder's first listing. Where the first one is in doubt that waits for the next,
 * but for what came after the first pull; where the next is in doubt again each message's own date decides.
 */
export async function isHeldBack(
  { mailbox, journal }: Pick<PullContext, 'mailbox' | 'journal'>,
  { doubt, folder }: Listing,
  entry: Listed,
): Promise<boolean> {
  if (doubt === undefined || mailbox.startFrom.from !== 'new') return false
  const { startedFolders, firstPullAtMs = 0 } = await journal.mailbox(mailbox.name)
  if (startedFolders.includes(folder)) return false
  const key = { scope: 'folder', name: mailbox.name, subject: folder } as const
  if ((await journal.troubles.find(key))?.code === doubt.code) return false
  return (entry.arrivedAtMs ?? 0) < firstPullAtMs
}

/**
 * The clock of a mail server may be slow, and its dates have no parts of a second: where a first pull failed, what seems to
 * have come shortly before it may have come after it, ms.
 */
const mostClockErrorMs = 10 * 60_000

/**
 * START_FROM. 'new': what stood there at the folder's first listing; after a change of names, what arrived
 * before the first pull. A date: what arrived before it. Where the time of arrival cannot be learned the message is
 * imported: too much is better than too little.
 */
export async function findStart(
  { mailbox, journal, generation }: Pick<PullContext, 'mailbox' | 'journal' | 'generation'>,
  { doubt, folder }: Listing,
  entry: Listed,
  evidence: EntryEvidence,
  orphans: readonly Pick<StandingRow, 'stage'>[],
): Promise<Start> {
  const isBefore = async (atMs: number): Promise<boolean> =>
    ((await evidence.arrivedAtMs(entry)) ?? Infinity) < atMs
  const { startFrom } = mailbox
  if (startFrom.from === 'all') return imported
  if (startFrom.from === 'date') return asStart(await isBefore(startFrom.atMs))
  const state = await journal.mailbox(mailbox.name)
  const firstPullAtMs = state.firstPullAtMs ?? 0
  if (!state.startedFolders.includes(folder) && state.startedFolders.length === 0) {
    // The very first pull finds what was there before; a first one that failed has let new mail come meanwhile.
    if (generation === 1 && doubt === undefined) return asStart((entry.arrivedAtMs ?? 0) < firstPullAtMs)
    return asStart(await isBefore(firstPullAtMs - mostClockErrorMs))
  }
  // A mailbox that was pulled before under other folder names (protocol changed) is not begun anew.
  const begunElsewhere = !state.startedFolders.includes(folder)
  if (!begunElsewhere && !orphans.some(row => row.stage === 'baseline')) return imported
  return { isBaseline: await isBefore(firstPullAtMs), inDoubt: true }
}
