/** How new mail of a mailbox is heard of, as `status` shows it. */

import type { Language } from '../base/language.ts'
import { printable } from '../base/untrusted.ts'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import { describeFault } from '../locale/locale.ts'
import { idleWayOf } from '../pull/idle-memory.ts'
import { type WatchState, watchStateOf } from '../pull/watch-memory.ts'
import { watchWords } from './watch-words.ts'

export interface WatchView extends WatchState {
  /** Folders whose new mail the server was seen to tell of, and those that are asked for. */
  readonly told: readonly string[]
  readonly asked: readonly string[]
}

/** Undefined where nobody listens: POP3. */
export async function readWatch(
  journal: Journal,
  { name, folders }: Config['mailboxes'][number],
): Promise<WatchView | undefined> {
  const state = await watchStateOf(journal, name)
  if (state === undefined) return undefined
  // POP3 may hear of its one folder by IMAP.
  const names = folders.map(folder => folder.name || 'INBOX')
  const ways = await Promise.all(names.map(folder => idleWayOf(journal, name, folder)))
  const those = (isTold: boolean): string[] => names.filter((_, at) => (ways[at] === 'tells') === isTold)
  return { ...state, told: those(true), asked: those(false) }
}

export function watchLines(watch: WatchView, language: Language, nowMs: number): readonly string[] {
  const words = watchWords[language]
  const { isWatched, sinceMs, told, asked, fault } = watch
  if (!isWatched)
    return fault === undefined ? [] : [words.unwatched(nowMs - sinceMs, describeFault(fault, language).what)]
  const names = (folders: readonly string[]): string => folders.map(name => printable(name, 40)).join(', ')
  return [
    ...(told.length > 0 ? [words.told(names(told))] : []),
    ...(asked.length > 0 ? [words.asked(names(asked))] : []),
  ]
}
