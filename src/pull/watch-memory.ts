/**
 * Whether somebody listens for new mail, in the journal, for `status`: a watch that has ended while the pulls go well
 * would be noticed by nobody. Written when it changes.
 */
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import type { Journal, NoteKey, RecordedFault } from '../journal/journal.ts'
import { asRecord } from './context.ts'

export interface WatchState {
  readonly isWatched: boolean
  /** Wall clock, ms. */
  readonly sinceMs: number
  /** What ended it; undefined also before the first one of a process. */
  readonly fault?: RecordedFault | undefined
}

const noteOf = (mailbox: string): NoteKey => `watch ${mailbox}`

export interface WatchMemory {
  watched(): Promise<void>
  /** @param fault what ended it; undefined: it has not begun yet */
  ended(fault: Fault | undefined): Promise<void>
}

/** @param journal where it cannot be written nothing is lost but the line in `status` */
export function makeWatchMemory(journal: Journal, mailbox: string, clock: Clock): WatchMemory {
  let isWatched: boolean | undefined
  const note = async (state: WatchState): Promise<void> => {
    if (state.isWatched === isWatched) return
    isWatched = state.isWatched
    try {
      await journal.setNote(noteOf(mailbox), JSON.stringify(state))
    } catch {
      // The journal's trouble is told by the pulls.
    }
  }
  return {
    watched: () => note({ isWatched: true, sinceMs: clock.nowMs() }),
    ended: fault =>
      note({
        isWatched: false,
        sinceMs: clock.nowMs(),
        fault: fault === undefined ? undefined : asRecord(fault, clock.nowMs()),
      }),
  }
}

export async function watchStateOf(
  journal: Pick<Journal, 'note'>,
  mailbox: string,
): Promise<WatchState | undefined> {
  try {
    const state = JSON.parse((await journal.note(noteOf(mailbox))) ?? '') as WatchState
    return typeof state.sinceMs === 'number' ? state : undefined
  } catch {
    return undefined
  }
}
