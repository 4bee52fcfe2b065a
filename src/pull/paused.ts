/**
 * Mailboxes that the owner has paused: nobody logs in to them until the owner resumes them, whatever is started anew
 * meanwhile. It is the owner's wish and no trouble. A pull that is under way finishes what it has begun, as at a stop.
 */
import { abortOf } from '../base/occasion.ts'
import type { Journal } from '../journal/journal.ts'

/** Wall clock, ms. */
export interface Pause {
  readonly sinceMs: number
  /** When the owner was reminded of it last. */
  readonly remindedAtMs?: number | undefined
}

/** By mailbox. */
export type Pauses = ReadonlyMap<string, Pause>

const pausedNote = 'paused'

/** What nobody can read pauses nothing. */
function parsePauses(note: string | undefined): Map<string, Pause> {
  try {
    const value: unknown = JSON.parse(note ?? '{}')
    const isPause = (pause: unknown): pause is Pause =>
      typeof pause === 'object' && typeof (pause as Pause | null)?.sinceMs === 'number'
    return new Map(Object.entries(value ?? {}).filter((entry): entry is [string, Pause] => isPause(entry[1])))
  } catch {
    return new Map()
  }
}

const writePauses = (pauses: Pauses): string => JSON.stringify(Object.fromEntries(pauses))

export async function readPauses(journal: Pick<Journal, 'note'> | undefined): Promise<Pauses> {
  return parsePauses(await journal?.note(pausedNote))
}

/** @returns those that were not paused before */
export function pauseMailboxes(
  journal: Pick<Journal, 'changeNote'>,
  mailboxes: readonly string[],
  nowMs: number,
): Promise<readonly string[]> {
  return journal.changeNote(pausedNote, note => {
    const pauses = parsePauses(note)
    const fresh = mailboxes.filter(name => !pauses.has(name))
    for (const name of fresh) pauses.set(name, { sinceMs: nowMs })
    return [fresh.length === 0 ? undefined : writePauses(pauses), fresh]
  })
}

/** @returns those that were paused */
export function resumeMailboxes(
  journal: Pick<Journal, 'changeNote'>,
  mailboxes: readonly string[],
): Promise<readonly string[]> {
  return journal.changeNote(pausedNote, note => {
    const pauses = parsePauses(note)
    const over = mailboxes.filter(name => pauses.delete(name))
    return [over.length === 0 ? undefined : writePauses(pauses), over]
  })
}

export function noteReminded(
  journal: Pick<Journal, 'changeNote'>,
  mailbox: string,
  atMs: number,
): Promise<void> {
  return journal.changeNote(pausedNote, note => {
    const pauses = parsePauses(note)
    const pause = pauses.get(mailbox)
    if (pause === undefined) return [undefined, undefined]
    pauses.set(mailbox, { ...pause, remindedAtMs: atMs })
    return [writePauses(pauses), undefined]
  })
}

/** Pauses as who keeps on pulling feels them. */
export interface PauseSignals {
  /** Looks which mailboxes are paused now. */
  look(): Promise<Pauses>
  /** Aborts when the mailbox is paused; aborted while it is. */
  paused(mailbox: string): AbortSignal
  /** Resolves once the mailbox is not paused, or `signal` aborts. */
  resumed(mailbox: string, signal: AbortSignal): Promise<void>
}

/** Of one mailbox, until it is resumed. */
interface Felt {
  readonly paused: AbortController
  readonly resumed: AbortController
}

/** @param onChange a mailbox was paused or resumed; must not throw */
export function makePauseSignals(
  journal: Pick<Journal, 'note'>,
  onChange: (mailbox: string, isPaused: boolean) => void,
): PauseSignals {
  const felt = new Map<string, Felt>()
  const feltBy = (mailbox: string): Felt => {
    const each = felt.get(mailbox) ?? { paused: new AbortController(), resumed: new AbortController() }
    felt.set(mailbox, each)
    return each
  }
  return {
    async look() {
      const pauses = await readPauses(journal)
      for (const mailbox of pauses.keys()) {
        const { paused } = feltBy(mailbox)
        if (paused.signal.aborted) continue
        paused.abort()
        onChange(mailbox, true)
      }
      for (const [mailbox, { paused, resumed }] of felt) {
        if (!paused.signal.aborted || pauses.has(mailbox)) continue
        felt.delete(mailbox)
        resumed.abort()
        onChange(mailbox, false)
      }
      return pauses
    },
    paused: mailbox => feltBy(mailbox).paused.signal,
    async resumed(mailbox, signal) {
      const { paused, resumed } = feltBy(mailbox)
      if (paused.signal.aborted) await abortOf(resumed.signal, signal)
    },
  }
}
